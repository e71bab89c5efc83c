//! Errors and closes, as the host returns them.

use std::borrow::Cow;

/// An error as it goes to a client. 3000 to 4999 closes the connection (code and message are then code and reason of the close).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {message}")]
pub struct Error {
    pub code: u32,
    pub message: Cow<'static, str>,
    /// Whether the client should try again.
    pub temporary: bool,
}

impl Error {
    /// A final error.
    pub fn new(code: u32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), temporary: false }
    }

    /// 100: a fault of ours; the client tries again.
    pub fn internal() -> Self {
        Self { temporary: true, ..Self::new(100, "internal server error") }
    }

    /// 101: credentials missing.
    pub fn unauthorized() -> Self {
        Self::new(101, "unauthorized")
    }

    /// 102: the namespace does not exist.
    pub fn unknown_channel() -> Self {
        Self::new(102, "unknown channel")
    }

    /// 103: not allowed.
    pub fn permission_denied() -> Self {
        Self::new(103, "permission denied")
    }

    /// 104: no such call.
    pub fn method_not_found() -> Self {
        Self::new(104, "method not found")
    }

    /// 107: the parameters are invalid.
    pub fn bad_request() -> Self {
        Self::new(107, "bad request")
    }

    /// 108: the feature is off here.
    pub fn not_available() -> Self {
        Self::new(108, "not available")
    }

    /// 109: the token has expired; the SDK fetches a fresh one.
    pub fn token_expired() -> Self {
        Self::new(109, "token expired")
    }

    /// 111: too many requests; the client tries again.
    pub fn too_many_requests() -> Self {
        Self { temporary: true, ..Self::new(111, "too many requests") }
    }

    /// 112: the epoch or offset is gone.
    pub fn unrecoverable_position() -> Self {
        Self::new(112, "unrecoverable position")
    }

    /// Closes the connection for good: 3500.
    pub fn invalid_token() -> Self {
        Self::new(3500, "invalid token")
    }

    /// Whether this error closes the connection.
    pub fn closes(&self) -> bool {
        (3000..5000).contains(&self.code)
    }
}
