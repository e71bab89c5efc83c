//! A session as a subscriber of channels, and as the other end of an endless response.

use std::{sync::Arc, task::Context};

use bytes::Bytes;

use super::{Session, Work};
use crate::{
    channels::{Subscriber, SubscriptionId, WriteResult, encoding::Batch},
    host::Channel,
    protocol::{Broadcast, Disconnect, Format, Push, PushBody, UnsubscribePush},
    transport::{
        acceptor::{EmulatedSession, Running},
        writer::Writer,
    },
};

impl Subscriber for Session {
    fn client(&self) -> &Arc<str> {
        &self.client
    }

    fn user(&self) -> Arc<str> {
        self.user.get().cloned().unwrap_or_default()
    }

    fn conn_info(&self) -> Option<Bytes> {
        self.state.lock().identity.as_ref().and_then(|identity| identity.info.clone())
    }

    fn format(&self) -> Option<Format> {
        Some(self.format)
    }

    fn write(
        &self,
        _channel: &Channel,
        batch: &Batch,
        first: usize,
        may_wait: bool,
        delta_base: Option<&mut Option<u64>>,
    ) -> WriteResult {
        let frames = match delta_base {
            None => batch.frames(self.format, first),
            Some(base) => batch.delta_frames(self.format, first, base),
        };
        match frames {
            Ok(frames) if may_wait => self.writer.send(frames),
            Ok(frames) => self.writer.offer(frames),
            Err(_) => {
                self.close(Disconnect::INAPPROPRIATE_PROTOCOL);
                WriteResult::Closed
            }
        }
    }

    fn push(&self, push: &Broadcast) {
        if let Ok(frame) = push.frame(self.format) {
            self.put(frame);
        }
    }

    fn unsubscribed(&self, channel: &Channel, code: u32, reason: &str) {
        let body = UnsubscribePush { code, reason: reason.to_owned() };
        self.push_alone(Push::on(&**channel, PushBody::Unsubscribe(body)));
    }

    fn close(&self, reason: Disconnect) {
        Session::close(self, reason);
    }

    fn lagged(&self, channel: &Channel, id: SubscriptionId) {
        self.state.lock().stale.push((channel.clone(), id));
        self.writer.waker.wake();
    }

    fn ended(&self, id: SubscriptionId) {
        self.forget(id);
    }

    fn recheck(&self, id: SubscriptionId) {
        self.queue(Work::Recheck(id));
    }
}

impl EmulatedSession for Session {
    fn secret(&self) -> &Arc<str> {
        self.secret.as_ref().expect("the sessions of responses have a secret")
    }

    fn format(&self) -> Format {
        self.format
    }

    fn writer(&self) -> &Writer {
        &self.writer
    }

    fn receive(self: Arc<Self>, message: Bytes) {
        self.take_emulated(message);
    }

    fn poll(self: Arc<Self>, cx: &mut Context<'_>, running: &mut Option<Running>) {
        self.poll_emulated(cx, running);
    }

    fn end(&self) {
        self.writer.abandon();
        self.leave();
    }
}
