//! A small client of the public face: REST with tokens that renew themselves, and one Centrifuge JSON WebSocket.

mod hear;
mod live;
mod order;
mod pace;
mod rest;
mod session;
#[cfg(test)]
mod tests;
pub mod wire;

pub use live::{Happening, Live};
pub use order::Counts;
pub use rest::{Person, Rest, Trouble};

/// The instant that stands in a ping or a report.
#[allow(clippy::disallowed_methods, reason = "a client outside of the server has only its own clock")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// A key that makes a repeated deed the same deed.
#[allow(clippy::disallowed_methods, reason = "a client makes its own keys")]
pub fn fresh_key() -> String {
    uuid::Uuid::new_v4().to_string()
}
