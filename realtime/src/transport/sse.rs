//! Plain EventSource: several channels in one response, with a cursor over all of them as the event id.
//!
//! First, per channel, `{ "channel", "epoch", "offset", "recovered", "snapshot"? }`; then `{ "channel", "offset", "data" }` for each publication,
//! `{ "channel", "ended" }` when a right ends, and `: ping` when nothing was sent for a while. A client that is too slow is disconnected and
//! comes back with `Last-Event-ID`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::{Arc, atomic::Ordering::Relaxed},
    task::{Context, Poll},
    time::Duration,
};

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::Stream;
use http::{HeaderValue, header};
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use tokio::time::{Instant, Sleep};

use super::{
    cursor::{self, Cursor},
    source::{Source, SourceState, Work},
    writer::{Socket, Writer},
};
use crate::{
    channels::{Channels, ClientPosition, PendingSubscription, Rights},
    host::{Channel, Error, Identity, Subscribe},
    ids,
    protocol::Unsubscribe,
};

/// The EventSource connections of the node.
pub struct EventStreams {
    channels: Arc<Channels>,
    sources: Mutex<FxHashMap<Arc<str>, Arc<Source>>>,
}

impl EventStreams {
    /// Without connections yet.
    pub fn new(channels: Arc<Channels>) -> Self {
        Self { channels, sources: Mutex::default() }
    }

    /// All connections.
    pub fn all(&self) -> Vec<Arc<Source>> {
        self.sources.lock().values().cloned().collect()
    }
}

/// The body of an EventSource response. Dropping it ends all its subscriptions.
pub struct EventStream {
    streams: Arc<EventStreams>,
    source: Arc<Source>,
    running: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    ping: Pin<Box<Sleep>>,
}

const PING_EVERY: Duration = Duration::from_secs(25);

impl EventStream {
    /// Subscribes to all channels. Errors: a final refusal of one of them; after a fault of ours, and while the node drains, the stream only
    /// says when to come back.
    pub async fn open(
        streams: &Arc<EventStreams>,
        identity: Identity,
        channels: &[Channel],
        last_event_id: Option<&str>,
    ) -> Result<Self, Error> {
        let cursor = last_event_id.and_then(|last| Cursor::parse(last, channels)).unwrap_or_else(|| Cursor::new(channels));
        let writer = Writer::new(Socket::Body, streams.channels.config.queue_limit);
        let state = Mutex::new(SourceState { cursor, subscriptions: Vec::new(), work: Vec::new() });
        let source = Arc::new(Source { client: ids::new_id(), identity, writer, state });
        let ping = Box::pin(tokio::time::sleep(PING_EVERY));
        let mut stream = Self { streams: streams.clone(), source: source.clone(), running: None, ping };
        let retry = format!("retry: {}\n\n", fastrand::u32(1000..4000));
        let _ = source.writer.send(retry.into());
        streams.sources.lock().insert(source.client.clone(), source.clone());
        if streams.channels.is_draining.load(Relaxed) {
            source.writer.finish(None, false);
            return Ok(stream);
        }
        for channel in channels {
            match stream.subscribe(channel).await {
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

    /// Takes `&mut self`, so that a stream need not be shared between threads while it subscribes.
    async fn subscribe(&mut self, channel: &Channel) -> Result<(), Error> {
        let (channels, source) = (self.streams.channels.clone(), self.source.clone());
        let mut pending = channels.join(channel, source.clone(), false);
        let position = self.position(&pending, channel);
        let rights = Rights::Requested(Box::new(request(channel, &source.client)));
        let (result, _) = channels.clone().settle(&mut pending, &source.identity, rights, position).await?;
        source.open(channel, &result);
        let (state, id, is_revoked) = pending.confirm();
        source.state.lock().subscriptions.push((state.clone(), id));
        if is_revoked {
            channels.end(&state, id, &Unsubscribe::SERVER);
        } else {
            channels.go_live(&state, id).await;
            channels.host.watch.subscribed(&source.identity, &source.client, channel);
        }
        Ok(())
    }

    /// The client's position in a channel. Its cursor carries only a mark of the epoch, which is compared with that of the current one.
    fn position(&self, pending: &PendingSubscription, channel: &Channel) -> ClientPosition {
        let Some((mark, offset)) = self.source.state.lock().cursor.of(channel) else { return ClientPosition::default() };
        let of_ring = pending.channel.lock().ring.as_ref().map(|(_, epoch)| epoch.clone());
        let epoch = of_ring.unwrap_or_else(|| self.streams.channels.epoch());
        let is_same = cursor::mark(&epoch) == mark;
        let epoch = if is_same { epoch.to_string() } else { "_".to_owned() };
        ClientPosition { recover: true, offset, epoch, reloads: false }
    }

    fn next_work(&self) -> Option<Pin<Box<dyn Future<Output = ()> + Send>>> {
        let work = self.source.state.lock().work.pop()?;
        let (channels, source) = (self.streams.channels.clone(), self.source.clone());
        Some(Box::pin(async move {
            match work {
                Work::Resync(channel, id) => channels.resync(&channel, id, &source.identity).await,
                Work::Recheck(id) => {
                    let find = || source.state.lock().subscriptions.iter().find(|(_, of)| *of == id).map(|(of, _)| of.clone());
                    let Some(channel) = find() else { return };
                    match channels.host.authorizer.subscribe(&source.identity, &request(&channel.name, &source.client)).await {
                        Ok(_) => {}
                        Err(error) if error.temporary => source.finish(),
                        Err(_) => channels.end(&channel, id, &Unsubscribe::SERVER),
                    }
                }
            }
        }))
    }
}

fn request(channel: &Channel, client: &Arc<str>) -> Subscribe {
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
        if self.source.identity.expires_at.is_some_and(|at| at <= Instant::now()) {
            self.source.finish();
        }
        if let Poll::Ready(piece) = self.source.writer.poll_take(cx) {
            let next = Instant::now() + PING_EVERY;
            self.ping.as_mut().reset(next);
            return Poll::Ready(piece.map(Ok));
        }
        // Nothing waits: the socket has taken everything, so lagging readers may get the full state.
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
        self.streams.sources.lock().remove(&self.source.client);
        let subscriptions = std::mem::take(&mut self.source.state.lock().subscriptions);
        let channels = &self.streams.channels;
        for (channel, id) in subscriptions {
            channels.leave(&channel, id);
            channels.host.watch.unsubscribed(&self.source.identity, &self.source.client, &channel.name);
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
