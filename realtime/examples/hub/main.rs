//! The hub alone: a small server without a domain, which outside test suites run against.
//!
//! `cargo run --release -p wassally-realtime --example hub -- --insecure --presence`

mod api;
mod options;
mod rules;
mod store;
mod tokens;

use std::{net::SocketAddr, process::ExitCode, sync::Arc, time::Duration};

use axum::{Router, routing::get};
use clap::Parser;
use tokio::signal::unix::{SignalKind, signal};
use wassally_realtime::{Config, Host, Hub, broker::Memory, host::Nobody};

use crate::{options::Options, rules::Rules};

fn main() -> ExitCode {
    let options = Options::parse();
    let namespaces = match options.namespaces() {
        Ok(namespaces) => namespaces,
        Err(sentence) => {
            eprintln!("hub: {sentence}");
            return ExitCode::from(2);
        }
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime needs only threads");
    match runtime.block_on(serve(options, namespaces)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("hub: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(options: Options, namespaces: std::collections::HashMap<String, options::Channels>) -> anyhow::Result<()> {
    let config = Config {
        node: "hub".into(),
        ping_interval: options.ping_interval,
        pong_timeout: options.pong_timeout,
        connect_timeout: options.connect_timeout,
        expiry_grace: options.expiry_grace,
        message_limit: options.message_limit,
        queue_limit: options.queue_limit,
        channel_limit: options.channel_limit,
        recovery_limit: options.recovery_limit,
        recovery_bytes: usize::MAX,
        history_limit: options.history_limit,
        // The history's own bounds count, so nothing is recovered from memory that it has dropped.
        recent_limit: 0,
        connection_limit: options.connection_limit,
        user_connection_limit: options.user_connection_limit,
        connection_rate_limit: options.connection_rate_limit,
        allowed_origins: options.allowed_origin.clone(),
        ..Config::default()
    };
    let address = SocketAddr::new(options.address, options.port);
    let shutdown = options.shutdown_timeout;
    let (key, limit) = (options.api_key.clone(), options.message_limit);
    let has_api = key.is_some() || options.api_insecure;
    let rules = Arc::new(Rules::new(options, namespaces));
    let config = Config { epoch: rules.store.epoch.clone(), ..config };
    let nobody = Arc::new(Nobody);
    let host =
        Host { authorizer: rules.clone(), rpc: rules.clone(), history: rules.clone(), watch: nobody.clone(), observer: nobody };
    let hub = Hub::new(config, host, Arc::new(Memory::alone()));
    let _ = rules.hub.set(hub.clone());

    let mut app = Router::new().route("/health", get(|| async { "{}" })).merge(hub.router());
    if has_api {
        app = app.merge(api::router(rules, hub.clone(), key, limit));
    }
    let listener = tokio::net::TcpListener::bind(address).await?;
    let mut term = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let serving = axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>());
    tokio::select! {
        served = serving.into_future() => served?,
        _ = term.recv() => {}
        _ = interrupt.recv() => {}
    }
    let spread = Duration::from_secs(1).min(shutdown);
    let _ = tokio::time::timeout(shutdown, hub.drain(spread)).await;
    Ok(())
}
