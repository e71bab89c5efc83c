//! The crate from outside: the wire, the join, the frames, and a hub with real sockets.

// A test reports by its panic; clippy recognises only functions marked as tests.
#![allow(clippy::unwrap_used)]

mod architecture;
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
mod storm;
mod wire;
