//! The crate from outside: the wire, the join, the frames, and a hub with real sockets.

// A test that cannot go on says so by its panic; clippy knows only functions marked as tests.
#![allow(clippy::unwrap_used)]

mod broker_contract;
mod ephemeral;
mod events;
mod frames;
mod join;
mod kit;
mod recovery;
mod sdk;
mod session;
mod slow;
mod wire;
