//! One watcher: its range, its list, and how far it may move before the list can change.

use crate::index::Key;
use crate::nearby::{Delta, Near};
use crate::pending::RemovalReason;
use crate::point::Point;
use crate::unit::{Unit, chord2_to_m};
use rustc_hash::FxHashMap;

/// The widest disk, in metres.
pub const RADIUS_MAX_M: f64 = 50_000.0;

/// A less accurate fix does not widen the exit any further, in metres.
pub(crate) const ACCURACY_MAX_M: f64 = 500.0;

/// A search stays valid for at most so many metres of movement.
pub(crate) const SLACK_MAX_M: f64 = 60.0;

/// How far a watcher sees, and how many orders.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Radius of the disk in metres, at most [`RADIUS_MAX_M`].
    pub radius_m: f64,
    /// The longest list.
    pub limit: usize,
}

impl Default for Range {
    /// 3,000 m, the 100 nearest.
    fn default() -> Self {
        Self { radius_m: 3000.0, limit: 100 }
    }
}

impl Range {
    pub(crate) fn exit_m(self, accuracy_m: f64) -> f64 {
        self.radius_m + (self.radius_m * 0.1).max(20.0).max(accuracy_m)
    }
}

/// The state of a watcher, under its lock.
pub(crate) struct Watcher<O> {
    pub(crate) range: Range,
    pub(crate) at: Option<Point>,
    pub(crate) accuracy_m: f64,
    pub(crate) shown: FxHashMap<O, Shown>,
    /// Where the last search was made, and how far from there the list stays right as long as nothing is listed nearby.
    pub(crate) searched_at: Point,
    pub(crate) slack_m: f64,
    /// Counts the searches; what a search finds carries its number.
    pub(crate) searches: u64,
    pub(crate) seq: u64,
}

/// An order on a list, and where it was when it got there.
#[derive(Clone, Copy)]
pub(crate) struct Shown {
    pub(crate) at: Unit,
    pub(crate) seen_in_search: u64,
}

impl<O: Key> Watcher<O> {
    pub(crate) fn new(range: Range) -> Self {
        let searched_at = Point::ORIGIN;
        Self { range, at: None, accuracy_m: 0.0, shown: FxHashMap::default(), searched_at, slack_m: 0.0, searches: 0, seq: 0 }
    }

    /// The last of the list: its squared chord and order.
    pub(crate) fn farthest(&self, at: Unit) -> Option<(f64, O)> {
        let by_distance = |a: &(f64, O), b: &(f64, O)| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1));
        self.shown.iter().map(|(order, shown)| (at.chord2(shown.at), *order)).max_by(by_distance)
    }

    /// How far the watcher may move from `at` before its list can change, when the nearest order not on it is `next_m` away.
    pub(crate) fn slack_m(&self, at: Point, next_m: Option<f64>) -> f64 {
        let last_m = self.farthest(at.unit()).map_or(0.0, |(chord2, _)| chord2_to_m(chord2));
        // With an exact fix the exit is nearest.
        let to_exit_m = self.range.exit_m(0.0) - last_m;
        let to_next_m = next_m.map_or(SLACK_MAX_M, |next_m| {
            let is_full = self.shown.len() >= self.range.limit;
            // On a full list the next also has to overtake the last, while one comes nearer and the other moves away.
            let by_rank_m = if is_full { (next_m - last_m) / 2.0 } else { f64::MIN };
            (next_m - self.range.radius_m).max(by_rank_m)
        });
        // A centimetre for rounding.
        to_exit_m.min(to_next_m).min(SLACK_MAX_M) - 0.01
    }

    pub(crate) fn exit_m(&self) -> f64 {
        self.range.exit_m(self.accuracy_m)
    }

    pub(crate) fn delta<P>(&mut self, added: Vec<Near<O, P>>, removed: Vec<(O, RemovalReason)>) -> Delta<O, P> {
        self.seq += 1;
        Delta { seq: self.seq, full: false, no_position: false, added, removed }
    }
}
