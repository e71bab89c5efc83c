//! The crate from outside: the wire, the join, the frames, and a hub with real sockets.

mod events;
mod fleeting;
mod frames;
mod join;
mod kit;
mod recovery;
mod sdk;
mod session;
mod slow;
mod wire;
