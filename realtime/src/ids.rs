//! Ids of connections and secrets.

use std::sync::Arc;

/// A random id: it names a connection and proves nothing.
pub fn new_id() -> Arc<str> {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string().into()
}

/// An id that nobody can guess.
#[expect(clippy::disallowed_methods, reason = "a secret needs the system's own randomness, in tests too")]
pub fn new_secret() -> Arc<str> {
    uuid::Uuid::new_v4().to_string().into()
}
