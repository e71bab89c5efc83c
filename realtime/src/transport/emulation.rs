//! The protocol without WebSocket: an endless response (`/connection/sse`, `/connection/http_stream`) and commands by `POST /emulation`;
//! one-way forms of both (`/connection/uni_sse`, `/connection/uni_http_stream`).
//!
//! A session writes WebSocket frames, as many connections share them; here each message is taken out of its frame and put into the response's.

use std::{
    collections::VecDeque,
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use bytes::{Buf, Bytes};
use futures_util::Stream;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use parking_lot::Mutex;
use prost::Message;
use rustc_hash::FxHashMap;

use super::{
    acceptor::{Acceptor, EmulatedSession, HttpRequest, Opening, Running, TransportMode},
    origin,
};
use crate::protocol::{EmulationRequest, Format};

/// The endpoints' state.
struct Emulation {
    acceptor: Arc<dyn Acceptor>,
    /// The sessions of endless responses, by their secret.
    sessions: Mutex<FxHashMap<Arc<str>, Arc<dyn EmulatedSession>>>,
}

/// How a response carries messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Carrier {
    /// `data: …` and an empty line.
    Events,
    /// Lines of JSON.
    Lines,
    /// Protobuf messages after their length, as in a frame.
    Messages,
}

/// The endpoints.
pub fn router(acceptor: Arc<dyn Acceptor>) -> Router {
    let one_way = |carrier| move |State(of): State<Arc<Emulation>>, request: Request| open(of, request, carrier, true);
    let duplex = |carrier| move |State(of): State<Arc<Emulation>>, request: Request| open(of, request, carrier, false);
    Router::new()
        .route("/connection/sse", get(duplex(Carrier::Events)).post(duplex(Carrier::Events)).options(preflight))
        .route("/connection/http_stream", post(duplex(Carrier::Lines)).options(preflight))
        .route("/connection/uni_sse", get(one_way(Carrier::Events)).post(one_way(Carrier::Events)).options(preflight))
        .route("/connection/uni_http_stream", post(one_way(Carrier::Lines)).options(preflight))
        .route("/emulation", post(commands).options(preflight))
        .with_state(Arc::new(Emulation { acceptor, sessions: Mutex::default() }))
}

async fn preflight(State(emulation): State<Arc<Emulation>>, request: Request) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    origin::allow(response.headers_mut(), request.headers(), &emulation.acceptor.config().allowed_origins);
    response
}

/// Opens an endless response. The first commands are in the body or in `cf_connect`.
async fn open(emulation: Arc<Emulation>, request: Request, carrier: Carrier, is_one_way: bool) -> Response {
    let config = emulation.acceptor.config();
    if !emulation.acceptor.admits() {
        return (StatusCode::SERVICE_UNAVAILABLE, "try again later").into_response();
    }
    let (parts, body) = request.into_parts();
    let is_protobuf = carrier == Carrier::Lines && !is_one_way && is_octets(&parts.headers);
    let (format, carrier) = if is_protobuf { (Format::Protobuf, Carrier::Messages) } else { (Format::Json, carrier) };
    let first = if parts.method == Method::GET {
        cf_connect(parts.uri.query().unwrap_or_default())
    } else {
        match axum::body::to_bytes(body, config.message_limit).await {
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
    let mode = if is_one_way { TransportMode::OneWay } else { TransportMode::Emulated };
    let request = HttpRequest::of(parts.headers.clone(), &parts.extensions);
    let session = emulation.acceptor.clone().open(Opening { format, mode, request });
    emulation.sessions.lock().insert(session.secret().clone(), session.clone());
    session.clone().receive(first);
    // One blank line at once, so that proxies and browsers see the response begin.
    let ready = (carrier == Carrier::Events).then(|| Bytes::from_static(b"\r\n")).into_iter().collect();
    let stream = Endless { emulation: emulation.clone(), session, carrier, is_one_way, running: None, ready, is_over: false };

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
    origin::allow(headers, &parts.headers, &config.allowed_origins);
    response
}

/// Commands of a client whose replies are the body of another response. An unknown session is no error: it may just have ended.
async fn commands(State(emulation): State<Arc<Emulation>>, request: Request) -> Response {
    let config = emulation.acceptor.config();
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, config.message_limit).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let sent = if is_octets(&parts.headers) {
        EmulationRequest::decode(body).ok()
    } else {
        serde_json::from_slice::<EmulationRequest>(&body).ok()
    };
    let Some(sent) = sent else { return StatusCode::BAD_REQUEST.into_response() };
    if *sent.node != *config.node {
        return StatusCode::NOT_FOUND.into_response();
    }
    let session = emulation.sessions.lock().get(sent.session.as_str()).cloned();
    if let Some(session) = session {
        session.receive(sent.data);
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    origin::allow(response.headers_mut(), &parts.headers, &config.allowed_origins);
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

/// A one-way client sends only the connect request; nothing or `null` is an empty one.
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
    emulation: Arc<Emulation>,
    session: Arc<dyn EmulatedSession>,
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
            if let Ok(message) = self.session.format().encode(&crate::protocol::Reply::push(push)) {
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
            this.session.writer().waker.register(cx.waker());
            this.session.clone().poll(cx, &mut this.running);
            match this.session.writer().poll_take(cx) {
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
        self.emulation.sessions.lock().remove(self.session.secret());
        self.session.end();
    }
}
