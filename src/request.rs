//! What is known about the request that a handle to the application works for.
use crate::{actor::Actor, i18n::Language, ids::Region};
use axum::http::HeaderMap;
use std::net::IpAddr;

/// The request behind an operation: its actor, operation and idempotency key.
#[derive(Debug, Clone)]
pub struct RequestContext {
    /// `None` without a token.
    pub actor: Option<Actor>,
    /// Verb and path template of the operation; REST and RPC share it, and with it the scope of the key.
    pub operation: &'static str,
    pub idempotency_key: Option<String>,
    /// Hash of the input.
    pub fingerprint: Vec<u8>,
    /// Status of a success.
    pub status: u16,
    pub request_id: String,
    /// The caller's address, by a trusted proxy or the socket.
    pub address: Option<IpAddr>,
    /// The client's `User-Agent`.
    pub user_agent: String,
    pub language: Language,
    /// Headers of the HTTP request, for the few operations that read one of their own; empty for RPC.
    pub headers: HeaderMap,
    /// The task that this request carries out.
    pub lease: Option<Lease>,
}

/// A task claimed by this node.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    pub region: Region,
    pub id: uuid::Uuid,
    pub attempt: i16,
}

/// The answer that a key got the first time.
#[derive(Debug, Clone)]
pub struct Stored {
    pub status: u16,
    /// The answer's JSON, without `live`.
    pub answer: String,
    /// Channel to offset, as the first commit left them.
    pub live: serde_json::Value,
}

impl RequestContext {
    /// The context in which a task is carried out, by the system itself.
    pub fn of_task(kind: &'static str, lease: Lease) -> Self {
        Self {
            actor: Some(Actor::system()),
            operation: kind,
            idempotency_key: None,
            fingerprint: Vec::new(),
            status: 200,
            request_id: lease.id.to_string(),
            address: None,
            user_agent: String::new(),
            language: Language::default(),
            headers: HeaderMap::new(),
            lease: Some(lease),
        }
    }

    /// A header that is plain text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}
