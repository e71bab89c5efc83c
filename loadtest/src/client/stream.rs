//! Checks what a reader of a numbered channel received: each number once, in order, none missing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

/// Totals over many readers.
#[derive(Default, Debug)]
pub struct Counts {
    pub publications: AtomicU64,
    pub recovered: AtomicU64,
    /// Numbers that came after a higher one.
    pub disordered: AtomicU64,
    pub doubled: AtomicU64,
    /// Numbers jumped over and not seen since.
    pub lost: AtomicU64,
    /// Subscriptions that started again with a snapshot, because recovery was not possible.
    pub reloads: AtomicU64,
    pub connects: AtomicU64,
}

impl Counts {
    pub fn add(total: &AtomicU64, count: u64) {
        total.fetch_add(count, Ordering::Relaxed);
    }

    pub fn get(total: &AtomicU64) -> u64 {
        total.load(Ordering::Relaxed)
    }

    /// Whether every numbered publication came exactly once and in order.
    pub fn is_clean(&self) -> bool {
        Self::get(&self.lost) + Self::get(&self.doubled) + Self::get(&self.disordered) == 0
    }
}

/// One reader's position in one channel.
#[derive(Default, Debug, Clone)]
pub struct Stream {
    pub epoch: String,
    pub offset: u64,
    missing: BTreeSet<u64>,
}

impl Stream {
    /// Starts at a position that the server gave with a snapshot.
    pub fn start(&mut self, epoch: &str, offset: u64) {
        epoch.clone_into(&mut self.epoch);
        self.offset = offset;
        self.missing.clear();
    }

    /// Takes a publication; false when it came before. Publications without a number (0) are always new.
    pub fn take(&mut self, offset: u64, counts: &Counts) -> bool {
        Counts::add(&counts.publications, 1);
        if offset == 0 {
            return true;
        }
        if offset > self.offset {
            let jumped = offset - self.offset - 1;
            if jumped > 0 {
                Counts::add(&counts.lost, jumped);
                // Such a wide jump is not just disorder; its numbers are counted and not remembered.
                if jumped <= 10_000 {
                    self.missing.extend(self.offset + 1..offset);
                }
            }
            self.offset = offset;
            return true;
        }
        if self.missing.remove(&offset) {
            counts.lost.fetch_sub(1, Ordering::Relaxed);
            Counts::add(&counts.disordered, 1);
            return true;
        }
        Counts::add(&counts.doubled, 1);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(offsets: &[u64]) -> (u64, u64, u64) {
        let (counts, mut stream) = (Counts::default(), Stream::default());
        stream.start("e", 10);
        for &offset in offsets {
            stream.take(offset, &counts);
        }
        (Counts::get(&counts.lost), Counts::get(&counts.doubled), Counts::get(&counts.disordered))
    }

    #[test]
    fn gaps_repeats_and_swaps_are_counted_apart() {
        assert_eq!(after(&[11, 12, 13]), (0, 0, 0));
        assert_eq!(after(&[11, 13, 14]), (1, 0, 0));
        assert_eq!(after(&[11, 13, 12, 14]), (0, 0, 1));
        assert_eq!(after(&[11, 11, 10, 12]), (0, 2, 0));
        assert_eq!(after(&[11, 13, 12, 12]), (0, 1, 1));
    }
}
