//! The latest publications of a channel, bounded by count, bytes and age.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Entry, Offset};

/// How much a ring holds; the first bound reached counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Publications.
    pub count: usize,
    /// Bytes, the publications' own overhead included.
    pub bytes: usize,
    /// Since a publication was pushed.
    pub age: Duration,
}

/// The latest publications of a channel: consecutive numbers, the last of them the top.
#[derive(Clone, Debug)]
pub struct Ring {
    bounds: Bounds,
    rows: VecDeque<(Instant, Entry)>,
    bytes: usize,
    top: Offset,
}

impl Ring {
    /// An empty ring that stands at 0.
    pub fn new(bounds: Bounds) -> Self {
        Self { bounds, rows: VecDeque::new(), bytes: 0, top: 0 }
    }

    /// The last number pushed or skipped to; 0 before the first. Outlives the publications.
    pub fn top(&self) -> Offset {
        self.top
    }

    /// How much it may hold.
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// How many publications it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds the next publication. One that does not follow the top empties the ring first: it never holds a gap.
    pub fn push(&mut self, publication: Entry, now: Instant) {
        if publication.offset != self.top + 1 {
            self.clear();
        }
        self.top = publication.offset;
        self.bytes += publication.weight();
        self.rows.push_back((now, publication));
        self.expire(now);
    }

    /// Numbers `publication` as the next, adds it and returns it.
    pub fn append(&mut self, mut publication: Entry, now: Instant) -> Entry {
        publication.offset = self.top + 1;
        self.push(publication.clone(), now);
        publication
    }

    /// Empties the ring and stands at `top`.
    pub fn skip_to(&mut self, top: Offset) {
        self.clear();
        self.top = top;
    }

    /// Drops the publications, keeps the top.
    pub fn clear(&mut self) {
        self.rows.clear();
        self.bytes = 0;
    }

    /// Drops what is out of bounds at `now`.
    pub fn expire(&mut self, now: Instant) {
        while let Some((at, oldest)) = self.rows.front() {
            let is_over = self.rows.len() > self.bounds.count
                || self.bytes > self.bounds.bytes
                || now.saturating_duration_since(*at) > self.bounds.age;
            if !is_over {
                break;
            }
            self.bytes -= oldest.weight();
            self.rows.pop_front();
        }
    }

    /// All after `offset`, ascending; `None` when some are gone or `offset` is above the top.
    pub fn since(&self, offset: Offset) -> Option<impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator> {
        let missed = self.top.checked_sub(offset)?;
        let skipped = (self.rows.len() as u64).checked_sub(missed)?;
        Some(self.rows.range(skipped as usize..).map(|(_, publication)| publication))
    }

    /// All it holds, ascending.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Entry> + ExactSizeIterator {
        self.rows.iter().map(|(_, publication)| publication)
    }

    /// One page of it: at most `limit` after (or, in reverse, before) `since`, exclusive; a `since` that is gone starts at the first one it holds.
    pub fn page(&self, since: Option<Offset>, limit: usize, reverse: bool) -> Vec<Entry> {
        if reverse {
            let before = since.unwrap_or(Offset::MAX);
            self.iter().rev().filter(|row| row.offset < before).take(limit).cloned().collect()
        } else {
            let after = since.unwrap_or(0);
            self.iter().filter(|row| row.offset > after).take(limit).cloned().collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WIDE: Bounds = Bounds { count: 100, bytes: 1 << 20, age: Duration::from_secs(60) };

    fn filled(bounds: Bounds, top: Offset) -> (Ring, Instant) {
        let now = Instant::now();
        let mut ring = Ring::new(bounds);
        (1..=top).for_each(|offset| ring.push(Entry::new(offset, "{}"), now));
        (ring, now)
    }

    fn offsets<'a>(rows: impl Iterator<Item = &'a Entry>) -> Vec<Offset> {
        rows.map(|row| row.offset).collect()
    }

    #[test]
    fn each_bound_drops_the_oldest() {
        let (by_count, _) = filled(Bounds { count: 3, ..WIDE }, 10);
        assert_eq!(offsets(by_count.iter()), [8, 9, 10]);
        let weight = Entry::new(1, "{}").weight();
        let (by_bytes, _) = filled(Bounds { bytes: 2 * weight + 1, ..WIDE }, 10);
        assert_eq!(offsets(by_bytes.iter()), [9, 10]);
        assert_eq!(by_bytes.bytes(), 2 * weight);
        let (mut by_age, now) = filled(WIDE, 10);
        by_age.expire(now + Duration::from_secs(61));
        assert_eq!((by_age.len(), by_age.bytes(), by_age.top()), (0, 0, 10));
    }

    #[test]
    fn since_answers_only_what_it_holds_completely() {
        let (ring, _) = filled(Bounds { count: 3, ..WIDE }, 10);
        assert_eq!(ring.since(7).map(offsets), Some(vec![8, 9, 10]));
        assert_eq!(ring.since(9).map(offsets), Some(vec![10]));
        assert_eq!(ring.since(10).map(offsets), Some(vec![]));
        assert!(ring.since(6).is_none(), "8 is the first one held");
        assert!(ring.since(11).is_none(), "above the top");
        assert_eq!(Ring::new(WIDE).since(0).map(offsets), Some(vec![]));
        assert!(Ring::new(WIDE).since(3).is_none());
    }

    #[test]
    fn a_gap_empties_it() {
        let (mut ring, now) = filled(WIDE, 4);
        ring.push(Entry::new(9, "{}"), now);
        assert_eq!(offsets(ring.iter()), [9]);
        assert!(ring.since(7).is_none());
    }

    #[test]
    fn pages_go_both_directions() {
        let (ring, _) = filled(Bounds { count: 5, ..WIDE }, 10);
        let page = |since, limit, reverse| offsets(ring.page(since, limit, reverse).iter());
        assert_eq!(page(None, 2, false), [6, 7]);
        assert_eq!(page(Some(7), 2, false), [8, 9]);
        assert_eq!(page(Some(2), 2, false), [6, 7], "a lost position starts at the first one held");
        assert_eq!(page(None, 2, true), [10, 9]);
        assert_eq!(page(Some(8), 9, true), [7, 6]);
    }
}
