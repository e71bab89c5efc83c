//! Stories from end to end.
mod delivered;
