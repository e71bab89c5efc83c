//! One channel on this node: its subscriptions, and the order in which publications reach them.
//!
//! Everything here runs under the channel's lock and waits for nothing: a connection takes a frame or refuses it.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use smallvec::SmallVec;

use super::{
    encoding::{Batch, Encoded},
    observation::Observation,
    sequencer::Sequencer,
    subscriber::Subscriber,
    subscription::{JOIN_BYTES, Outcome, Stage, Subscription},
};
use crate::{
    host::{Channel, Epoch, JoinLeave, Offset},
    log::{Bounds, Entry, Joining, Ring},
    protocol::{Broadcast, Disconnect, LeavePush, Push, PushBody, Unsubscribe},
};

/// A ring is bounded by count; its age only frees what nobody will ask for.
const RING_AGE: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// A channel's state with its lock.
pub struct ChannelState {
    pub name: Channel,
    inner: Mutex<Inner>,
}

/// What the lock guards.
pub struct Inner {
    pub(super) name: Channel,
    /// Slots keep their place, so that a fan-out in pieces visits every subscription once.
    slots: Vec<Option<Subscription>>,
    free: Vec<u32>,
    count: usize,
    /// A durable channel's order.
    pub sequencer: Option<Sequencer>,
    pub observation: Observation,
    /// An ephemeral channel's numbers.
    pub ring: Option<(Ring, Epoch)>,
    /// What waits for the fan-out task, and whether that is under way.
    pub pending: Vec<Arc<Encoded>>,
    pub is_fanning_out: bool,
    /// The first number of the batch that the fan-out is delivering.
    pub fanning_out_from: Option<Offset>,
    /// Removed from the registry: look it up again.
    pub is_removed: bool,
    /// The last publication's number, with its payload while somebody uses deltas.
    last: Option<(u64, Bytes)>,
    delta_subscriptions: usize,
    /// The backfill watches it.
    pub is_watched: bool,
    /// When something was last published here.
    pub used_at: Instant,
}

/// Names a subscription within its channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SubscriptionId {
    pub(super) slot: u32,
    /// Unique on this node.
    pub number: u64,
}

/// What is left to do for a subscriber after the channel's lock was released.
pub enum FollowUp {
    /// It lags: it gets the full state when its socket has drained.
    Lagged(Arc<dyn Subscriber>, SubscriptionId),
    /// Its subscription ended and its client was notified.
    Ended(Arc<dyn Subscriber>, SubscriptionId),
    /// Its rights must be read again.
    Recheck(Arc<dyn Subscriber>, SubscriptionId),
}

/// What a delivery did, and what is left to do.
#[derive(Default)]
pub struct Delivered {
    pub follow_ups: Vec<FollowUp>,
    /// Copies handed to connections.
    pub count: u64,
    pub slow: u64,
    pub lagged: u64,
}

impl ChannelState {
    /// A channel without subscriptions.
    pub fn new(name: Channel) -> Self {
        Self { inner: Mutex::new(Inner::new(name.clone())), name }
    }

    /// The channel's lock. Never taken while a session's is held.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock()
    }

    /// The lock, if it is free.
    pub fn try_lock(&self) -> Option<MutexGuard<'_, Inner>> {
        self.inner.try_lock()
    }
}

impl Inner {
    fn new(name: Channel) -> Self {
        Self {
            name,
            slots: Vec::new(),
            free: Vec::new(),
            count: 0,
            sequencer: None,
            observation: Observation::default(),
            ring: None,
            pending: Vec::new(),
            is_fanning_out: false,
            fanning_out_from: None,
            is_removed: false,
            last: None,
            delta_subscriptions: 0,
            is_watched: false,
            used_at: Instant::now(),
        }
    }

    /// How many subscriptions there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many slots a fan-out in pieces walks over.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// All subscriptions that have been answered.
    pub fn answered(&self) -> impl Iterator<Item = &Subscription> {
        self.slots.iter().flatten().filter(|subscription| subscription.is_answered())
    }

    /// All subscriptions that `matches` selects, with their ids.
    pub fn select(&self, matches: impl Fn(&Subscription) -> bool) -> Vec<(Arc<dyn Subscriber>, SubscriptionId)> {
        let all = self.slots.iter().zip(0..).filter_map(|(slot, at)| slot.as_ref().map(|of| (of, at)));
        let matching = all.filter(|(of, _)| matches(of));
        matching.map(|(of, slot)| (of.subscriber.clone(), SubscriptionId { slot, number: of.number })).collect()
    }

    /// The subscription of this id, if it still exists.
    pub fn get(&mut self, id: SubscriptionId) -> Option<&mut Subscription> {
        self.slots.get_mut(id.slot as usize)?.as_mut().filter(|subscription| subscription.number == id.number)
    }

    /// Numbers a publication, and keeps what a delta needs where somebody uses deltas.
    pub fn encode(&mut self, entry: Entry) -> Arc<Encoded> {
        let number = if entry.offset > 0 { entry.offset } else { self.last.as_ref().map_or(1, |(number, _)| number + 1) };
        if self.delta_subscriptions == 0 {
            self.last = Some((number, Bytes::new()));
            return Arc::new(Encoded::new(&self.name, entry).with_previous(number, None));
        }
        let previous = self.last.replace((number, entry.body.clone()));
        let previous = previous.filter(|(of, body)| of + 1 == number && !body.is_empty()).map(|(_, body)| body);
        Arc::new(Encoded::new(&self.name, entry).with_previous(number, previous))
    }

    /// This subscriber uses deltas; with its reply it got the number `base` last.
    pub fn use_deltas(&mut self, id: SubscriptionId, base: Option<u64>) {
        if let Some(subscription) = self.get(id) {
            subscription.delta_base = base;
            if !std::mem::replace(&mut subscription.uses_deltas, true) {
                self.delta_subscriptions += 1;
            }
        }
    }

    /// Adds a subscription; it buffers from now on.
    pub fn join(&mut self, number: u64, subscriber: Arc<dyn Subscriber>, is_server_side: bool) -> SubscriptionId {
        let top = self.sequencer.as_ref().and_then(Sequencer::top);
        let stage = Stage::Joining { durable: Joining::begin(JOIN_BYTES, top), ephemeral: Vec::new(), position: None };
        let user = subscriber.user();
        let subscription =
            Subscription { number, subscriber, user, grant: None, is_server_side, uses_deltas: false, delta_base: None, stage };
        self.count += 1;
        let slot = match self.free.pop() {
            Some(slot) => {
                self.slots[slot as usize] = Some(subscription);
                slot
            }
            None => {
                self.slots.push(Some(subscription));
                u32::try_from(self.slots.len() - 1).expect("a node has fewer connections than that")
            }
        };
        SubscriptionId { slot, number }
    }

    /// Removes a subscription and notifies the others, where they want that.
    pub fn leave(&mut self, id: SubscriptionId) -> Option<Subscription> {
        self.get(id)?;
        let left = self.slots[id.slot as usize].take()?;
        self.count -= 1;
        self.delta_subscriptions -= usize::from(left.uses_deltas);
        if self.count == 0 {
            self.slots = Vec::new();
            self.free = Vec::new();
        } else {
            self.free.push(id.slot);
        }
        if left.is_announced() && left.is_answered() {
            self.announce(PushBody::Leave(LeavePush { info: Some(left.info()) }));
        }
        Some(left)
    }

    /// Ends a subscription and notifies its client.
    pub fn end(&mut self, id: SubscriptionId, reason: &Unsubscribe, delivered: &mut Delivered) {
        if let Some(left) = self.leave(id) {
            left.subscriber.unsubscribed(&self.name, reason.code, &reason.reason);
            delivered.follow_ups.push(FollowUp::Ended(left.subscriber, id));
        }
    }

    /// Ends all subscriptions, server-side ones with their connection. Those that still join read the log after this.
    pub fn end_all(&mut self, reason: &Unsubscribe, close: &Disconnect, delivered: &mut Delivered) {
        for (subscriber, id) in self.select(|_| true) {
            match self.get(id) {
                Some(subscription) if !subscription.is_answered() => {}
                Some(subscription) if subscription.is_server_side => subscriber.close(close.clone()),
                _ => self.end(id, reason, delivered),
            }
        }
    }

    /// The sequencer moved: observers start where a reading of the log made it start.
    pub fn start_observation(&mut self, ready: Option<Offset>) {
        let first = ready.or_else(|| Some(self.sequencer.as_ref()?.top()? + 1));
        self.observation.start(first);
    }

    /// The ring of the channel, created with the first subscription that wants one.
    pub fn ring(&mut self, size: usize, epoch: impl FnOnce() -> Epoch) -> &mut (Ring, Epoch) {
        self.ring.get_or_insert_with(|| (Ring::new(Bounds { count: size, bytes: 4 << 20, age: RING_AGE }), epoch()))
    }

    /// Delivers a batch to the subscriptions in these slots.
    pub fn deliver(&mut self, batch: &Batch, slots: std::ops::Range<usize>, delivered: &mut Delivered) {
        let is_durable = self.sequencer.is_some();
        let mut endings: SmallVec<[(SubscriptionId, Unsubscribe); 2]> = SmallVec::new();
        for slot in slots {
            let Some(Some(subscription)) = self.slots.get_mut(slot) else { continue };
            let id = SubscriptionId { slot: slot as u32, number: subscription.number };
            match subscription.deliver(&self.name, batch, is_durable, id, delivered) {
                Outcome::GoesOn => {}
                Outcome::Revoked => endings.push((id, Unsubscribe::SERVER)),
                Outcome::Gap if subscription.is_server_side => subscription.subscriber.close(Disconnect::INSUFFICIENT_STATE),
                Outcome::Gap => endings.push((id, Unsubscribe::INSUFFICIENT)),
            }
        }
        for (id, reason) in endings {
            self.end(id, &reason, delivered);
        }
    }

    /// The last number that was delivered to everybody here: the sequencer's top, less what the fan-out still has to deliver.
    pub(super) fn delivered_top(&self) -> Option<Offset> {
        let before = self.pending.first().map_or(self.fanning_out_from, |of| self.fanning_out_from.or(Some(of.entry.offset)));
        let top = self.sequencer.as_ref()?.top()?;
        Some(before.map_or(top, |offset| top.min(offset.saturating_sub(1))))
    }

    /// A join or leave for all who want to be notified.
    pub(super) fn announce(&self, body: PushBody) {
        let wants = |of: &&Subscription| of.grant.as_ref().is_some_and(|grant| grant.join_leave == JoinLeave::Both);
        let mut receiving = self.answered().filter(wants).peekable();
        if receiving.peek().is_some() {
            let push = Broadcast::new(Push::on(&*self.name, body));
            receiving.for_each(|subscription| subscription.subscriber.push(&push));
        }
    }
}
