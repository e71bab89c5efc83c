//! An exact index of moving points: buckets by H3 cell behind 64 locks, searched ring by ring.
//!
//! Exact means: [`Index::nearest`] returns what sorting everything by haversine would. A search that runs beside a moving key finds it at its old or
//! its new position; when the key changes its cell exactly while the search goes from one cell to the other, that search may miss it.

use crate::lattice::{Lattice, Reach};
use crate::point::Point;
use crate::search::{Best, Found, Search, has_duplicates};
use crate::slots::Slots;
use crate::unit::{Unit, chord2_to_m, m_to_chord2};
use h3o::{CellIndex, LatLng, Resolution};
use parking_lot::{Mutex, RwLock};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};
use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

const SHARDS: usize = 64;

/// Beyond this many rings (12,000 cells) it is faster to look through all buckets.
const SCAN_RINGS: u32 = 64;

/// What an index can be keyed by: small, ordered (it breaks ties of distance), hashable.
pub trait Key: Copy + Ord + Hash + Send + Sync + 'static {}
impl<K: Copy + Ord + Hash + Send + Sync + 'static> Key for K {}

/// One result of a search.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit<K> {
    /// The entry.
    pub key: K,
    /// Haversine distance from the centre of the search, in metres.
    pub distance_m: f64,
    /// The bits the entry was put with.
    pub tag: u32,
}

/// What a put did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Put {
    New,
    Stayed,
    Crossed,
}

/// Moving points by key, each with 32 bits to filter on.
pub struct Index<K> {
    resolution: Resolution,
    lattice: Lattice,
    shards: Box<[RwLock<FxHashMap<CellIndex, Bucket<K>>>]>,
    locations: Box<[Mutex<Locations<K>>]>,
    slots: Slots,
    len: AtomicUsize,
    /// Changes of cell begun and done: while none is under way, no search can find a key twice.
    crossings_begun: AtomicU64,
    crossings_done: AtomicU64,
}

struct Bucket<K> {
    centre: Unit,
    /// Squared chord of the circle around the centre that lies inside the cell.
    inner2: f64,
    entries: Vec<Entry<K>>,
}

#[derive(Clone, Copy)]
struct Entry<K> {
    at: Unit,
    key: K,
    tag: u32,
    handle: u32,
}

impl<K: Key> Bucket<K> {
    fn show<F: Fn(&K, u32) -> bool>(&self, best: &mut Best<'_, K, F>) {
        if best.may_hold(self.centre) {
            self.entries.iter().for_each(|entry| best.consider(entry.at, entry.key, entry.tag));
        }
    }
}

/// Where the keys of one shard are. Its lock serialises writes of a key and is always taken before a bucket's.
struct Locations<K> {
    of: FxHashMap<K, Location>,
    free_pairs: Vec<u32>,
}

#[derive(Clone, Copy)]
struct Location {
    cell: CellIndex,
    handle: u32,
}

impl<K: Key> Default for Index<K> {
    /// Resolution 8, right for most cities; 9 from about 80,000 entries a city or with hot spots.
    fn default() -> Self {
        Self::new(Resolution::Eight)
    }
}

impl<K: Key> Index<K> {
    /// An empty index whose buckets are the cells of `resolution`.
    pub fn new(resolution: Resolution) -> Self {
        Self {
            resolution,
            lattice: Lattice::new(resolution),
            shards: (0..SHARDS).map(|_| RwLock::default()).collect(),
            locations: (0..SHARDS).map(|_| Mutex::new(Locations { of: FxHashMap::default(), free_pairs: Vec::new() })).collect(),
            slots: Slots::new(),
            len: AtomicUsize::new(0),
            crossings_begun: AtomicU64::new(0),
            crossings_done: AtomicU64::new(0),
        }
    }

    /// How many keys are in the index.
    pub fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    /// Whether the index is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts `key` at `at` with the bits `tag`, wherever it was before. True when it was not there.
    pub fn put(&self, key: K, at: Point, tag: u32) -> bool {
        self.move_to(key, at, tag) == Put::New
    }

    /// As [`Index::put`], but returns whether the key changed its cell: one that stayed cannot have been missed by a search.
    pub(crate) fn move_to(&self, key: K, at: Point, tag: u32) -> Put {
        let unit = at.unit();
        let mut locations = self.locations[shard_of(&key)].lock();
        if let Some(location) = locations.of.get(&key).copied() {
            let entry = Entry { at: unit, key, tag, handle: location.handle };
            if self.stays(location, entry, false) {
                return Put::Stayed;
            }
            let cell = at.to_h3().to_cell(self.resolution);
            if cell == location.cell {
                self.stays(location, entry, true);
                return Put::Stayed;
            }
            // In first, then out: finding a key twice can be repaired by the search, missing it cannot.
            let moved = Location { cell, handle: location.handle ^ 1 };
            self.crossings_begun.fetch_add(1, Ordering::SeqCst);
            self.enter(cell, Entry { handle: moved.handle, ..entry });
            self.leave(location);
            self.crossings_done.fetch_add(1, Ordering::SeqCst);
            locations.of.insert(key, moved);
            return Put::Crossed;
        }
        let handle = locations.free_pairs.pop().unwrap_or_else(|| self.slots.new_pair());
        let cell = at.to_h3().to_cell(self.resolution);
        self.enter(cell, Entry { at: unit, key, tag, handle });
        locations.of.insert(key, Location { cell, handle });
        self.len.fetch_add(1, Ordering::Relaxed);
        Put::New
    }

    /// Takes `key` out. True when it was there.
    pub fn remove(&self, key: &K) -> bool {
        let mut locations = self.locations[shard_of(key)].lock();
        let Some(location) = locations.of.remove(key) else { return false };
        self.leave(location);
        locations.free_pairs.push(location.handle & !1);
        self.len.fetch_sub(1, Ordering::Relaxed);
        true
    }

    /// Changes the bits of `key` without moving it. True when it is there.
    pub fn set_tag(&self, key: &K, tag: u32) -> bool {
        let locations = self.locations[shard_of(key)].lock();
        let Some(location) = locations.of.get(key) else { return false };
        let mut shard = self.shards[shard_of(&location.cell)].write();
        let bucket = shard.get_mut(&location.cell).expect("a placed key's bucket exists");
        bucket.entries[self.slots.get(location.handle)].tag = tag;
        true
    }

    /// The H3 cell that `key` is in, at the index's resolution.
    pub fn cell_of(&self, key: &K) -> Option<CellIndex> {
        self.locations[shard_of(key)].lock().of.get(key).map(|location| location.cell)
    }

    /// The at most `limit` nearest within `radius_m` of `at` that `filter` (key, tag) accepts, nearest first, ties by key.
    pub fn nearest(&self, at: Point, radius_m: f64, limit: usize, filter: impl Fn(&K, u32) -> bool) -> Vec<Hit<K>> {
        if limit == 0 || radius_m.is_nan() || radius_m < 0.0 || self.is_empty() {
            return Vec::new();
        }
        let search = Search { at, radius_m, limit, filter };
        let done = self.crossings_done.load(Ordering::SeqCst);
        let begun = self.crossings_begun.load(Ordering::SeqCst);
        let mut best = self.search(&search);
        if done != begun || self.crossings_begun.load(Ordering::SeqCst) != begun {
            // Searching again is rare, because only a key that changed its cell meanwhile is found twice.
            for _ in 0..3 {
                if !has_duplicates(&best) {
                    break;
                }
                best = self.search(&search);
            }
            if has_duplicates(&best) {
                let mut seen = FxHashSet::default();
                best.retain(|found| seen.insert(found.key));
            }
        }
        best.into_iter().map(|found| Hit { key: found.key, distance_m: chord2_to_m(found.chord2), tag: found.tag }).collect()
    }

    /// How many keys each occupied cell holds, for heat maps; coarser cells by `parent()`.
    pub fn heat(&self, resolution: Resolution) -> FxHashMap<CellIndex, usize> {
        let mut heat = FxHashMap::default();
        for shard in &self.shards {
            for (cell, bucket) in shard.read().iter() {
                *heat.entry(cell.parent(resolution).unwrap_or(*cell)).or_default() += bucket.entries.len();
            }
        }
        heat
    }

    /// Overwrites the entry in place when it certainly stays in its cell (or `is_same_cell`). False when the cell has to be computed.
    fn stays(&self, location: Location, entry: Entry<K>, is_same_cell: bool) -> bool {
        let mut shard = self.shards[shard_of(&location.cell)].write();
        let bucket = shard.get_mut(&location.cell).expect("a placed key's bucket exists");
        if !is_same_cell && bucket.centre.chord2(entry.at) >= bucket.inner2 {
            return false;
        }
        bucket.entries[self.slots.get(location.handle)] = entry;
        true
    }

    fn enter(&self, cell: CellIndex, entry: Entry<K>) {
        let mut shard = self.shards[shard_of(&cell)].write();
        let bucket = shard.entry(cell).or_insert_with(|| {
            let centre = Point::from_h3(LatLng::from(cell)).unit();
            Bucket { centre, inner2: m_to_chord2(self.lattice.inner_radius_m(centre)), entries: Vec::new() }
        });
        if bucket.entries.len() == bucket.entries.capacity() {
            // By half instead of doubling: most buckets stay small, and there are many.
            bucket.entries.reserve_exact((bucket.entries.len() / 2).max(2));
        }
        self.slots.set(entry.handle, bucket.entries.len());
        bucket.entries.push(entry);
    }

    fn leave(&self, location: Location) {
        let mut shard = self.shards[shard_of(&location.cell)].write();
        let bucket = shard.get_mut(&location.cell).expect("a placed key's bucket exists");
        let slot = self.slots.get(location.handle);
        bucket.entries.swap_remove(slot);
        if let Some(moved) = bucket.entries.get(slot) {
            self.slots.set(moved.handle, slot);
        }
        if bucket.entries.is_empty() {
            shard.remove(&location.cell);
        } else if bucket.entries.capacity() > 64 && bucket.entries.len() < bucket.entries.capacity() / 4 {
            // After a crowd left, its memory is given back.
            bucket.entries.shrink_to(bucket.entries.len() * 2);
        }
    }

    fn search<F: Fn(&K, u32) -> bool>(&self, search: &Search<F>) -> Vec<Found<K>> {
        let at = search.at.to_h3();
        let origin = at.to_cell(self.resolution);
        let centre = Point::from_h3(LatLng::from(origin)).unit();
        let reach = self.lattice.reach(search.at.unit(), centre, search.radius_m);
        let last_ring = reach.last_ring(search.radius_m);
        let mut best = Best::new(search, m_to_chord2(self.lattice.circumradius_m()).sqrt());
        if last_ring > SCAN_RINGS {
            for shard in &self.shards {
                shard.read().values().for_each(|bucket| bucket.show(&mut best));
            }
        } else if !self.walk(origin.grid_disk_distances_fast(last_ring), reach, &mut best) {
            // A pentagon: what was found so far may be wrong. The safe walk is in ring order too.
            best.clear();
            self.walk(origin.grid_disk_distances_safe(last_ring).map(Some), reach, &mut best);
        }
        best.sorted()
    }

    /// Searches the cells ring by ring until nothing nearer can follow. False when a pentagon ended the walk.
    fn walk<F: Fn(&K, u32) -> bool>(
        &self,
        cells: impl Iterator<Item = Option<(CellIndex, u32)>>,
        reach: Reach,
        best: &mut Best<'_, K, F>,
    ) -> bool {
        let mut ring = 0;
        for step in cells {
            let Some((cell, distance)) = step else { return false };
            if distance > ring {
                if best.is_full() && m_to_chord2(reach.seen_m(ring)) > best.limit2() {
                    return true;
                }
                ring = distance;
            }
            if let Some(bucket) = self.shards[shard_of(&cell)].read().get(&cell) {
                bucket.show(best);
            }
        }
        true
    }
}

pub(crate) fn shard_of<T: Hash>(of: &T) -> usize {
    // The hash's entropy sits in its low 26 bits; the lowest 20 are left to the maps inside, so that they do not collide within a shard.
    (FxBuildHasher.hash_one(of) >> 20) as usize % SHARDS
}
