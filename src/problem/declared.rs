//! The errors of an operation, as its error enum declares them.
use super::Problem;
use utoipa::openapi::{RefOr, Schema};

/// An error enum of an operation: `#[derive(ApiError)]` writes this.
pub trait ApiError: std::error::Error + Send + Sync + 'static {
    /// Every error of the enum, in the order of its variants.
    const ALL: &'static [Entry];

    fn problem(&self) -> Problem;
}

/// One line of [`ApiError::ALL`].
#[derive(Debug, Clone, Copy)]
pub enum Entry {
    Own(Declared),
    /// All errors of another enum.
    Inherited(fn() -> &'static [Entry]),
}

/// An error that the caller can act on.
#[derive(Debug, Clone, Copy)]
pub struct Declared {
    pub status: u16,
    pub slug: &'static str,
    /// When it happens; may be empty, as every slug has its sentence in the catalogue.
    pub doc: &'static str,
    /// The members of the problem in addition to those that every problem has.
    pub members: Option<Members>,
}

/// The schema of the members of one error, as an object.
#[derive(Debug, Clone, Copy)]
pub struct Members {
    pub schema: fn() -> RefOr<Schema>,
    pub schemas: fn(&mut Vec<(String, RefOr<Schema>)>),
}

/// The errors of `entries`, inherited ones in their place.
pub fn declared(entries: &[Entry]) -> Vec<Declared> {
    entries
        .iter()
        .flat_map(|entry| match entry {
            Entry::Own(own) => vec![*own],
            Entry::Inherited(all) => declared(all()),
        })
        .collect()
}

const fn common(status: u16, slug: &'static str, doc: &'static str) -> Declared {
    Declared { status, slug, doc, members: None }
}

/// The errors that follow from what an operation is: its access, its input, its limits. Every other error is in an operation's enum.
pub const COMMON: &[Declared] = &[
    common(400, "malformed", "the body or the query string cannot be read"),
    common(401, "unauthorized", "no token, or a bad one"),
    common(401, "token_expired", "the token has run out"),
    common(403, "forbidden", "the caller's role may not"),
    common(404, "not_found", "unknown, or not the caller's"),
    common(405, "method_not_allowed", "the path has no such method"),
    common(408, "timeout", "the body did not come in time"),
    common(409, "repeat_in_progress", "the first request with this key is still under way"),
    common(413, "payload_too_large", "the body is too large"),
    common(415, "unsupported_type", "the body is not JSON"),
    common(422, "invalid", "`errors` names each field at fault"),
    common(422, "idempotency_key_reused", "the key was used with another input"),
    common(429, "too_many_requests", "too many requests of this caller"),
    common(500, "internal", "a fault of the server"),
    common(503, "busy", "the server or its database is busy or away; nothing was changed"),
    common(503, "draining", "this node is leaving; nothing was changed"),
    common(503, "outcome_unknown", "whether it happened is not known yet; the same key tells"),
];
