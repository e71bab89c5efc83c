//! A person of the city as a client of the public API: REST with tokens that renew themselves, and one live connection.

mod incoming;
mod live;
mod pace;
mod rest;
mod session;
mod stream;
#[cfg(test)]
mod tests;

pub use live::{Live, Update};
pub use rest::{CallError, Person, Rest};
pub use stream::Counts;

/// The time that goes into a ping.
#[allow(clippy::disallowed_methods, reason = "a client outside of the server has only its own clock")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// An idempotency key: repeated with it, a command is carried out once.
#[allow(clippy::disallowed_methods, reason = "a client makes its own keys")]
pub fn fresh_key() -> String {
    uuid::Uuid::new_v4().to_string()
}
