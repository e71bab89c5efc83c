//! The node's one reader of the log: it reads what sequencers still miss after waiting for late numbers, and what returning clients missed.
//! All questions go together, so that ten thousand of them are fifty statements.

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
    Channels, now,
    state::{ChannelState, Delivered},
};
use crate::{
    host::{Channel, Error, HistoryLost, Missed, Offset},
    log::Entry,
};

/// A request to the backfill.
pub enum Request {
    /// This channel's sequencer wants a tick when it is due.
    Watch(Arc<ChannelState>),
    /// This channel's sequencer misses what follows the offset.
    Fill(Arc<ChannelState>, Offset),
    /// A client asks what was published on a channel after the offset.
    Read(Channel, Offset, oneshot::Sender<Answer>),
}

/// What the log answers to a question.
pub type Answer = Result<Missed, HistoryLost>;

/// A question to the log, and who gets the answer.
struct Question {
    channel: Channel,
    after: Offset,
    asker: Asker,
}

enum Asker {
    Sequencer(Arc<ChannelState>),
    Client(oneshot::Sender<Answer>),
}

/// The sender of the backfill's task.
pub struct Backfill(mpsc::UnboundedSender<Request>);

impl Backfill {
    /// Both ends of the queue. The number of channels and connections bounds it: each channel is watched once, and each of them has one
    /// question under way.
    pub fn new() -> (Self, mpsc::UnboundedReceiver<Request>) {
        let (sender, requests) = mpsc::unbounded_channel();
        (Self(sender), requests)
    }

    /// Queues a request. After the hub's end nobody takes it.
    pub fn send(&self, request: Request) {
        let _ = self.0.send(request);
    }
}

/// Questions in one statement, and statements under way.
const BATCH_LIMIT: usize = 200;
const UNDER_WAY_LIMIT: usize = 2;
const TICK: Duration = Duration::from_millis(5);

/// Runs until the hub is gone.
pub async fn run(channels: Weak<Channels>, mut requests: mpsc::UnboundedReceiver<Request>) {
    let mut watched: Vec<Arc<ChannelState>> = Vec::new();
    let mut questions: VecDeque<Question> = VecDeque::new();
    let mut received = Vec::new();
    let mut reads = FuturesUnordered::new();
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        while reads.len() < UNDER_WAY_LIMIT && !questions.is_empty() {
            let batch: Vec<_> = questions.drain(..questions.len().min(BATCH_LIMIT)).collect();
            reads.push(read(channels.clone(), batch));
        }
        tokio::select! {
            count = requests.recv_many(&mut received, BATCH_LIMIT) => {
                if count == 0 {
                    return;
                }
                for request in received.drain(..) {
                    match request {
                        Request::Watch(channel) => watched.push(channel),
                        Request::Fill(channel, after) => {
                            let name = channel.name.clone();
                            questions.push_back(Question { channel: name, after, asker: Asker::Sequencer(channel) });
                        }
                        Request::Read(channel, after, asker) => {
                            questions.push_back(Question { channel, after, asker: Asker::Client(asker) });
                        }
                    }
                }
            }
            _ = ticks.tick(), if !watched.is_empty() => {
                let Some(channels) = channels.upgrade() else { return };
                watched.retain(|channel| channels.tick(channel));
            }
            Some(()) = reads.next(), if !reads.is_empty() => {}
        }
    }
}

async fn read(channels: Weak<Channels>, batch: Vec<Question>) {
    let Some(channels) = channels.upgrade() else { return };
    let positions: Vec<(Channel, Offset)> = batch.iter().map(|question| (question.channel.clone(), question.after)).collect();
    let begun = now();
    let answers = channels.host.history.since(&positions).await;
    for (Question { asker, .. }, answer) in batch.into_iter().zip(answers) {
        if let Ok(missed) = &answer {
            channels.learn_epoch(&missed.epoch);
        }
        match asker {
            // The client may be gone.
            Asker::Client(asker) => drop(asker.send(answer)),
            Asker::Sequencer(channel) => channels.fill(&channel, answer, begun),
        }
    }
}

impl Channels {
    /// What was published on a channel after an offset; `None` when the log no longer has it. Read together with the node's other questions.
    pub(super) async fn since(&self, channel: &Channel, offset: Offset) -> Result<Option<Missed>, Error> {
        let (asker, answer) = oneshot::channel();
        self.backfill.send(Request::Read(channel.clone(), offset, asker));
        match answer.await {
            Ok(Ok(missed)) => Ok(Some(missed)),
            Ok(Err(HistoryLost::Gone { .. })) => Ok(None),
            Ok(Err(HistoryLost::Unavailable)) | Err(_) => Err(Error::internal()),
        }
    }

    /// Ticks a sequencer; false when it wants no more.
    fn tick(self: &Arc<Self>, channel: &Arc<ChannelState>) -> bool {
        let mut delivered = Delivered::default();
        let is_due = {
            let mut inner = channel.lock();
            let Some(sequencer) = &mut inner.sequencer else {
                inner.is_watched = false;
                return false;
            };
            let out = sequencer.tick(now());
            self.apply(channel, &mut inner, out, &mut delivered);
            let is_due = inner.sequencer.as_ref().is_some_and(|sequencer| sequencer.due().is_some());
            inner.is_watched = is_due;
            is_due
        };
        self.follow_up(channel, delivered);
        is_due
    }

    /// Gives a sequencer what the log answered in a reading begun at `begun`.
    fn fill(self: &Arc<Self>, channel: &Arc<ChannelState>, answer: Answer, begun: Instant) {
        let (entries, top) = match answer {
            Ok(missed) => {
                let entries: Vec<Entry> = missed.publications.into_iter().map(Entry::from).collect();
                self.counts.backfilled(entries.len());
                (entries, missed.top)
            }
            Err(HistoryLost::Gone { top, .. }) => (Vec::new(), top),
            // The sequencer asks again by itself.
            Err(HistoryLost::Unavailable) => return,
        };
        let mut delivered = Delivered::default();
        {
            let mut inner = channel.lock();
            let out = self.sequencer(&mut inner).backfilled(entries, top, begun, now());
            self.apply(channel, &mut inner, out, &mut delivered);
        }
        self.follow_up(channel, delivered);
    }
}
