//! For the team that runs it: health, readiness, metrics.
use crate::{App, problem::Problem, telemetry::Metrics};
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
    let answer = sqlx::query_scalar!(r#"select 1 as "one!""#).fetch_one(&app.pools().background);
    match tokio::time::timeout(Duration::from_secs(1), answer).await {
        Ok(Ok(_)) => (StatusCode::OK, Json(json!({ "ready": true }))).into_response(),
        _ => Problem::busy().into_response(),
    }
}

/// Prometheus text. On the main port only for callers on the same machine; `WASSALLY_METRICS_LISTEN` opens a separate port.
async fn metrics(State(app): State<App>, ConnectInfo(peer): ConnectInfo<SocketAddr>, headers: HeaderMap) -> Response {
    // A proxy on the same machine speaks for somebody else.
    let is_forwarded = headers.contains_key("x-forwarded-for") || headers.contains_key("forwarded");
    if app.config.metrics_listen.is_some() || is_forwarded || !peer.ip().is_loopback() {
        return Problem::not_found().into_response();
    }
    text(&app)
}

/// Serves the metrics on a separate port until the application stops.
pub async fn serve_metrics(app: App, listener: tokio::net::TcpListener) -> std::io::Result<()> {
    let stop = app.stop.clone();
    let router = Router::new().route("/metrics", get(|State(app): State<App>| async move { text(&app) })).with_state(app);
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// The metrics as Prometheus reads them, with the gauges that are read rather than counted.
pub fn text(app: &App) -> Response {
    let (stats, commands) = (app.hub().stats(), &app.pools().commands);
    #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
    for (name, value) in [
        ("wassally_connections", stats.connections as f64),
        ("wassally_users", stats.users as f64),
        ("wassally_channels", stats.channels as f64),
        ("wassally_subscriptions", stats.subscriptions as f64),
        ("wassally_gaps", stats.gaps as f64),
        ("wassally_published_total", stats.published as f64),
        ("wassally_delivered_total", stats.delivered as f64),
        ("wassally_slow_total", stats.slow as f64),
        ("wassally_backfilled_total", stats.backfilled as f64),
        ("wassally_broker_messages_total", stats.broker_messages as f64),
        ("wassally_broker_messages_ignored_total", stats.broker_messages_ignored as f64),
        ("wassally_db_commands_in_use", f64::from(commands.size()) - commands.num_idle() as f64),
    ] {
        metrics::gauge!(name).set(value);
    }
    ([("content-type", "text/plain; version=0.0.4")], app.part::<Metrics>().text()).into_response()
}
