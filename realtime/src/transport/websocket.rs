//! `/connection/websocket`: the handshake, and the raw socket under it.

use std::{pin::Pin, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::net::TcpStream;

use super::{
    acceptor::{Acceptor, HttpRequest, Opening, TransportMode},
    origin,
    writer::{Io, Socket, Writer},
};
use crate::protocol::Format;

/// The endpoint.
pub fn router(acceptor: Arc<dyn Acceptor>) -> Router {
    Router::new().route("/connection/websocket", get(upgrade)).with_state(acceptor)
}

/// What a client asks for in its handshake.
struct HandshakeOptions {
    format: Format,
    /// The subprotocol to name in the answer, where the client named one that we support.
    subprotocol: Option<&'static str>,
    pings_natively: bool,
}

async fn upgrade(State(acceptor): State<Arc<dyn Acceptor>>, mut request: Request) -> Response {
    let headers = request.headers();
    let Some(key) = handshake_key(headers) else {
        return (StatusCode::BAD_REQUEST, "this is a WebSocket endpoint").into_response();
    };
    if !origin::is_allowed(headers, &acceptor.config().allowed_origins) {
        return (StatusCode::FORBIDDEN, "this origin is not allowed").into_response();
    }
    if !acceptor.admits() {
        return (StatusCode::SERVICE_UNAVAILABLE, "try again later").into_response();
    }
    let options = handshake_options(headers, request.uri().query().unwrap_or_default());
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    let opening = Opening {
        format: options.format,
        mode: if options.pings_natively { TransportMode::NativePings } else { TransportMode::Duplex },
        request: HttpRequest::of(headers.clone(), request.extensions()),
    };
    acceptor.serve(Upgrade(hyper::upgrade::on(&mut request)), opening);

    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let answer = response.headers_mut();
    answer.insert(header::CONNECTION, HeaderValue::from_static("Upgrade"));
    answer.insert(header::UPGRADE, HeaderValue::from_static("websocket"));
    if let Ok(accept) = HeaderValue::from_str(&accept) {
        answer.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    if let Some(subprotocol) = options.subprotocol {
        answer.insert(header::SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(subprotocol));
    }
    response
}

/// A connection that becomes a WebSocket once its response is sent.
pub struct Upgrade(hyper::upgrade::OnUpgrade);

impl Upgrade {
    /// The socket under the HTTP connection, set up for small frames and slow readers, and what was already read from it.
    pub async fn socket(self, send_buffer: usize) -> Option<(Socket, Bytes)> {
        Some(raw(self.0.await.ok()?, send_buffer))
    }
}

/// The key of a valid handshake.
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

/// The subprotocol counts before the query. An empty subprotocol header, as one SDK sends it, means none.
fn handshake_options(headers: &HeaderMap, query: &str) -> HandshakeOptions {
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
    HandshakeOptions { format, subprotocol, pings_natively }
}

fn raw(upgraded: hyper::upgrade::Upgraded, send_buffer: usize) -> (Socket, Bytes) {
    match hyper_util::server::conn::auto::upgrade::downcast::<TokioIo<TcpStream>>(upgraded) {
        Ok(parts) => {
            let stream = parts.io.into_inner();
            let socket = socket2::SockRef::from(&stream);
            // Best effort: the connection works without them.
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

/// Waits until the last frame has arrived: closing a socket with unread input would reset it before the client reads that frame. If the client
/// closed first, nothing is waited for.
pub async fn linger(writer: &Writer) {
    if writer.is_gone() {
        return;
    }
    let shutdown = std::future::poll_fn(|cx| match &writer.socket {
        Socket::Other(stream) => stream.lock().as_mut().poll_shutdown(cx).map(|_| ()),
        Socket::Tcp(stream) => {
            let _ = socket2::SockRef::from(stream).shutdown(std::net::Shutdown::Write);
            std::task::Poll::Ready(())
        }
        Socket::Body => std::task::Poll::Ready(()),
    });
    let rest = async {
        shutdown.await;
        let mut rest = vec![0; 1024];
        while let Ok(1..) = std::future::poll_fn(|cx| writer.poll_read(cx, &mut rest)).await {}
    };
    let _ = tokio::time::timeout(LINGER, rest).await;
}

const LINGER: Duration = Duration::from_secs(2);
