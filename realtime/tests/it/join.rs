//! The join: with commits, deliveries, losses, swaps, readings, backfills and revocations in any order, every reader gets its
//! channel's numbers once, in order, and nothing past its revocation. Over the pure parts alone.
//!
//! `JOIN_SEED=n` repeats one schedule and prints its steps; `JOIN_SCHEDULES=n` runs that many.

mod readers;

use std::time::{Duration, Instant};

use wassally_realtime::channels::sequencer::{Out, Sequencer, Then};
use wassally_realtime::host::Revoke;
use wassally_realtime::log::{Bounds, Entry, Joining, Offset, Position, Recovered};

const USERS: [&str; 3] = ["anna", "ben", "cleo"];

/// One channel: its log, the way to one node, the node's sequencer, an observer and readers.
struct World {
    seed: u64,
    rng: fastrand::Rng,
    now: Instant,
    log: Vec<Entry>,
    /// Rows up to here were retired.
    retired: Offset,
    /// Who may read now, and every end of a right so far.
    may: [bool; USERS.len()],
    ends: Vec<(Offset, usize, bool)>,
    /// Published and not yet here.
    flying: Vec<Entry>,
    sequencer: Sequencer,
    readings: Vec<Reading>,
    observed: Offset,
    may_skip: bool,
    readers: Vec<Reader>,
    steps: Vec<(&'static str, u64)>,
}

/// What was read from the log, on its way to the sequencer.
struct Reading {
    begun: Instant,
    top: Offset,
    /// The rows of an answer; `None` for a head alone.
    rows: Option<Vec<Entry>>,
}

struct Reader {
    user: usize,
    seen: Offset,
    at: At,
}

enum At {
    Away,
    Joined(Joining),
    /// From here on with the top of the log when rights were read.
    Allowed(Joining, Offset),
    Read(Joining, Offset, Recovered, Option<Reading>),
    Checked(Joining, Offset, Recovered),
    Live(Position, Offset),
}

impl At {
    fn name(&self) -> &'static str {
        match self {
            Self::Away => "away",
            Self::Joined(_) => "joined",
            Self::Allowed(..) => "allowed",
            Self::Read(..) => "read",
            Self::Checked(..) => "checked",
            Self::Live(..) => "live",
        }
    }
}

impl World {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let bounds = Bounds { count: rng.usize(0..12), bytes: 1 << 20, age: Duration::from_millis(rng.u64(10..500)) };
        let readers = (0..4).map(|i| Reader { user: i % USERS.len(), seen: 0, at: At::Away }).collect();
        Self {
            seed,
            rng,
            now: Instant::now(),
            log: Vec::new(),
            retired: 0,
            may: [true; USERS.len()],
            ends: Vec::new(),
            flying: Vec::new(),
            sequencer: Sequencer::new(bounds),
            readings: Vec::new(),
            observed: 0,
            may_skip: true,
            readers,
            steps: Vec::new(),
        }
    }

    fn fail(&self, what: &str) -> ! {
        let readers: Vec<_> = self.readers.iter().map(|reader| (USERS[reader.user], reader.seen, reader.at.name())).collect();
        let steps = &self.steps[self.steps.len().saturating_sub(60)..];
        panic!(
            "{what}; JOIN_SEED={}; top {}, sequencer at {:?}, may {:?}, {readers:?}; last steps: {steps:?}",
            self.seed,
            self.top(),
            self.sequencer,
            self.may
        )
    }

    fn top(&self) -> Offset {
        self.log.len() as Offset
    }

    // What is committed.

    fn commit(&mut self) {
        let offset = self.top() + 1;
        let mut publication = Entry::new(offset, "{}");
        let user = self.rng.usize(..USERS.len());
        if self.rng.u8(..8) == 0 {
            let inclusive = self.rng.bool();
            publication = publication.revoking([Revoke { user: USERS[user].into(), inclusive }]);
            self.ends.push((offset, user, inclusive));
            self.may[user] = false;
        } else if self.rng.u8(..4) == 0 {
            self.may[user] = true;
        }
        self.note("commit", offset);
        self.log.push(publication.clone());
        if self.rng.u8(..3) == 0 { self.arrive(publication) } else { self.flying.push(publication) }
    }

    fn burst(&mut self) {
        let wide = 1_000 + self.rng.u64(..10);
        self.note("burst", wide);
        (0..wide).for_each(|_| self.log.push(Entry::new(self.log.len() as Offset + 1, "{}")));
    }

    fn retire(&mut self) {
        self.retired = self.rng.u64(self.retired..=self.top());
        self.note("retire", self.retired);
    }

    /// At most `most` rows after `after`, as one statement reads them.
    fn rows(&self, after: Offset, most: usize) -> Vec<Entry> {
        self.log.iter().skip(after.max(self.retired) as usize).take(most).cloned().collect()
    }

    fn note(&mut self, step: &'static str, number: u64) {
        self.steps.push((step, number));
    }

    // What happens on the way and in the sequencer.

    fn deliver(&mut self) {
        if self.flying.is_empty() {
            return;
        }
        let i = self.rng.usize(..self.flying.len());
        let publication = if self.rng.u8(..6) == 0 { self.flying[i].clone() } else { self.flying.swap_remove(i) };
        match self.rng.u8(..5) {
            0 => self.note("drop", publication.offset),
            _ => self.arrive(publication),
        }
    }

    fn arrive(&mut self, publication: Entry) {
        self.note("arrive", publication.offset);
        let out = self.sequencer.accept(publication, self.now);
        self.apply(out);
    }

    fn catch_up(&mut self) {
        self.note("catch-up", self.top());
        self.readings.push(Reading { begun: self.now, top: self.top(), rows: None });
    }

    fn answer(&mut self) {
        if self.readings.is_empty() {
            return;
        }
        let i = self.rng.usize(..self.readings.len());
        let reading = self.readings.swap_remove(i);
        self.take(reading);
    }

    fn take(&mut self, reading: Reading) {
        self.note("answer", reading.top);
        let out = match reading.rows {
            Some(rows) => self.sequencer.backfilled(rows, reading.top, reading.begun, self.now),
            None => self.sequencer.stands_at(reading.top, reading.begun, self.now),
        };
        self.apply(out);
    }

    fn tick(&mut self) {
        self.now += Duration::from_millis(self.rng.u64(..15));
        if self.sequencer.due().is_some_and(|due| due <= self.now) {
            self.note("tick", 0);
            let out = self.sequencer.tick(self.now);
            self.apply(out);
        }
    }

    fn restart(&mut self) {
        self.note("restart", 0);
        self.sequencer.renew();
        self.readings.clear();
        self.may_skip = true;
        self.readers.iter_mut().for_each(|reader| reader.at = At::Away);
    }

    fn apply(&mut self, out: Out) {
        match out.then {
            Then::Nothing => {}
            Then::Backfill { after } => {
                self.note("ask", after);
                let most = self.rng.usize(1..2_000);
                let rows = self.rows(after, most);
                self.readings.push(Reading { begun: self.now, top: self.top(), rows: Some(rows) });
            }
            Then::Insufficient => {
                self.note("insufficient", 0);
                self.may_skip = true;
                let live = self.readers.iter_mut().filter(|reader| matches!(reader.at, At::Live(..)));
                live.for_each(|reader| reader.at = At::Away);
            }
            Then::Reset => self.fail("the log never shrank"),
        }
        for publication in out.ready {
            if publication.offset != self.observed + 1 && !(self.may_skip && publication.offset > 0) {
                self.fail("the observer lost the order");
            }
            self.may_skip = false;
            self.observed = publication.offset;
            (0..self.readers.len()).for_each(|i| self.deliver_to(i, &publication));
        }
    }

    // A schedule.

    fn step(&mut self) {
        self.tick();
        match self.rng.u16(..2_000) {
            0 => self.burst(),
            1..=15 => self.retire(),
            16..=25 => self.restart(),
            26..=100 => self.catch_up(),
            101..=500 => self.commit(),
            501..=1_000 => self.deliver(),
            1_001..=1_200 => self.answer(),
            _ => {
                let i = self.rng.usize(..self.readers.len());
                self.step_reader(i);
            }
        }
    }

    /// No more commits: catch-up and timers repair what is missing, and every reader comes back.
    fn settle(&mut self) {
        for _ in 0..60 {
            self.catch_up();
            while !self.readings.is_empty() {
                self.answer();
            }
            self.tick();
            for i in 0..self.readers.len() {
                let may = self.may[self.readers[i].user];
                if !matches!(self.readers[i].at, At::Live(..)) && (may || !matches!(self.readers[i].at, At::Away)) {
                    self.step_reader(i);
                }
            }
            if self.is_settled() {
                return;
            }
        }
        self.fail("it never settled")
    }

    fn is_settled(&self) -> bool {
        let is_level = !self.sequencer.is_behind() && self.sequencer.top() == Some(self.top());
        is_level
            && self.readers.iter().all(|reader| match &reader.at {
                At::Live(position, _) => self.may[reader.user] && reader.seen == self.top() && position.last() == self.top(),
                At::Away => !self.may[reader.user],
                _ => false,
            })
    }
}

fn run(seed: u64) -> usize {
    let mut world = World::new(seed);
    let steps = world.rng.usize(20..160);
    (0..steps).for_each(|_| world.step());
    world.settle();
    world.steps.len()
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|value| value.parse().expect("a number"))
}

#[test]
fn every_reader_gets_each_number_once_in_order_and_nothing_past_its_revocation() {
    if let Some(seed) = number("JOIN_SEED") {
        println!("JOIN_SEED={seed}: {} steps", run(seed));
        return;
    }
    let first = fastrand::u64(..u64::MAX / 2);
    let schedules = number("JOIN_SCHEDULES").unwrap_or(100_000);
    let steps: usize = (first..first + schedules).map(run).sum();
    println!("{schedules} schedules from JOIN_SEED={first}, {steps} steps");
}
