//! One connection's subscription as its room sees it, and what it does with a batch.

use std::sync::Arc;

use super::{
    room::{After, Seat, Told},
    said::{Batch, Said},
};
use crate::{
    host::{Channel, Grant, JoinLeave, Retention},
    log::{Joining, Place, Step},
    protocol::{ClientInfo, Disconnect},
    session::Sink,
    transport::writer::Put,
};

/// Bytes and publications a joining subscriber may buffer.
pub(super) const JOIN_BYTES: usize = 512 * 1024;
const JOIN_COUNT: usize = 1024;

/// One connection's subscription, as its room sees it.
pub struct Subscriber {
    pub id: u64,
    pub sink: Sink,
    pub user: Arc<str>,
    pub grant: Option<Arc<Grant>>,
    pub is_server_side: bool,
    /// It takes patches; the number said to it last, which the next is patched from.
    pub(super) takes_deltas: bool,
    pub(super) base: Option<u64>,
    pub(super) state: State,
}

/// What a subscription does with what comes.
pub(super) enum State {
    /// Buffers what comes until its place is known.
    Joining { kept: Joining, ephemeral: Vec<Arc<Said>>, place: Option<Place> },
    /// Publication channels go by the place, ephemeral ones pass everything on.
    Live(Place),
    /// A ephemeral reader that lags: it gets the whole when its socket drained.
    Stale(Place),
}

/// How a subscription stands after a batch.
pub(super) enum Given {
    On,
    Right,
    Gap,
}

impl Subscriber {
    /// Has its subscribe been answered?
    pub fn is_answered(&self) -> bool {
        !matches!(self.state, State::Joining { .. })
    }

    pub(super) fn is_told(&self) -> bool {
        self.grant.as_ref().is_some_and(|grant| grant.join_leave != JoinLeave::Off)
    }

    /// The subscriber as others see it.
    pub fn info(&self) -> ClientInfo {
        ClientInfo {
            user: self.user.to_string(),
            client: self.sink.client().to_string(),
            conn_info: self.sink.conn_info().unwrap_or_default(),
            chan_info: self.grant.as_ref().and_then(|grant| grant.info.clone()).unwrap_or_default(),
        }
    }

    pub(super) fn give(&mut self, name: &Channel, batch: &Batch, is_kept: bool, seat: Seat, told: &mut Told) -> Given {
        match &mut self.state {
            State::Joining { kept, .. } if is_kept => {
                batch.said.iter().for_each(|said| kept.hear(said.row.clone()));
                Given::On
            }
            State::Joining { ephemeral, .. } => {
                ephemeral.extend(batch.said.iter().cloned());
                let over = ephemeral.len().saturating_sub(JOIN_COUNT);
                ephemeral.drain(..over);
                Given::On
            }
            State::Stale(_) => Given::On,
            State::Live(_) if is_kept => self.give_kept(name, batch, seat, told),
            State::Live(place) => {
                let before = place.last();
                let last = batch.said.last().map_or(0, |said| said.row.offset).max(before);
                let keep = self.grant.as_ref().map_or(Retention::Plain, |grant| grant.retention);
                // A ring's reader may have recovered some of what the fan-out brings now.
                let is_new = |said: &Arc<Said>| said.row.offset == 0 || said.row.offset > before;
                let Some(first) = batch.said.iter().position(is_new) else { return Given::On };
                let first = if keep == Retention::Latest { batch.said.len() - 1 } else { first };
                let put = self.pass(name, batch, first, keep == Retention::Plain, told);
                self.state = if put == Put::Lags {
                    told.lagged += 1;
                    told.after.push(After::Stale(self.sink.clone(), seat));
                    State::Stale(Place::after(before))
                } else {
                    State::Live(Place::after(last))
                };
                Given::On
            }
        }
    }

    fn give_kept(&mut self, name: &Channel, batch: &Batch, seat: Seat, told: &mut Told) -> Given {
        let State::Live(place) = &mut self.state else { return Given::On };
        let mut due = 0..0;
        let mut given = Given::On;
        for (at, said) in batch.said.iter().enumerate() {
            match place.accept(&said.row, &self.user) {
                Step::Deliver if due.is_empty() => due = at..at + 1,
                Step::Deliver => due.end = at + 1,
                Step::End { inclusive } => {
                    if inclusive {
                        due = if due.is_empty() { at..at + 1 } else { due.start..at + 1 };
                    }
                    given = Given::Right;
                    break;
                }
                Step::Repeat => {}
                Step::Doubt => told.after.push(After::Doubt(self.sink.clone(), seat)),
                Step::Gap { .. } => {
                    given = Given::Gap;
                    break;
                }
            }
        }
        if due.is_empty() {
            return given;
        }
        if due.end == batch.said.len() {
            self.pass(name, batch, due.start, true, told);
        } else {
            let cut = Batch::new(batch.said[due].to_vec());
            self.pass(name, &cut, 0, true, told);
        }
        given
    }

    /// Hands the frames from `first` on to the connection.
    pub(super) fn pass(&mut self, name: &Channel, batch: &Batch, first: usize, may_wait: bool, told: &mut Told) -> Put {
        let deltas = self.takes_deltas.then_some(&mut self.base);
        let put = self.sink.pass(name, batch, first, may_wait, deltas);
        if matches!(put, Put::Lags) {
            self.base = None;
        }
        match put {
            Put::Sent | Put::Queued => told.delivered += (batch.said.len() - first) as u64,
            Put::Over => {
                told.slow += 1;
                self.sink.close(Disconnect::SLOW);
            }
            Put::Lags | Put::Gone => {}
        }
        put
    }
}
