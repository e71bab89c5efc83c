//! Operations: what a client can call, by REST or RPC. A slice declares each in one line; everything else follows from its function's types.
//!
//! A *command* changes state, a *query* only reads. From the caller's type follow authentication and roles, from the input's the route's
//! parameters and the body, from the answer's the status, from the error enum every error of the document.
mod channel;
mod dispatch;
mod endpoint;
mod fields;
mod input;
mod limits;
mod registry;
mod slice;

pub use channel::{ChannelRule, Described, MessageType, Observers, Snapshot, channel, tags};
pub use dispatch::{Answer, Call, Raw, check_key};
pub use endpoint::{Endpoint, Untransacted, delete, get, patch, post, put};
pub use fields::{Fields, parse};
pub use input::{Input, NoInput};
pub use limits::RateLimits;
pub use registry::{Gathered, Registry};
pub use slice::Slice;

use crate::{
    actor::{Access, Role},
    problem::{COMMON, Declared, Entry, declared},
};
use axum::http::Method;
use utoipa::openapi::{RefOr, Schema};

type Schemas = fn(&mut Vec<(String, RefOr<Schema>)>);

/// A declared operation behind its types.
#[derive(Clone)]
pub struct Operation {
    /// The slice that declares it.
    pub slice: &'static str,
    /// Verb and path template: the scope of idempotency keys, and its name in logs and audit entries.
    pub name: &'static str,
    pub method: Method,
    pub path: &'static str,
    /// The input's field that each parameter of the path fills, in order.
    pub ids: Vec<&'static str>,
    pub rpc: Option<&'static str>,
    pub is_command: bool,
    pub access: Access,
    pub admits: fn(Role) -> bool,
    /// Status of a success, and the content type of its body.
    pub status: u16,
    pub content: Option<&'static str>,
    pub reply_schema: fn() -> RefOr<Schema>,
    pub reply_schemas: Schemas,
    pub input_name: fn() -> String,
    pub input_schema: fn() -> Vec<RefOr<Schema>>,
    pub input_schemas: Schemas,
    errors: &'static [Entry],
    accepts_key: bool,
    pub summary: Option<&'static str>,
    run: dispatch::Run,
}

impl Operation {
    /// The parameters of the path with the input's field that each fills.
    pub fn parameters(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        endpoint::parameters(self.path).zip(self.ids.iter().copied())
    }

    /// Whether the input comes in a body rather than in the query string.
    pub fn has_body(&self) -> bool {
        matches!(self.method, Method::POST | Method::PUT | Method::PATCH)
    }

    /// Whether it takes an `Idempotency-Key`.
    pub fn takes_key(&self) -> bool {
        self.is_command && self.access != Access::Anyone && self.accepts_key
    }

    /// The roles that may call it.
    pub fn roles(&self) -> Vec<Role> {
        Role::ALL.into_iter().filter(|role| (self.admits)(*role)).collect()
    }

    /// Whether members of the input are left beside those that the path fills.
    pub fn has_input(&self) -> bool {
        (self.input_schema)().into_iter().any(|schema| {
            let schema = serde_json::to_value(schema).unwrap_or_default();
            let members = schema["properties"].as_object();
            members.is_some_and(|members| members.keys().any(|name| !self.ids.contains(&name.as_str())))
        })
    }

    /// Every error it can give: those that follow from what it is, and its own.
    pub fn errors(&self) -> Vec<Declared> {
        let is_implied = |error: &&Declared| match (error.status, error.slug) {
            (401, _) => self.access != Access::Anyone,
            (403, _) => self.roles().len() < Role::ALL.len(),
            (404, _) => !self.ids.is_empty(),
            (405 | 500, _) => false,
            (409, "repeat_in_progress") | (422, "idempotency_key_reused") => self.takes_key(),
            (415, _) => self.has_body(),
            _ => true,
        };
        let mut all: Vec<Declared> = COMMON.iter().filter(is_implied).copied().collect();
        for own in declared(self.errors) {
            all.retain(|error| (error.status, error.slug) != (own.status, own.slug));
            all.push(own);
        }
        all
    }

    /// Carries out a call, within the limits of its caller.
    ///
    /// Errors: what the operation declares.
    pub async fn run(&self, call: Call) -> crate::Result<Answer> {
        if let Some(actor) = &call.actor {
            call.app.rate_limits().take(self, actor)?;
        }
        (self.run)(call).await
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operation").field("name", &self.name).finish_non_exhaustive()
    }
}
