//! The book of pending orders: what is listed, by version, with tombstones.
//!
//! News of an order may come late, twice, or out of order: by event, by filled gap, by a slow reconcile. The version (the offset of the order's
//! channel) decides: whatever is not newer is ignored, and for [`TOMBSTONE_MS`] also what is older than the order's end.

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
pub enum Why {
    /// A crew took it. Who is nobody else's business.
    Claimed,
    /// It was cancelled.
    Cancelled,
    /// It, or the crew, is too far away now, or `limit` others are nearer.
    OutOfRange,
    /// Its shop closed or refused it.
    ShopClosed,
}

impl Why {
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
pub struct Listing<O, P> {
    /// The order.
    pub order: O,
    /// Offset of the order's channel that this states.
    pub version: u64,
    /// Its first pickup stop.
    pub at: Point,
    /// What a list shows of it; cheap to clone (an `Arc`).
    pub payload: P,
}

/// A moment before a snapshot was read; see [`crate::Nearby::mark`].
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    tick: u64,
    pub(crate) now_ms: u64,
}

/// What a listing changed.
pub(crate) enum Listed {
    Nothing,
    Here,
    /// It was listed elsewhere before.
    MovedFrom(Point),
}

pub(crate) struct Book<O, P> {
    shards: Box<[Mutex<Shard<O, P>>]>,
    index: Index<O>,
    ticks: AtomicU64,
}

struct Shard<O, P> {
    live: FxHashMap<O, Live<P>>,
    gone: FxHashMap<O, Gone>,
    /// Tombstones in the order in which they fade.
    fading: VecDeque<(u64, O)>,
}

struct Live<P> {
    version: u64,
    at: Point,
    payload: P,
    /// Tick at which the book learnt it.
    since: u64,
}

struct Gone {
    version: u64,
    why: Why,
    at_ms: u64,
}

impl<O: Key, P: Clone + PartialEq> Book<O, P> {
    pub(crate) fn new(resolution: Resolution) -> Self {
        let shard = || Shard { live: FxHashMap::default(), gone: FxHashMap::default(), fading: VecDeque::new() };
        Self { shards: (0..64).map(|_| Mutex::new(shard())).collect(), index: Index::new(resolution), ticks: AtomicU64::new(0) }
    }

    pub(crate) fn index(&self) -> &Index<O> {
        &self.index
    }

    pub(crate) fn places(&self) -> Vec<(O, Point)> {
        self.shards
            .iter()
            .flat_map(|shard| shard.lock().live.iter().map(|(order, live)| (*order, live.at)).collect::<Vec<_>>())
            .collect()
    }

    pub(crate) fn list(&self, listing: Listing<O, P>, now_ms: u64) -> Listed {
        let Listing { order, version, at, payload } = listing;
        let mut shard = self.shards[shard_of(&order)].lock();
        shard.fade(now_ms);
        if shard.gone.get(&order).is_some_and(|gone| gone.version >= version) {
            return Listed::Nothing;
        }
        let before = match shard.live.get(&order) {
            Some(live) if live.version >= version => return Listed::Nothing,
            Some(live) => Some((live.at, live.payload == payload)),
            None => None,
        };
        shard.gone.remove(&order);
        let since = self.ticks.fetch_add(1, Ordering::SeqCst);
        shard.live.insert(order, Live { version, at, payload, since });
        // Under the shard's lock, so that book and index never disagree about an order.
        self.index.put(order, at, 0);
        match before {
            Some((from, _)) if from != at => Listed::MovedFrom(from),
            Some((_, true)) => Listed::Nothing,
            _ => Listed::Here,
        }
    }

    /// Revoke an order; where it was listed, if it was.
    pub(crate) fn unlist(&self, order: &O, version: u64, why: Why, now_ms: u64) -> Option<Point> {
        let mut shard = self.shards[shard_of(order)].lock();
        shard.fade(now_ms);
        if shard.live.get(order).is_some_and(|live| live.version >= version) {
            return None;
        }
        if shard.gone.get(order).is_some_and(|gone| gone.version >= version) {
            return None;
        }
        self.bury(&mut shard, order, Gone { version, why, at_ms: now_ms })
    }

    /// Revoke an order that a snapshot begun after `mark` does not have. Its end's own version is unknown, so the tombstone holds the listing's.
    fn unlist_absent(&self, order: &O, mark: Mark, now_ms: u64) -> Option<Point> {
        let mut shard = self.shards[shard_of(order)].lock();
        let version = shard.live.get(order).filter(|live| live.since < mark.tick)?.version;
        self.bury(&mut shard, order, Gone { version, why: Why::Claimed, at_ms: now_ms })
    }

    fn bury(&self, shard: &mut Shard<O, P>, order: &O, gone: Gone) -> Option<Point> {
        shard.fading.push_back((gone.at_ms, *order));
        shard.gone.insert(*order, gone);
        let live = shard.live.remove(order)?;
        self.index.remove(order);
        Some(live.at)
    }

    pub(crate) fn get(&self, order: &O) -> Option<Listing<O, P>> {
        let shard = self.shards[shard_of(order)].lock();
        let live = shard.live.get(order)?;
        Some(Listing { order: *order, version: live.version, at: live.at, payload: live.payload.clone() })
    }

    pub(crate) fn place_of(&self, order: &O) -> Option<Point> {
        self.shards[shard_of(order)].lock().live.get(order).map(|live| live.at)
    }

    /// Why an order is not listed; out of range when it is.
    pub(crate) fn why_gone(&self, order: &O) -> Why {
        let shard = self.shards[shard_of(order)].lock();
        if shard.live.contains_key(order) {
            return Why::OutOfRange;
        }
        shard.gone.get(order).map_or(Why::OutOfRange, |gone| gone.why)
    }

    pub(crate) fn mark(&self, now_ms: u64) -> Mark {
        Mark { tick: self.ticks.load(Ordering::SeqCst), now_ms }
    }

    /// Revoke every order that was listed before `mark` and is not among `present`; who they were and where.
    pub(crate) fn unlist_all_but<V>(&self, present: &HashMap<O, V>, mark: Mark, now_ms: u64) -> Vec<(O, Point)> {
        let mut ended = Vec::new();
        for shard in &self.shards {
            let absent: Vec<O> = shard.lock().live.keys().filter(|order| !present.contains_key(order)).copied().collect();
            ended.extend(absent.iter().filter_map(|order| Some((*order, self.unlist_absent(order, mark, now_ms)?))));
        }
        ended
    }
}

impl<O: Key, P> Shard<O, P> {
    /// Forgets tombstones past their time.
    fn fade(&mut self, now_ms: u64) {
        while let Some((at_ms, order)) = self.fading.front().copied()
            && at_ms + TOMBSTONE_MS <= now_ms
        {
            self.fading.pop_front();
            if self.gone.get(&order).is_some_and(|gone| gone.at_ms == at_ms) {
                self.gone.remove(&order);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(version: u64) -> Listing<u32, &'static str> {
        Listing { order: 7, version, at: Point::new(52.5, 13.4).unwrap(), payload: "soup" }
    }

    #[test]
    fn the_dead_stay_dead_until_something_newer_speaks() {
        let book = Book::new(Resolution::Eight);
        assert!(matches!(book.list(listing(3), 0), Listed::Here));
        assert!(book.unlist(&7, 3, Why::Claimed, 0).is_none(), "an end that is not newer");
        assert!(book.unlist(&7, 4, Why::Claimed, 0).is_some());
        assert!(matches!(book.list(listing(3), 59_000), Listed::Nothing), "a slow reconcile");
        assert!(matches!(book.list(listing(4), 59_000), Listed::Nothing));
        assert_eq!(book.why_gone(&7), Why::Claimed);
        assert!(matches!(book.list(listing(5), 59_000), Listed::Here), "released again");
        assert!(book.unlist(&7, 4, Why::Cancelled, 59_000).is_none(), "the first end, repeated");
        assert_eq!(book.index().len(), 1);
    }

    #[test]
    fn an_end_that_comes_before_its_beginning_wins() {
        let book = Book::new(Resolution::Eight);
        assert!(book.unlist(&7, 2, Why::Cancelled, 0).is_none());
        assert!(matches!(book.list(listing(1), 10), Listed::Nothing));
        assert!(book.index().is_empty());
    }

    #[test]
    fn tombstones_fade() {
        let book = Book::new(Resolution::Eight);
        book.unlist(&7, 2, Why::Cancelled, 0);
        book.unlist(&7, 3, Why::Cancelled, 30_000);
        assert!(matches!(book.list(listing(1), 60_000), Listed::Nothing), "raised at 30 s");
        assert!(matches!(book.list(listing(1), 90_000), Listed::Here));
    }
}
