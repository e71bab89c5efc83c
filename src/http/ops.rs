//! What the team that runs it asks: health, readiness, metrics.
use crate::{App, problem::Problem};
use axum::{
    Json, Router,
    extract::{ConnectInfo, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::json;
use std::{net::SocketAddr, time::Duration};

pub fn router() -> Router<App> {
    Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(ready)).route("/metrics", get(metrics))
}

/// Ready = the database answers and the node is not leaving.
async fn ready(State(app): State<App>) -> Response {
    if app.stop.is_cancelled() {
        return Problem::new(503, "draining").retry_after(1).into_response();
    }
    let asked = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&app.pools.background);
    match tokio::time::timeout(Duration::from_secs(1), asked).await {
        Ok(Ok(_)) => (StatusCode::OK, Json(json!({ "ready": true }))).into_response(),
        _ => Problem::busy().into_response(),
    }
}

/// Prometheus text. On the main port for callers of the same machine alone; `WASSALLY_METRICS_LISTEN` opens a port of its own.
async fn metrics(State(app): State<App>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    // A proxy on the same machine speaks for somebody else.
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    if app.config.metrics_listen.is_some() || is_forwarded || !peer.ip().is_loopback() {
        return Problem::not_found().into_response();
    }
    text(&app)
}

/// Serves the metrics on a port of their own until the house stops.
pub async fn serve_metrics(app: App, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    let stop = app.stop.clone();
    let router = Router::new().route("/metrics", get(|State(app): State<App>| async move { text(&app) })).with_state(app);
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// The metrics as Prometheus reads them.
pub fn text(app: &App) -> Response {
    app.gauges();
    ([("content-type", "text/plain; version=0.0.4")], app.metrics.render()).into_response()
}
