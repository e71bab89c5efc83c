//! Pending orders by version, with tombstones for those that ended.
//!
//! A change of an order may come late, twice, or out of order: by event, by backfill, by a slow reconcile. The version (the offset of the order's
//! channel) decides: what is not newer is ignored, and for [`TOMBSTONE_MS`] also what is older than the order's end.

use crate::index::{Index, Key, shard_of};
use crate::point::Point;
use h3o::Resolution;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;
use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

/// How long the end of an order is remembered, in milliseconds.
pub const TOMBSTONE_MS: u64 = 60_000;

/// Why an order left a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RemovalReason {
    /// A crew took it. The others do not learn which.
    Claimed,
    /// It was cancelled.
    Cancelled,
    /// It, or the crew, is too far away now, or `limit` others are nearer.
    OutOfRange,
    /// Its shop closed or refused it.
    ShopClosed,
}

impl RemovalReason {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Claimed => "claimed",
            Self::Cancelled => "cancelled",
            Self::OutOfRange => "out_of_range",
            Self::ShopClosed => "shop_closed",
        }
    }
}

/// A pending order as crews see it.
#[derive(Debug, Clone, PartialEq)]
pub struct PendingOrder<O, P> {
    /// The order.
    pub order: O,
    /// Offset of the order's channel that this state belongs to.
    pub version: u64,
    /// Its first pickup stop.
    pub at: Point,
    /// What a list shows of it; cheap to clone (an `Arc`).
    pub payload: P,
}

/// The moment before a snapshot is read; see [`crate::Nearby::mark`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    tick: u64,
    pub(crate) now_ms: u64,
}

/// What listing an order changed.
pub(crate) enum Change {
    None,
    Listed,
    /// It was listed elsewhere before.
    MovedFrom(Point),
}

pub(crate) struct PendingOrders<O, P> {
    shards: Box<[Mutex<Shard<O, P>>]>,
    index: Index<O>,
    ticks: AtomicU64,
}

struct Shard<O, P> {
    listed: FxHashMap<O, Listed<P>>,
    tombstones: FxHashMap<O, Tombstone>,
    /// Tombstones in the order in which they expire.
    expiring: VecDeque<(u64, O)>,
}

struct Listed<P> {
    version: u64,
    at: Point,
    payload: P,
    /// Tick at which it was listed.
    since: u64,
}

struct Tombstone {
    version: u64,
    reason: RemovalReason,
    at_ms: u64,
}

impl<O: Key, P: Clone + PartialEq> PendingOrders<O, P> {
    pub(crate) fn new(resolution: Resolution) -> Self {
        let shard = || Shard { listed: FxHashMap::default(), tombstones: FxHashMap::default(), expiring: VecDeque::new() };
        Self { shards: (0..64).map(|_| Mutex::new(shard())).collect(), index: Index::new(resolution), ticks: AtomicU64::new(0) }
    }

    pub(crate) fn index(&self) -> &Index<O> {
        &self.index
    }

    pub(crate) fn positions(&self) -> Vec<(O, Point)> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().listed.iter().map(|(order, listed)| (*order, listed.at)).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn list(&self, pending: PendingOrder<O, P>, now_ms: u64) -> Change {
        let PendingOrder { order, version, at, payload } = pending;
        let mut shard = self.shards[shard_of(&order)].lock();
        shard.expire(now_ms);
        if shard.tombstones.get(&order).is_some_and(|tombstone| tombstone.version >= version) {
            return Change::None;
        }
        let before = match shard.listed.get(&order) {
            Some(listed) if listed.version >= version => return Change::None,
            Some(listed) => Some((listed.at, listed.payload == payload)),
            None => None,
        };
        shard.tombstones.remove(&order);
        let since = self.ticks.fetch_add(1, Ordering::SeqCst);
        shard.listed.insert(order, Listed { version, at, payload, since });
        // Under the shard's lock, so that orders and index never disagree about one.
        self.index.put(order, at, 0);
        match before {
            Some((from, _)) if from != at => Change::MovedFrom(from),
            Some((_, true)) => Change::None,
            _ => Change::Listed,
        }
    }

    /// Takes an order off the list; returns where it was, if it was listed.
    pub(crate) fn unlist(&self, order: &O, version: u64, reason: RemovalReason, now_ms: u64) -> Option<Point> {
        let mut shard = self.shards[shard_of(order)].lock();
        shard.expire(now_ms);
        if shard.listed.get(order).is_some_and(|listed| listed.version >= version) {
            return None;
        }
        if shard.tombstones.get(order).is_some_and(|tombstone| tombstone.version >= version) {
            return None;
        }
        self.end(&mut shard, order, Tombstone { version, reason, at_ms: now_ms })
    }

    /// Takes off an order that a snapshot read after `mark` does not have. The version of its end is unknown, so the tombstone gets the listed one.
    fn unlist_absent(&self, order: &O, mark: Mark, now_ms: u64) -> Option<Point> {
        let mut shard = self.shards[shard_of(order)].lock();
        let version = shard.listed.get(order).filter(|listed| listed.since < mark.tick)?.version;
        self.end(&mut shard, order, Tombstone { version, reason: RemovalReason::Claimed, at_ms: now_ms })
    }

    fn end(&self, shard: &mut Shard<O, P>, order: &O, tombstone: Tombstone) -> Option<Point> {
        shard.expiring.push_back((tombstone.at_ms, *order));
        shard.tombstones.insert(*order, tombstone);
        let listed = shard.listed.remove(order)?;
        self.index.remove(order);
        Some(listed.at)
    }

    pub(crate) fn get(&self, order: &O) -> Option<PendingOrder<O, P>> {
        let shard = self.shards[shard_of(order)].lock();
        let listed = shard.listed.get(order)?;
        Some(PendingOrder { order: *order, version: listed.version, at: listed.at, payload: listed.payload.clone() })
    }

    pub(crate) fn position_of(&self, order: &O) -> Option<Point> {
        self.shards[shard_of(order)].lock().listed.get(order).map(|listed| listed.at)
    }

    /// Why an order is not listed; out of range when it is.
    pub(crate) fn removal_reason(&self, order: &O) -> RemovalReason {
        let shard = self.shards[shard_of(order)].lock();
        if shard.listed.contains_key(order) {
            return RemovalReason::OutOfRange;
        }
        shard.tombstones.get(order).map_or(RemovalReason::OutOfRange, |tombstone| tombstone.reason)
    }

    pub(crate) fn mark(&self, now_ms: u64) -> Mark {
        Mark { tick: self.ticks.load(Ordering::SeqCst), now_ms }
    }

    /// Takes off every order that was listed before `mark` and is not among `present`; returns which and where they were.
    pub(crate) fn unlist_all_but<V>(&self, present: &HashMap<O, V>, mark: Mark, now_ms: u64) -> Vec<(O, Point)> {
        let mut ended = Vec::new();
        for shard in &self.shards {
            let absent: Vec<O> = shard.lock().listed.keys().filter(|order| !present.contains_key(order)).copied().collect();
            ended.extend(absent.iter().filter_map(|order| Some((*order, self.unlist_absent(order, mark, now_ms)?))));
        }
        ended
    }
}

impl<O: Key, P> Shard<O, P> {
    /// Forgets expired tombstones.
    fn expire(&mut self, now_ms: u64) {
        while let Some((at_ms, order)) = self.expiring.front().copied()
            && at_ms + TOMBSTONE_MS <= now_ms
        {
            self.expiring.pop_front();
            if self.tombstones.get(&order).is_some_and(|tombstone| tombstone.at_ms == at_ms) {
                self.tombstones.remove(&order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending(version: u64) -> PendingOrder<u32, &'static str> {
        PendingOrder { order: 7, version, at: Point::new(52.5, 13.4).unwrap(), payload: "soup" }
    }

    #[test]
    fn an_ended_order_stays_off_the_list_until_something_newer_comes() {
        let orders = PendingOrders::new(Resolution::Eight);
        assert!(matches!(orders.list(pending(3), 0), Change::Listed));
        assert!(orders.unlist(&7, 3, RemovalReason::Claimed, 0).is_none(), "an end that is not newer");
        assert!(orders.unlist(&7, 4, RemovalReason::Claimed, 0).is_some());
        assert!(matches!(orders.list(pending(3), 59_000), Change::None), "a slow reconcile");
        assert!(matches!(orders.list(pending(4), 59_000), Change::None));
        assert_eq!(orders.removal_reason(&7), RemovalReason::Claimed);
        assert!(matches!(orders.list(pending(5), 59_000), Change::Listed), "released again");
        assert!(orders.unlist(&7, 4, RemovalReason::Cancelled, 59_000).is_none(), "the first end, repeated");
        assert_eq!(orders.index().len(), 1);
    }

    #[test]
    fn an_end_that_arrives_before_its_listing_wins() {
        let orders = PendingOrders::new(Resolution::Eight);
        assert!(orders.unlist(&7, 2, RemovalReason::Cancelled, 0).is_none());
        assert!(matches!(orders.list(pending(1), 10), Change::None));
        assert!(orders.index().is_empty());
    }

    #[test]
    fn tombstones_expire() {
        let orders = PendingOrders::new(Resolution::Eight);
        orders.unlist(&7, 2, RemovalReason::Cancelled, 0);
        orders.unlist(&7, 3, RemovalReason::Cancelled, 30_000);
        assert!(matches!(orders.list(pending(1), 60_000), Change::None), "the second tombstone is from 30 s");
        assert!(matches!(orders.list(pending(1), 90_000), Change::Listed));
    }
}
