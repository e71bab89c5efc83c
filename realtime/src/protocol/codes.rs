//! Every number of the protocol: errors in replies; closes and unsubscribes, each with its reason and "reconnect or not".

use std::borrow::Cow;

use super::Error;

/// A row of the first table: why a command is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorReply {
    pub code: u32,
    pub message: &'static str,
    /// Whether the SDK tries again by itself.
    pub temporary: bool,
}

const fn error(code: u32, message: &'static str, temporary: bool) -> ErrorReply {
    ErrorReply { code, message, temporary }
}

impl ErrorReply {
    pub const INTERNAL: Self = error(100, "internal server error", true);
    pub const UNAUTHORIZED: Self = error(101, "unauthorized", false);
    pub const UNKNOWN_CHANNEL: Self = error(102, "unknown channel", false);
    pub const PERMISSION_DENIED: Self = error(103, "permission denied", false);
    pub const METHOD_NOT_FOUND: Self = error(104, "method not found", false);
    pub const ALREADY_SUBSCRIBED: Self = error(105, "already subscribed", false);
    pub const LIMIT_EXCEEDED: Self = error(106, "limit exceeded", false);
    pub const BAD_REQUEST: Self = error(107, "bad request", false);
    pub const NOT_AVAILABLE: Self = error(108, "not available", false);
    pub const TOKEN_EXPIRED: Self = error(109, "token expired", false);
    pub const EXPIRED: Self = error(110, "expired", false);
    pub const TOO_MANY_REQUESTS: Self = error(111, "too many requests", true);
    pub const UNRECOVERABLE_POSITION: Self = error(112, "unrecoverable position", false);
    pub const CONCURRENT_PAGINATION: Self = error(113, "concurrent pagination", true);
}

impl From<ErrorReply> for Error {
    fn from(of: ErrorReply) -> Self {
        Self { code: of.code, message: of.message.to_owned(), temporary: of.temporary }
    }
}

/// A row of the second table: why a connection ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disconnect {
    /// WebSocket close code.
    pub code: u16,
    /// Below 124 bytes and never JSON: an SDK tries to parse it first.
    pub reason: Cow<'static, str>,
}

const fn disconnect(code: u16, reason: &'static str) -> Disconnect {
    Disconnect { code, reason: Cow::Borrowed(reason) }
}

impl Disconnect {
    pub const CONNECTION_CLOSED: Self = disconnect(3000, "connection closed");
    pub const SHUTDOWN: Self = disconnect(3001, "shutdown");
    pub const SERVER_ERROR: Self = disconnect(3004, "internal server error");
    pub const EXPIRED: Self = disconnect(3005, "connection expired");
    pub const SUBSCRIPTION_EXPIRED: Self = disconnect(3006, "subscription expired");
    pub const SLOW: Self = disconnect(3008, "slow");
    pub const WRITE_ERROR: Self = disconnect(3009, "write error");
    pub const INSUFFICIENT_STATE: Self = disconnect(3010, "insufficient state");
    pub const FORCE_RECONNECT: Self = disconnect(3011, "force reconnect");
    pub const NO_PONG: Self = disconnect(3012, "no pong");
    pub const TOO_MANY_REQUESTS: Self = disconnect(3013, "too many requests");
    pub const STATE_INVALIDATED: Self = disconnect(3014, "state invalidated");
    pub const INVALID_TOKEN: Self = disconnect(3500, "invalid token");
    pub const BAD_REQUEST: Self = disconnect(3501, "bad request");
    pub const STALE: Self = disconnect(3502, "stale");
    pub const FORCE_DISCONNECT: Self = disconnect(3503, "force disconnect");
    pub const CONNECTION_LIMIT: Self = disconnect(3504, "connection limit");
    pub const CHANNEL_LIMIT: Self = disconnect(3505, "channel limit");
    pub const INAPPROPRIATE_PROTOCOL: Self = disconnect(3506, "inappropriate protocol");
    pub const PERMISSION_DENIED: Self = disconnect(3507, "permission denied");
    pub const NOT_AVAILABLE: Self = disconnect(3508, "not available");
    pub const TOO_MANY_ERRORS: Self = disconnect(3509, "too many errors");

    /// A close with the host's own code: 4000-4499 come back, 4500-4999 do not.
    pub fn own(code: u16, reason: impl Into<Cow<'static, str>>) -> Self {
        Self { code, reason: reason.into() }
    }

    /// Whether the client comes back by itself.
    pub fn reconnects(&self) -> bool {
        !matches!(self.code, 1009 | 3500..=3999 | 4500..=4999)
    }
}

/// The other half of the second table: why the server ends a subscription.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsubscribe {
    pub code: u32,
    pub reason: Cow<'static, str>,
}

const fn unsubscribe(code: u32, reason: &'static str) -> Unsubscribe {
    Unsubscribe { code, reason: Cow::Borrowed(reason) }
}

impl Unsubscribe {
    pub const SERVER: Self = unsubscribe(2000, "server unsubscribe");
    pub const INSUFFICIENT: Self = unsubscribe(2500, "insufficient state");
    pub const EXPIRED: Self = unsubscribe(2501, "subscription expired");
    pub const STATE_INVALIDATED: Self = unsubscribe(2502, "state invalidated");

    /// Whether the client subscribes again by itself.
    pub fn resubscribes(&self) -> bool {
        self.code >= 2500
    }
}
