//! How a subscriber finds its place: history joined with what was buffered live, and the rule for every publication after that.
//!
//! The order that leaves no seam: the session joins with a buffer ([`Joining`]); log or snapshot is read in a statement begun after
//! the join; *rights are read no earlier than that statement*; [`Joining::merge`]; the reply; then [`Place::accept`] for all that comes live.
//! With rights read last, an end of right at or below the place was seen by that reading, and one above it arrives at its number.
//! Where rights were read before the log, the end may lie between the two: [`Step::Doubt`] then says to read them again.

use super::{Offset, Publication};

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
    /// The next, and the subscriber's right ends with it: goes to the subscriber when `sees`, then unsubscribe 2000.
    End { sees: bool },
    /// Already delivered, or part of the snapshot.
    Repeat,
    /// A repeat that ends the subscriber's right: read rights again, unless they were read after this place was.
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
    pub fn accept(&mut self, publication: &Publication, user: &str) -> Step {
        if publication.offset > self.next {
            return Step::Gap { after: self.last() };
        }
        let ends = publication.ends(user);
        if publication.offset < self.next {
            return if ends.is_some() { Step::Doubt } else { Step::Repeat };
        }
        self.next += 1;
        ends.map_or(Step::Deliver, |ends| Step::End { sees: ends.sees })
    }
}

/// What the log, the ring or the snapshot said of a subscriber's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// The place to go on from: the client's own when it recovers, else the snapshot's or the top.
    pub from: Offset,
    /// All after `from` up to the top at reading, ascending; empty beside a snapshot.
    pub rows: Vec<Publication>,
}

impl Recovered {
    /// The client's place and the rows after it. `None` when it cannot be recovered: `from` is above `top`, or the rows are not
    /// exactly those from `from + 1` to `top`.
    pub fn exactly(from: Offset, rows: Vec<Publication>, top: Offset) -> Option<Self> {
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
    buffer: Vec<Publication>,
    bytes: usize,
    most_bytes: usize,
    is_over: bool,
}

/// How a merge ended the subscription at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The right ended at the last of `deliver` or right after it: reply, then unsubscribe 2000.
    Right,
    /// Live publications are missing after `deliver`: reply, then unsubscribe 2500, or read the log once more.
    Gap,
}

/// What comes out of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined {
    /// What the subscriber gets with its reply, ascending, each once.
    pub deliver: Vec<Publication>,
    /// Where it stands afterwards.
    pub place: Place,
    /// Whether and why it ends at once.
    pub ended: Option<Ended>,
    /// An end of right lies at or below `from`: read rights again, unless they were read after the log.
    pub in_doubt: bool,
}

impl Joining {
    /// Begins to buffer, at most `most_bytes`.
    pub fn new(most_bytes: usize) -> Self {
        Self { buffer: Vec::new(), bytes: 0, most_bytes, is_over: false }
    }

    /// Buffers a live publication. What is beyond the bound is forgotten; the merge then ends in a gap.
    pub fn hear(&mut self, publication: Publication) {
        self.bytes += publication.weight();
        self.is_over |= self.bytes > self.most_bytes;
        if !self.is_over {
            self.buffer.push(publication);
        }
    }

    /// Joins what was read with what was buffered, for `user`.
    pub fn merge(self, read: Recovered, user: &str) -> Joined {
        let mut joined = Joined { deliver: Vec::new(), place: Place::after(read.from), ended: None, in_doubt: false };
        for publication in read.rows.into_iter().chain(self.buffer) {
            match joined.place.accept(&publication, user) {
                Step::Deliver => joined.deliver.push(publication),
                Step::End { sees } => {
                    joined.deliver.extend(sees.then_some(publication));
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
        if self.is_over {
            joined.ended = Some(Ended::Gap);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::Ends;

    fn row(offset: Offset) -> Publication {
        Publication::new(offset, "{}")
    }

    fn end(offset: Offset, user: &str, sees: bool) -> Publication {
        row(offset).ending([Ends { user: user.into(), sees }])
    }

    fn merge(read: Recovered, live: impl IntoIterator<Item = Publication>) -> (Vec<Offset>, Joined) {
        let mut joining = Joining::new(1 << 20);
        live.into_iter().for_each(|publication| joining.hear(publication));
        let joined = joining.merge(read, "anna");
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
        assert_eq!(merge(rows(6, 6), []).0, []);
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
    fn a_full_buffer_ends_in_a_gap() {
        let mut joining = Joining::new(3 * row(1).weight());
        (1..=5).for_each(|offset| joining.hear(row(offset)));
        let joined = joining.merge(Recovered::fresh(0), "anna");
        assert_eq!((joined.deliver.len(), joined.ended), (3, Some(Ended::Gap)));
    }
}
