//! Fills what tails miss: waits for late numbers, then asks the log, all questions of the node together.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::sync::mpsc;

use super::{
    order::now,
    room::{Room, Told},
};
use crate::{
    host::{Channel, HistoryLost, Offset},
    hub::Inner,
    log::Publication,
};

/// What the filler is told.
pub enum Job {
    /// This tail wants a tick at its time.
    Watch(Arc<Room>),
    /// This tail misses what comes after.
    Ask(Arc<Room>, Offset),
}

/// The way to the filler.
pub struct Filler(mpsc::UnboundedSender<Job>);

impl Filler {
    /// A filler's two ends. Bounded by the number of rooms: each is watched once and asks one thing at a time.
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
    let mut asks: Vec<(Arc<Room>, Offset)> = Vec::new();
    let mut reads = FuturesUnordered::new();
    loop {
        while reads.len() < UNDER_WAY && !asks.is_empty() {
            let batch: Vec<_> = asks.drain(..asks.len().min(AT_ONCE)).collect();
            reads.push(read(hub.clone(), batch));
        }
        tokio::select! {
            job = jobs.recv() => match job {
                Some(Job::Watch(room)) => watched.push(room),
                Some(Job::Ask(room, after)) => asks.push((room, after)),
                None => return,
            },
            () = tokio::time::sleep(BEAT), if !watched.is_empty() => {
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

async fn read(hub: Weak<Inner>, batch: Vec<(Arc<Room>, Offset)>) {
    let Some(hub) = hub.upgrade() else { return };
    let asked: Vec<(Channel, Offset)> = batch.iter().map(|(room, after)| (room.name.clone(), *after)).collect();
    let begun = now();
    let answers = hub.host.history.since(&asked).await;
    for ((room, _), answer) in batch.iter().zip(answers) {
        let (rows, top) = match answer {
            Ok(missed) => {
                hub.learn(&missed.epoch);
                let rows: Vec<Publication> = missed.publications.into_iter().map(Publication::from).collect();
                hub.counts.filled(rows.len());
                (rows, missed.top)
            }
            Err(HistoryLost::Gone { top, .. }) => (Vec::new(), top),
            // The tail asks again by itself.
            Err(HistoryLost::Unavailable) => continue,
        };
        let mut told = Told::default();
        {
            let mut inner = room.lock();
            let out = hub.tail(&mut inner).filled(rows, top, begun, now());
            hub.take(room, &mut inner, out, &mut told);
        }
        hub.settle_up(room, told);
    }
}
