//! Plain EventSource: several channels in one response, with a cursor over all of them as the event id.
//!
//! First, per channel, `{ "channel", "epoch", "offset", "recovered", "snapshot"? }`; then `{ "channel", "offset", "data" }` for each publication,
//! `{ "channel", "ended" }` when a right ends, and `: ping` when nothing was said for a while. A client that is too slow is ended and comes
//! back with `Last-Event-ID`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderValue, header};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use serde::Serialize;
use serde_json::value::RawValue;
use tokio::time::{Instant, Sleep};

use super::{
    cursor::Cursor,
    writer::{Put, Socket, Writer},
};
use crate::{
    channels::{
        room::{Room, Seat},
        said::Said,
    },
    host::{Channel, Error, Identity, Offset, Subscribe},
    hub::{Inner, new_id},
    protocol::SubscribeResult,
    session::{Position, Rights, Seated, Sink},
};

/// The EventSource connections of the node.
#[derive(Default)]
pub struct Sources(Mutex<FxHashMap<Arc<str>, Arc<Source>>>);

impl Sources {
    /// All of them.
    pub fn all(&self) -> Vec<Arc<Source>> {
        self.0.lock().values().cloned().collect()
    }
}

/// One EventSource, as channels see it.
pub struct Source {
    pub client: Arc<str>,
    pub who: Identity,
    writer: Writer,
    state: Mutex<State>,
}

struct State {
    cursor: Cursor,
    seats: Vec<(Arc<Room>, Seat)>,
    work: Vec<Work>,
}

enum Work {
    Resync(Channel, Seat),
    Recheck(Seat),
}

/// The first message of a channel.
#[derive(Serialize)]
struct Opening<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    epoch: &'a str,
    offset: Offset,
    recovered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    snapshot: Option<&'a RawValue>,
}

#[derive(Serialize)]
struct Message<'a> {
    channel: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<Offset>,
    data: &'a RawValue,
}

#[derive(Serialize)]
struct Ending<'a> {
    channel: &'a str,
    ended: &'a str,
}

impl Source {
    /// The user's id.
    pub fn user(&self) -> Arc<str> {
        self.who.user.clone()
    }

    /// Hands over publications; [`Put::Lags`] when they may not wait and others do.
    pub fn pass(&self, channel: &Channel, said: &[Arc<Said>], may_wait: bool) -> Put {
        let mut state = self.state.lock();
        let mut text = Vec::new();
        for said in said {
            let row = &said.row;
            state.write(&mut text, channel, row.offset, &row.body);
        }
        if may_wait { self.writer.send(text.into()) } else { self.writer.offer(text.into()) }
    }

    /// A subscription ended: for good, or the client comes back with its cursor.
    pub fn ended(&self, channel: &Channel, code: u32, reason: &str) {
        if code >= 2500 {
            return self.close();
        }
        let mut text = Vec::new();
        event(&mut text, None, &Ending { channel, ended: reason });
        if self.writer.send(text.into()) == Put::Over {
            self.close();
        }
    }

    /// Revoke the response after what is being said; the client comes back with its cursor.
    pub fn close(&self) {
        self.writer.finish(None, true);
    }

    /// Revoke the response for good: each of its channels says why.
    pub fn dismiss(&self, reason: &str) {
        let channels: Vec<Channel> = self.state.lock().seats.iter().map(|(room, _)| room.name.clone()).collect();
        for channel in channels {
            self.ended(&channel, 2000, reason);
        }
        self.writer.finish(None, false);
    }

    /// The reader lags in this room.
    pub fn stale(&self, channel: &Channel, seat: Seat) {
        self.leave_work(Work::Resync(channel.clone(), seat));
    }

    /// Rights must be read again.
    pub fn doubt(&self, seat: Seat) {
        self.leave_work(Work::Recheck(seat));
    }

    /// The subscription on this seat ended.
    pub fn forget(&self, seat: Seat) {
        self.state.lock().seats.retain(|(_, of)| *of != seat);
    }

    fn leave_work(&self, work: Work) {
        self.state.lock().work.push(work);
        self.writer.waker.wake();
    }

    fn open(&self, channel: &Channel, result: &SubscribeResult) {
        let mut state = self.state.lock();
        let mut text = Vec::new();
        let snapshot = (!result.data.is_empty()).then(|| serde_json::from_slice(&result.data).ok()).flatten();
        let opening = Opening { channel, epoch: &result.epoch, offset: result.offset, recovered: result.recovered, snapshot };
        if result.positioned {
            state.cursor.begin(channel, &result.epoch, result.offset);
        }
        let id = state.cursor.to_string();
        event(&mut text, Some(&id), &opening);
        for row in &result.publications {
            state.write(&mut text, channel, row.offset, &row.data);
        }
        drop(state);
        let _ = self.writer.send(text.into());
    }
}

impl State {
    fn write(&mut self, text: &mut Vec<u8>, channel: &Channel, offset: Offset, body: &Bytes) {
        // What is no JSON cannot be said here; its readers speak Protobuf.
        let Ok(data) = serde_json::from_slice::<&RawValue>(body) else { return };
        self.cursor.advance(channel, offset);
        let id = (offset > 0).then(|| self.cursor.to_string());
        event(text, id.as_deref(), &Message { channel, offset: (offset > 0).then_some(offset), data });
    }
}

/// One event. Raw line breaks of a payload can only stand between tokens; in a `data:` line they would end it.
fn event(text: &mut Vec<u8>, id: Option<&str>, message: &impl Serialize) {
    if let Some(id) = id {
        text.extend_from_slice(b"id: ");
        text.extend_from_slice(id.as_bytes());
        text.push(b'\n');
    }
    text.extend_from_slice(b"data: ");
    let from = text.len();
    if serde_json::to_writer(&mut *text, message).is_err() {
        text.truncate(from);
    }
    let mut at = from;
    while let Some(found) = text[at..].iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
        text.remove(at + found);
        at += found;
    }
    text.extend_from_slice(b"\n\n");
}

/// The body of an EventSource response. Dropping it leaves all channels.
pub struct EventStream {
    hub: Arc<Inner>,
    source: Arc<Source>,
    running: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    ping: Pin<Box<Sleep>>,
}

const PING_EVERY: Duration = Duration::from_secs(25);

impl EventStream {
    /// Subscribes to all channels. Errors: a final refusal of one of them; trouble of our own opens a stream that ends at once.
    pub async fn open(hub: &Arc<Inner>, who: Identity, channels: &[Channel], last: Option<&str>) -> Result<Self, Error> {
        let cursor = last.and_then(|last| Cursor::parse(last, channels)).unwrap_or_else(|| Cursor::new(channels));
        let writer = Writer::new(Socket::Body, hub.config.queue_limit);
        let state = Mutex::new(State { cursor, seats: Vec::new(), work: Vec::new() });
        let source = Arc::new(Source { client: new_id(), who, writer, state });
        let mut stream =
            Self { hub: hub.clone(), source: source.clone(), running: None, ping: Box::pin(tokio::time::sleep(PING_EVERY)) };
        let retry = format!("retry: {}\n\n", fastrand::u32(1000..4000));
        let _ = source.writer.send(retry.into());
        hub.sources.0.lock().insert(source.client.clone(), source.clone());
        if hub.is_draining.load(std::sync::atomic::Ordering::Relaxed) {
            source.writer.finish(None, false);
            return Ok(stream);
        }
        for channel in channels {
            match stream.enter(channel).await {
                Ok(()) => {}
                Err(error) if error.temporary => {
                    source.writer.finish(None, false);
                    return Ok(stream);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(stream)
    }

    /// By `&mut`, so that a stream need not be shared between threads while it enters.
    async fn enter(&mut self, channel: &Channel) -> Result<(), Error> {
        let source = self.source.clone();
        let mut seated = self.hub.sit(channel, Sink::Source(source.clone()), false);
        let position = self.position(&seated, channel);
        let rights = Rights::Asked(Box::new(asking(channel, &source.client)));
        let (result, _) = self.hub.clone().settle(&mut seated, &source.who, rights, position).await?;
        source.open(channel, &result);
        let (room, seat, is_over) = seated.stay();
        source.state.lock().seats.push((room.clone(), seat));
        if is_over {
            self.hub.end(&room, seat, 2000, "server unsubscribe");
        } else {
            self.hub.go_live(&room, seat).await;
            self.hub.host.watch.subscribed(&source.who, &source.client, channel);
        }
        Ok(())
    }

    /// Where the client's cursor stands in a channel. It carries only a mark of the epoch, so it is compared with the one there is.
    fn position(&self, seated: &Seated, channel: &Channel) -> Position {
        let Some((mark, offset)) = self.source.state.lock().cursor.of(channel) else { return Position::default() };
        let of_ring = seated.room.lock().ring.as_ref().map(|(_, epoch)| epoch.clone());
        let epoch = of_ring.unwrap_or_else(|| self.hub.epoch());
        let is_same = super::cursor::mark(&epoch) == mark;
        let epoch = if is_same { epoch.to_string() } else { "_".to_owned() };
        Position { recover: true, offset, epoch, reloads: false }
    }

    fn next_work(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let work = self.source.state.lock().work.pop()?;
        let (hub, source) = (self.hub.clone(), self.source.clone());
        Some(Box::pin(async move {
            match work {
                Work::Resync(channel, seat) => {
                    let who = Arc::new(source.who.clone());
                    hub.resync(&channel, seat, Some(who)).await;
                }
                Work::Recheck(seat) => {
                    let room = source.state.lock().seats.iter().find(|(_, of)| *of == seat).map(|(room, _)| room.clone());
                    let Some(room) = room else { return };
                    match hub.host.authorizer.subscribe(&source.who, &asking(&room.name, &source.client)).await {
                        Ok(_) => {}
                        Err(error) if error.temporary => source.close(),
                        Err(_) => hub.end(&room, seat, 2000, "server unsubscribe"),
                    }
                }
            }
        }))
    }
}

fn asking(channel: &Channel, client: &Arc<str>) -> Subscribe {
    Subscribe {
        channel: channel.clone(),
        token: String::new(),
        data: None,
        client: client.clone(),
        positioned: true,
        recoverable: true,
        join_leave: false,
        delta: false,
    }
}

impl Stream for EventStream {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.source.who.expires_at.is_some_and(|at| at <= Instant::now()) {
            self.source.close();
        }
        if let Poll::Ready(piece) = self.source.writer.poll_take(cx) {
            let next = Instant::now() + PING_EVERY;
            self.ping.as_mut().reset(next);
            return Poll::Ready(piece.map(Ok));
        }
        // Nothing waits: the socket took all there was, so readers that lagged may have the whole.
        while self.running.is_some() || !self.source.state.lock().work.is_empty() {
            if self.running.is_none() {
                self.running = self.next_work();
            }
            match self.running.as_mut().map(|running| running.as_mut().poll(cx)) {
                Some(Poll::Pending) => break,
                _ => self.running = None,
            }
        }
        if let Poll::Ready(piece) = self.source.writer.poll_take(cx) {
            return Poll::Ready(piece.map(Ok));
        }
        if self.ping.as_mut().poll(cx).is_ready() {
            let next = Instant::now() + PING_EVERY;
            self.ping.as_mut().reset(next);
            let _ = self.ping.as_mut().poll(cx);
            return Poll::Ready(Some(Ok(Bytes::from_static(b": ping\n\n"))));
        }
        Poll::Pending
    }
}

impl Drop for EventStream {
    fn drop(&mut self) {
        self.source.writer.abandon();
        self.hub.sources.0.lock().remove(&self.source.client);
        let seats = std::mem::take(&mut self.source.state.lock().seats);
        for (room, seat) in seats {
            self.hub.forget(&room, seat);
            self.hub.host.watch.unsubscribed(&self.source.who, &self.source.client, &room.name);
        }
    }
}

impl IntoResponse for EventStream {
    fn into_response(self) -> Response {
        let mut response = Response::new(axum::body::Body::from_stream(self));
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, must-revalidate"));
        headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
        response
    }
}
