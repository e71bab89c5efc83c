//! Standing nearby queries: each watcher is a moving disk over the book of pending orders, and hears only what was added and removed.
//!
//! **The list.** A watcher's list is the `limit` nearest of: orders within `radius_m`, and orders already on it within the exit radius
//! (radius + the largest of 10 %, 20 m and the fix's accuracy), so that nothing flaps at the rim.
//!
//! **Threads.** Every method may be called from many threads at once. `tell` runs under the watcher's lock, so what one watcher is told comes in
//! the order in which its list changed (`Delta::seq` counts it), and a list rebuilt from its deltas is its list. `tell` should only hand the
//! delta on: it must not call back into the same `Nearby`.
//!
//! **Why nothing is missed.** A change of the book is made first and then visits the watchers around it; a watcher that moves first tells its new
//! place and then looks into the book. Whichever comes second sees the other. A visit never trusts its own news: it reads the book again under
//! the watcher's lock. A look also says how far its list will do (the slack); a watcher that stays within it, and in its cell, looks not again.

use crate::book::{Book, Listed, Listing, Mark, TOMBSTONE_MS, Why};
use crate::index::{Hit, Index, Key, Put, shard_of};
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
    /// The order, its version, place and payload.
    pub listing: Listing<O, P>,
    /// Distance from the watcher in metres.
    pub distance_m: f64,
}

/// A change of one watcher's list. An added order that the list already has replaces it.
#[derive(Debug, Clone, PartialEq)]
pub struct Delta<O, P> {
    /// Counts what this watcher was told, from 1.
    pub seq: u64,
    /// `added` is the whole list, nearest first, and replaces what the reader has.
    pub full: bool,
    /// The watcher has not said yet where it is.
    pub no_position: bool,
    /// New on the list, or changed.
    pub added: Vec<Near<O, P>>,
    /// No longer on the list.
    pub removed: Vec<(O, Why)>,
}

/// The snapshot is older than the tombstones, so it could raise the dead; read it again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the snapshot took longer than the tombstones live")
    }
}

impl std::error::Error for TooSlow {}

/// Watchers `W` (crews) over a book of orders `O` with payload `P`.
pub struct Nearby<W, O, P> {
    book: Book<O, P>,
    seats: Box<[RwLock<FxHashMap<W, Seat<O>>>]>,
    /// Where the watchers are: a new order finds them here. Cheaper than registering each on its disk of cells, which every fifth ping would redo.
    places: Index<W>,
    /// The widest exit radius any watcher ever had, as bits.
    widest_m: AtomicU64,
}

/// `None` once the watcher has left: others may still hold the seat.
type Seat<O> = Arc<Mutex<Option<Watcher<O>>>>;

/// What a look or a visit added and removed.
type Changes<O, P> = (Vec<Near<O, P>>, Vec<(O, Why)>);

impl<W: Key, O: Key, P: Clone + PartialEq> Default for Nearby<W, O, P> {
    fn default() -> Self {
        Self::new(Resolution::Eight)
    }
}

impl<W: Key, O: Key, P: Clone + PartialEq> Nearby<W, O, P> {
    /// Nobody watching, nothing listed. `resolution` is that of the orders' index.
    pub fn new(resolution: Resolution) -> Self {
        Self {
            book: Book::new(resolution),
            seats: (0..64).map(|_| RwLock::default()).collect(),
            places: Index::new(Resolution::Seven),
            widest_m: AtomicU64::new(0),
        }
    }

    /// Lists an order, or states it anew. Not newer than what is known: nothing happens.
    pub fn listed(&self, listing: Listing<O, P>, now_ms: u64, mut tell: impl FnMut(&W, Delta<O, P>)) {
        self.list(listing, now_ms, &mut tell);
    }

    /// Revoke an order at `version` for everybody. Not newer than what is known: nothing happens, but for an unknown order the end is remembered.
    pub fn unlisted(&self, order: &O, version: u64, why: Why, now_ms: u64, mut tell: impl FnMut(&W, Delta<O, P>)) {
        if let Some(at) = self.book.unlist(order, version, why, now_ms) {
            self.visit_around(at, order, &mut tell);
        }
    }

    /// The moment to take before reading a snapshot of all pending orders, for [`Nearby::reconcile`].
    pub fn mark(&self, now_ms: u64) -> Mark {
        self.book.mark(now_ms)
    }

    /// Makes the book equal a snapshot read after `mark`; what was listed or ended since then stands. Returns how many it added or changed, and ended.
    ///
    /// Errors: [`TooSlow`] when the snapshot is older than tombstones live.
    pub fn reconcile(
        &self,
        mark: Mark,
        snapshot: Vec<Listing<O, P>>,
        now_ms: u64,
        mut tell: impl FnMut(&W, Delta<O, P>),
    ) -> Result<(usize, usize), TooSlow> {
        if now_ms.saturating_sub(mark.now_ms) >= TOMBSTONE_MS {
            return Err(TooSlow);
        }
        let present: HashMap<O, u64> = snapshot.iter().map(|listing| (listing.order, listing.version)).collect();
        let ended = self.book.unlist_all_but(&present, mark, now_ms);
        for (order, at) in &ended {
            self.visit_around(*at, order, &mut tell);
        }
        let added = snapshot.into_iter().filter(|listing| self.list(listing.clone(), now_ms, &mut tell)).count();
        Ok((added, ended.len()))
    }

    /// Seats a watcher, or changes its range and, when given, its place (with the fix's accuracy in metres). `tell` hears what that changed on the
    /// list, as it does in [`Nearby::moved`]; a new reader asks [`Nearby::full`] next.
    pub fn watch(&self, who: W, range: Range, last: Option<(Point, f64)>, tell: impl FnOnce(Delta<O, P>)) {
        // One watcher's NaN would become the widest exit of all.
        let radius_m = if range.radius_m.is_nan() { 0.0 } else { range.radius_m.clamp(0.0, RADIUS_MAX_M) };
        let range = Range { radius_m, ..range };
        let mut seats = self.seats[shard_of(&who)].write();
        let seat = seats.entry(who).or_insert_with(|| Arc::new(Mutex::new(Some(Watcher::new(range)))));
        let seat = Arc::clone(seat);
        // Locked before the shard is let go, so that no `unwatch` comes between.
        let mut watcher = seat.lock();
        drop(seats);
        let Some(watcher) = watcher.as_mut() else { return };
        watcher.range = range;
        if let Some((at, accuracy_m)) = last.or(watcher.at.map(|at| (at, watcher.accuracy_m))) {
            self.place(&who, watcher, at, accuracy_m);
        }
        let (added, removed) = self.look(watcher);
        if !added.is_empty() || !removed.is_empty() {
            tell(watcher.delta(added, removed));
        }
    }

    /// Revoke a watch. Nothing is told any more once this returns.
    pub fn unwatch(&self, who: &W) {
        let mut seats = self.seats[shard_of(who)].write();
        if let Some(seat) = seats.remove(who) {
            *seat.lock() = None;
            // Still under the shard's lock: the place of whoever sits down next must not be taken with it.
            self.places.remove(who);
        }
    }

    /// Moves a watcher's disk and tells what that changed, if anything. `accuracy_m` is the radius of the fix, 0 when unknown.
    pub fn moved<R>(&self, who: &W, at: Point, accuracy_m: f64, tell: impl FnOnce(Delta<O, P>) -> R) -> Option<R> {
        let seat = self.seat(who)?;
        let mut seated = seat.lock();
        let watcher = seated.as_mut()?;
        let put = self.place(who, watcher, at, accuracy_m);
        // Who changed its cell may have been overlooked by a visit; who stayed was not.
        if put == Put::Stayed && watcher.looked_at.distance_m(at) < watcher.slack_m {
            return None;
        }
        let (added, removed) = self.look(watcher);
        (!added.is_empty() || !removed.is_empty()).then(|| tell(watcher.delta(added, removed)))
    }

    /// Tells a watcher's whole list as it was told so far: for the subscribe reply (`|delta| delta` hands it out), and for a reader that lagged. It
    /// changes nothing, so another reader of the same list misses nothing. `None`: nobody watches.
    pub fn full<R>(&self, who: &W, tell: impl FnOnce(Delta<O, P>) -> R) -> Option<R> {
        let seat = self.seat(who)?;
        let mut seated = seat.lock();
        let watcher = seated.as_mut()?;
        let mut list: Vec<Near<O, P>> = match watcher.at {
            Some(at) => watcher.shown.keys().filter_map(|order| Some(near(at, self.book.get(order)?))).collect(),
            None => Vec::new(),
        };
        list.sort_by(|a, b| a.distance_m.total_cmp(&b.distance_m).then_with(|| a.listing.order.cmp(&b.listing.order)));
        let delta = Delta { full: true, no_position: watcher.at.is_none(), ..watcher.delta(list, Vec::new()) };
        Some(tell(delta))
    }

    /// The orders within `range` of a place, nearest first: the same question asked once.
    pub fn around(&self, at: Point, range: Range) -> Vec<Near<O, P>> {
        let hits = self.book.index().nearest(at, range.radius_m.min(RADIUS_MAX_M), range.limit, |_, _| true);
        hits.iter().filter_map(|hit| Some(near(at, self.book.get(&hit.key)?))).collect()
    }

    /// Every listed order and where it is.
    pub fn places(&self) -> Vec<(O, Point)> {
        self.book.places()
    }

    /// How many orders are listed.
    pub fn orders(&self) -> usize {
        self.book.index().len()
    }

    /// How many watch.
    pub fn watchers(&self) -> usize {
        self.seats.iter().map(|shard| shard.read().len()).sum()
    }

    fn list(&self, listing: Listing<O, P>, now_ms: u64, tell: &mut impl FnMut(&W, Delta<O, P>)) -> bool {
        let (order, at) = (listing.order, listing.at);
        match self.book.list(listing, now_ms) {
            Listed::Nothing => return false,
            Listed::Here => {}
            Listed::MovedFrom(from) => self.visit_around(from, &order, tell),
        }
        self.visit_around(at, &order, tell);
        true
    }

    /// Brings every watcher that may see `at` up to date about one order.
    fn visit_around(&self, at: Point, order: &O, tell: &mut impl FnMut(&W, Delta<O, P>)) {
        // Who moved on since its last look, within its slack, has to be found too.
        let widest_m = f64::from_bits(self.widest_m.load(Ordering::SeqCst)) + 2.0 * SLACK_MAX_M;
        for hit in self.places.nearest(at, widest_m, usize::MAX, |_, _| true) {
            let Some(seat) = self.seat(&hit.key) else { continue };
            let mut seated = seat.lock();
            let Some(watcher) = seated.as_mut() else { continue };
            if let Some((added, removed)) = self.visit(watcher, order) {
                tell(&hit.key, watcher.delta(added, removed));
            }
        }
    }

    fn visit(&self, watcher: &mut Watcher<O>, order: &O) -> Option<Changes<O, P>> {
        let at = watcher.at?;
        let is_full = watcher.shown.len() >= watcher.range.limit;
        let is_shown = watcher.shown.contains_key(order);
        let listing = self.book.get(order);
        if listing.is_some() {
            watcher.slack_m = 0.0;
        }
        match listing {
            None if !is_shown => None,
            None if !is_full => {
                watcher.shown.remove(order);
                Some((Vec::new(), vec![(*order, self.book.why_gone(order))]))
            }
            Some(listing) if !is_shown => {
                if !at.is_within(listing.at, watcher.range.radius_m) {
                    return None;
                }
                let mut removed = Vec::new();
                if is_full {
                    let (chord2, last) = watcher.farthest(at.unit())?;
                    if (at.unit().chord2(listing.at.unit()), *order) > (chord2, last) {
                        return None;
                    }
                    watcher.shown.remove(&last);
                    removed.push((last, self.book.why_gone(&last)));
                }
                watcher.shown.insert(*order, Shown { at: listing.at.unit(), seen_in_look: 0 });
                Some((vec![near(at, listing)], removed))
            }
            // It changed, perhaps its place; or one may come in its place.
            now => {
                let (mut added, removed) = self.look(watcher);
                if let Some(shown) = watcher.shown.get_mut(order)
                    && let Some(listing) = now
                {
                    shown.at = listing.at.unit();
                    added.push(near(at, listing));
                }
                (!added.is_empty() || !removed.is_empty()).then_some((added, removed))
            }
        }
    }

    /// Makes the list what it should be by the whole rule; what that added and removed.
    fn look(&self, watcher: &mut Watcher<O>) -> Changes<O, P> {
        let Some(at) = watcher.at else { return (Vec::new(), Vec::new()) };
        let Range { radius_m, limit } = watcher.range;
        watcher.looks += 1;
        let look = watcher.looks;
        // One more and a little farther than the list needs: whoever is next tells how far the list will do.
        let all = self.book.index().nearest(at, radius_m + SLACK_MAX_M, limit.saturating_add(1), |_, _| true);
        let inside = all.iter().take(limit).take_while(|hit| hit.distance_m <= radius_m).count();
        let mut fresh: Vec<&Hit<O>> = Vec::new();
        for hit in &all[..inside] {
            match watcher.shown.get_mut(&hit.key) {
                Some(shown) => shown.seen_in_look = look,
                None => fresh.push(hit),
            }
        }
        let mut removed = Vec::new();
        if inside - fresh.len() < watcher.shown.len() {
            self.keep_at_the_rim(watcher, at, limit - inside);
            watcher.shown.retain(|order, shown| {
                let stays = shown.seen_in_look == look;
                if !stays {
                    removed.push((*order, self.book.why_gone(order)));
                }
                stays
            });
        }
        // One that ended between the two looks is not there: its own visit is on the way and will find nothing to remove.
        let added: Vec<_> = fresh.iter().filter_map(|hit| Some(near(at, self.book.get(&hit.key)?))).collect();
        watcher
            .shown
            .extend(added.iter().map(|near| (near.listing.order, Shown { at: near.listing.at.unit(), seen_in_look: look })));
        let next_m = all.iter().find(|hit| !watcher.shown.contains_key(&hit.key)).map(|hit| hit.distance_m);
        watcher.looked_at = at;
        watcher.slack_m = watcher.slack_m(at, next_m);
        (added, removed)
    }

    /// Marks the `room` nearest of those beyond the radius but within the exit as seen. Whoever is within the radius and was not a hit has `limit`
    /// others before it, and then there is no room.
    fn keep_at_the_rim(&self, watcher: &mut Watcher<O>, at: Point, room: usize) {
        if room == 0 {
            return;
        }
        let (exit_m, look) = (watcher.exit_m(), watcher.looks);
        let unseen = watcher.shown.iter().filter(|(_, shown)| shown.seen_in_look != look);
        // The book, not the list, knows where an order is and whether it still is.
        let mut rim: Vec<(f64, O)> = unseen
            .filter_map(|(order, _)| Some((self.book.place_of(order)?, *order)))
            .filter(|(place, _)| at.is_within(*place, exit_m))
            .map(|(place, order)| (at.distance_m(place), order))
            .collect();
        rim.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
        for (_, order) in rim.iter().take(room) {
            if let Some(shown) = watcher.shown.get_mut(order) {
                shown.seen_in_look = look;
            }
        }
    }

    /// Puts a watcher where it is now. Its seat is locked.
    fn place(&self, who: &W, watcher: &mut Watcher<O>, at: Point, accuracy_m: f64) -> Put {
        watcher.at = Some(at);
        watcher.accuracy_m = if accuracy_m.is_finite() { accuracy_m.clamp(0.0, ACCURACY_MAX_M) } else { 0.0 };
        self.widen(watcher.exit_m());
        self.places.place(*who, at, 0)
    }

    /// Before the place is told, so that a visit that sees the place searches wide enough.
    fn widen(&self, exit_m: f64) {
        // Bits of non-negative floats sort as the floats do.
        self.widest_m.fetch_max(exit_m.to_bits(), Ordering::SeqCst);
    }

    fn seat(&self, who: &W) -> Option<Seat<O>> {
        self.seats[shard_of(who)].read().get(who).cloned()
    }
}

fn near<O, P>(at: Point, listing: Listing<O, P>) -> Near<O, P> {
    Near { distance_m: at.distance_m(listing.at), listing }
}
