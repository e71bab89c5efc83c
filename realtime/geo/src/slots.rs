//! Back-pointers: the position of an entry in its bucket, by handle.
//!
//! Written only under the write lock of the shard that holds the entry, so relaxed atomics suffice; they are atomics because entries of one bucket
//! belong to keys of many shards.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// Chunk `c` holds 2^(c + 10) pointers; 22 chunks reach past four billion handles.
const FIRST_BITS: u32 = 10;
const CHUNKS: usize = 22;

/// A growing table of positions that never moves what it holds.
pub(crate) struct Slots {
    chunks: [OnceLock<Box<[AtomicU32]>>; CHUNKS],
    next_pair: AtomicU32,
}

impl Slots {
    pub(crate) fn new() -> Self {
        Self { chunks: std::array::from_fn(|_| OnceLock::new()), next_pair: AtomicU32::new(0) }
    }

    /// A new even handle. It and the odd one after it belong to one key, which alternates between them when it changes its bucket.
    pub(crate) fn new_pair(&self) -> u32 {
        self.next_pair.fetch_add(2, Ordering::Relaxed)
    }

    pub(crate) fn get(&self, handle: u32) -> usize {
        self.cell(handle).load(Ordering::Relaxed) as usize
    }

    pub(crate) fn set(&self, handle: u32, slot: usize) {
        let slot = u32::try_from(slot).expect("a bucket holds fewer than four billion entries");
        self.cell(handle).store(slot, Ordering::Relaxed);
    }

    fn cell(&self, handle: u32) -> &AtomicU32 {
        let shifted = u64::from(handle) + (1 << FIRST_BITS);
        let chunk = shifted.ilog2() - FIRST_BITS;
        let start = 1u64 << (chunk + FIRST_BITS);
        let pointers = self.chunks[chunk as usize].get_or_init(|| (0..start).map(|_| AtomicU32::new(0)).collect());
        &pointers[(shifted - start) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_handle_has_a_slot_of_its_own() {
        let slots = Slots::new();
        for handle in 0..10_000 {
            slots.set(handle, handle as usize + 7);
        }
        assert!((0..10_000).all(|handle| slots.get(handle) == handle as usize + 7));
    }
}
