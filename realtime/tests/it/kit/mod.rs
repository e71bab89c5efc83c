//! A hub on a real port with a host that keeps its log in memory, and a raw client that shows what it received.

mod client;
mod host;

use std::{net::SocketAddr, sync::Arc, time::Duration};

use tokio::net::TcpListener;
use wassally_realtime::{
    Channel, Config, Host, Hub, Publication,
    broker::{Broker, Memory},
    host::Revoke,
};

pub use client::{Client, Raw};
pub use host::{EPOCH, TestHost};
pub use wassally_client::PATIENCE;

/// One node of a test.
pub struct Node {
    pub hub: Hub,
    pub host: Arc<TestHost>,
    pub address: SocketAddr,
}

impl Node {
    /// A node with the product's bounds.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A node with other bounds.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        change(&mut config);
        let host = Arc::new(TestHost::default());
        Self::of(config, host, Arc::new(Memory::alone())).await
    }

    /// A second node on the same log, without a connection to the first.
    pub async fn beside(&self) -> Self {
        Self::of(Config::default(), self.host.clone(), Arc::new(Memory::alone())).await
    }

    /// Nodes on one log, connected by these brokers.
    pub async fn cluster(brokers: Vec<Arc<dyn Broker>>) -> Vec<Self> {
        let host = Arc::new(TestHost::default());
        let mut nodes = Vec::new();
        for broker in brokers {
            let config = Config { epoch: EPOCH.into(), ..Config::default() };
            nodes.push(Self::of(config, host.clone(), broker).await);
        }
        nodes
    }

    async fn of(config: Config, host: Arc<TestHost>, broker: Arc<dyn Broker>) -> Self {
        let border = Host {
            authorizer: host.clone(),
            rpc: host.clone(),
            history: host.clone(),
            watch: host.clone(),
            observer: host.clone(),
        };
        let hub = Hub::new(config, border, broker);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let events = hub.clone();
        let app = hub.router().route(
            "/events",
            axum::routing::get(move |query: axum::extract::RawQuery, headers: http::HeaderMap| async move {
                let channels: Vec<Channel> = query.0.unwrap_or_default().split(',').map(Channel::from).collect();
                let last = headers.get("last-event-id").map(|last| last.to_str().unwrap());
                match events.stream(wassally_realtime::Identity::new("anna"), &channels, last).await {
                    Ok(stream) => axum::response::IntoResponse::into_response(stream),
                    Err(_) => axum::response::IntoResponse::into_response(http::StatusCode::NOT_FOUND),
                }
            }),
        );
        tokio::spawn(async move { axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await });
        Self { hub, host, address }
    }

    /// Address of its WebSocket.
    pub fn url(&self) -> String {
        format!("ws://{}/connection/websocket", self.address)
    }

    /// A connection on which nothing was sent yet.
    pub async fn raw(&self) -> Raw {
        Raw::open(&self.url()).await
    }

    /// A connected client; the token is the user's name (see [`TestHost`]).
    pub async fn connect(&self, token: &str) -> Client {
        let mut raw = self.raw().await;
        raw.hello(serde_json::json!({ "token": token })).await;
        Client(raw)
    }

    /// Commits and publishes the next number of a durable channel.
    pub fn publish(&self, channel: &str) -> u64 {
        let publication = self.host.commit(channel, &[]);
        let offset = publication.offset;
        self.hub.publish(vec![publication]);
        offset
    }

    /// Commits and publishes a revocation of the users' rights.
    pub fn end(&self, channel: &str, users: &[(&str, bool)]) -> Publication {
        let revokes: Vec<Revoke> =
            users.iter().map(|(user, inclusive)| Revoke { user: (*user).into(), inclusive: *inclusive }).collect();
        let publication = self.host.commit(channel, &revokes);
        self.hub.publish(vec![publication.clone()]);
        publication
    }
}

/// Waits for a condition that no message reports.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = tokio::time::Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "never: {what}");
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}
