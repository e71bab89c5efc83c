//! From a publication to its subscribers: the sequencer's order, the observers, the fan-out, and what is left to do after the lock.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;

use super::{
    Channels,
    backfill::Request,
    encoding::{Batch, Encoded},
    now,
    sequencer::{Out, Sequencer, Then},
    state::{ChannelState, Delivered, FollowUp, Inner, SubscriptionId},
};
use crate::{
    host::{Channel, Identity, Observed, Offset, Publication, Publisher},
    log::{Bounds, Entry},
    protocol::{Disconnect, Unsubscribe},
};

/// More publications of one channel do not wait for its fan-out.
const PENDING_LIMIT: usize = 8192;

impl Channels {
    /// Takes durable publications in any order.
    pub fn publish(self: &Arc<Self>, publications: Vec<Publication>) {
        for publication in publications {
            let name = publication.channel.clone();
            let (channel, delivered) = self.registry.within(&name, |channel, inner| {
                let mut delivered = Delivered::default();
                let entry = Entry::from(publication);
                if inner.observation.is_late(entry.offset) {
                    self.observe(channel, &entry);
                }
                let out = self.sequencer(inner).accept(entry, now());
                self.apply(channel, inner, out, &mut delivered);
                (channel.clone(), delivered)
            });
            self.follow_up(&channel, delivered);
        }
    }

    /// Publishes on an ephemeral channel.
    pub fn publish_ephemeral(self: &Arc<Self>, channel: &str, data: Bytes, by: Option<Arc<Publisher>>) {
        let Some(channel) = self.registry.find(channel) else { return };
        let mut delivered = Delivered::default();
        {
            let mut inner = channel.lock();
            let mut entry = Entry { by, ..Entry::new(0, data) };
            if let Some((ring, _)) = &mut inner.ring {
                entry = ring.append(entry, now());
            }
            inner.used_at = now();
            if inner.count() > 0 {
                let publications = vec![inner.encode(entry)];
                self.distribute(&channel, &mut inner, publications, &mut delivered);
            }
        }
        self.follow_up(&channel, delivered);
    }

    /// A reading of the log begun at `begun` says that the channel stands at `top`.
    pub fn stands_at(self: &Arc<Self>, channel: &Arc<ChannelState>, top: Offset, begun: Instant) {
        let mut delivered = Delivered::default();
        {
            let mut inner = channel.lock();
            let out = self.sequencer(&mut inner).stands_at(top, begun, now());
            self.apply(channel, &mut inner, out, &mut delivered);
        }
        self.follow_up(channel, delivered);
    }

    /// The sequencer of a durable channel, created with the first publication or reading of it.
    pub(super) fn sequencer<'a>(&self, inner: &'a mut Inner) -> &'a mut Sequencer {
        inner.used_at = now();
        let config = &self.config;
        let bounds = Bounds { count: config.recent_limit, bytes: config.recent_bytes, age: config.recent_age };
        inner.sequencer.get_or_insert_with(|| Sequencer::new(bounds))
    }

    /// Does what a step of the sequencer asks for: endings first, then observers, then subscribers.
    pub(super) fn apply(self: &Arc<Self>, channel: &Arc<ChannelState>, inner: &mut Inner, out: Out, delivered: &mut Delivered) {
        match out.then {
            Then::Nothing => {}
            Then::Backfill { after } => self.backfill.send(Request::Fill(channel.clone(), after)),
            Then::Insufficient => inner.end_all(&Unsubscribe::INSUFFICIENT, &Disconnect::INSUFFICIENT_STATE, delivered),
            Then::Reset => {
                inner.end_all(&Unsubscribe::STATE_INVALIDATED, &Disconnect::STATE_INVALIDATED, delivered);
                inner.observation.renew();
            }
        }
        inner.start_observation(out.ready.first().map(|entry| entry.offset));
        if !out.ready.is_empty() {
            for entry in &out.ready {
                self.observe(channel, entry);
            }
            self.counts.published(out.ready.len());
            if inner.count() > 0 {
                let publications = out.ready.into_iter().map(|entry| inner.encode(entry)).collect();
                self.distribute(channel, inner, publications, delivered);
            }
        }
        let is_due = inner.sequencer.as_ref().is_some_and(|sequencer| sequencer.due().is_some());
        if is_due && !inner.is_watched {
            inner.is_watched = true;
            self.backfill.send(Request::Watch(channel.clone()));
        }
    }

    fn observe(&self, channel: &ChannelState, entry: &Entry) {
        let Entry { offset, body, internal, .. } = entry;
        let observed = Observed { channel: &channel.name, offset: *offset, body, internal: internal.as_ref() };
        self.host.observer.observe(&observed);
    }

    /// Delivers publications to all subscriptions of the channel, here or in the fan-out's task.
    fn distribute(
        self: &Arc<Self>,
        channel: &Arc<ChannelState>,
        inner: &mut Inner,
        publications: Vec<Arc<Encoded>>,
        delivered: &mut Delivered,
    ) {
        if !inner.is_fanning_out && inner.count() <= self.config.fan_out_inline {
            let slots = 0..inner.slots();
            return inner.deliver(&Batch::new(publications), slots, delivered);
        }
        inner.pending.extend(publications);
        if inner.pending.len() > PENDING_LIMIT {
            // Publishing stays faster than writing: durable readers recover from the log, ephemeral ones miss the oldest.
            if inner.sequencer.is_some() {
                inner.pending.clear();
                inner.end_all(&Unsubscribe::INSUFFICIENT, &Disconnect::INSUFFICIENT_STATE, delivered);
            } else {
                let excess = inner.pending.len() - PENDING_LIMIT;
                inner.pending.drain(..excess);
            }
        }
        if !inner.is_fanning_out {
            inner.is_fanning_out = true;
            self.fan_out.send(channel.clone());
        }
    }

    /// Does what was left to do under the channel's lock.
    pub(super) fn follow_up(&self, channel: &ChannelState, delivered: Delivered) {
        self.counts.delivered(delivered.count, delivered.slow, delivered.lagged);
        for follow_up in delivered.follow_ups {
            match follow_up {
                FollowUp::Lagged(subscriber, id) => subscriber.lagged(&channel.name, id),
                FollowUp::Ended(subscriber, id) => subscriber.ended(id),
                FollowUp::Recheck(subscriber, id) => subscriber.recheck(id),
            }
        }
    }

    /// Ends one subscription and notifies its client.
    pub fn end(&self, channel: &ChannelState, id: SubscriptionId, reason: &Unsubscribe) {
        let mut delivered = Delivered::default();
        channel.lock().end(id, reason, &mut delivered);
        self.follow_up(channel, delivered);
    }

    /// A subscription cannot go on without a gap: its client has to recover.
    pub(super) fn end_with_gap(&self, channel: &ChannelState, id: SubscriptionId) {
        let server_side = match channel.lock().get(id) {
            Some(subscription) if subscription.is_server_side => Some(subscription.subscriber.clone()),
            _ => None,
        };
        match server_side {
            Some(subscriber) => subscriber.close(Disconnect::INSUFFICIENT_STATE),
            None => self.end(channel, id, &Unsubscribe::INSUFFICIENT),
        }
    }

    /// A reader that lagged gets what it lacks from the ring, else the full state from the host, then goes on.
    pub async fn resync(&self, channel: &Channel, id: SubscriptionId, identity: &Identity) {
        let Some(channel) = self.registry.find(channel) else { return };
        let mut delivered = Delivered::default();
        let top = {
            let mut inner = channel.lock();
            let Some(last) = inner.rejoin(id) else { return };
            let top = inner.ring.as_ref().map_or(0, |(ring, _)| ring.top());
            let missed: Option<Vec<_>> = inner.ring.as_ref().and_then(|(ring, _)| Some(ring.since(last)?.cloned().collect()));
            if let Some(missed) = missed {
                let missed = missed.into_iter().map(|entry| Arc::new(Encoded::new(&channel.name, entry))).collect();
                inner.resume(id, missed, top, &mut delivered);
                drop(inner);
                return self.follow_up(&channel, delivered);
            }
            top
        };
        match self.host.history.snapshot(&channel.name, identity).await {
            Ok(snapshot) => {
                let full = snapshot.data.map(|data| Arc::new(Encoded::new(&channel.name, Entry::new(top, data))));
                channel.lock().resume(id, full.into_iter().collect(), top, &mut delivered);
                self.follow_up(&channel, delivered);
            }
            Err(_) => self.end_with_gap(&channel, id),
        }
    }
}
