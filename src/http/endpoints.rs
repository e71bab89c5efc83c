//! The REST route of every declared operation.
use super::{actor::authenticate, limits::Address};
use crate::{
    App,
    actor::Access,
    i18n::Language,
    operations::{Call, Fields, Operation, Raw, Registry, check_key},
    problem::{Checked, Problem, Result},
};
use axum::{
    RequestExt, Router,
    body::Bytes,
    extract::{FromRequestParts, RawPathParams, Request, State},
    http::{HeaderMap, header, request::Parts},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use std::sync::Arc;

/// Routes to all operations of the slices.
pub fn router(registry: &Registry) -> Router<App> {
    registry.operations.iter().fold(Router::new(), |router, operation| {
        let filter = MethodFilter::try_from(operation.method.clone()).expect("operations have common verbs");
        let shared = Arc::new(operation.clone());
        let handler = move |State(app): State<App>, request: Request| {
            let operation = Arc::clone(&shared);
            async move { answer(app, &operation, request).await.unwrap_or_else(IntoResponse::into_response) }
        };
        router.route(operation.path, on(filter, handler))
    })
}

/// In this order: 401, 403, 400 and 415, 404 for a malformed id, 422, and then what the operation decides.
async fn answer(app: App, operation: &Operation, request: Request) -> Result<Response> {
    let (mut parts, body) = request.with_limited_body().into_parts();
    let has_token = parts.headers.contains_key(header::AUTHORIZATION);
    let actor = match operation.access {
        Access::Anyone => None,
        Access::Optional if !has_token => None,
        Access::Optional | Access::SignedIn => Some(authenticate(&app, &parts)?),
    };
    operation.admit(actor.as_ref())?;
    let key = key_of(operation, &parts.headers)?;
    let mut fields = Fields::default();
    if operation.has_body() {
        if let Some((name, _)) = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes()).next() {
            return Err(Problem::invalid(name, "unknown").into());
        }
        let body = axum::body::to_bytes(body, usize::MAX).await.map_err(|_| Problem::malformed())?;
        push_body(&mut fields, &parts.headers, &body)?;
    } else {
        fields.push_query(parts.uri.query().unwrap_or_default())?;
    }
    push_path(&mut fields, operation, &mut parts).await?;
    let Ok(Address(address)) = Address::from_request_parts(&mut parts, &app).await;
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let call = Call {
        actor,
        raw: Raw::Rest(fields),
        key,
        request_id: text("x-request-id").unwrap_or_default().to_owned(),
        address: Some(address),
        user_agent: text("user-agent").unwrap_or_default().chars().take(200).collect(),
        language: Language::accepted(&parts.headers),
        headers: parts.headers,
        app,
    };
    Ok(operation.run(call).await?.into_response())
}

fn key_of(operation: &Operation, headers: &HeaderMap) -> Checked<Option<String>> {
    let Some(value) = headers.get("idempotency-key").filter(|_| operation.takes_key()) else { return Ok(None) };
    check_key(value.to_str().unwrap_or_default().to_owned(), "Idempotency-Key").map(Some)
}

fn push_body(fields: &mut Fields, headers: &HeaderMap, body: &Bytes) -> Checked<()> {
    if body.is_empty() {
        return Ok(());
    }
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(is_json) {
        return Err(Problem::new(415, "unsupported_type"));
    }
    fields.push_json(body)
}

async fn push_path(fields: &mut Fields, operation: &Operation, parts: &mut Parts) -> Checked<()> {
    if operation.ids.is_empty() {
        return Ok(());
    }
    let values = RawPathParams::from_request_parts(parts, &()).await.map_err(|_| Problem::not_found())?;
    for (value, field) in values.iter().map(|(_, value)| value.to_owned()).zip(&operation.ids) {
        fields.push_path(field, value);
    }
    Ok(())
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}
