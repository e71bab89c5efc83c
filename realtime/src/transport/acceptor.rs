//! What the endpoints need of the sessions, so that transports do not know them.

use std::{net::SocketAddr, pin::Pin, sync::Arc, task::Context};

use axum::extract::ConnectInfo;
use bytes::Bytes;

use super::{websocket::Upgrade, writer::Writer};
use crate::{config::Config, protocol::Format};

/// Opens a session for each connection that an endpoint accepts.
pub trait Acceptor: Send + Sync + 'static {
    /// The settings of the node.
    fn config(&self) -> &Config;

    /// Whether one more connection may be opened now.
    fn admits(&self) -> bool;

    /// Serves a WebSocket connection in a task of its own.
    fn serve(self: Arc<Self>, upgrade: Upgrade, opening: Opening);

    /// Opens a session whose replies are the body of a response.
    fn open(self: Arc<Self>, opening: Opening) -> Arc<dyn EmulatedSession>;
}

/// A session that is driven by an endless response, with commands from other requests.
pub trait EmulatedSession: Send + Sync + 'static {
    /// The secret that a client presents with commands sent apart from the response.
    fn secret(&self) -> &Arc<str>;

    /// The encoding of its messages.
    fn format(&self) -> Format;

    /// Its frames on their way out.
    fn writer(&self) -> &Writer;

    /// Takes commands; the response's task runs them.
    fn receive(self: Arc<Self>, message: Bytes);

    /// Runs what is queued, in the task of the response.
    fn poll(self: Arc<Self>, cx: &mut Context<'_>, running: &mut Option<Running>);

    /// The response is gone.
    fn end(&self);
}

/// A command under way.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

/// How a connection begins.
pub struct Opening {
    pub format: Format,
    pub mode: TransportMode,
    pub request: HttpRequest,
}

/// How the two directions of a connection are transported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportMode {
    /// One socket for both directions.
    Duplex,
    /// The same, with WebSocket pings instead of the protocol's own.
    NativePings,
    /// An endless response, and commands by other requests.
    Emulated,
    /// An endless response and nothing from the client.
    OneWay,
}

/// What the HTTP request under a connection carried; dropped after connect.
pub struct HttpRequest {
    pub headers: http::HeaderMap,
    pub peer: Option<SocketAddr>,
}

impl HttpRequest {
    /// The parts of a request that the host may want to see.
    pub fn of(headers: http::HeaderMap, extensions: &http::Extensions) -> Self {
        Self { headers, peer: extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer) }
    }
}
