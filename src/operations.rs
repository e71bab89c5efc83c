//! What an operation's two operations, REST and the socket call, have in common: the key, the retries, the repeated answer.
use crate::{
    App,
    actor::Actor,
    db::{Committed, Live},
    ids::Region,
    problem::{Error, Problem, Result},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{StatusCode, request::Parts},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// An operation is run at most this often when it loses a race in the database.
const TRIES: u32 = 3;
const KEY_MAX: usize = 255;

/// The call an operation carries out: who asks what, under which key.
#[derive(Debug, Clone)]
pub struct Call {
    pub actor: Actor,
    /// Name of the operation; REST and the socket share it, and with it the key.
    pub operation: &'static str,
    pub key: Option<String>,
    /// Fingerprint of the body with the path's ids.
    pub fingerprint: Vec<u8>,
    /// Status of a success.
    pub status: u16,
    pub request_id: String,
    /// The task this call carries out.
    pub lease: Option<Lease>,
}

/// A task claimed by this node.
#[derive(Debug, Clone, Copy)]
pub struct Lease {
    pub region: Region,
    pub id: uuid::Uuid,
    pub attempt: i16,
}

/// The way in to an operation, of one request or one socket call.
#[derive(Debug)]
pub struct RequestContext {
    pub app: App,
    pub key: Option<String>,
    pub request_id: String,
}

/// An operation's answer on its way out.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

impl RequestContext {
    /// Runs an operation for `who`, again when it lost a race, and repeats the stored answer when the key was answered before.
    ///
    /// `name` is the operation's, shared by its REST and socket operations; `ask` is the whole input, the path's ids included.
    pub async fn run<W, A, T, F, Fut>(self, who: W, name: &'static str, status: u16, ask: A, operation: F) -> Result<Answer>
    where
        W: AsRef<Actor> + Clone,
        A: Serialize + Clone,
        T: Serialize,
        F: Fn(App, W, A) -> Fut,
        Fut: Future<Output = Result<Committed<T>>>,
    {
        let fingerprint = Sha256::digest(serde_json::to_vec(&ask)?).to_vec();
        let actor = who.as_ref().clone();
        let call = Call {
            actor: actor.clone(),
            operation: name,
            key: self.key,
            fingerprint,
            status,
            request_id: self.request_id,
            lease: None,
        };
        let app = self.app.with_call(call);
        for attempt in 1.. {
            match operation(app.clone(), who.clone(), ask.clone()).await {
                Ok(done) => return Answer::new(status, serde_json::to_value(done.answer)?, done.live, &actor),
                Err(Error::Repeat(stored)) => {
                    let tops: std::collections::BTreeMap<String, u64> = serde_json::from_value(stored.live).unwrap_or_default();
                    let epoch = app.epoch().to_string();
                    let live = tops.into_iter().map(|(channel, offset)| Live { channel, offset, epoch: epoch.clone() }).collect();
                    return Answer::new(stored.status, serde_json::from_str(&stored.answer)?, live, &actor);
                }
                Err(Error::Again(error)) if attempt < TRIES => tracing::debug!(%error, attempt, "runs again"),
                Err(error) => return Err(error),
            }
        }
        unreachable!("the last try returns")
    }
}

impl Answer {
    /// The operation's answer with the positions its caller may go on from.
    fn new(status: u16, mut body: Value, live: Vec<Live>, actor: &Actor) -> Result<Self> {
        let own = [format!("user:{}", actor.id), format!("crew:{}", actor.id)];
        let live: Vec<_> = live
            .into_iter()
            .filter(|l| l.channel.starts_with("order:") || l.channel.starts_with("auction:") || own.contains(&l.channel))
            .collect();
        if let Value::Object(members) = &mut body {
            members.insert("live".into(), json!(live));
        }
        Ok(Self { status, body })
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        if status == StatusCode::NO_CONTENT {
            return status.into_response();
        }
        (status, axum::Json(self.body)).into_response()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for RequestContext
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let header = |name: &str| parts.headers.get(name).map(|value| value.to_str().unwrap_or_default().to_owned());
        let key = header("idempotency-key");
        if key.as_ref().is_some_and(|key| key.is_empty() || key.len() > KEY_MAX || key.contains('\0')) {
            return Err(Problem::invalid("Idempotency-Key", "invalid"));
        }
        Ok(Self { app: App::from_ref(state), key, request_id: header("x-request-id").unwrap_or_default() })
    }
}

impl App {
    /// The copy of the house that one call works with.
    pub fn with_call(&self, call: Call) -> Self {
        Self { inner: Arc::clone(&self.inner), call: Some(Arc::new(call)) }
    }
}
