//! The nearest few of many: what a search looks for and what it has found so far.

use crate::index::Key;
use crate::point::Point;
use crate::unit::{Unit, m_to_chord2};
use rustc_hash::{FxBuildHasher, FxHashSet};

/// What one search looks for.
pub(crate) struct Search<F> {
    pub(crate) at: Point,
    pub(crate) radius_m: f64,
    pub(crate) limit: usize,
    pub(crate) filter: F,
}

/// The nearest so far, in no order, with up to as many again that a later cut drops.
pub(crate) struct Best<'a, K, F> {
    at: Unit,
    /// Squared chord of the radius, or of the worst that the last cut kept.
    limit2: f64,
    circumradius_chord: f64,
    search: &'a Search<F>,
    found: Vec<Found<K>>,
    /// Cut when this many are there.
    cut_at: usize,
}

impl<'a, K: Key, F: Fn(&K, u32) -> bool> Best<'a, K, F> {
    pub(crate) fn new(search: &'a Search<F>, circumradius_chord: f64) -> Self {
        let cut_at = search.limit.saturating_mul(2).saturating_add(16);
        let found = Vec::with_capacity(cut_at.min(256));
        Self { at: search.at.unit(), limit2: m_to_chord2(search.radius_m), circumradius_chord, search, found, cut_at }
    }

    /// Whether enough are found, so that `limit2` is the distance of the worst that counts.
    pub(crate) fn is_full(&mut self) -> bool {
        if self.found.len() < self.search.limit {
            return false;
        }
        self.cut();
        true
    }

    /// Squared chord beyond which nothing counts.
    pub(crate) fn limit2(&self) -> f64 {
        self.limit2
    }

    /// Forgets what was found: the walk starts again.
    pub(crate) fn clear(&mut self) {
        self.found.clear();
        self.limit2 = m_to_chord2(self.search.radius_m);
    }

    /// Whether a cell around `centre` may hold anything that counts: chords obey the triangle inequality.
    pub(crate) fn may_hold(&self, centre: Unit) -> bool {
        let nearest_possible = centre.chord2(self.at).sqrt() - self.circumradius_chord;
        nearest_possible <= 0.0 || nearest_possible * nearest_possible <= self.limit2
    }

    /// Adds an entry if it may be among the nearest.
    #[inline]
    pub(crate) fn consider(&mut self, at: Unit, key: K, tag: u32) {
        let chord2 = at.chord2(self.at);
        if chord2 > self.limit2 || !(self.search.filter)(&key, tag) {
            return;
        }
        self.found.push(Found { chord2, key, tag });
        if self.found.len() >= self.cut_at {
            self.cut();
        }
    }

    /// Keeps the best `limit`, of which there are enough, and lowers the limit to the worst of them.
    fn cut(&mut self) {
        let worst = self.search.limit - 1;
        let (_, worst, _) = self.found.select_nth_unstable(worst);
        self.limit2 = worst.chord2;
        self.found.truncate(self.search.limit);
    }

    pub(crate) fn sorted(mut self) -> Vec<Found<K>> {
        self.found.sort_unstable();
        self.found.truncate(self.search.limit);
        self.found
    }
}

/// A candidate of a search.
pub(crate) struct Found<K> {
    pub(crate) chord2: f64,
    pub(crate) key: K,
    pub(crate) tag: u32,
}

impl<K: Ord> Ord for Found<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.chord2.total_cmp(&other.chord2).then_with(|| self.key.cmp(&other.key))
    }
}
impl<K: Ord> PartialOrd for Found<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K: Ord> PartialEq for Found<K> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<K: Ord> Eq for Found<K> {}

/// Whether a key was found twice.
pub(crate) fn has_duplicates<K: Key>(found: &[Found<K>]) -> bool {
    if found.len() <= 32 {
        return found.iter().enumerate().any(|(n, one)| found[..n].iter().any(|other| other.key == one.key));
    }
    let mut seen = FxHashSet::with_capacity_and_hasher(found.len(), FxBuildHasher);
    !found.iter().all(|one| seen.insert(one.key))
}
