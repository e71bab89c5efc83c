//! The REST sidecar: router, layers, and how every rejection becomes problem+json in the caller's language.
mod actor;
pub mod endpoints;
pub mod limits;
pub mod openapi;
pub mod ops;
pub mod pages;
pub mod serve;

use crate::{App, i18n::Language, problem::Problem};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Request},
    http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use std::{sync::Arc, time::Duration};
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{
        CompressionLayer, Predicate,
        predicate::{NotForContentType, SizeAbove},
    },
    cors::{AllowOrigin, CorsLayer},
    request_id::{MakeRequestUuid, PropagateRequestIdLayer, SetRequestIdLayer},
    trace::TraceLayer,
};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// All routes in their layers: `api` under limits and timeouts, the hub and the pages next to it.
pub fn router(app: &App, endpoints: Router<App>, hub: Router) -> Router {
    let limited = endpoints
        .layer(middleware::from_fn_with_state(app.clone(), limits::bound))
        .layer(DefaultBodyLimit::max(app.config.body_limit));
    let inner = Router::new()
        .merge(limited)
        .merge(openapi::router())
        .merge(ops::router())
        .merge(pages::router())
        .with_state(app.clone())
        // Not around the hub: its endless responses go out byte by byte.
        .layer(CompressionLayer::new().compress_when(compressible()))
        .merge(hub)
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::new(405, "method_not_allowed") })
        .layer(CatchPanicLayer::custom(|_: Box<dyn std::any::Any + Send>| {
            tracing::error!("a handler panicked");
            Problem::new(500, "internal").into_response()
        }))
        .layer(cors(app))
        .layer(middleware::from_fn(problems))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_request(()).on_response(answered).on_failure(()))
        .layer(PropagateRequestIdLayer::new(REQUEST_ID))
        .layer(SetRequestIdLayer::new(REQUEST_ID, MakeRequestUuid))
        .layer(middleware::map_request(sanitize_request_id));
    // Around the router, not in it: a layer of its own would see the path only after it was routed.
    Router::new().fallback_service(inner).layer(middleware::map_request(append_slash))
}

/// What is worth compressing. Event streams never are: a compressor holds back what must go out now.
fn compressible() -> impl Predicate {
    SizeAbove::new(1024).and(NotForContentType::SSE).and(NotForContentType::IMAGES)
}

fn span(request: &Request) -> tracing::Span {
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
    // Only the path: a query may carry a ticket.
    tracing::info_span!("request", method = %request.method(), path = request.uri().path(), request.id = id)
}

fn answered(response: &Response, took: Duration, _: &tracing::Span) {
    tracing::debug!(status = response.status().as_u16(), took_ms = took.as_millis(), "answered");
}

fn cors(app: &App) -> CorsLayer {
    let origins: Vec<HeaderValue> = app.config.allowed_origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    let allow = if origins.iter().any(|origin| origin == "*") { AllowOrigin::any() } else { AllowOrigin::list(origins) };
    CorsLayer::new()
        .allow_origin(allow)
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::ACCEPT_LANGUAGE,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([header::RETRY_AFTER, REQUEST_ID])
        .max_age(Duration::from_secs(3600))
}

/// A caller's own request id goes into every line of the log and into the answer: it is a short word, or ours.
async fn sanitize_request_id(mut request: Request) -> Request {
    let is_plain =
        |id: &[u8]| (1..=128).contains(&id.len()) && id.iter().all(|&b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b));
    if request.headers().get(REQUEST_ID).is_some_and(|id| !is_plain(id.as_bytes())) {
        request.headers_mut().remove(REQUEST_ID);
    }
    request
}

/// A trailing slash is optional on every API path; the routes carry it.
async fn append_slash(mut request: Request) -> Request {
    let path = request.uri().path();
    if path.starts_with("/api/") && !path.ends_with('/') && !path.ends_with(".json") {
        let query = request.uri().query().map(|query| format!("?{query}")).unwrap_or_default();
        if let Ok(uri) = format!("{path}/{query}").parse::<Uri>() {
            *request.uri_mut() = uri;
        }
    }
    request
}

/// Writes every error as problem+json in the caller's language, also those of axum and of the layers below.
async fn problems(request: Request, next: Next) -> Response {
    let language = Language::accepted(request.headers());
    let id = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let is_live = request.uri().path().starts_with("/connection/");
    let response = next.run(request).await;
    let status = response.status();
    if !(status.is_client_error() || status.is_server_error()) || is_live {
        return response;
    }
    let problem = match response.extensions().get::<Arc<Problem>>() {
        Some(problem) => Arc::clone(problem),
        None => Arc::new(of_status(status)),
    };
    let body = problem.body(language, id.as_deref()).to_string();
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    // What was compressed below is not what leaves.
    parts.headers.remove(header::CONTENT_ENCODING);
    parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
    parts.headers.insert(header::CONTENT_LANGUAGE, HeaderValue::from_static(language.tag()));
    if let Some(seconds) = problem.retry_after_s {
        parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    Response::from_parts(parts, body.into())
}

/// The problem for a rejection that has none.
fn of_status(status: StatusCode) -> Problem {
    let code = match status.as_u16() {
        401 => "unauthorized",
        403 => "forbidden",
        404 => "not_found",
        405 => "method_not_allowed",
        408 => "timeout",
        413 => "payload_too_large",
        415 => "unsupported_type",
        422 => "invalid",
        429 => "too_many_requests",
        503 => "busy",
        500.. => "internal",
        _ => "malformed",
    };
    Problem::new(status.as_u16(), code)
}
