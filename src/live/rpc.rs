//! RPC over the socket: finds the operation by its name, runs it as REST does, and answers with its result or the slug of its error.
use super::{Bridge, actor, refused};
use crate::{
    operations::{Call, Raw},
    problem::Problem,
    reply::Body,
};
use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use tracing::Instrument;
use wassally_realtime::host::{Error, Identity, Rpc};

/// A message without a reply: `{ "method": "delivery.ping", "data": … }`.
#[derive(Deserialize)]
struct Sent<'a> {
    method: &'a str,
    #[serde(borrow)]
    data: &'a RawValue,
}

#[async_trait]
impl Rpc for Bridge {
    async fn call(&self, who: &Identity, method: &str, data: Bytes) -> Result<Bytes, Error> {
        let app = self.app()?;
        let actor = actor(who)?.clone();
        let language = actor.language;
        let Some(operation) = app.registry().call(method).cloned() else { return Err(Error::method_not_found()) };
        if app.revocations().is_revoked(&actor) {
            return Err(Error::invalid_token());
        }
        operation.admit(Some(&actor)).map_err(|problem| refused(&problem))?;
        let request_id = crate::ids::new(crate::ids::Region::GLOBAL, &app.clock, &app.random).to_string();
        let span = tracing::info_span!("call", method, request.id = request_id);
        let within = app.config.request_timeout;
        let call = Call {
            app,
            actor: Some(actor),
            raw: Raw::Rpc(data),
            key: None,
            request_id,
            address: None,
            user_agent: String::new(),
            language,
            headers: axum::http::HeaderMap::new(),
        };
        let answer = tokio::time::timeout(within, operation.run(call).instrument(span)).await;
        match answer {
            Ok(Ok(answer)) => match answer.body {
                Body::Json(body) => Ok(body.to_string().into()),
                Body::Empty | Body::Whole(_) => Ok(Bytes::from_static(b"{}")),
            },
            Ok(Err(error)) => Err(refused(&error.into_problem())),
            // Its commit may still succeed: a repeat with the same key returns the outcome.
            Err(_) => Err(refused(&Problem::new(503, "outcome_unknown"))),
        }
    }

    fn send(&self, who: &Identity, data: Bytes) -> Result<(), Error> {
        let app = self.app()?;
        let actor = actor(who)?;
        let sent: Sent<'_> = serde_json::from_slice(&data).map_err(|_| Error::bad_request())?;
        let send = app.registry().send(sent.method).ok_or_else(Error::method_not_found)?;
        if app.revocations().is_revoked(actor) {
            return Err(Error::invalid_token());
        }
        send(&app, actor, sent.data.get().as_bytes());
        Ok(())
    }
}
