//! How a subscriber gets its position: history joined with what was buffered live, and the rule for every publication after that.
//!
//! This order leaves no gap and no repeat:
//! 1. [`Joining::begin`] under the channel's lock, with the sequencer's top;
//! 2. rights are read;
//! 3. log, memory or snapshot is read, in a statement begun after both, and the sequencer is given the result (`Sequencer::stands_at`);
//!    where [`Joining::crosses_revocation`] says so, the rows are not shown and the snapshot is read instead;
//! 4. where [`Joining::needs_rights_again`] says so, rights are read once more, before anything is shown: a revocation that committed
//!    between 2 and 3 lies at or below the position that was read, and would never arrive at its number;
//! 5. the reply, and [`Joining::join`] under the channel's lock, with the sequencer's top: a sequencer that went on without this reader
//!    shows as a gap;
//! 6. [`Position::accept`] for everything that is published later.

use super::{Entry, Offset};

/// A subscription's own position in its channel; that of the node's sequencer may differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    next: Offset,
}

/// What a live publication means to a subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The next one: it goes to the subscriber.
    Deliver,
    /// The next one, and the subscriber's right ends with it: it goes to the subscriber when `inclusive`, then unsubscribe 2000.
    End { inclusive: bool },
    /// Already delivered, or part of the snapshot.
    Repeat,
    /// A repeat that ends the subscriber's right: read its rights now, unless that was done after joining.
    Recheck,
    /// Publications between are missing: read the log after `after`, or unsubscribe 2500.
    Gap { after: Offset },
}

impl Position {
    /// The position of a subscriber that has received everything up to `offset`.
    pub fn after(offset: Offset) -> Self {
        Self { next: offset + 1 }
    }

    /// The last number received.
    pub fn last(&self) -> Offset {
        self.next - 1
    }

    /// Decides about `publication` for `user` and moves on when it is the next one.
    pub fn accept(&mut self, publication: &Entry, user: &str) -> Step {
        if publication.offset > self.next {
            return Step::Gap { after: self.last() };
        }
        let revoke = publication.revokes(user);
        if publication.offset < self.next {
            return if revoke.is_some() { Step::Recheck } else { Step::Repeat };
        }
        self.next += 1;
        revoke.map_or(Step::Deliver, |revoke| Step::End { inclusive: revoke.inclusive })
    }
}

/// What was read from the log, the ring or a snapshot for a joining subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The position to go on from: the client's own when it recovers, else the snapshot's or the top.
    pub from: Offset,
    /// Everything after `from` up to the top at the time of reading, ascending; empty beside a snapshot.
    pub rows: Vec<Entry>,
}

impl Recovered {
    /// The client's position and the rows after it. `None` when it cannot be recovered: `from` is above `top`, or the rows are not
    /// exactly those from `from + 1` to `top`.
    pub fn exactly(from: Offset, rows: Vec<Entry>, top: Offset) -> Option<Self> {
        let is_whole =
            top.checked_sub(from)? == rows.len() as u64 && rows.iter().zip(from + 1..).all(|(row, due)| row.offset == due);
        is_whole.then_some(Self { from, rows })
    }

    /// The position of a snapshot, or of a top from which a fresh subscriber goes on.
    pub fn fresh(at: Offset) -> Self {
        Self { from: at, rows: Vec::new() }
    }
}

/// A subscription that has joined a channel and does not know its position yet: it buffers what is published.
#[derive(Debug)]
pub struct Joining {
    sequencer_top: Option<Offset>,
    buffer: Vec<Entry>,
    bytes: usize,
    byte_limit: usize,
    is_full: bool,
}

/// Why a join ends the subscription at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The right ended at the last of `deliver` or right after it: reply, then unsubscribe 2000.
    Right,
    /// Live publications are missing after `deliver`: reply, then unsubscribe 2500, or read the log once more.
    Gap,
}

/// The result of a join.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the subscriber gets with its reply, ascending, each once.
    pub deliver: Vec<Entry>,
    /// Its position afterwards.
    pub position: Position,
    /// Whether and why it ends at once.
    pub ended: Option<Ended>,
    /// A revocation lies at or below `from`: as [`Step::Recheck`].
    pub needs_recheck: bool,
}

impl Joining {
    /// Begins to buffer, at most `byte_limit`, while the node's sequencer stands at `sequencer_top` (`None`: the channel is unknown).
    pub fn begin(byte_limit: usize, sequencer_top: Option<Offset>) -> Self {
        Self { sequencer_top, buffer: Vec::new(), bytes: 0, byte_limit, is_full: false }
    }

    /// Whether rights read after [`Joining::begin`] and before the position `from` was read may have ended at or below `from`.
    /// The first reading of rights has seen every revocation up to the sequencer's top at the join.
    pub fn needs_rights_again(&self, from: Offset) -> bool {
        self.sequencer_top.is_none_or(|top| from > top)
    }

    /// Whether `read` contains a revocation of `user` that is older than the right they have now: they may read again, but not what was
    /// published in between, and recovering from before the revocation would end the subscription at its number again and again.
    pub fn crosses_revocation(&self, read: &Recovered, user: &str) -> bool {
        read.rows.iter().any(|row| row.revokes(user).is_some() && self.sequencer_top.is_none_or(|top| row.offset <= top))
    }

    /// Buffers a live publication. Beyond the limit it is dropped, and the join ends in a gap.
    pub fn buffer(&mut self, publication: Entry) {
        self.bytes += publication.weight();
        self.is_full |= self.bytes > self.byte_limit;
        if !self.is_full {
            self.buffer.push(publication);
        }
    }

    /// Joins what was read with what was buffered, for `user`, while the node's sequencer stands at `sequencer_top`; `None` joins the rows alone,
    /// before the reader goes live.
    pub fn join(self, read: Recovered, user: &str, sequencer_top: Option<Offset>) -> Joined {
        let mut joined = Joined { deliver: Vec::new(), position: Position::after(read.from), ended: None, needs_recheck: false };
        for publication in read.rows.into_iter().chain(self.buffer) {
            match joined.position.accept(&publication, user) {
                Step::Deliver => joined.deliver.push(publication),
                Step::End { inclusive } => {
                    joined.deliver.extend(inclusive.then_some(publication));
                    joined.ended = Some(Ended::Right);
                    return joined;
                }
                Step::Repeat => {}
                Step::Recheck => joined.needs_recheck = true,
                Step::Gap { .. } => {
                    joined.ended = Some(Ended::Gap);
                    return joined;
                }
            }
        }
        if self.is_full || sequencer_top.is_some_and(|top| joined.position.last() < top) {
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
        live.into_iter().for_each(|publication| joining.buffer(publication));
        let joined = joining.join(read, "anna", None);
        (joined.deliver.iter().map(|row| row.offset).collect(), joined)
    }

    fn rows(from: Offset, top: Offset) -> Recovered {
        Recovered::exactly(from, (from + 1..=top).map(row).collect(), top).expect("whole")
    }

    #[test]
    fn history_and_buffer_overlap_without_gap_or_repeat() {
        let (got, joined) = merge(rows(3, 6), (5..=8).map(row));
        assert_eq!(got, [4, 5, 6, 7, 8]);
        assert_eq!((joined.position.last(), joined.ended), (8, None));
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
    fn a_hole_between_history_and_buffer_is_reported() {
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
    fn a_revocation_at_or_below_the_snapshot_needs_a_recheck() {
        let (got, joined) = merge(Recovered::fresh(6), [end(6, "anna", true), row(7)]);
        assert_eq!((got, joined.needs_recheck, joined.ended), (vec![7], true, None));
    }

    #[test]
    fn a_sequencer_that_went_on_without_the_reader_is_a_gap() {
        // Another reading put the sequencer of an unknown channel at 7; this reader's own said 6.
        let joined = Joining::begin(1 << 20, None).join(Recovered::fresh(6), "anna", Some(7));
        assert_eq!(joined.ended, Some(Ended::Gap));
        assert_eq!(Joining::begin(1 << 20, None).join(Recovered::fresh(7), "anna", Some(7)).ended, None);
    }

    #[test]
    fn a_reader_with_new_rights_does_not_recover_across_the_revocation() {
        let across = Recovered::exactly(3, vec![row(4), end(5, "anna", false), row(6)], 6).expect("whole");
        assert!(
            Joining::begin(0, Some(5)).crosses_revocation(&across, "anna"),
            "rights were read after 5, so they were granted again"
        );
        assert!(!Joining::begin(0, Some(4)).crosses_revocation(&across, "anna"), "5 may be later than the rights: it ends them");
        assert!(!Joining::begin(0, Some(6)).crosses_revocation(&across, "ben"));
    }

    #[test]
    fn rights_are_read_again_where_a_revocation_may_lie_below_the_position() {
        assert!(!Joining::begin(0, Some(6)).needs_rights_again(6), "a revocation at 6 committed before rights were read");
        assert!(Joining::begin(0, Some(6)).needs_rights_again(7), "7 may be a later revocation");
        assert!(Joining::begin(0, None).needs_rights_again(6), "it is unknown what was published after them");
    }

    #[test]
    fn a_full_buffer_ends_in_a_gap() {
        let mut joining = Joining::begin(3 * row(1).weight(), None);
        (1..=5).for_each(|offset| joining.buffer(row(offset)));
        let joined = joining.join(Recovered::fresh(0), "anna", None);
        assert_eq!((joined.deliver.len(), joined.ended), (3, Some(Ended::Gap)));
    }
}
