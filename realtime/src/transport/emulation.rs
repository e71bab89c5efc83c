//! The protocol without WebSocket: an endless response (`/connection/sse`, `/connection/http_stream`) and commands by `POST /emulation`;
//! one-way forms of both (`/connection/uni_sse`, `/connection/uni_http_stream`).
//!
//! A session writes WebSocket frames, as thousands share them; here each is taken out of its frame and put into the response's own.

use std::{
    collections::VecDeque,
    convert::Infallible,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parking_lot::Mutex;
use prost::Message;
use rustc_hash::FxHashMap;

use super::{origin, writer::Socket};
use crate::{
    hub::Inner,
    protocol::{EmulationRequest, Format},
    session::{self, Running, Session, Ways},
};

/// The sessions of endless responses, by their secret.
#[derive(Default)]
pub struct Emulated(Mutex<FxHashMap<Arc<str>, Arc<Session>>>);

/// How a response carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// `data: …` and an empty line.
    Events,
    /// Lines of JSON.
    Lines,
    /// Protobuf messages behind their length, as they stand in a frame.
    Messages,
}

/// The endpoints.
pub fn router(hub: Arc<Inner>) -> Router {
    let one_way = |carrier| move |State(hub): State<Arc<Inner>>, request: Request| open(hub, request, carrier, true);
    let both_ways = |carrier| move |State(hub): State<Arc<Inner>>, request: Request| open(hub, request, carrier, false);
    Router::new()
        .route("/connection/sse", get(both_ways(Carrier::Events)).post(both_ways(Carrier::Events)).options(preflight))
        .route("/connection/http_stream", post(both_ways(Carrier::Lines)).options(preflight))
        .route("/connection/uni_sse", get(one_way(Carrier::Events)).post(one_way(Carrier::Events)).options(preflight))
        .route("/connection/uni_http_stream", post(one_way(Carrier::Lines)).options(preflight))
        .route("/emulation", post(emulation).options(preflight))
        .with_state(hub)
}

async fn preflight(State(hub): State<Arc<Inner>>, request: Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    origin::allow(response.headers_mut(), request.headers(), &hub.config.allowed_origins);
    response
}

/// Opens an endless response. What a client says first stands in the body or in `cf_connect`.
async fn open(hub: Arc<Inner>, request: Request, carrier: Carrier, is_one_way: bool) -> Response {
    if !hub.admits() {
        return (StatusCode::SERVICE_UNAVAILABLE, "come again later").into_response();
    }
    let (parts, body) = request.into_parts();
    let is_protobuf = carrier == Carrier::Lines && !is_one_way && is_octets(&parts.headers);
    let (format, carrier) = if is_protobuf { (Format::Protobuf, Carrier::Messages) } else { (Format::Json, carrier) };
    let first = if parts.method == Method::GET {
        cf_connect(parts.uri.query().unwrap_or_default())
    } else {
        match axum::body::to_bytes(body, hub.config.message_limit).await {
            Ok(first) => first,
            Err(_) => return StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        }
    };
    let first = match is_one_way {
        true => match as_command(&first) {
            Some(command) => command,
            None => return StatusCode::BAD_REQUEST.into_response(),
        },
        false => first,
    };
    let said = session::Request {
        peer: parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| *peer),
        headers: parts.headers.clone(),
    };
    let ways = if is_one_way { Ways::Out } else { Ways::Apart };
    let session = Session::new(hub.clone(), Socket::Body, format, ways, said);
    if let Some(secret) = &session.secret {
        hub.emulated.0.lock().insert(secret.clone(), session.clone());
    }
    session.take_apart(first);
    // One blank line at once, so that proxies and browsers see the response begin.
    let ready = (carrier == Carrier::Events).then(|| Bytes::from_static(b"\r\n")).into_iter().collect();
    let stream = Endless { session, carrier, is_one_way, running: None, ready, is_over: false };

    let mut response = Response::new(Body::from_stream(stream));
    let headers = response.headers_mut();
    let kind = match carrier {
        Carrier::Events => "text/event-stream",
        Carrier::Lines => "application/json",
        Carrier::Messages => "application/octet-stream",
    };
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache, no-store, must-revalidate, max-age=0"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    origin::allow(headers, &parts.headers, &hub.config.allowed_origins);
    response
}

/// Commands of a client whose replies go out elsewhere. An unknown session is no error: it may just have ended.
async fn emulation(State(hub): State<Arc<Inner>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, hub.config.message_limit).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let asked = if is_octets(&parts.headers) {
        EmulationRequest::decode(body).ok()
    } else {
        serde_json::from_slice::<EmulationRequest>(&body).ok()
    };
    let Some(asked) = asked else { return StatusCode::BAD_REQUEST.into_response() };
    if *asked.node != *hub.config.node {
        return StatusCode::NOT_FOUND.into_response();
    }
    let session = hub.emulated.0.lock().get(asked.session.as_str()).cloned();
    if let Some(session) = session {
        session.take_apart(asked.data);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    origin::allow(response.headers_mut(), &parts.headers, &hub.config.allowed_origins);
    response
}

fn is_octets(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|of| of.as_bytes().starts_with(b"application/octet-stream"))
}

fn cf_connect(query: &str) -> Bytes {
    let value = query.split('&').find_map(|pair| pair.strip_prefix("cf_connect=")).unwrap_or_default();
    percent_decoded(value).into()
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, after)) = rest.split_first() {
        let hex = after.get(..2).and_then(|hex| std::str::from_utf8(hex).ok()).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, hex) {
            (b'%', Some(decoded)) => {
                out.push(decoded);
                rest = &after[2..];
            }
            (b'+', _) => {
                out.push(b' ');
                rest = after;
            }
            _ => {
                out.push(*byte);
                rest = after;
            }
        }
    }
    out
}

/// A one-way client sends the connect request alone; nothing or `null` is an empty one.
fn as_command(request: &[u8]) -> Option<Bytes> {
    let request = match request.trim_ascii() {
        b"" | b"null" => b"{}",
        request => request,
    };
    serde_json::from_slice::<crate::protocol::ConnectRequest>(request).ok()?;
    Some([br#"{"id":1,"connect":"#, request, b"}"].concat().into())
}

/// The body of an endless response. Dropping it ends the session.
struct Endless {
    session: Arc<Session>,
    carrier: Carrier,
    is_one_way: bool,
    running: Option<Running>,
    ready: VecDeque<Bytes>,
    is_over: bool,
}

impl Endless {
    /// Takes messages out of their frames and puts them into the response's own.
    fn reframe(&mut self, mut frames: Bytes) {
        while frames.len() >= 2 && !self.is_over {
            let opcode = frames[0] & 0x0f;
            let (skip, length) = match frames[1] {
                126 => (4, u16::from_be_bytes([frames[2], frames[3]]).into()),
                127 => (10, u64::from_be_bytes(frames[2..10].try_into().expect("eight bytes are eight bytes")) as usize),
                length => (2, length.into()),
            };
            frames.advance(skip);
            let payload = frames.split_to(length);
            match opcode {
                1 | 2 => self.carry(payload),
                8 => self.last(payload),
                _ => {}
            }
        }
    }

    fn carry(&mut self, message: Bytes) {
        let message = if self.is_one_way { self.one_way(message) } else { message };
        self.ready.push_back(match self.carrier {
            Carrier::Events => [b"data: ", &message[..], b"\n\n"].concat().into(),
            Carrier::Lines => [&message[..], b"\n"].concat().into(),
            Carrier::Messages => message,
        });
    }

    /// A reply or push as a one-way client sees it: the push alone.
    fn one_way(&mut self, message: Bytes) -> Bytes {
        if let Some(push) = message.strip_prefix(br#"{"push":"#).and_then(|push| push.strip_suffix(b"}")) {
            return message.slice_ref(push);
        }
        match message.strip_prefix(br#"{"id":1,"#) {
            Some(rest) if rest.starts_with(br#""error""#) => {
                self.is_over = true;
                let code = serde_json::from_slice::<serde_json::Value>(&message).ok().and_then(|of| of["error"]["code"].as_u64());
                let (code, reason) = match code {
                    Some(109 | 110) => (3005, "connection expired"),
                    Some(111) => (3013, "too many requests"),
                    Some(103) => (3507, "permission denied"),
                    _ => (3004, "internal server error"),
                };
                format!(r#"{{"disconnect":{{"code":{code},"reason":"{reason}"}}}}"#).into()
            }
            Some(rest) => [b"{", rest].concat().into(),
            None => message,
        }
    }

    /// A close frame becomes a disconnect push.
    fn last(&mut self, payload: Bytes) {
        if let [high, low, reason @ ..] = &payload[..] {
            let body = crate::protocol::DisconnectPush {
                code: u16::from_be_bytes([*high, *low]).into(),
                reason: String::from_utf8_lossy(reason).into_owned(),
                reconnect: false,
            };
            let push = crate::protocol::Push::plain(crate::protocol::PushBody::Disconnect(body));
            if let Ok(message) = self.session.format.encode(&crate::protocol::Reply::push(push)) {
                self.carry(message);
            }
        }
        self.is_over = true;
    }
}

impl Stream for Endless {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        loop {
            if let Some(piece) = this.ready.pop_front() {
                return Poll::Ready(Some(Ok(piece)));
            }
            if this.is_over {
                return Poll::Ready(None);
            }
            this.session.writer.waker.register(cx.waker());
            this.session.poll_apart(cx, &mut this.running);
            match this.session.writer.poll_take(cx) {
                Poll::Ready(Some(frames)) => this.reframe(frames),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl Drop for Endless {
    fn drop(&mut self) {
        self.running = None;
        if let Some(secret) = &self.session.secret {
            self.session.hub.emulated.0.lock().remove(secret);
        }
        self.session.end_apart();
    }
}
