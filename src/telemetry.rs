//! Logs and metrics. Spans at the three entry points (request, call, task) and on operations.
use crate::config::Config;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::sync::OnceLock;
use tracing_subscriber::{EnvFilter, fmt, prelude::*};

/// Writes logs to standard error: text for people, JSON for collectors. `RUST_LOG` refines.
pub fn start_logs(config: &Config) {
    let default =
        if config.debug { "info,sqlx=warn,wassally=debug,wassally_realtime=debug" } else { "info,sqlx=warn,sqlx::query=error" };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let registry = tracing_subscriber::registry().with(filter);
    let started = if config.log_json {
        registry.with(fmt::layer().json().with_writer(std::io::stderr)).try_init()
    } else {
        registry.with(fmt::layer().with_target(false).with_writer(std::io::stderr)).try_init()
    };
    // A second start in one process, as in tests, keeps the first.
    drop(started);
}

/// The process's one metrics recorder.
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// The recorder; started at the first call.
    pub fn start() -> Self {
        static HANDLE: OnceLock<PrometheusHandle> = OnceLock::new();
        let handle = HANDLE.get_or_init(|| {
            let recorder = PrometheusBuilder::new().build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder was there first; /metrics stays empty");
            }
            handle
        });
        Self(handle.clone())
    }

    /// The text that Prometheus reads.
    pub fn text(&self) -> String {
        self.0.render()
    }
}
