//! Which publications of a durable channel the observers have seen on this node.

use std::collections::BTreeSet;

use crate::host::Offset;

/// So many late numbers are remembered, so that none is observed twice.
const LATE_LIMIT: usize = 1024;

/// The numbers that observers have seen: all from the first one on, and some below that came late.
#[derive(Debug, Default)]
pub struct Observation {
    first: Option<Offset>,
    late: BTreeSet<Offset>,
}

impl Observation {
    /// Observers start at `first`, unless they have started already.
    pub fn start(&mut self, first: Option<Offset>) {
        if self.first.is_none() {
            self.first = first;
        }
    }

    /// Whether this number is below the first and new: it was on its way while a reading of the log moved the sequencer beyond it.
    pub fn is_late(&mut self, offset: Offset) -> bool {
        if self.late.len() >= LATE_LIMIT {
            self.late.pop_first();
        }
        self.first.is_some_and(|first| offset < first) && self.late.insert(offset)
    }

    /// Whether observers have seen this number, or will see it.
    pub fn covers(&self, offset: Offset) -> bool {
        self.first.is_some_and(|first| offset >= first) || self.late.contains(&offset)
    }

    /// Another log began: nothing observed so far counts.
    pub fn renew(&mut self) {
        *self = Self::default();
    }
}
