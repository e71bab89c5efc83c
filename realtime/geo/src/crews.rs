//! Crews on duty: where each is, how long it has been silent, and the nearest free ones.
//!
//! The index of the free holds only crews that may be offered work: on duty, not busy, and not silent. [`Crews::sweep`] takes the silent ones out.

use crate::index::{Hit, Index, Key, shard_of};
use crate::point::Point;
use h3o::Resolution;
use parking_lot::Mutex;
use rustc_hash::FxHashMap;

/// After this long without a ping the staff is warned, in milliseconds.
pub const WARN_MS: i64 = 60_000;

/// After this long without a ping a crew is stale: shown grey, offered nothing, in milliseconds.
pub const STALE_MS: i64 = 180_000;

/// What a crew is doing, as the map shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// On duty, may take work.
    Free,
    /// On duty with work.
    Busy,
    /// On duty, but silent for [`STALE_MS`].
    Stale,
    /// Not on duty.
    OffDuty,
}

impl Status {
    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Busy => "busy",
            Self::Stale => "stale",
            Self::OffDuty => "off_duty",
        }
    }
}

/// The last position of a crew, and what it does now.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LastSeen {
    /// Its last position.
    pub at: Point,
    /// When that was, in our time (milliseconds since 1970).
    pub at_ms: i64,
    /// What it is doing, staleness included.
    pub status: Status,
    /// How long ago its last ping came, in milliseconds.
    pub silent_ms: i64,
}

/// Where the crews are, and which are free. `tag` bits say what a crew can do; filters look at them.
pub struct Crews<K> {
    free: Index<K>,
    known: Box<[Mutex<FxHashMap<K, Crew>>]>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Crew {
    last: Option<(Point, i64)>,
    on_duty: bool,
    is_busy: bool,
    tag: u32,
}

impl Crew {
    fn status(&self, now_ms: i64) -> Status {
        match self.last {
            _ if !self.on_duty => Status::OffDuty,
            Some((_, at_ms)) if now_ms - at_ms >= STALE_MS => Status::Stale,
            _ if self.is_busy => Status::Busy,
            _ => Status::Free,
        }
    }

    fn last_seen(&self, now_ms: i64) -> Option<LastSeen> {
        let (at, at_ms) = self.last?;
        Some(LastSeen { at, at_ms, status: self.status(now_ms), silent_ms: (now_ms - at_ms).max(0) })
    }
}

impl<K: Key> Default for Crews<K> {
    fn default() -> Self {
        Self::new(Resolution::Eight)
    }
}

impl<K: Key> Crews<K> {
    /// No crews yet. `resolution` is that of the index of the free.
    pub fn new(resolution: Resolution) -> Self {
        Self { free: Index::new(resolution), known: (0..64).map(|_| Mutex::default()).collect() }
    }

    /// A crew's dot moved. False, and nothing happens, when this is older than what is known: a late batch of another node.
    pub fn moved(&self, who: K, at: Point, at_ms: i64, now_ms: i64) -> bool {
        self.change(who, now_ms, |crew| {
            let is_newer = crew.last.is_none_or(|(_, last_ms)| at_ms >= last_ms);
            if is_newer {
                crew.last = Some((at, at_ms));
            }
            is_newer
        })
    }

    /// Sets what a crew is doing: on duty or not, with work or not, and what it can do.
    pub fn set(&self, who: K, on_duty: bool, is_busy: bool, tag: u32, now_ms: i64) {
        self.change(who, now_ms, |crew| *crew = Crew { on_duty, is_busy, tag, ..*crew });
    }

    /// Forgets a crew.
    pub fn forget(&self, who: &K) {
        let mut known = self.known[shard_of(who)].lock();
        known.remove(who);
        self.free.remove(who);
    }

    /// The last position of a crew; `None` before its first ping.
    pub fn last_seen(&self, who: &K, now_ms: i64) -> Option<LastSeen> {
        self.known[shard_of(who)].lock().get(who)?.last_seen(now_ms)
    }

    /// Every crew with a position, in no order: for the map's first picture.
    pub fn all(&self, now_ms: i64) -> Vec<(K, LastSeen)> {
        let of_shard = |shard: &Mutex<FxHashMap<K, Crew>>| -> Vec<(K, LastSeen)> {
            shard.lock().iter().filter_map(|(who, crew)| Some((*who, crew.last_seen(now_ms)?))).collect()
        };
        self.known.iter().flat_map(of_shard).collect()
    }

    /// The nearest free crews that `filter` (key, tag) accepts, nearest first. Never a stale one.
    pub fn nearest_free(
        &self,
        at: Point,
        radius_m: f64,
        limit: usize,
        now_ms: i64,
        filter: impl Fn(&K, u32) -> bool,
    ) -> Vec<Hit<K>> {
        let mut at_most = limit;
        loop {
            let mut hits = self.free.nearest(at, radius_m, at_most, &filter);
            let is_all = hits.len() < at_most;
            hits.retain(|hit| self.last_seen(&hit.key, now_ms).is_some_and(|seen| seen.status == Status::Free));
            if is_all || hits.len() >= limit {
                hits.truncate(limit);
                return hits;
            }
            // Some became stale since the last sweep: search for as many more.
            at_most += limit - hits.len();
        }
    }

    /// Takes the crews that became stale out of the index of the free and returns them, each once. To be called about once a second.
    pub fn sweep(&self, now_ms: i64) -> Vec<K> {
        let mut stale = Vec::new();
        for shard in &self.known {
            for (who, crew) in shard.lock().iter() {
                if crew.status(now_ms) == Status::Stale && self.free.remove(who) {
                    stale.push(*who);
                }
            }
        }
        stale
    }

    /// How many are free and not stale.
    pub fn free(&self) -> usize {
        self.free.len()
    }

    fn change<R>(&self, who: K, now_ms: i64, change: impl FnOnce(&mut Crew) -> R) -> R {
        let mut known = self.known[shard_of(&who)].lock();
        let crew = known.entry(who).or_default();
        let changed = change(crew);
        // Under the crew's lock, so that the index follows its changes in their order.
        match crew.last {
            Some((at, _)) if crew.status(now_ms) == Status::Free => {
                self.free.put(who, at, crew.tag);
            }
            _ => {
                self.free.remove(&who);
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_free_crews_that_ping_are_offered_work() {
        let crews = Crews::<u32>::default();
        let at = Point::new(52.52, 13.405).unwrap();
        let offered = |now_ms| {
            crews.nearest_free(at, 5000.0, 2, now_ms, |_, tag| tag & 1 == 1).iter().map(|hit| hit.key).collect::<Vec<_>>()
        };
        for (who, metres) in [(1, 100.0), (2, 200.0), (3, 300.0), (4, 50.0)] {
            assert!(crews.moved(who, at.at(0.0, metres), 1000, 1000));
            assert_eq!(offered(1000).len(), (who as usize - 1).min(2), "off duty until set");
            crews.set(who, true, false, u32::from(who != 4), 1000);
        }
        assert_eq!(offered(1000), [1, 2]);
        crews.set(1, true, true, 1, 2000);
        assert_eq!(offered(2000), [2, 3]);
        assert!(crews.moved(3, at, 100_000, 100_000));
        assert!(!crews.moved(3, at.at(0.0, 999.0), 90_000, 100_500), "a late batch of another node");
        assert_eq!(offered(100_000), [3, 2]);
        assert_eq!(offered(181_000), [3], "2 is stale, but not swept yet");
        assert_eq!(crews.last_seen(&2, 181_000).map(|seen| (seen.status, seen.silent_ms)), Some((Status::Stale, 180_000)));
        let mut stale = crews.sweep(181_000);
        stale.sort_unstable();
        assert_eq!((stale, crews.sweep(181_500), crews.free()), (vec![2, 4], vec![], 1));
        assert!(crews.moved(2, at, 182_000, 182_000));
        assert_eq!(offered(182_000), [2, 3]);
        crews.forget(&2);
        assert_eq!((offered(182_000), crews.all(182_000).len()), (vec![3], 3));
    }
}
