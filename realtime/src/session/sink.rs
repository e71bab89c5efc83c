//! What a room knows of a connection: how to hand it bytes.

use std::sync::Arc;

use bytes::Bytes;

use super::Session;
use crate::{
    channels::{room::Seat, said::Batch},
    host::Channel,
    protocol::{Broadcast, Disconnect, Push, PushBody, UnsubscribePush},
    transport::{sse::Source, writer::Put},
};

/// A connection that channels write to.
#[derive(Clone)]
pub enum Sink {
    /// A client of the Centrifuge protocol.
    Session(Arc<Session>),
    /// A plain EventSource.
    Source(Arc<Source>),
}

impl Sink {
    /// The connection's id.
    pub fn client(&self) -> &Arc<str> {
        match self {
            Self::Session(session) => &session.client,
            Self::Source(source) => &source.client,
        }
    }

    /// What the connection's token tells everybody.
    pub fn conn_info(&self) -> Option<Bytes> {
        match self {
            Self::Session(session) => session.info(),
            Self::Source(_) => None,
        }
    }

    /// Hands over the frames of `batch` from `first` on. What may not wait is refused with [`Put::Lags`] while anything else waits.
    /// `deltas`: the subscriber takes patches, and this number was said to it last.
    pub fn pass(&self, channel: &Channel, batch: &Batch, first: usize, may_wait: bool, deltas: Option<&mut Option<u64>>) -> Put {
        let frames = |format| match deltas {
            None => batch.frames(format, first),
            Some(base) => batch.delta_frames(format, first, base),
        };
        match self {
            Self::Session(session) => match frames(session.format) {
                Ok(frames) if may_wait => session.writer.send(frames),
                Ok(frames) => session.writer.offer(frames),
                Err(_) => {
                    session.close(Disconnect::INAPPROPRIATE_PROTOCOL);
                    Put::Gone
                }
            },
            Self::Source(source) => source.pass(channel, &batch.said[first..], may_wait),
        }
    }

    /// Tells the client that the server ended its subscription.
    pub fn unsubscribed(&self, channel: &Channel, code: u32, reason: &str) {
        match self {
            Self::Session(session) => {
                let body = UnsubscribePush { code, reason: reason.to_owned() };
                session.push(Push::on(&**channel, PushBody::Unsubscribe(body)));
            }
            Self::Source(source) => source.ended(channel, code, reason),
        }
    }

    /// A push that several connections share; an EventSource hears of publications only.
    pub fn push(&self, push: &Broadcast) {
        if let Self::Session(session) = self
            && let Ok(frame) = push.frame(session.format)
        {
            session.put(frame);
        }
    }

    /// Revoke the connection.
    pub fn close(&self, why: Disconnect) {
        match self {
            Self::Session(session) => session.close(why),
            Self::Source(source) => source.close(),
        }
    }

    /// The reader lags in this room.
    pub fn stale(&self, channel: &Channel, seat: Seat) {
        match self {
            Self::Session(session) => session.stale(channel, seat),
            Self::Source(source) => source.stale(channel, seat),
        }
    }

    /// The subscription on this seat is over: forget it.
    pub fn forget(&self, seat: Seat) {
        match self {
            Self::Session(session) => session.forget(seat),
            Self::Source(source) => source.forget(seat),
        }
    }

    /// Rights on this seat must be read again.
    pub fn doubt(&self, seat: Seat) {
        match self {
            Self::Session(session) => session.doubt(seat),
            Self::Source(source) => source.doubt(seat),
        }
    }
}
