//! `wassally-realtime`: a WebSocket and SSE hub that speaks the Centrifuge client protocol.
//!
//! The hub knows channels, bytes and identities; what they mean is its [`Host`]'s. A host publishes numbered publications to *kept* channels
//! (their log is the host's) and says things on *fleeting* ones; the hub orders, encodes once, writes and recovers.

pub mod channels;
pub mod config;
pub mod host;
pub mod hub;
pub mod log;
mod presence;
pub mod protocol;
mod session;
pub mod transport;

pub use config::Config;
pub use host::{Channel, Epoch, Error, Grant, Host, Identity, Keep, Kept, Offset, Presence};
pub use hub::{Hub, Stats};
pub use transport::sse::EventStream;
