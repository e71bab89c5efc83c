//! How a subscriber finds its place: history joined with what was buffered live, and the rule for every publication after that.
//!
//! The order that leaves no seam:
//! 1. [`Joining::begin`] under the channel's lock, with the tail's top;
//! 2. rights are read;
//! 3. log, memory or snapshot is read, in a statement begun after both; the tail hears of it (`Tail::stands_at`);
//!    where [`Joining::outlives_end`] says so, the rows are not shown and the snapshot is read instead;
//! 4. where [`Joining::needs_rights_again`] says so, rights are read once more, before anything is shown: an end of right that
//!    committed between 2 and 3 lies at or below the place that was read, and would never arrive at its number;
//! 5. the reply, and [`Joining::join`] under the channel's lock, with the tail's top: a tail that went on without this reader
//!    shows as a gap;
//! 6. [`Place::accept`] for all that comes live.

use super::{Entry, Offset};

/// A subscription's own place in its channel; the node's tail may stand elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    next: Offset,
}

/// What a live publication means at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next: it goes to the subscriber.
    Deliver,
    /// The next, and the subscriber's right ends with it: goes to the subscriber when `inclusive`, then unsubscribe 2000.
    End { inclusive: bool },
    /// Already delivered, or part of the snapshot.
    Repeat,
    /// A repeat that ends the subscriber's right: nothing new where rights were read again as they had to be, else read them now.
    Doubt,
    /// Some between are missing: read the log after `after`, or unsubscribe 2500.
    Gap { after: Offset },
}

impl Place {
    /// The place of a subscriber that has seen all up to `offset`.
    pub fn after(offset: Offset) -> Self {
        Self { next: offset + 1 }
    }

    /// The last number seen.
    pub fn last(&self) -> Offset {
        self.next - 1
    }

    /// Judges `publication` for `user` and moves on when it is the next.
    pub fn accept(&mut self, publication: &Entry, user: &str) -> Step {
        if publication.offset > self.next {
            return Step::Gap { after: self.last() };
        }
        let ends = publication.revokes(user);
        if publication.offset < self.next {
            return if ends.is_some() { Step::Doubt } else { Step::Repeat };
        }
        self.next += 1;
        ends.map_or(Step::Deliver, |ends| Step::End { inclusive: ends.inclusive })
    }
}

/// What the log, the ring or the snapshot said of a subscriber's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The place to go on from: the client's own when it recovers, else the snapshot's or the top.
    pub from: Offset,
    /// All after `from` up to the top at reading, ascending; empty beside a snapshot.
    pub rows: Vec<Entry>,
}

impl Recovered {
    /// The client's place and the rows after it. `None` when it cannot be recovered: `from` is above `top`, or the rows are not
    /// exactly those from `from + 1` to `top`.
    pub fn exactly(from: Offset, rows: Vec<Entry>, top: Offset) -> Option<Self> {
        let is_whole =
            top.checked_sub(from)? == rows.len() as u64 && rows.iter().zip(from + 1..).all(|(row, due)| row.offset == due);
        is_whole.then_some(Self { from, rows })
    }

    /// The place of a snapshot, or of a top from which a fresh subscriber goes on.
    pub fn fresh(at: Offset) -> Self {
        Self { from: at, rows: Vec::new() }
    }
}

/// A session that has joined a channel and does not know its place yet: it buffers what comes live.
#[derive(Debug)]
pub struct Joining {
    tail_top: Option<Offset>,
    buffer: Vec<Entry>,
    bytes: usize,
    most_bytes: usize,
    is_over: bool,
}

/// How a join ended the subscription at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The right ended at the last of `deliver` or right after it: reply, then unsubscribe 2000.
    Right,
    /// Live publications are missing after `deliver`: reply, then unsubscribe 2500, or read the log once more.
    Gap,
}

/// What comes out of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the subscriber gets with its reply, ascending, each once.
    pub deliver: Vec<Entry>,
    /// Where it stands afterwards.
    pub place: Place,
    /// Whether and why it ends at once.
    pub ended: Option<Ended>,
    /// An end of right lies at or below `from`: as [`Step::Doubt`].
    pub in_doubt: bool,
}

impl Joining {
    /// Begins to buffer, at most `most_bytes`, while the node's tail stands at `tail_top` (`None`: it has heard nothing).
    pub fn begin(most_bytes: usize, tail_top: Option<Offset>) -> Self {
        Self { tail_top, buffer: Vec::new(), bytes: 0, most_bytes, is_over: false }
    }

    /// Whether rights read after [`Joining::begin`] and before the place `from` was read may have ended at or below `from`.
    /// What ended at or below the tail's top when we joined, the first reading saw already.
    pub fn needs_rights_again(&self, from: Offset) -> bool {
        self.tail_top.is_none_or(|top| from > top)
    }

    /// Whether `read` holds an end of the right of `user` that is older than the right they have now: they may read again, but not what
    /// was said in between, and recovering from before that end would end them at its number over and over.
    pub fn outlives_end(&self, read: &Recovered, user: &str) -> bool {
        read.rows.iter().any(|row| row.revokes(user).is_some() && self.tail_top.is_none_or(|top| row.offset <= top))
    }

    /// Buffers a live publication. What is beyond the bound is forgotten; the join then ends in a gap.
    pub fn hear(&mut self, publication: Entry) {
        self.bytes += publication.weight();
        self.is_over |= self.bytes > self.most_bytes;
        if !self.is_over {
            self.buffer.push(publication);
        }
    }

    /// Joins what was read with what was buffered, for `user`, while the node's tail stands at `tail_top`; `None` joins the rows alone,
    /// before the reader goes live.
    pub fn join(self, read: Recovered, user: &str, tail_top: Option<Offset>) -> Joined {
        let mut joined = Joined { deliver: Vec::new(), place: Place::after(read.from), ended: None, in_doubt: false };
        for publication in read.rows.into_iter().chain(self.buffer) {
            match joined.place.accept(&publication, user) {
                Step::Deliver => joined.deliver.push(publication),
                Step::End { inclusive } => {
                    joined.deliver.extend(inclusive.then_some(publication));
                    joined.ended = Some(Ended::Right);
                    return joined;
                }
                Step::Repeat => {}
                Step::Doubt => joined.in_doubt = true,
                Step::Gap { .. } => {
                    joined.ended = Some(Ended::Gap);
                    return joined;
                }
            }
        }
        if self.is_over || tail_top.is_some_and(|top| joined.place.last() < top) {
            joined.ended = Some(Ended::Gap);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Revoke;

    fn row(offset: Offset) -> Entry {
        Entry::new(offset, "{}")
    }

    fn end(offset: Offset, user: &str, inclusive: bool) -> Entry {
        row(offset).revoking([Revoke { user: user.into(), inclusive }])
    }

    fn merge(read: Recovered, live: impl IntoIterator<Item = Entry>) -> (Vec<Offset>, Joined) {
        let mut joining = Joining::begin(1 << 20, None);
        live.into_iter().for_each(|publication| joining.hear(publication));
        let joined = joining.join(read, "anna", None);
        (joined.deliver.iter().map(|row| row.offset).collect(), joined)
    }

    fn rows(from: Offset, top: Offset) -> Recovered {
        Recovered::exactly(from, (from + 1..=top).map(row).collect(), top).expect("whole")
    }

    #[test]
    fn history_and_buffer_overlap_without_seam() {
        let (got, joined) = merge(rows(3, 6), (5..=8).map(row));
        assert_eq!(got, [4, 5, 6, 7, 8]);
        assert_eq!((joined.place.last(), joined.ended), (8, None));
        assert_eq!(merge(Recovered::fresh(6), (5..=8).map(row)).0, [7, 8]);
        assert!(merge(rows(6, 6), []).0.is_empty());
    }

    #[test]
    fn only_the_whole_rest_recovers() {
        assert_eq!(Recovered::exactly(4, vec![], 4), Some(Recovered::fresh(4)));
        assert_eq!(Recovered::exactly(5, vec![], 4), None, "above the top");
        assert_eq!(Recovered::exactly(2, vec![row(4)], 4), None, "3 is gone");
        assert_eq!(Recovered::exactly(2, vec![row(3)], 4), None, "cut short");
        assert_eq!(Recovered::exactly(2, vec![row(3), row(3)], 4), None, "no repeats");
    }

    #[test]
    fn a_hole_between_history_and_buffer_is_told() {
        let (got, joined) = merge(rows(3, 6), [row(8)]);
        assert_eq!((got, joined.ended), (vec![4, 5, 6], Some(Ended::Gap)));
    }

    #[test]
    fn a_right_ends_at_its_number() {
        let (got, joined) = merge(rows(3, 6), [end(7, "anna", true), row(8)]);
        assert_eq!((got, joined.ended), (vec![4, 5, 6, 7], Some(Ended::Right)));
        let (got, _) = merge(rows(3, 6), [end(7, "anna", false), row(8)]);
        assert_eq!(got, [4, 5, 6]);
        let (got, joined) = merge(rows(3, 6), [end(7, "ben", false), row(8)]);
        assert_eq!((got, joined.ended), (vec![4, 5, 6, 7, 8], None));
        let in_history = Recovered::exactly(3, vec![row(4), end(5, "anna", true), row(6)], 6).expect("whole");
        assert_eq!(merge(in_history, [row(7)]).0, [4, 5]);
    }

    #[test]
    fn an_end_at_or_below_the_snapshot_is_in_doubt() {
        let (got, joined) = merge(Recovered::fresh(6), [end(6, "anna", true), row(7)]);
        assert_eq!((got, joined.in_doubt, joined.ended), (vec![7], true, None));
    }

    #[test]
    fn a_tail_that_went_on_without_the_reader_is_a_gap() {
        // Another reading put the tail of an unheard channel at 7; this reader's own said 6.
        let joined = Joining::begin(1 << 20, None).join(Recovered::fresh(6), "anna", Some(7));
        assert_eq!(joined.ended, Some(Ended::Gap));
        assert_eq!(Joining::begin(1 << 20, None).join(Recovered::fresh(7), "anna", Some(7)).ended, None);
    }

    #[test]
    fn who_may_read_again_does_not_recover_across_the_old_end() {
        let across = Recovered::exactly(3, vec![row(4), end(5, "anna", false), row(6)], 6).expect("whole");
        assert!(Joining::begin(0, Some(5)).outlives_end(&across, "anna"), "rights were read after 5, so they were given back");
        assert!(
            !Joining::begin(0, Some(4)).outlives_end(&across, "anna"),
            "5 may have come after rights were read: it ends them"
        );
        assert!(!Joining::begin(0, Some(6)).outlives_end(&across, "ben"));
    }

    #[test]
    fn rights_are_read_again_where_an_end_may_lie_below_the_place() {
        assert!(!Joining::begin(0, Some(6)).needs_rights_again(6), "an end at 6 was there before rights were read");
        assert!(Joining::begin(0, Some(6)).needs_rights_again(7), "7 may be an end that came after them");
        assert!(Joining::begin(0, None).needs_rights_again(6), "nobody knows what came after them");
    }

    #[test]
    fn a_full_buffer_ends_in_a_gap() {
        let mut joining = Joining::begin(3 * row(1).weight(), None);
        (1..=5).for_each(|offset| joining.hear(row(offset)));
        let joined = joining.join(Recovered::fresh(0), "anna", None);
        assert_eq!((joined.deliver.len(), joined.ended), (3, Some(Ended::Gap)));
    }
}
