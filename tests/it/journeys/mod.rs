//! Stories from end to end, as people live them.
mod delivered;
