#![doc = include_str!("../README.md")]

pub mod broker;
pub mod channels;
pub mod config;
mod counts;
mod error;
pub mod host;
pub mod hub;
mod ids;
pub mod log;
mod presence;
pub mod protocol;
mod session;
pub mod transport;

pub use config::Config;
pub use counts::Stats;
pub use host::{Channel, Epoch, Error, Grant, Host, Identity, Offset, Presence, Publication, Retention};
pub use hub::Hub;
#[doc(hidden)]
pub use session::timer_queue;
pub use transport::sse::EventStream;
