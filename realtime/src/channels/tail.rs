//! Puts one channel's publications back in order on this node. Pure: the time is handed in, questions to the log come out.
//!
//! Numbers arrive from two commits crosswise, twice, late or never. Repeats are dropped; what is ahead waits [`PATIENCE`] for the
//! missing ones, then the log is asked; a gap over [`WIDEST_GAP`] is not filled. A channel never heard of starts at 1, at what a
//! reading of the log says, or at the lowest number heard within [`PATIENCE`].

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use smallvec::SmallVec;

use crate::log::{Bounds, Entry, Offset, Ring};

/// How long a missing number is waited for before the log is asked.
pub const PATIENCE: Duration = Duration::from_millis(20);
/// How long an unanswered question stands before it is asked again.
pub const ASK_AGAIN: Duration = Duration::from_secs(1);
/// The most missing publications that are filled from the log.
pub const WIDEST_GAP: u64 = 1_000;
/// The most bytes that wait for a missing number; what comes beyond is forgotten and filled later.
const MOST_WAITING_BYTES: usize = 1 << 20;

/// Publications in order, mostly one.
pub type Ready = SmallVec<[Entry; 1]>;

/// What a step brings: publications now in their place, and what to do besides.
#[derive(Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Out {
    /// In order, each once; hearers first, then subscribers.
    pub ready: Ready,
    pub then: Then,
}

/// What a step asks of the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Then {
    #[default]
    Nothing,
    /// Read the log after this offset and call [`Tail::filled`].
    Ask { after: Offset },
    /// Too much is missing: unsubscribe everybody with 2500 *before* `ready` goes out; they recover from the log.
    Insufficient,
    /// The log stands below the tail: it is another log. Unsubscribe everybody with 2502 before `ready` goes out.
    Reset,
}

/// One channel's order on this node.
#[derive(Debug)]
pub struct Tail {
    /// The next number; `None` while the channel was never heard of.
    next: Option<Offset>,
    /// Ahead of `next`.
    waiting: BTreeMap<Offset, Entry>,
    waiting_bytes: usize,
    /// The highest number known to exist, and when that became known.
    heard: Offset,
    heard_at: Option<Instant>,
    due: Option<Instant>,
    recent: Ring,
}

impl Tail {
    /// A tail that has heard nothing; it keeps recent publications within `bounds` for recovery from memory.
    pub fn new(bounds: Bounds) -> Self {
        Self {
            next: None,
            waiting: BTreeMap::new(),
            waiting_bytes: 0,
            heard: 0,
            heard_at: None,
            due: None,
            recent: Ring::new(bounds),
        }
    }

    /// The last number in its place; `None` while the channel was never heard of.
    pub fn top(&self) -> Option<Offset> {
        self.next.map(|next| next - 1)
    }

    /// When [`Tail::tick`] wants to be called.
    pub fn due(&self) -> Option<Instant> {
        self.due
    }

    /// Whether numbers known to exist are missing.
    pub fn is_behind(&self) -> bool {
        self.top().is_none_or(|top| top < self.heard) && self.heard > 0
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

    /// What the recent publications cost, in bytes.
    pub fn bytes(&self) -> usize {
        self.recent.bytes() + self.waiting_bytes
    }

    /// Takes a publication, from this node, another or the log.
    pub fn accept(&mut self, publication: Entry, now: Instant) -> Out {
        let offset = publication.offset;
        if offset == 0 {
            return Out::default();
        }
        self.hear_of(offset, now);
        match self.next {
            Some(next) if offset < next => return Out::default(),
            // Nearly always: the next of a channel in order.
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

    /// The log's answer to an [`Ask`](Then::Ask): what it has after that offset, ascending, perhaps cut short, and its top at a reading
    /// begun at `read_begun`. Where the log no longer holds what was asked for, it is an empty answer with its top.
    pub fn filled(&mut self, rows: Vec<Entry>, top: Offset, read_begun: Instant, now: Instant) -> Out {
        if self.is_above(top, read_begun) {
            return self.reset(top, now);
        }
        self.hear_of(top, now);
        self.due = None;
        let first = rows.first().map(|row| row.offset);
        match (self.next, first) {
            (None, Some(first)) => self.start(self.waiting.first_key_value().map_or(first, |(lowest, _)| first.min(*lowest))),
            (Some(next), first) if first.map_or(top >= next, |first| first > next) => {
                rows.into_iter().for_each(|row| self.wait(row));
                return self.leap(now);
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
        // Cut short: the rest is there, so there is nothing to wait for.
        if self.top().is_some_and(|at| at < top) && self.missing().is_some() {
            return self.ask(ready, now);
        }
        Out { ready, then: rest.then }
    }

    /// A reading of the log, begun at `read_begun`, says that the channel stands at `top`: at a subscribe, or by the look-back.
    pub fn stands_at(&mut self, top: Offset, read_begun: Instant, now: Instant) -> Out {
        if self.is_above(top, read_begun) {
            return self.reset(top, now);
        }
        self.hear_of(top, now);
        // Numbers heard at or below the top may still have lower ones on their way.
        if self.next.is_none() && self.waiting.first_key_value().is_none_or(|(lowest, _)| *lowest > top) {
            self.start(top + 1);
        }
        self.flow(now)
    }

    /// Time has passed: call it at [`Tail::due`].
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
            Some(missing) if missing > WIDEST_GAP => self.leap(now),
            Some(_) => self.ask(Ready::new(), now),
        }
    }

    /// Another epoch began: nothing known so far counts.
    pub fn renew(&mut self) {
        *self = Self::new(self.recent.bounds());
    }

    fn hear_of(&mut self, offset: Offset, now: Instant) {
        if offset > self.heard {
            self.heard = offset;
            self.heard_at = Some(now);
        }
    }

    /// Whether a number above `top` was known before the reading that found `top` began. One heard since proves nothing.
    fn is_above(&self, top: Offset, read_begun: Instant) -> bool {
        self.heard > top && self.heard_at.is_some_and(|at| at < read_begun)
    }

    fn start(&mut self, next: Offset) {
        self.next = Some(next);
        self.recent.skip_to(next - 1);
    }

    fn wait(&mut self, publication: Entry) {
        let weight = publication.weight();
        let has_room = self.waiting.len() < WIDEST_GAP as usize && self.waiting_bytes + weight <= MOST_WAITING_BYTES;
        if has_room && self.next.is_none_or(|next| publication.offset >= next) {
            self.waiting_bytes += weight;
            if let Some(twin) = self.waiting.insert(publication.offset, publication) {
                self.waiting_bytes -= twin.weight();
            }
        }
    }

    fn place(&mut self, publication: Entry, now: Instant) {
        self.next = Some(publication.offset + 1);
        self.recent.push(publication, now);
    }

    /// Takes out what follows now, and sets the time for what does not.
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

    /// How many numbers are missing before the next one that is here; `None` when the channel is in order.
    fn missing(&self) -> Option<u64> {
        let next = self.next?;
        let here = self.waiting.first_key_value().map_or(self.heard + 1, |(lowest, _)| *lowest);
        here.checked_sub(next).filter(|missing| *missing > 0)
    }

    fn ask(&mut self, ready: Ready, now: Instant) -> Out {
        self.due = Some(now + ASK_AGAIN);
        Out { ready, then: self.top().map_or(Then::Nothing, |after| Then::Ask { after }) }
    }

    /// Gives the missing ones up and goes on with what is here.
    fn leap(&mut self, now: Instant) -> Out {
        self.start(self.waiting.first_key_value().map_or(self.heard + 1, |(lowest, _)| *lowest));
        self.due = None;
        Out { then: Then::Insufficient, ..self.flow(now) }
    }

    fn reset(&mut self, top: Offset, now: Instant) -> Out {
        self.renew();
        self.hear_of(top, now);
        self.start(top + 1);
        Out { ready: Ready::new(), then: Then::Reset }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Bench {
        tail: Tail,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let bounds = Bounds { count: 100, bytes: 1 << 20, age: Duration::from_secs(60) };
            Self { tail: Tail::new(bounds), now: Instant::now() }
        }

        fn at(top: Offset) -> Self {
            let mut bench = Self::new();
            let begun = bench.now;
            assert_eq!(bench.tail.stands_at(top, begun, begun), Out::default());
            bench
        }

        fn hear(&mut self, offset: Offset) -> Vec<Offset> {
            numbers(self.tail.accept(row(offset), self.now)).0
        }

        fn after_ms(&mut self, ms: u64) -> (Vec<Offset>, Then) {
            self.now += Duration::from_millis(ms);
            numbers(self.tail.tick(self.now))
        }

        fn fill(&mut self, rows: impl IntoIterator<Item = Offset>, top: Offset) -> (Vec<Offset>, Then) {
            numbers(self.tail.filled(rows.into_iter().map(row).collect(), top, self.now, self.now))
        }
    }

    fn row(offset: Offset) -> Entry {
        Entry::new(offset, "{}")
    }

    fn numbers(out: Out) -> (Vec<Offset>, Then) {
        (out.ready.iter().map(|row| row.offset).collect(), out.then)
    }

    #[test]
    fn crosswise_numbers_come_out_in_order_and_once() {
        let mut bench = Bench::at(3);
        assert!(bench.hear(5).is_empty());
        assert_eq!(bench.hear(4), [4, 5]);
        assert!(bench.hear(4).is_empty() && bench.hear(5).is_empty());
        assert_eq!((bench.hear(6), bench.tail.due()), (vec![6], None));
    }

    #[test]
    fn a_gap_waits_20_ms_and_then_asks() {
        let mut bench = Bench::at(3);
        bench.hear(6);
        assert_eq!(bench.after_ms(19), (vec![], Then::Nothing));
        assert_eq!(bench.after_ms(1), (vec![], Then::Ask { after: 3 }));
        assert_eq!(bench.after_ms(500), (vec![], Then::Nothing), "asked already");
        assert_eq!(bench.after_ms(500), (vec![], Then::Ask { after: 3 }), "no answer: once more");
        assert_eq!(bench.fill([4, 5, 6, 7], 7), (vec![4, 5, 6, 7], Then::Nothing));
        assert!(bench.hear(7).is_empty() && !bench.tail.is_behind());
    }

    #[test]
    fn an_answer_cut_short_asks_for_the_rest_at_once() {
        let mut bench = Bench::at(3);
        bench.hear(9);
        bench.after_ms(20);
        assert_eq!(bench.fill([4, 5], 9), (vec![4, 5], Then::Ask { after: 5 }));
        assert_eq!(bench.fill([6, 7, 8, 9], 9), (vec![6, 7, 8, 9], Then::Nothing));
    }

    #[test]
    fn a_wide_gap_and_a_log_that_forgot_are_insufficient() {
        let mut bench = Bench::at(3);
        bench.hear(1_005);
        assert_eq!(bench.after_ms(20), (vec![1_005], Then::Insufficient), "1,001 missing");
        let mut bench = Bench::at(3);
        bench.hear(1_004);
        assert_eq!(bench.after_ms(20), (vec![], Then::Ask { after: 3 }), "1,000 missing");
        assert_eq!(bench.fill([], 1_004), (vec![1_004], Then::Insufficient));
    }

    #[test]
    fn an_unheard_channel_waits_for_lower_numbers() {
        let mut bench = Bench::new();
        assert!(bench.hear(8).is_empty() && bench.hear(7).is_empty());
        assert_eq!(bench.after_ms(20), (vec![7, 8], Then::Nothing));
        assert!(bench.hear(6).is_empty());
        assert_eq!(Bench::new().hear(1), [1], "nothing is lower than 1");
    }

    #[test]
    fn a_reading_starts_an_unheard_channel_and_shows_what_is_missing() {
        let mut bench = Bench::at(4);
        assert_eq!(bench.tail.top(), Some(4));
        let now = bench.now;
        assert_eq!(bench.tail.stands_at(6, now, now), Out::default());
        assert_eq!(bench.after_ms(20), (vec![], Then::Ask { after: 4 }));
    }

    #[test]
    fn what_was_heard_before_the_first_reading_is_not_skipped() {
        let mut bench = Bench::new();
        assert!(bench.hear(5).is_empty());
        let now = bench.now;
        assert_eq!(bench.tail.stands_at(7, now, now), Out::default(), "lower ones may be on their way");
        assert_eq!(bench.after_ms(20), (vec![5], Then::Nothing));
        assert_eq!(bench.after_ms(20), (vec![], Then::Ask { after: 5 }));
    }

    #[test]
    fn a_head_below_what_was_heard_before_its_reading_is_another_log() {
        let mut bench = Bench::at(3);
        let before = bench.now;
        bench.now += Duration::from_millis(1);
        assert_eq!(bench.hear(4), [4]);
        assert_eq!(bench.tail.stands_at(3, before, bench.now), Out::default(), "the reading began before 4 was heard");
        let later = bench.now + Duration::from_millis(1);
        assert_eq!(bench.tail.stands_at(3, later, later).then, Then::Reset);
        assert_eq!(bench.hear(4), [4]);
    }

    #[test]
    fn recent_publications_recover_from_memory() {
        let mut bench = Bench::at(3);
        (4..=6).for_each(|offset| drop(bench.hear(offset)));
        let since = |offset| bench.tail.since(offset).map(|rows| rows.iter().map(|row| row.offset).collect::<Vec<_>>());
        assert_eq!(since(4), Some(vec![5, 6]));
        assert_eq!(since(6), Some(vec![]));
        assert_eq!((since(2), since(7)), (None, None));
        assert!(Bench::new().tail.since(0).is_none(), "an unheard channel knows nothing");
    }
}
