//! One EventSource as a subscriber of channels: its cursor, and the text of its events.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;
use serde_json::value::RawValue;

use super::{cursor::Cursor, writer::Writer};
use crate::{
    channels::{ChannelState, Subscriber, SubscriptionId, WriteResult, encoding::Batch},
    host::{Channel, Identity, Offset},
    protocol::{Broadcast, Disconnect, Format, SubscribeResult},
};

/// One EventSource, as channels see it.
pub struct Source {
    pub client: Arc<str>,
    pub identity: Identity,
    pub(super) writer: Writer,
    pub(super) state: Mutex<SourceState>,
}

pub(super) struct SourceState {
    pub(super) cursor: Cursor,
    pub(super) subscriptions: Vec<(Arc<ChannelState>, SubscriptionId)>,
    pub(super) work: Vec<Work>,
}

/// What the stream's task does one after the other.
pub(super) enum Work {
    /// The reader lagged on this channel: it gets what it lacks.
    Resync(Channel, SubscriptionId),
    /// Read the rights of this subscription again.
    Recheck(SubscriptionId),
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

impl Subscriber for Source {
    fn client(&self) -> &Arc<str> {
        &self.client
    }

    fn user(&self) -> Arc<str> {
        self.identity.user.clone()
    }

    fn conn_info(&self) -> Option<Bytes> {
        None
    }

    fn format(&self) -> Option<Format> {
        None
    }

    fn write(
        &self,
        channel: &Channel,
        batch: &Batch,
        first: usize,
        may_wait: bool,
        _delta_base: Option<&mut Option<u64>>,
    ) -> WriteResult {
        let mut state = self.state.lock();
        let mut text = Vec::new();
        for publication in &batch.publications[first..] {
            let entry = &publication.entry;
            state.write(&mut text, channel, entry.offset, &entry.body);
        }
        if may_wait { self.writer.send(text.into()) } else { self.writer.offer(text.into()) }
    }

    /// An EventSource gets publications only.
    fn push(&self, _push: &Broadcast) {}

    /// The end is final, or the client comes back with its cursor.
    fn unsubscribed(&self, channel: &Channel, code: u32, reason: &str) {
        if code >= 2500 {
            return self.finish();
        }
        let mut text = Vec::new();
        event(&mut text, None, &Ending { channel, ended: reason });
        if self.writer.send(text.into()) == WriteResult::Full {
            self.finish();
        }
    }

    fn close(&self, _reason: Disconnect) {
        self.finish();
    }

    fn lagged(&self, channel: &Channel, id: SubscriptionId) {
        self.queue(Work::Resync(channel.clone(), id));
    }

    fn ended(&self, id: SubscriptionId) {
        self.state.lock().subscriptions.retain(|(_, of)| *of != id);
    }

    fn recheck(&self, id: SubscriptionId) {
        self.queue(Work::Recheck(id));
    }
}

impl Source {
    /// Ends the response after the current frame; the client comes back with its cursor.
    pub(super) fn finish(&self) {
        self.writer.finish(None, true);
    }

    /// Ends the response for good: each of its channels carries the reason.
    pub fn dismiss(&self, reason: &str) {
        let channels: Vec<Channel> = self.state.lock().subscriptions.iter().map(|(channel, _)| channel.name.clone()).collect();
        for channel in channels {
            self.unsubscribed(&channel, 2000, reason);
        }
        self.writer.finish(None, false);
    }

    fn queue(&self, work: Work) {
        self.state.lock().work.push(work);
        self.writer.waker.wake();
    }

    /// Sends the first event of a channel, with what the client recovers.
    pub(super) fn open(&self, channel: &Channel, result: &SubscribeResult) {
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

impl SourceState {
    fn write(&mut self, text: &mut Vec<u8>, channel: &Channel, offset: Offset, body: &Bytes) {
        // A payload that is not JSON cannot be sent here; its readers use Protobuf.
        let Ok(data) = serde_json::from_slice::<&RawValue>(body) else { return };
        self.cursor.advance(channel, offset);
        let id = (offset > 0).then(|| self.cursor.to_string());
        event(text, id.as_deref(), &Message { channel, offset: (offset > 0).then_some(offset), data });
    }
}

/// One event. Raw line breaks of a payload can only occur between tokens; in a `data:` line they would end it.
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
