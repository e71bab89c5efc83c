//! The HTTP API: `POST /api/<method>`. A refusal of a well-formed call is 200 with an error inside.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{
    Router,
    extract::{Path, State},
    response::{IntoResponse, Response},
    routing::post,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json, value::RawValue};
use wassally_realtime::{
    Channel, Error, Hub, Identity,
    host::Page,
    log::Entry,
    protocol::{self, HistoryResult, PresenceResult, PresenceStatsResult, StreamPosition},
};

use crate::{rules::Rules, tokens::raw};

/// The API beside its hub.
pub struct Api {
    pub rules: Arc<Rules>,
    pub hub: Hub,
    /// `None`: no key is required.
    pub key: Option<String>,
    pub limit: usize,
    /// Answers by idempotency key.
    answers: Mutex<HashMap<String, (Instant, Value)>>,
}

/// Any call's members.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Call {
    channel: String,
    channels: Vec<String>,
    data: Option<Box<RawValue>>,
    b64data: Option<String>,
    skip_history: bool,
    idempotency_key: String,
    limit: i32,
    since: Option<StreamPosition>,
    reverse: bool,
    user: String,
    client: Option<String>,
    whitelist: Vec<String>,
    info: Option<Box<RawValue>>,
    disconnect: Option<Disconnect>,
    expired: bool,
    expire_at: i64,
    pattern: String,
}

#[derive(Debug, Deserialize)]
struct Disconnect {
    code: u32,
    #[serde(default)]
    reason: String,
}

const REMEMBERED: Duration = Duration::from_secs(300);

/// The routes.
pub fn router(rules: Arc<Rules>, hub: Hub, key: Option<String>, limit: usize) -> Router {
    let api = Arc::new(Api { rules, hub, key, limit, answers: Mutex::default() });
    let limit = axum::extract::DefaultBodyLimit::max(api.limit);
    Router::new().route("/api/{method}", post(call)).layer(limit).with_state(api)
}

async fn call(State(api): State<Arc<Api>>, Path(method): Path<String>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(key) = &api.key {
        let named = headers.get("x-api-key").and_then(|of| of.to_str().ok());
        let bearer = headers.get(header::AUTHORIZATION).and_then(|of| of.to_str().ok()).and_then(|of| of.strip_prefix("apikey "));
        if named.or(bearer) != Some(key.as_str()) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
    }
    let Ok(call) = serde_json::from_slice::<Call>(if body.is_empty() { b"{}" } else { &body }) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    match api.answer(&method, &call) {
        None => StatusCode::NOT_FOUND.into_response(),
        Some(answer) => axum::Json(wrapped(answer)).into_response(),
    }
}

fn wrapped(answer: Result<Value, Error>) -> Value {
    match answer {
        Ok(result) => json!({ "result": result }),
        Err(error) => json!({ "error": { "code": error.code, "message": error.message } }),
    }
}

impl Api {
    fn answer(&self, method: &str, call: &Call) -> Option<Result<Value, Error>> {
        Some(match method {
            "publish" => self.once(call, || self.publish(&call.channel, call)),
            "broadcast" => self.once(call, || {
                let responses: Vec<Value> = call.channels.iter().map(|channel| wrapped(self.publish(channel, call))).collect();
                Ok(json!({ "responses": responses }))
            }),
            "history" => self.history(call),
            "history_remove" => self.check_history(call).map(|()| {
                self.rules.store.remove(&call.channel);
                json!({})
            }),
            "presence" => self.present(call).map(|present| {
                let presence = present.into_iter().map(|info| (info.client.clone(), info)).collect();
                json!(PresenceResult { presence })
            }),
            "presence_stats" => self.present(call).map(|present| {
                let users: std::collections::HashSet<_> = present.iter().map(|info| &info.user).collect();
                json!(PresenceStatsResult { num_clients: present.len() as u32, num_users: users.len() as u32 })
            }),
            "subscribe" => self.subscribe(call),
            "unsubscribe" => {
                self.hub.unsubscribe(&call.user, call.client.as_deref(), &call.channel, 2000, "server unsubscribe");
                Ok(json!({}))
            }
            "disconnect" => Ok(self.disconnect(call)),
            "refresh" => Ok(self.refresh(call)),
            "info" => Ok(self.info()),
            "channels" => Ok(self.channels(call)),
            _ => return None,
        })
    }

    fn once(&self, call: &Call, f: impl FnOnce() -> Result<Value, Error>) -> Result<Value, Error> {
        if call.idempotency_key.is_empty() {
            return f();
        }
        // Held while it runs: a repeat waits for the answer of the first.
        let mut answers = self.answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        answers.retain(|_, (at, _)| at.elapsed() < REMEMBERED);
        let key = format!("{} {}", call.channel, call.idempotency_key);
        if let Some((_, answer)) = answers.get(&key) {
            return Ok(answer.clone());
        }
        let answer = f()?;
        answers.insert(key, (Instant::now(), answer.clone()));
        Ok(answer)
    }

    fn publish(&self, channel: &str, call: &Call) -> Result<Value, Error> {
        if channel.is_empty() {
            return Err(Error::bad_request());
        }
        let decoded = match &call.b64data {
            Some(text) => Some(Bytes::from(STANDARD.decode(text).map_err(|_| Error::bad_request())?)),
            None => None,
        };
        let data = raw(call.data.as_deref()).or(decoded).ok_or_else(Error::bad_request)?;
        let offset = self.rules.publish(&channel.into(), data, None, call.skip_history)?;
        Ok(offset.map_or(json!({}), |offset| json!({ "offset": offset, "epoch": &*self.rules.store.epoch })))
    }

    fn check_history(&self, call: &Call) -> Result<(), Error> {
        if call.channel.is_empty() {
            return Err(Error::bad_request());
        }
        if self.rules.channels(&call.channel)?.has_history() { Ok(()) } else { Err(Error::not_available()) }
    }

    fn history(&self, call: &Call) -> Result<Value, Error> {
        self.check_history(call)?;
        if call.reverse && call.since.as_ref().is_some_and(|since| since.offset == 0) {
            return Err(Error::bad_request());
        }
        let epoch = |of: &StreamPosition| Some(of.epoch.as_str().into()).filter(|_| !of.epoch.is_empty());
        let page = Page {
            limit: Some(usize::try_from(call.limit).unwrap_or(usize::MAX)),
            since: call.since.as_ref().map(|since| (since.offset, epoch(since))),
            reverse: call.reverse,
        };
        let missed = self.rules.store.page(&call.channel.as_str().into(), &page)?;
        let publications = missed.publications.into_iter().map(|of| protocol::Publication::from(&Entry::from(of))).collect();
        Ok(json!(HistoryResult { publications, epoch: missed.epoch.to_string(), offset: missed.top }))
    }

    fn present(&self, call: &Call) -> Result<Vec<protocol::ClientInfo>, Error> {
        if call.channel.is_empty() {
            return Err(Error::bad_request());
        }
        if !self.rules.channels(&call.channel)?.presence {
            return Err(Error::not_available());
        }
        Ok(self.hub.presence(&call.channel))
    }

    fn subscribe(&self, call: &Call) -> Result<Value, Error> {
        if call.channel.is_empty() {
            return Err(Error::bad_request());
        }
        let channel: Channel = call.channel.as_str().into();
        let mut grant = self.rules.server_side(&channel, &Identity::new(call.user.as_str()))?;
        (grant.info, grant.data) = (raw(call.info.as_deref()), raw(call.data.as_deref()));
        self.hub.subscribe(&call.user, call.client.as_deref(), &channel, grant);
        Ok(json!({}))
    }

    fn disconnect(&self, call: &Call) -> Value {
        let (code, reason) = call.disconnect.as_ref().map_or((3503, "force disconnect"), |of| (of.code, &of.reason));
        let is_meant = |identity: &Identity, client: &str| {
            *identity.user == *call.user
                && call.client.as_deref().is_none_or(|wanted| wanted == client)
                && !call.whitelist.iter().any(|excluded| excluded == client)
        };
        self.hub.disconnect(is_meant, code, reason);
        json!({})
    }

    fn refresh(&self, call: &Call) -> Value {
        if call.expired {
            self.hub.disconnect(|identity, _| *identity.user == *call.user, 3005, "connection expired");
        } else {
            let ends = crate::tokens::instant_of(call.expire_at);
            self.hub.extend(&call.user, call.client.as_deref(), ends);
        }
        json!({})
    }

    fn info(&self) -> Value {
        let stats = self.hub.stats();
        json!({ "nodes": [{
            "uid": "hub", "name": "hub", "version": env!("CARGO_PKG_VERSION"),
            "num_clients": stats.connections, "num_users": stats.users, "num_channels": stats.channels,
        }] })
    }

    fn channels(&self, call: &Call) -> Value {
        let names =
            self.hub.channels_with_prefix("").into_iter().filter(|name| call.pattern.is_empty() || fits(&call.pattern, name));
        let channels: serde_json::Map<String, Value> =
            names.map(|name| (name.to_string(), json!({ "num_clients": self.hub.subscriber_count(&name) }))).collect();
        json!({ "channels": channels })
    }
}

/// Whether a name fits a pattern in which `*` matches anything.
fn fits(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((head, end)) => name
            .strip_prefix(head)
            .is_some_and(|rest| rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| fits(end, &rest[at..]))),
    }
}
