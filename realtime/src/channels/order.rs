//! From a publication to its subscribers: the tail's order, the hearers, the fan-out, and what is left to do after the lock.

use std::{
    sync::{Arc, Weak},
    time::Instant,
};

use bytes::Bytes;
use tokio::sync::oneshot;

use super::{
    filler::Job,
    room::{self, After, Room, Seat, Told},
    said::{Batch, Said},
    tail::{Out, Tail, Then},
};
use crate::{
    broker::{Envelope, Receiver, Topic},
    host::{Channel, Epoch, Error, HistoryLost, Identity, Missed, Observed, Offset, Publication, Publisher},
    hub::Inner,
    log::{Bounds, Entry},
    protocol::Disconnect,
};

/// Where letters of other nodes come in.
pub struct Inbox(pub Weak<Inner>);

impl Receiver for Inbox {
    fn receive(&self, topic: Topic, message: Bytes) {
        let Some(hub) = self.0.upgrade() else { return };
        let envelope = Envelope::open(message).ok();
        // Numbers of another life of the log mean something else; whoever is wrong about it finds out by the look-back.
        let epoch = hub.epoch();
        let is_ours = |envelope: &Envelope| epoch.is_empty() || envelope.epoch == *epoch;
        match envelope.filter(is_ours) {
            Some(envelope) => {
                hub.counts.broker_message(true);
                hub.publish(envelope.publications());
            }
            None => {
                hub.counts.broker_message(false);
                tracing::debug!(%topic, "a letter was ignored; the log carries what it held");
            }
        }
    }
}

impl Inner {
    /// Takes kept publications in any order.
    pub fn publish(self: &Arc<Self>, publications: Vec<Publication>) {
        for kept in publications {
            let channel = kept.channel.clone();
            let (room, told) = self.channels.within(&channel, |room, inner| {
                let mut told = Told::default();
                let row = Entry::from(kept);
                if inner.is_late(row.offset) {
                    self.hear(room, &row);
                }
                let out = self.tail(inner).accept(row, now());
                self.take(room, inner, out, &mut told);
                (room.clone(), told)
            });
            self.settle_up(&room, told);
        }
    }

    /// Says something on a ephemeral channel.
    pub fn publish_ephemeral(self: &Arc<Self>, channel: &str, data: Bytes, by: Option<Arc<Publisher>>) {
        let Some(room) = self.channels.find(channel) else { return };
        let mut told = Told::default();
        {
            let mut inner = room.lock();
            let mut row = Entry { by, ..Entry::new(0, data) };
            if let Some((ring, _)) = &mut inner.ring {
                row = ring.append(row, now());
            }
            inner.used_at = now();
            if inner.count() > 0 {
                let said = vec![inner.said(row)];
                self.distribute(&room, &mut inner, said, &mut told);
            }
        }
        self.settle_up(&room, told);
    }

    /// A reading begun at `begun` says where the channel stands.
    pub fn stands_at(self: &Arc<Self>, room: &Arc<Room>, top: Offset, begun: Instant) {
        let mut told = Told::default();
        {
            let mut inner = room.lock();
            let out = self.tail(&mut inner).stands_at(top, begun, now());
            self.take(room, &mut inner, out, &mut told);
        }
        self.settle_up(room, told);
    }

    /// The tail of a kept channel, begun with the first that is heard of it.
    pub fn tail<'a>(&self, inner: &'a mut room::Inner) -> &'a mut Tail {
        inner.used_at = now();
        let config = &self.config;
        let bounds = Bounds { count: config.recent_limit, bytes: config.recent_bytes, age: config.recent_age };
        inner.tail.get_or_insert_with(|| Tail::new(bounds))
    }

    /// Does what a step of the tail asks: endings first, then hearers, then subscribers.
    pub fn take(self: &Arc<Self>, room: &Arc<Room>, inner: &mut room::Inner, out: Out, told: &mut Told) {
        match out.then {
            Then::Nothing => {}
            Then::Ask { after } => self.filler.send(Job::Ask(room.clone(), after)),
            Then::Insufficient => self.end_all(inner, 2500, "insufficient state", Disconnect::INSUFFICIENT_STATE, told),
            Then::Reset => self.end_all(inner, 2502, "state invalidated", Disconnect::STATE_INVALIDATED, told),
        }
        if matches!(out.then, Then::Reset) {
            inner.renew_heard();
        }
        inner.begun(out.ready.first().map(|row| row.offset));
        if !out.ready.is_empty() {
            for row in &out.ready {
                self.hear(room, row);
            }
            self.counts.published(out.ready.len());
            if inner.count() > 0 {
                let said = out.ready.into_iter().map(|row| inner.said(row)).collect();
                self.distribute(room, inner, said, told);
            }
        }
        let is_due = inner.tail.as_ref().is_some_and(|tail| tail.due().is_some());
        if is_due && !inner.is_filling {
            inner.is_filling = true;
            self.filler.send(Job::Watch(room.clone()));
        }
    }

    fn hear(&self, room: &Room, row: &Entry) {
        self.host.observer.observe(&Observed {
            channel: &room.name,
            offset: row.offset,
            body: &row.body,
            internal: row.internal.as_ref(),
        });
    }

    /// Hands publications to everybody in the room, here or in the fan-out's task.
    fn distribute(self: &Arc<Self>, room: &Arc<Room>, inner: &mut room::Inner, said: Vec<Arc<Said>>, told: &mut Told) {
        if !inner.is_fanning_out && inner.count() <= self.config.fan_out_inline {
            let slots = 0..inner.slots();
            return inner.fan_out(&Batch::new(said), slots, told);
        }
        inner.pending.extend(said);
        if inner.pending.len() > MOST_PENDING {
            // Publishing is faster than writing for good: kept readers recover from the log, ephemeral ones miss the oldest.
            if inner.tail.is_some() {
                inner.pending.clear();
                self.end_all(inner, 2500, "insufficient state", Disconnect::INSUFFICIENT_STATE, told);
            } else {
                let over = inner.pending.len() - MOST_PENDING;
                inner.pending.drain(..over);
            }
        }
        if !inner.is_fanning_out {
            inner.is_fanning_out = true;
            self.fan_out.send(room.clone());
        }
    }

    fn end_all(&self, inner: &mut room::Inner, code: u32, reason: &str, close: Disconnect, told: &mut Told) {
        for (sink, seat) in inner.seats(|_| true) {
            match inner.at(seat) {
                // Whoever still joins reads the log after this.
                Some(subscriber) if !subscriber.is_answered() => {}
                Some(subscriber) if subscriber.is_server_side => sink.close(close.clone()),
                _ => inner.end(seat, code, reason, told),
            }
        }
    }

    /// What a deed under the room's lock left to do.
    pub fn settle_up(&self, room: &Room, told: Told) {
        self.counts.told(&told);
        for after in told.after {
            match after {
                After::Stale(sink, seat) => sink.stale(&room.name, seat),
                After::Ended(sink, seat) => sink.forget(seat),
                After::Doubt(sink, seat) => sink.doubt(seat),
            }
        }
    }

    /// Revoke one subscription and tells its client.
    pub fn end(&self, room: &Arc<Room>, seat: Seat, code: u32, reason: &str) {
        let mut told = Told::default();
        room.lock().end(seat, code, reason, &mut told);
        self.settle_up(room, told);
    }

    /// A subscription cannot go on: its client recovers.
    pub fn lose(&self, room: &Arc<Room>, seat: Seat) {
        let server_side = match room.lock().at(seat) {
            Some(subscriber) if subscriber.is_server_side => Some(subscriber.sink.clone()),
            _ => None,
        };
        match server_side {
            Some(sink) => sink.close(Disconnect::INSUFFICIENT_STATE),
            None => self.end(room, seat, 2500, "insufficient state"),
        }
    }

    /// A reader that lagged gets what it lacks from the ring, else the whole from the host, then goes on.
    pub async fn resync(self: Arc<Self>, channel: &Channel, seat: Seat, who: Option<Arc<Identity>>) {
        let (Some(room), Some(who)) = (self.channels.find(channel), who) else { return };
        let mut told = Told::default();
        let top = {
            let mut inner = room.lock();
            let Some(last) = inner.rejoin(seat) else { return };
            let top = inner.ring.as_ref().map_or(0, |(ring, _)| ring.top());
            let missed: Option<Vec<_>> = inner.ring.as_ref().and_then(|(ring, _)| Some(ring.since(last)?.cloned().collect()));
            if let Some(missed) = missed {
                let said = missed.into_iter().map(|row| Arc::new(Said::new(channel, row))).collect();
                inner.resume(seat, said, top, &mut told);
                drop(inner);
                return self.settle_up(&room, told);
            }
            top
        };
        match self.host.history.snapshot(channel, &who).await {
            Ok(snapshot) => {
                let whole = snapshot.data.map(|data| Arc::new(Said::new(channel, Entry::new(top, data))));
                room.lock().resume(seat, whole.into_iter().collect(), top, &mut told);
                self.settle_up(&room, told);
            }
            Err(_) => self.lose(&room, seat),
        }
    }

    /// What a channel said after an offset, read with whatever else the node wants to know now; `None` when the log no longer knows.
    pub async fn since(&self, channel: &Channel, offset: Offset) -> Result<Option<Missed>, Error> {
        let (asker, answer) = oneshot::channel();
        self.filler.send(Job::Read(channel.clone(), offset, asker));
        match answer.await {
            Ok(Ok(missed)) => Ok(Some(missed)),
            Ok(Err(HistoryLost::Gone { .. })) => Ok(None),
            Ok(Err(HistoryLost::Unavailable)) | Err(_) => Err(Error::internal()),
        }
    }

    /// The epoch of kept channels; empty until the first reading.
    pub fn epoch(&self) -> Epoch {
        self.epoch.lock().clone()
    }

    /// The first reading tells the epoch. Later ones do not change it: that is the host's to say.
    pub fn learn(&self, epoch: &Epoch) {
        let mut known = self.epoch.lock();
        if known.is_empty() {
            *known = epoch.clone();
        }
    }
}

/// More publications of one channel do not wait for its fan-out.
const MOST_PENDING: usize = 8192;

/// Tails go by std's instants, sessions by tokio's, whose clock a test can hold still.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
