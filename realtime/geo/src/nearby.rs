//! Standing nearby queries: each watcher is a moving disk over the pending orders and is notified only of what was added and removed.
//!
//! **The list.** A watcher's list is the `limit` nearest of: orders within `radius_m`, and orders already on it within the exit radius
//! (radius + the largest of 10 %, 20 m and the fix's accuracy), so that nothing flaps at the border.
//!
//! **Threads.** Every method may be called from many threads at once. `notify` runs under the watcher's lock, so the deltas of one watcher come in
//! the order in which its list changed (`Delta::seq` counts them), and a list rebuilt from its deltas is its list. `notify` should only pass the
//! delta on: it must not call back into the same `Nearby`.
//!
//! **Why nothing is missed.** A change of an order is stored first and then updates the watchers around it; a watcher that moves stores its new
//! position first and then searches the orders. Whichever comes second sees the other. An update does not rely on the change that caused it: it
//! reads the order again under the watcher's lock. A search also computes how far its list stays right (the slack); a watcher that stays within it,
//! and in its cell, does not search again.

use crate::index::{Hit, Index, Key, Put, shard_of};
use crate::pending::{Change, Mark, PendingOrder, PendingOrders, RemovalReason, TOMBSTONE_MS};
use crate::point::Point;
use crate::watcher::{ACCURACY_MAX_M, RADIUS_MAX_M, Range, SLACK_MAX_M, Shown, Watcher};
use h3o::Resolution;
use parking_lot::{Mutex, RwLock};
use rustc_hash::FxHashMap;
use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// An order on a list, as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct Near<O, P> {
    /// The order, its version, position and payload.
    pub pending: PendingOrder<O, P>,
    /// Distance from the watcher in metres.
    pub distance_m: f64,
}

/// A change of one watcher's list. An added order that the list already has replaces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta<O, P> {
    /// Counts this watcher's deltas, from 1.
    pub seq: u64,
    /// `added` is the whole list, nearest first, and replaces what the reader has.
    pub full: bool,
    /// The watcher has no position yet.
    pub no_position: bool,
    /// New on the list, or changed.
    pub added: Vec<Near<O, P>>,
    /// No longer on the list.
    pub removed: Vec<(O, RemovalReason)>,
}

/// The snapshot is older than the tombstones, so it could bring ended orders back; read it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("reading the snapshot took longer than tombstones are kept")
    }
}

impl std::error::Error for TooSlow {}

/// Watchers `W` (crews) over pending orders `O` with payload `P`.
pub struct Nearby<W, O, P> {
    orders: PendingOrders<O, P>,
    watchers: Box<[RwLock<FxHashMap<W, SharedWatcher<O>>>]>,
    /// Where the watchers are: a new order finds them here. Cheaper than registering each on its disk of cells, which every fifth ping would repeat.
    positions: Index<W>,
    /// The widest exit radius any watcher ever had, as bits.
    widest_m: AtomicU64,
}

/// `None` once the watcher has left: other threads may still hold the pointer.
type SharedWatcher<O> = Arc<Mutex<Option<Watcher<O>>>>;

/// What a search or an update added and removed.
type Changes<O, P> = (Vec<Near<O, P>>, Vec<(O, RemovalReason)>);

impl<W: Key, O: Key, P: Clone + PartialEq> Default for Nearby<W, O, P> {
    fn default() -> Self {
        Self::new(Resolution::Eight)
    }
}

impl<W: Key, O: Key, P: Clone + PartialEq> Nearby<W, O, P> {
    /// No watchers and no orders. `resolution` is that of the orders' index.
    pub fn new(resolution: Resolution) -> Self {
        Self {
            orders: PendingOrders::new(resolution),
            watchers: (0..64).map(|_| RwLock::default()).collect(),
            positions: Index::new(Resolution::Seven),
            widest_m: AtomicU64::new(0),
        }
    }

    /// Lists an order, or its new state. Nothing happens when it is not newer than what is known.
    pub fn listed(&self, pending: PendingOrder<O, P>, now_ms: u64, mut notify: impl FnMut(&W, Delta<O, P>)) {
        self.list(pending, now_ms, &mut notify);
    }

    /// Takes an order off all lists at `version`. Nothing happens when that is not newer than what is known; the end of an unknown order is remembered.
    pub fn unlisted(&self, order: &O, version: u64, reason: RemovalReason, now_ms: u64, mut notify: impl FnMut(&W, Delta<O, P>)) {
        if let Some(at) = self.orders.unlist(order, version, reason, now_ms) {
            self.update_around(at, order, &mut notify);
        }
    }

    /// The moment to take before reading a snapshot of all pending orders, for [`Nearby::reconcile`].
    pub fn mark(&self, now_ms: u64) -> Mark {
        self.orders.mark(now_ms)
    }

    /// Makes the orders equal a snapshot read after `mark`; what was listed or ended since then stays. Returns how many it added or changed, and ended.
    ///
    /// Errors: [`TooSlow`] when the snapshot is older than tombstones are kept.
    pub fn reconcile(
        &self,
        mark: Mark,
        snapshot: Vec<PendingOrder<O, P>>,
        now_ms: u64,
        mut notify: impl FnMut(&W, Delta<O, P>),
    ) -> Result<(usize, usize), TooSlow> {
        if now_ms.saturating_sub(mark.now_ms) >= TOMBSTONE_MS {
            return Err(TooSlow);
        }
        let present: HashMap<O, u64> = snapshot.iter().map(|pending| (pending.order, pending.version)).collect();
        let ended = self.orders.unlist_all_but(&present, mark, now_ms);
        for (order, at) in &ended {
            self.update_around(*at, order, &mut notify);
        }
        let added = snapshot.into_iter().filter(|pending| self.list(pending.clone(), now_ms, &mut notify)).count();
        Ok((added, ended.len()))
    }

    /// Adds a watcher, or changes its range and, when given, its position (with the fix's accuracy in metres). `notify` gets what that changed on the
    /// list, as in [`Nearby::moved`]; a new reader calls [`Nearby::full`] next.
    pub fn watch(&self, who: W, range: Range, last: Option<(Point, f64)>, notify: impl FnOnce(Delta<O, P>)) {
        // One watcher's NaN would become the widest exit of all.
        let radius_m = if range.radius_m.is_nan() { 0.0 } else { range.radius_m.clamp(0.0, RADIUS_MAX_M) };
        let range = Range { radius_m, ..range };
        let mut watchers = self.watchers[shard_of(&who)].write();
        let shared = watchers.entry(who).or_insert_with(|| Arc::new(Mutex::new(Some(Watcher::new(range)))));
        let shared = Arc::clone(shared);
        // Locked before the shard is released, so that no `unwatch` comes between.
        let mut watcher = shared.lock();
        drop(watchers);
        let Some(watcher) = watcher.as_mut() else { return };
        watcher.range = range;
        if let Some((at, accuracy_m)) = last.or(watcher.at.map(|at| (at, watcher.accuracy_m))) {
            self.place(&who, watcher, at, accuracy_m);
        }
        let (added, removed) = self.search(watcher);
        if !added.is_empty() || !removed.is_empty() {
            notify(watcher.delta(added, removed));
        }
    }

    /// Removes a watcher. It is not notified any more once this returns.
    pub fn unwatch(&self, who: &W) {
        let mut watchers = self.watchers[shard_of(who)].write();
        if let Some(shared) = watchers.remove(who) {
            *shared.lock() = None;
            // Still under the shard's lock: the position of a watcher added right after must not be removed with it.
            self.positions.remove(who);
        }
    }

    /// Moves a watcher's disk and notifies of what that changed, if anything. `accuracy_m` is the radius of the fix, 0 when unknown.
    pub fn moved<R>(&self, who: &W, at: Point, accuracy_m: f64, notify: impl FnOnce(Delta<O, P>) -> R) -> Option<R> {
        let shared = self.watcher(who)?;
        let mut locked = shared.lock();
        let watcher = locked.as_mut()?;
        let put = self.place(who, watcher, at, accuracy_m);
        // A watcher that changed its cell may have been missed by an update; one that stayed was not.
        if put == Put::Stayed && watcher.searched_at.distance_m(at) < watcher.slack_m {
            return None;
        }
        let (added, removed) = self.search(watcher);
        (!added.is_empty() || !removed.is_empty()).then(|| notify(watcher.delta(added, removed)))
    }

    /// Notifies of a watcher's whole list as its deltas made it so far: for the subscribe reply (`|delta| delta` returns it), and for a reader that
    /// lagged. It changes nothing, so another reader of the same list misses nothing. `None` when there is no such watcher.
    pub fn full<R>(&self, who: &W, notify: impl FnOnce(Delta<O, P>) -> R) -> Option<R> {
        let shared = self.watcher(who)?;
        let mut locked = shared.lock();
        let watcher = locked.as_mut()?;
        let mut list: Vec<Near<O, P>> = match watcher.at {
            Some(at) => watcher.shown.keys().filter_map(|order| Some(near(at, self.orders.get(order)?))).collect(),
            None => Vec::new(),
        };
        list.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then_with(|| a.pending.order.cmp(&b.pending.order)));
        let delta = Delta { full: true, no_position: watcher.at.is_none(), ..watcher.delta(list, Vec::new()) };
        Some(notify(delta))
    }

    /// The orders within `range` of a place, nearest first, once and without watching.
    pub fn around(&self, at: Point, range: Range) -> Vec<Near<O, P>> {
        let hits = self.orders.index().nearest(at, range.radius_m.min(RADIUS_MAX_M), range.limit, |_, _| true);
        hits.iter().filter_map(|hit| Some(near(at, self.orders.get(&hit.key)?))).collect()
    }

    /// Every listed order and where it is.
    pub fn positions(&self) -> Vec<(O, Point)> {
        self.orders.positions()
    }

    /// How many orders are listed.
    pub fn orders(&self) -> usize {
        self.orders.index().len()
    }

    /// How many watchers there are.
    pub fn watchers(&self) -> usize {
        self.watchers.iter().map(|shard| shard.read().len()).sum()
    }

    fn list(&self, pending: PendingOrder<O, P>, now_ms: u64, notify: &mut impl FnMut(&W, Delta<O, P>)) -> bool {
        let (order, at) = (pending.order, pending.at);
        match self.orders.list(pending, now_ms) {
            Change::None => return false,
            Change::Listed => {}
            Change::MovedFrom(from) => self.update_around(from, &order, notify),
        }
        self.update_around(at, &order, notify);
        true
    }

    /// Brings every watcher that may see `at` up to date on one order.
    fn update_around(&self, at: Point, order: &O, notify: &mut impl FnMut(&W, Delta<O, P>)) {
        // A watcher that moved since its last search, within its slack, has to be found too.
        let widest_m = f64::from_bits(self.widest_m.load(Ordering::SeqCst)) + 2.0 * SLACK_MAX_M;
        for hit in self.positions.nearest(at, widest_m, usize::MAX, |_, _| true) {
            let Some(shared) = self.watcher(&hit.key) else { continue };
            let mut locked = shared.lock();
            let Some(watcher) = locked.as_mut() else { continue };
            if let Some((added, removed)) = self.update(watcher, order) {
                notify(&hit.key, watcher.delta(added, removed));
            }
        }
    }

    fn update(&self, watcher: &mut Watcher<O>, order: &O) -> Option<Changes<O, P>> {
        let at = watcher.at?;
        let is_full = watcher.shown.len() >= watcher.range.limit;
        let is_shown = watcher.shown.contains_key(order);
        let pending = self.orders.get(order);
        if pending.is_some() {
            watcher.slack_m = 0.0;
        }
        match pending {
            None if !is_shown => None,
            None if !is_full => {
                watcher.shown.remove(order);
                Some((Vec::new(), vec![(*order, self.orders.removal_reason(order))]))
            }
            Some(pending) if !is_shown => {
                if !at.is_within(pending.at, watcher.range.radius_m) {
                    return None;
                }
                let mut removed = Vec::new();
                if is_full {
                    let (chord2, last) = watcher.farthest(at.unit())?;
                    if (at.unit().chord2(pending.at.unit()), *order) > (chord2, last) {
                        return None;
                    }
                    watcher.shown.remove(&last);
                    removed.push((last, self.orders.removal_reason(&last)));
                }
                watcher.shown.insert(*order, Shown { at: pending.at.unit(), seen_in_search: 0 });
                Some((vec![near(at, pending)], removed))
            }
            // It changed, perhaps its position; or another order may take its place on the list.
            now => {
                let (mut added, removed) = self.search(watcher);
                if let Some(shown) = watcher.shown.get_mut(order)
                    && let Some(pending) = now
                {
                    shown.at = pending.at.unit();
                    added.push(near(at, pending));
                }
                (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
            }
        }
    }

    /// Makes the list what the whole rule says; returns what that added and removed.
    fn search(&self, watcher: &mut Watcher<O>) -> Changes<O, P> {
        let Some(at) = watcher.at else { return (Vec::new(), Vec::new()) };
        let Range { radius_m, limit } = watcher.range;
        watcher.searches += 1;
        let search = watcher.searches;
        // One more and a little farther than the list needs: the next order determines how far the list stays right.
        let all = self.orders.index().nearest(at, radius_m + SLACK_MAX_M, limit.saturating_add(1), |_, _| true);
        let inside = all.iter().take(limit).take_while(|hit| hit.distance_m <= radius_m).count();
        let mut fresh: Vec<&Hit<O>> = Vec::new();
        for hit in &all[..inside] {
            match watcher.shown.get_mut(&hit.key) {
                Some(shown) => shown.seen_in_search = search,
                None => fresh.push(hit),
            }
        }
        let mut removed = Vec::new();
        if inside - fresh.len() < watcher.shown.len() {
            self.retain_within_exit(watcher, at, limit - inside);
            watcher.shown.retain(|order, shown| {
                let stays = shown.seen_in_search == search;
                if !stays {
                    removed.push((*order, self.orders.removal_reason(order)));
                }
                stays
            });
        }
        // An order that ended meanwhile is not there any more: its own update follows and will find nothing to remove.
        let added: Vec<_> = fresh.iter().filter_map(|hit| Some(near(at, self.orders.get(&hit.key)?))).collect();
        watcher
            .shown
            .extend(added.iter().map(|near| (near.pending.order, Shown { at: near.pending.at.unit(), seen_in_search: search })));
        let next_m = all.iter().find(|hit| !watcher.shown.contains_key(&hit.key)).map(|hit| hit.distance_m);
        watcher.searched_at = at;
        watcher.slack_m = watcher.slack_m(at, next_m);
        (added, removed)
    }

    /// Marks the `free` nearest of those beyond the radius but within the exit as seen. An order within the radius that was not a hit has `limit`
    /// others before it, and then none is free.
    fn retain_within_exit(&self, watcher: &mut Watcher<O>, at: Point, free: usize) {
        if free == 0 {
            return;
        }
        let (exit_m, search) = (watcher.exit_m(), watcher.searches);
        let unseen = watcher.shown.iter().filter(|(_, shown)| shown.seen_in_search != search);
        // The pending orders, not the list, know where an order is and whether it is still listed.
        let mut beyond: Vec<(f64, O)> = unseen
            .filter_map(|(order, _)| Some((self.orders.position_of(order)?, *order)))
            .filter(|(place, _)| at.is_within(*place, exit_m))
            .map(|(place, order)| (at.distance_m(place), order))
            .collect();
        beyond.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        for (_, order) in beyond.iter().take(free) {
            if let Some(shown) = watcher.shown.get_mut(order) {
                shown.seen_in_search = search;
            }
        }
    }

    /// Puts a watcher where it is now. Its lock is held.
    fn place(&self, who: &W, watcher: &mut Watcher<O>, at: Point, accuracy_m: f64) -> Put {
        watcher.at = Some(at);
        watcher.accuracy_m = if accuracy_m.is_finite() { accuracy_m.clamp(0.0, ACCURACY_MAX_M) } else { 0.0 };
        self.widen(watcher.exit_m());
        self.positions.move_to(*who, at, 0)
    }

    /// Before the position is stored, so that an update that sees the position searches wide enough.
    fn widen(&self, exit_m: f64) {
        // Bits of non-negative floats sort as the floats do.
        self.widest_m.fetch_max(exit_m.to_bits(), Ordering::SeqCst);
    }

    fn watcher(&self, who: &W) -> Option<SharedWatcher<O>> {
        self.watchers[shard_of(who)].read().get(who).cloned()
    }
}

fn near<O, P>(at: Point, pending: PendingOrder<O, P>) -> Near<O, P> {
    Near { distance_m: at.distance_m(pending.at), pending }
}
