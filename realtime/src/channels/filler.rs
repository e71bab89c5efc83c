//! The node's one reader of the log: what tails miss, after waiting for late numbers, and what clients that come back missed. All questions go
//! together, so that ten thousand of them are fifty statements.

use std::{
    collections::VecDeque,
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::{
    sync::{mpsc, oneshot},
    time::MissedTickBehavior,
};

use super::{
    order::now,
    room::{Room, Told},
};
use crate::{
    host::{Channel, HistoryLost, Missed, Offset},
    hub::Inner,
    log::Entry,
};

/// What the filler is told.
pub enum Job {
    /// This tail wants a tick at its time.
    Watch(Arc<Room>),
    /// This tail misses what comes after.
    Ask(Arc<Room>, Offset),
    /// A client wants to know what a channel said after this offset.
    Read(Channel, Offset, oneshot::Sender<Answer>),
}

/// What the log answers to a question.
pub type Answer = Result<Missed, HistoryLost>;

/// A question to the log, and whose it is.
struct Question {
    channel: Channel,
    after: Offset,
    asker: Asker,
}

enum Asker {
    Tail(Arc<Room>),
    Client(oneshot::Sender<Answer>),
}

/// The way to the filler.
pub struct Filler(mpsc::UnboundedSender<Job>);

impl Filler {
    /// A filler's two ends. Bounded by the number of rooms and of connections: each room is watched once, and each of them asks one thing at a time.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Job>) {
        let (to, from) = mpsc::unbounded_channel();
        (Self(to), from)
    }

    /// Leaves a job. After the hub's end nobody takes it.
    pub fn send(&self, job: Job) {
        let _ = self.0.send(job);
    }
}

const AT_ONCE: usize = 200;
const UNDER_WAY: usize = 2;
const BEAT: Duration = Duration::from_millis(5);

/// Runs until the hub is gone.
pub async fn run(hub: Weak<Inner>, mut jobs: mpsc::UnboundedReceiver<Job>) {
    let mut watched: Vec<Arc<Room>> = Vec::new();
    let mut asks: VecDeque<Question> = VecDeque::new();
    let mut came_in = Vec::new();
    let mut reads = FuturesUnordered::new();
    let mut beat = tokio::time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while reads.len() < UNDER_WAY && !asks.is_empty() {
            let batch: Vec<_> = asks.drain(..asks.len().min(AT_ONCE)).collect();
            reads.push(read(hub.clone(), batch));
        }
        tokio::select! {
            came = jobs.recv_many(&mut came_in, AT_ONCE) => {
                if came == 0 {
                    return;
                }
                for job in came_in.drain(..) {
                    match job {
                        Job::Watch(room) => watched.push(room),
                        Job::Ask(room, after) => {
                            asks.push_back(Question { channel: room.name.clone(), after, asker: Asker::Tail(room) });
                        }
                        Job::Read(channel, after, asker) => {
                            asks.push_back(Question { channel, after, asker: Asker::Client(asker) });
                        }
                    }
                }
            }
            _ = beat.tick(), if !watched.is_empty() => {
                let Some(hub) = hub.upgrade() else { return };
                watched.retain(|room| tick(&hub, room));
            }
            Some(()) = reads.next(), if !reads.is_empty() => {}
        }
    }
}

/// Ticks a tail; false when it wants no more.
fn tick(hub: &Arc<Inner>, room: &Arc<Room>) -> bool {
    let mut told = Told::default();
    let is_due = {
        let mut inner = room.lock();
        let Some(tail) = &mut inner.tail else {
            inner.is_filling = false;
            return false;
        };
        let out = tail.tick(now());
        hub.take(room, &mut inner, out, &mut told);
        let is_due = inner.tail.as_ref().is_some_and(|tail| tail.due().is_some());
        inner.is_filling = is_due;
        is_due
    };
    hub.settle_up(room, told);
    is_due
}

async fn read(hub: Weak<Inner>, batch: Vec<Question>) {
    let Some(hub) = hub.upgrade() else { return };
    let asked: Vec<(Channel, Offset)> = batch.iter().map(|question| (question.channel.clone(), question.after)).collect();
    let begun = now();
    let answers = hub.host.history.since(&asked).await;
    for (Question { asker, .. }, answer) in batch.into_iter().zip(answers) {
        if let Ok(missed) = &answer {
            hub.learn(&missed.epoch);
        }
        match asker {
            // Whoever asked may be gone.
            Asker::Client(asker) => drop(asker.send(answer)),
            Asker::Tail(room) => fill(&hub, &room, answer, begun),
        }
    }
}

/// Gives a tail what the log said in a reading begun at `begun`.
fn fill(hub: &Arc<Inner>, room: &Arc<Room>, answer: Answer, begun: Instant) {
    let (rows, top) = match answer {
        Ok(missed) => {
            let rows: Vec<Entry> = missed.publications.into_iter().map(Entry::from).collect();
            hub.counts.filled(rows.len());
            (rows, missed.top)
        }
        Err(HistoryLost::Gone { top, .. }) => (Vec::new(), top),
        // The tail asks again by itself.
        Err(HistoryLost::Unavailable) => return,
    };
    let mut told = Told::default();
    {
        let mut inner = room.lock();
        let out = hub.tail(&mut inner).filled(rows, top, begun, now());
        hub.take(room, &mut inner, out, &mut told);
    }
    hub.settle_up(room, told);
}
