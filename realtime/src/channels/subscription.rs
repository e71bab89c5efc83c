//! One connection's subscription as its channel sees it, and what it does with a batch.

use std::sync::Arc;

use super::{
    encoding::{Batch, Encoded},
    state::{Delivered, FollowUp, SubscriptionId},
    subscriber::{Subscriber, WriteResult},
};
use crate::{
    host::{Channel, Grant, JoinLeave, Retention},
    log::{Joining, Position, Step},
    protocol::{ClientInfo, Disconnect},
};

/// Bytes and publications that a joining subscription may buffer.
pub(super) const JOIN_BYTES: usize = 512 * 1024;
const JOIN_COUNT: usize = 1024;

/// One connection's subscription, as its channel sees it.
pub struct Subscription {
    pub number: u64,
    pub subscriber: Arc<dyn Subscriber>,
    pub user: Arc<str>,
    pub grant: Option<Arc<Grant>>,
    pub is_server_side: bool,
    /// The subscriber uses deltas; the base is the number it got last, which the next delta starts from.
    pub(super) uses_deltas: bool,
    pub(super) delta_base: Option<u64>,
    pub(super) stage: Stage,
}

/// What a subscription does with what is published.
pub(super) enum Stage {
    /// Buffers it until the subscription's position is known.
    Joining { durable: Joining, ephemeral: Vec<Arc<Encoded>>, position: Option<Position> },
    /// Durable channels go by the position, ephemeral ones pass everything on.
    Live(Position),
    /// An ephemeral reader that lags: it gets the full state when its socket has drained.
    Stale(Position),
}

/// How a subscription stands after a batch.
pub(super) enum Outcome {
    GoesOn,
    /// The subscriber's right ended with the batch.
    Revoked,
    /// Publications before the batch are missing.
    Gap,
}

impl Subscription {
    /// Whether its subscribe request has been answered.
    pub fn is_answered(&self) -> bool {
        !matches!(self.stage, Stage::Joining { .. })
    }

    /// Whether others are notified of it.
    pub(super) fn is_announced(&self) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.join_leave != JoinLeave::Off)
    }

    /// The subscriber as others see it.
    pub fn info(&self) -> ClientInfo {
        ClientInfo {
            user: self.user.to_string(),
            client: self.subscriber.client().to_string(),
            conn_info: self.subscriber.conn_info().unwrap_or_default(),
            chan_info: self.grant.as_ref().and_then(|grant| grant.info.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn deliver(
        &mut self,
        channel: &Channel,
        batch: &Batch,
        is_durable: bool,
        id: SubscriptionId,
        delivered: &mut Delivered,
    ) -> Outcome {
        match &mut self.stage {
            Stage::Joining { durable, .. } if is_durable => {
                batch.publications.iter().for_each(|publication| durable.buffer(publication.entry.clone()));
                Outcome::GoesOn
            }
            Stage::Joining { ephemeral, .. } => {
                ephemeral.extend(batch.publications.iter().cloned());
                let excess = ephemeral.len().saturating_sub(JOIN_COUNT);
                ephemeral.drain(..excess);
                Outcome::GoesOn
            }
            Stage::Stale(_) => Outcome::GoesOn,
            Stage::Live(_) if is_durable => self.deliver_durable(channel, batch, id, delivered),
            Stage::Live(position) => {
                let before = position.last();
                let last = batch.publications.last().map_or(0, |publication| publication.entry.offset).max(before);
                let retention = self.grant.as_ref().map_or(Retention::Plain, |grant| grant.retention);
                // A ring's reader may have recovered some of what the fan-out brings now.
                let is_new = |of: &Arc<Encoded>| of.entry.offset == 0 || of.entry.offset > before;
                let Some(first) = batch.publications.iter().position(is_new) else { return Outcome::GoesOn };
                let first = if retention == Retention::Latest { batch.publications.len() - 1 } else { first };
                let written = self.write(channel, batch, first, retention == Retention::Plain, delivered);
                self.stage = if written == WriteResult::Lags {
                    delivered.lagged += 1;
                    delivered.follow_ups.push(FollowUp::Lagged(self.subscriber.clone(), id));
                    Stage::Stale(Position::after(before))
                } else {
                    Stage::Live(Position::after(last))
                };
                Outcome::GoesOn
            }
        }
    }

    fn deliver_durable(&mut self, channel: &Channel, batch: &Batch, id: SubscriptionId, delivered: &mut Delivered) -> Outcome {
        let Stage::Live(position) = &mut self.stage else { return Outcome::GoesOn };
        let mut due = 0..0;
        let mut outcome = Outcome::GoesOn;
        for (at, publication) in batch.publications.iter().enumerate() {
            match position.accept(&publication.entry, &self.user) {
                Step::Deliver if due.is_empty() => due = at..at + 1,
                Step::Deliver => due.end = at + 1,
                Step::End { inclusive } => {
                    if inclusive {
                        due = if due.is_empty() { at..at + 1 } else { due.start..at + 1 };
                    }
                    outcome = Outcome::Revoked;
                    break;
                }
                Step::Repeat => {}
                Step::Recheck => delivered.follow_ups.push(FollowUp::Recheck(self.subscriber.clone(), id)),
                Step::Gap { .. } => {
                    outcome = Outcome::Gap;
                    break;
                }
            }
        }
        if due.is_empty() {
            return outcome;
        }
        if due.end == batch.publications.len() {
            self.write(channel, batch, due.start, true, delivered);
        } else {
            let cut = Batch::new(batch.publications[due].to_vec());
            self.write(channel, &cut, 0, true, delivered);
        }
        outcome
    }

    /// Hands the frames from `first` on to the connection.
    pub(super) fn write(
        &mut self,
        channel: &Channel,
        batch: &Batch,
        first: usize,
        may_wait: bool,
        delivered: &mut Delivered,
    ) -> WriteResult {
        let delta_base = self.uses_deltas.then_some(&mut self.delta_base);
        let written = self.subscriber.write(channel, batch, first, may_wait, delta_base);
        match written {
            WriteResult::Sent | WriteResult::Queued => delivered.count += (batch.publications.len() - first) as u64,
            WriteResult::Full => {
                delivered.slow += 1;
                self.subscriber.close(Disconnect::SLOW);
            }
            WriteResult::Lags => self.delta_base = None,
            WriteResult::Closed => {}
        }
        written
    }
}
