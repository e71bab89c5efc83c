//! From a call, by REST or RPC, to the operation's function and back: the caller, the input, the key, the retries, the repeated answer.
use super::{
    Operation,
    endpoint::{Endpoint, Errors, OperationFn, Outcome},
    fields::Fields,
    input::Input,
};
use crate::{
    App,
    actor::{Access, Actor, Caller},
    db::Live,
    i18n::Language,
    ids::Region,
    problem::{Checked, Entry, Error, Problem, Result, declared},
    reply::{Body, Reply},
    request::{RequestContext, Stored},
};
use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};

/// An operation is run at most this often when it loses a race in the database.
const TRIES: u32 = 3;
/// Longest idempotency key, in bytes.
const KEY_MAX: usize = 255;

/// A call as its transport hands it over.
#[derive(Debug)]
pub struct Call {
    pub app: App,
    /// The caller; `None` without a token.
    pub actor: Option<Actor>,
    pub raw: Raw,
    pub key: Option<String>,
    pub request_id: String,
    pub address: Option<IpAddr>,
    pub user_agent: String,
    pub language: Language,
    /// Of the HTTP request; empty for RPC.
    pub headers: HeaderMap,
}

/// An input as its transport has it.
#[derive(Debug)]
pub enum Raw {
    Rest(Fields),
    Rpc(Bytes),
}

/// An operation's answer on its way out.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub body: Body,
}

pub(super) type Run = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Answer>> + Send + Sync>;

/// What an operation does before it is declared whole.
pub(super) fn nothing() -> Run {
    Arc::new(|_| Box::pin(std::future::ready(Err(Problem::not_found().into()))))
}

/// A command behind its type.
pub(super) fn command<F, M>(endpoint: Endpoint<F, M>, operation: &'static str) -> Run
where
    F: OperationFn<M, Answer: Outcome>,
    M: 'static,
{
    let endpoint = Arc::new(endpoint);
    Arc::new(move |call| {
        let endpoint = Arc::clone(&endpoint);
        Box::pin(async move {
            let status = <F::Answer as Outcome>::Reply::STATUS;
            let (app, caller, input) = prepare(&endpoint, operation, status, call).await?;
            for attempt in 1.. {
                let run = run(&endpoint.f, app.clone(), caller.clone(), input.clone());
                match run.await {
                    Ok((body, live)) => return Ok(Answer { status, body: with_positions(&app, body, live) }),
                    Err(Error::Repeat(stored)) => return repeated(&app, *stored, <F::Error as Errors>::ALL),
                    Err(Error::Again(error)) if attempt < TRIES => tracing::debug!(%error, attempt, "runs again"),
                    Err(error) => return Err(error),
                }
            }
            unreachable!("the last try returns")
        })
    })
}

/// A query behind its type.
pub(super) fn query<F, M>(endpoint: Endpoint<F, M>, operation: &'static str) -> Run
where
    F: OperationFn<M, Answer: Reply>,
    M: 'static,
{
    let endpoint = Arc::new(endpoint);
    Arc::new(move |call| {
        let endpoint = Arc::clone(&endpoint);
        Box::pin(async move {
            let status = <F::Answer as Reply>::STATUS;
            let (app, caller, input) = prepare(&endpoint, operation, status, Call { key: None, ..call }).await?;
            let reply = endpoint.f.call(app, caller, input).await.map_err(Error::erased)?;
            Ok(Answer { status, body: reply.body()? })
        })
    })
}

/// Makes a call's parts what the function takes, and the handle that knows the request.
async fn prepare<F: OperationFn<M>, M>(
    endpoint: &Endpoint<F, M>,
    operation: &'static str,
    status: u16,
    call: Call,
) -> Result<(App, F::Caller, F::Input)> {
    let Call { app, actor, raw, key, request_id, address, user_agent, language, headers } = call;
    let caller = F::Caller::of(actor.clone())?;
    let (input, key) = match raw {
        Raw::Rest(fields) => (F::Input::read(fields)?, key),
        Raw::Rpc(data) => read_rpc(endpoint, &data)?,
    };
    let key = match (key, endpoint.default_key) {
        (None, Some(default)) => Some(default(&app, &caller, &input).await?),
        (key, _) => key,
    };
    // Without a token the keys of different callers cannot be distinguished.
    let key = key.filter(|_| actor.is_some() && endpoint.accepts_key);
    let fingerprint = if key.is_some() { input.fingerprint()? } else { Vec::new() };
    let request = RequestContext {
        actor,
        operation,
        idempotency_key: key,
        fingerprint,
        status,
        request_id,
        address,
        user_agent,
        language,
        headers,
        lease: None,
    };
    Ok((app.with_request(request), caller, input))
}

async fn run<F, M>(f: &F, app: App, caller: F::Caller, input: F::Input) -> Result<(Body, Vec<Live>)>
where
    F: OperationFn<M, Answer: Outcome>,
{
    let has_key = app.request().is_some_and(|request| request.idempotency_key.is_some());
    if <F::Answer as Outcome>::TRANSACTED || !has_key {
        let (reply, live) = f.call(app, caller, input).await.map_err(Error::erased)?.split();
        return Ok((reply.body()?, live));
    }
    let region = caller_region(&app);
    let tx = app.begin(region).await?;
    let (reply, _) = f.call(app, caller, input).await.map_err(Error::erased)?.split();
    match reply.body()? {
        Body::Json(body) => {
            let done = tx.commit::<_, crate::problem::NoError>(body).await?;
            Ok((Body::Json(done.answer), done.live))
        }
        other => Ok((other, Vec::new())),
    }
}

/// The caller's home region.
fn caller_region(app: &App) -> Region {
    app.request().and_then(|request| request.actor.as_ref()).map_or(Region::FIRST, |actor| actor.id.region())
}

fn read_rpc<F: OperationFn<M>, M>(endpoint: &Endpoint<F, M>, data: &[u8]) -> Checked<(F::Input, Option<String>)> {
    let data = data.trim_ascii();
    if data.first() == Some(&b'[') {
        // A list has no room for a key.
        let read = endpoint.read_rpc.as_ref().ok_or_else(|| Problem::invalid("", "wrong_type"))?;
        return Ok((read(data)?, None));
    }
    let mut fields = Fields::default();
    if !data.is_empty() && data != b"null" {
        fields.push_json(data)?;
    }
    let key = match fields.take("idempotency_key") {
        None => None,
        Some(raw) => {
            let key: String = serde_json::from_str(raw.get()).map_err(|_| Problem::invalid("idempotency_key", "wrong_type"))?;
            Some(check_key(key, "idempotency_key")?)
        }
    };
    let input = match &endpoint.read_rpc {
        Some(read) => read(&fields.to_json())?,
        None => F::Input::read(fields)?,
    };
    Ok((input, key))
}

/// A key as it may be stored. Errors: 422 at `field`.
pub fn check_key(key: String, field: &str) -> Checked<String> {
    let is_good = !key.is_empty() && key.len() <= KEY_MAX && !key.contains('\0');
    if is_good { Ok(key) } else { Err(Problem::invalid(field, "invalid")) }
}

fn repeated(app: &App, stored: Stored, errors: &'static [Entry]) -> Result<Answer> {
    if stored.status >= 400 {
        let refused: StoredProblem = serde_json::from_str(&stored.answer)?;
        let known = declared(errors).into_iter().find(|error| error.slug == refused.code);
        let error = known.ok_or_else(|| anyhow::anyhow!("a stored error {} is declared no more", refused.code))?;
        return Err(Problem { members: refused.members, ..Problem::new(error.status, error.slug) }.into());
    }
    let tops: BTreeMap<String, u64> = serde_json::from_value(stored.live).unwrap_or_default();
    let epoch = app.epoch().to_string();
    let live = tops.into_iter().map(|(channel, offset)| Live { channel, offset, epoch: epoch.clone() }).collect();
    let body = match stored.status {
        204 => Body::Empty,
        _ => Body::Json(serde_json::from_str(&stored.answer)?),
    };
    Ok(Answer { status: stored.status, body: with_positions(app, body, live) })
}

/// An error as [`Problem::stored`] wrote it.
#[derive(Deserialize)]
struct StoredProblem {
    code: String,
    members: Map<String, Value>,
}

/// The answer with the positions from which its caller may go on.
fn with_positions(app: &App, mut body: Body, live: Vec<Live>) -> Body {
    if let (Body::Json(Value::Object(members)), Some(actor)) =
        (&mut body, app.request().and_then(|request| request.actor.as_ref()))
    {
        let live: Vec<_> = live.into_iter().filter(|live| app.registry().is_in_answers(&live.channel, actor)).collect();
        members.insert("live".into(), json!(live));
    }
    body
}

impl Operation {
    /// Whether this actor may call at all. Errors: 401, 403.
    pub fn admit(&self, actor: Option<&Actor>) -> Checked<()> {
        match (self.access, actor) {
            (Access::SignedIn, None) => Err(Problem::unauthorized()),
            (_, Some(actor)) if !(self.admits)(actor.role) => Err(Problem::forbidden()),
            _ => Ok(()),
        }
    }
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::OK);
        match self.body {
            Body::Json(body) => (status, axum::Json(body)).into_response(),
            Body::Empty => status.into_response(),
            Body::Whole(response) => *response,
        }
    }
}
