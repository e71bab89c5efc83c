//! `/connection/websocket`: the handshake, and the raw socket under it.

use std::{
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::{net::TcpStream, time::Instant};

use super::{
    origin,
    writer::{Io, Socket},
};
use crate::{
    hub::Inner,
    protocol::Format,
    session::{self, Session, Ways},
};

/// How many connections may still be opened this second.
pub struct Rate {
    most: usize,
    left: usize,
    since: Instant,
}

impl Rate {
    /// At most so many a second; 0 = no limit.
    pub fn new(most: usize) -> Self {
        Self { most, left: most, since: Instant::now() }
    }

    /// Takes one; false when there is none left.
    fn take(&mut self) -> bool {
        if self.most == 0 {
            return true;
        }
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.left, self.since) = (self.most, Instant::now());
        }
        let has_one = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has_one
    }
}

impl Inner {
    /// May one more connection be opened now?
    pub fn admits(&self) -> bool {
        let limit = self.config.connection_limit;
        let is_full = limit > 0 && self.open.load(Relaxed) >= limit;
        !is_full && !self.is_draining.load(Relaxed) && self.rate.lock().take()
    }
}

/// The endpoint.
pub fn router(hub: Arc<Inner>) -> Router {
    Router::new().route("/connection/websocket", get(upgrade)).with_state(hub)
}

/// How a client wants to speak, from its handshake.
struct Wish {
    format: Format,
    /// The subprotocol to name in the answer, where the client named one that we speak.
    subprotocol: Option<&'static str>,
    pings_natively: bool,
}

async fn upgrade(State(hub): State<Arc<Inner>>, mut request: Request) -> Response {
    let headers = request.headers();
    let Some(key) = handshake_key(headers) else {
        return (StatusCode::BAD_REQUEST, "this is a WebSocket endpoint").into_response();
    };
    if !origin::is_allowed(headers, &hub.config.allowed_origins) {
        return (StatusCode::FORBIDDEN, "this origin is not allowed").into_response();
    }
    if !hub.admits() {
        return (StatusCode::SERVICE_UNAVAILABLE, "come again later").into_response();
    }
    let wish = wish(headers, request.uri().query().unwrap_or_default());
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    let said = session::Request {
        peer: request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer),
        headers: headers.clone(),
    };
    let upgrading = hyper::upgrade::on(&mut request);
    let ways = if wish.pings_natively { Ways::NativePings } else { Ways::Both };
    let format = wish.format;
    let tasks = hub.tasks.clone();
    tasks.spawn(serve(hub, upgrading, format, ways, said));

    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = wish.subprotocol {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    response
}

/// A connection from its upgrade to its last byte.
async fn serve(hub: Arc<Inner>, upgrading: hyper::upgrade::OnUpgrade, format: Format, ways: Ways, said: session::Request) {
    let Ok(upgraded) = upgrading.await else { return };
    let (socket, early) = raw(upgraded, hub.config.send_buffer);
    let session = Session::new(hub, socket, format, ways, said);
    session.run(early).await;
    linger(&session).await;
}

/// The key of a proper handshake.
fn handshake_key(headers: &HeaderMap) -> Option<String> {
    let has = |name: header::HeaderName, token: &str| {
        let all = headers.get_all(name);
        all.iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|of| of.trim().eq_ignore_ascii_case(token))
    };
    let is_upgrade = has(header::CONNECTION, "upgrade") && has(header::UPGRADE, "websocket");
    let is_13 = headers.get(header::SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
    let key = headers.get(header::SEC_WEBSOCKET_KEY)?.to_str().ok()?;
    (is_upgrade && is_13).then(|| key.to_owned())
}

/// Subprotocol first, then the query. An empty subprotocol header, as one SDK sends it, means none.
fn wish(headers: &HeaderMap, query: &str) -> Wish {
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).iter().filter_map(|value| value.to_str().ok());
    let mut subprotocol = None;
    for name in offered.flat_map(|value| value.split(',')).map(str::trim) {
        subprotocol = match name {
            "centrifuge-protobuf" => Some("centrifuge-protobuf"),
            "centrifuge-json" => Some("centrifuge-json"),
            _ => continue,
        };
        break;
    }
    let mut by_query = Format::Json;
    let mut pings_natively = false;
    for pair in query.split('&') {
        match pair {
            "cf_protocol=protobuf" | "format=protobuf" => by_query = Format::Protobuf,
            "cf_ws_frame_ping_pong=true" => pings_natively = true,
            _ => {}
        }
    }
    let format = match subprotocol {
        Some("centrifuge-protobuf") => Format::Protobuf,
        Some(_) => Format::Json,
        None => by_query,
    };
    Wish { format, subprotocol, pings_natively }
}

/// The socket under the HTTP connection, set up for small frames and slow readers, and what was already read from it.
fn raw(upgraded: hyper::upgrade::Upgraded, send_buffer: usize) -> (Socket, Bytes) {
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            let socket = socket2::SockRef::from(&stream);
            // Best effort: a kernel that refuses one of them serves all the same.
            let _ = socket.set_tcp_nodelay(true);
            let _ = socket.set_tcp_notsent_lowat(16 * 1024);
            let _ = socket.set_send_buffer_size(send_buffer);
            (Socket::Tcp(stream), parts.read_buf)
        }
        Err(upgraded) => {
            let stream: Pin<Box<dyn Io>> = Box::pin(TokioIo::new(upgraded));
            (Socket::Other(Mutex::new(stream)), Bytes::new())
        }
    }
}

/// Lets the last frame arrive: closing a socket with unread input would reset it under the client. Whoever left first waits for nothing.
async fn linger(session: &Session) {
    if session.writer.is_gone() {
        return;
    }
    let said_all = std::future::poll_fn(|cx| match &session.writer.socket {
        Socket::Other(stream) => stream.lock().as_mut().poll_shutdown(cx).map(|_| ()),
        Socket::Tcp(stream) => {
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
            std::task::Poll::Ready(())
        }
        Socket::Body => std::task::Poll::Ready(()),
    });
    let rest = async {
        said_all.await;
        let mut rest = vec![0; 1024];
        while let Ok(1..) = std::future::poll_fn(|cx| session.writer.poll_read(cx, &mut rest)).await {}
    };
    let _ = tokio::time::timeout(LINGER, rest).await;
}

const LINGER: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F: Future>(_: impl FnOnce(Arc<Inner>, hyper::upgrade::OnUpgrade, Format, Ways, session::Request) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_costs_less_than_a_kilobyte_beside_its_session() {
        assert!(size(serve) < 1024, "{}", size(serve));
        assert!(size_of::<Session>() < 640, "{}", size_of::<Session>());
    }
}
