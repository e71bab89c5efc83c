//! Puts one channel's publications back in order on this node. Pure: the time is handed in, questions to the log come out.
//!
//! Numbers arrive out of order, twice, late or never. Repeats are dropped; publications ahead of the order wait [`PATIENCE`] for the missing
//! ones, then the log is asked; a gap over [`WIDEST_GAP`] is not filled. An unknown channel starts at 1, at the position that a reading of
//! the log says, or at the lowest number that arrives within [`PATIENCE`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use crate::log::{Bounds, Entry, Offset, Ring};

/// How long a missing number is waited for before the log is asked.
pub const PATIENCE: Duration = Duration::from_millis(20);
/// An unanswered question to the log is repeated after this time.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The most missing publications that are filled from the log.
pub const WIDEST_GAP: u64 = 1_000;
/// The most bytes that wait for a missing number; what exceeds them is dropped and backfilled later.
const WAITING_BYTES_LIMIT: usize = 1 << 20;

/// Publications in order, mostly one.
pub type Ready = SmallVec<[Entry; 1]>;

/// The result of a step: publications now in order, and what else to do.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Out {
    /// In order, each once; for the observers first, then for subscribers.
    pub ready: Ready,
    pub then: Then,
}

/// What a step asks the hub to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    #[default]
    Nothing,
    /// Read the log after this offset and call [`Sequencer::backfilled`].
    Backfill { after: Offset },
    /// Too much is missing: unsubscribe everybody with 2500 *before* `ready` goes out; they recover from the log.
    Insufficient,
    /// The log ends below the sequencer: it is another log. Unsubscribe everybody with 2502 before `ready` goes out.
    Reset,
}

/// One channel's order on this node.
#[derive(Debug)]
pub struct Sequencer {
    /// The next number; `None` while the channel is unknown.
    next: Option<Offset>,
    /// Ahead of `next`.
    waiting: BTreeMap<Offset, Entry>,
    waiting_bytes: usize,
    /// The highest number known to exist, and when that became known.
    known: Offset,
    known_at: Option<Instant>,
    due: Option<Instant>,
    recent: Ring,
}

impl Sequencer {
    /// A sequencer without a position; it keeps recent publications within `bounds` for recovery from memory.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            next: None,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            known: 0,
            known_at: None,
            due: None,
            recent: Ring::new(bounds),
        }
    }

    /// The last number in order; `None` while the channel is unknown.
    pub fn top(&self) -> Option<Offset> {
        self.next.map(|next| next - 1)
    }

    /// When [`Sequencer::tick`] wants to be called.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether numbers known to exist are missing.
    pub fn is_behind(&self) -> bool {
        self.top().is_none_or(|top| top < self.known) && self.known > 0
    }

    /// All after `offset` up to the top, from memory; `None` when the log must be asked.
    pub fn since(&self, offset: Offset) -> Option<Vec<Entry>> {
        self.next?;
        Some(self.recent.since(offset)?.cloned().collect())
    }

    /// Drops recent publications that are out of bounds at `now`.
    pub fn expire(&mut self, now: Instant) {
        self.recent.expire(now);
    }

    /// The size of the publications it holds, in bytes.
    pub fn bytes(&self) -> usize {
        self.recent.bytes() + self.waiting_bytes
    }

    /// Takes a publication from this node, another or the log.
    pub fn accept(&mut self, publication: Entry, now: Instant) -> Out {
        let offset = publication.offset;
        if offset == 0 {
            return Out::default();
        }
        self.learn_of(offset, now);
        match self.next {
            Some(next) if offset < next => return Out::default(),
            // The usual case: the next publication of a channel in order.
            Some(next) if offset == next && self.waiting.is_empty() => {
                self.place(publication.clone(), now);
                self.settle(now);
                return Out { ready: SmallVec::from_buf([publication]), then: Then::Nothing };
            }
            None if offset == 1 => self.start(1),
            _ => {}
        }
        self.wait(publication);
        self.flow(now)
    }

    /// The log's answer to [`Then::Backfill`]: its publications after that offset, ascending, perhaps cut short, and its top at a reading
    /// begun at `read_begun`. Where the log no longer holds them, the answer is empty and carries its top.
    pub fn backfilled(&mut self, rows: Vec<Entry>, top: Offset, read_begun: Instant, now: Instant) -> Out {
        if self.is_above(top, read_begun) {
            return self.reset(top, now);
        }
        self.learn_of(top, now);
        self.due = None;
        let first = rows.first().map(|row| row.offset);
        match (self.next, first) {
            (None, Some(first)) => self.start(self.waiting.first_key_value().map_or(first, |(lowest, _)| first.min(*lowest))),
            (Some(next), first) if first.map_or(top >= next, |first| first > next) => {
                rows.into_iter().for_each(|row| self.wait(row));
                return self.skip_gap(now);
            }
            _ => {}
        }
        let mut ready = Ready::new();
        for row in rows {
            if self.next == Some(row.offset) {
                self.place(row.clone(), now);
                ready.push(row);
            }
        }
        let rest = self.flow(now);
        ready.extend(rest.ready);
        // Cut short: the rest exists, so it is asked for at once.
        if self.top().is_some_and(|at| at < top) && self.missing().is_some() {
            return self.ask_for_backfill(ready, now);
        }
        Out { ready, then: rest.then }
    }

    /// A reading of the log, begun at `read_begun`, says that the channel stands at `top`: at a subscribe, or by the catch-up.
    pub fn stands_at(&mut self, top: Offset, read_begun: Instant, now: Instant) -> Out {
        if self.is_above(top, read_begun) {
            return self.reset(top, now);
        }
        self.learn_of(top, now);
        // Numbers below those that arrived may still be on their way.
        if self.next.is_none() && self.waiting.first_key_value().is_none_or(|(lowest, _)| *lowest > top) {
            self.start(top + 1);
        }
        self.flow(now)
    }

    /// Time has passed: call it at [`Sequencer::due`].
    pub fn tick(&mut self, now: Instant) -> Out {
        if self.due.is_none_or(|due| now < due) {
            return Out::default();
        }
        self.due = None;
        if self.next.is_none() {
            let Some((&lowest, _)) = self.waiting.first_key_value() else { return Out::default() };
            self.start(lowest);
            return self.flow(now);
        }
        match self.missing() {
            None => Out::default(),
            Some(missing) if missing > WIDEST_GAP => self.skip_gap(now),
            Some(_) => self.ask_for_backfill(Ready::new(), now),
        }
    }

    /// Another epoch began: everything known so far is void.
    pub fn renew(&mut self) {
        *self = Self::new(self.recent.bounds());
    }

    fn learn_of(&mut self, offset: Offset, now: Instant) {
        if offset > self.known {
            self.known = offset;
            self.known_at = Some(now);
        }
    }

    /// Whether a number above `top` was known before the reading that found `top` began. A later one proves nothing.
    fn is_above(&self, top: Offset, read_begun: Instant) -> bool {
        self.known > top && self.known_at.is_some_and(|at| at < read_begun)
    }

    fn start(&mut self, next: Offset) {
        self.next = Some(next);
        self.recent.skip_to(next - 1);
    }

    fn wait(&mut self, publication: Entry) {
        let weight = publication.weight();
        let has_space = self.waiting.len() < WIDEST_GAP as usize && self.waiting_bytes + weight <= WAITING_BYTES_LIMIT;
        if has_space && self.next.is_none_or(|next| publication.offset >= next) {
            self.waiting_bytes += weight;
            if let Some(repeat) = self.waiting.insert(publication.offset, publication) {
                self.waiting_bytes -= repeat.weight();
            }
        }
    }

    fn place(&mut self, publication: Entry, now: Instant) {
        self.next = Some(publication.offset + 1);
        self.recent.push(publication, now);
    }

    /// Takes out what is in order now, and sets the deadline for what is not.
    fn flow(&mut self, now: Instant) -> Out {
        let mut ready = Ready::new();
        while let Some(entry) = self.waiting.first_entry() {
            match self.next {
                Some(next) if *entry.key() == next => {
                    let publication = entry.remove();
                    self.waiting_bytes -= publication.weight();
                    self.place(publication.clone(), now);
                    ready.push(publication);
                }
                Some(next) if *entry.key() < next => self.waiting_bytes -= entry.remove().weight(),
                _ => break,
            }
        }
        self.settle(now);
        Out { ready, then: Then::Nothing }
    }

    fn settle(&mut self, now: Instant) {
        self.due = if self.is_behind() { Some(self.due.unwrap_or(now + PATIENCE)) } else { None };
    }

    /// How many numbers are missing before the next one that waits; `None` when the channel is in order.
    fn missing(&self) -> Option<u64> {
        let next = self.next?;
        let here = self.waiting.first_key_value().map_or(self.known + 1, |(lowest, _)| *lowest);
        here.checked_sub(next).filter(|missing| *missing > 0)
    }

    fn ask_for_backfill(&mut self, ready: Ready, now: Instant) -> Out {
        self.due = Some(now + RETRY_AFTER);
        Out { ready, then: self.top().map_or(Then::Nothing, |after| Then::Backfill { after }) }
    }

    /// Gives up the missing ones and goes on with what waits.
    fn skip_gap(&mut self, now: Instant) -> Out {
        self.start(self.waiting.first_key_value().map_or(self.known + 1, |(lowest, _)| *lowest));
        self.due = None;
        Out { then: Then::Insufficient, ..self.flow(now) }
    }

    fn reset(&mut self, top: Offset, now: Instant) -> Out {
        self.renew();
        self.learn_of(top, now);
        self.start(top + 1);
        Out { ready: Ready::new(), then: Then::Reset }
    }
}

#[cfg(test)]
mod tests;
