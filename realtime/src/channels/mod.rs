//! The registry of channels: who is subscribed here, and in which order publications reach them.
