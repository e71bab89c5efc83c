//! The crate from outside: the wire, the join, the frames, and a hub with real sockets.

mod frames;
mod join;
mod wire;
