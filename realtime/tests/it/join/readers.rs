//! What happens to a reader.

use wassally_realtime::log::{Ended, Entry, Joining, Offset, Recovered, Step};

use super::{At, Reading, USERS, World};

impl World {
    pub fn deliver_to(&mut self, i: usize, publication: &Entry) {
        let user = USERS[self.readers[i].user];
        match &mut self.readers[i].at {
            At::Away => {}
            At::Joined(joining) | At::Allowed(joining, _) | At::Read(joining, ..) | At::Checked(joining, ..) => {
                joining.buffer(publication.clone())
            }
            At::Live(position, rights_at) => {
                let (step, rights_at) = (position.accept(publication, user), *rights_at);
                match step {
                    Step::Deliver => self.see(i, publication.offset, rights_at),
                    Step::End { inclusive } => {
                        if inclusive {
                            self.see(i, publication.offset, rights_at);
                        }
                        self.readers[i].at = At::Away;
                    }
                    // Rights were read again where an end may lie below the position.
                    Step::Repeat | Step::Recheck => {}
                    Step::Gap { .. } => self.readers[i].at = At::Away,
                }
            }
        }
    }

    /// A publication reaches a reader whose rights were read when the log stood at `rights_at`.
    fn see(&mut self, i: usize, offset: Offset, rights_at: Offset) {
        let reader = &mut self.readers[i];
        let is_next = offset == reader.seen + 1;
        reader.seen = offset;
        let user = reader.user;
        if !is_next {
            self.fail("a reader saw a gap or a repeat");
        }
        let is_past = |(end, whose, inclusive): &(Offset, usize, bool)| {
            *whose == user && *end > rights_at && (*end < offset || *end == offset && !inclusive)
        };
        if self.ends.iter().any(is_past) {
            self.fail("a reader saw what is past the end of its right");
        }
    }

    pub fn step_reader(&mut self, i: usize) {
        self.note("reader", i as u64);
        let at = std::mem::replace(&mut self.readers[i].at, At::Away);
        self.readers[i].at = match at {
            At::Away => {
                let most_bytes = if self.rng.u8(..50) == 0 { 500 } else { 1 << 20 };
                At::Joined(Joining::begin(most_bytes, self.sequencer.top()))
            }
            At::Joined(joining) if self.may_read(i) => At::Allowed(joining, self.top()),
            At::Allowed(joining, rights_at) => self.read(i, joining, rights_at),
            At::Read(joining, rights_at, read, Some(reading)) => {
                // The sequencer gets the reading first, and this reader what that releases.
                self.readers[i].at = At::Read(joining, rights_at, read, None);
                return self.take(reading);
            }
            At::Read(joining, rights_at, read, None) if !joining.needs_rights_again(read.from) => {
                At::Checked(joining, rights_at, read)
            }
            At::Read(joining, _, read, None) if self.may_read(i) => At::Checked(joining, self.top(), read),
            At::Joined(_) | At::Read(..) => At::Away,
            At::Checked(joining, rights_at, read) => self.join(i, joining, rights_at, read),
            live @ At::Live(..) if self.rng.u8(..4) > 0 => live,
            At::Live(..) => At::Away,
        };
    }

    fn may_read(&self, i: usize) -> bool {
        self.may[self.readers[i].user]
    }

    fn read(&mut self, i: usize, joining: Joining, rights_at: Offset) -> At {
        let (seen, user) = (self.readers[i].seen, USERS[self.readers[i].user]);
        let in_memory = if self.rng.bool() { self.sequencer.since(seen) } else { None };
        if let Some(rows) = in_memory {
            let top = self.sequencer.top().unwrap_or_default();
            let read = Recovered::exactly(seen, rows, top).unwrap_or_else(|| self.fail("memory holds a gap"));
            if !joining.crosses_revocation(&read, user) {
                return At::Read(joining, rights_at, read, None);
            }
        }
        let most = self.rng.usize(1..40);
        let recovered = Recovered::exactly(seen, self.rows(seen, most), self.top());
        let read =
            recovered.filter(|read| !joining.crosses_revocation(read, user)).unwrap_or_else(|| Recovered::fresh(self.top()));
        At::Read(joining, rights_at, read, Some(Reading { begun: self.now, top: self.top(), rows: None }))
    }

    fn join(&mut self, i: usize, joining: Joining, rights_at: Offset, read: Recovered) -> At {
        let user = self.readers[i].user;
        if read.from < self.readers[i].seen {
            self.fail("a snapshot is older than what its reader saw");
        }
        if self.ends.iter().any(|(end, whose, _)| *whose == user && (rights_at + 1..=read.from).contains(end)) {
            self.fail("a reader was shown a state past the end of its right");
        }
        self.readers[i].seen = read.from;
        let joined = joining.join(read, USERS[user], self.sequencer.top());
        joined.deliver.iter().for_each(|publication| self.see(i, publication.offset, rights_at));
        if joined.ended != Some(Ended::Right) && joined.position.last() != self.readers[i].seen {
            self.fail("the position is not what was seen");
        }
        match joined.ended {
            Some(_) => At::Away,
            None => At::Live(joined.position, rights_at),
        }
    }
}
