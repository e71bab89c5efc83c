//! A subscriber finds its place: join with a buffer, read rights, read log, memory or snapshot, reply, go live.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Sink, connect::ttl};
use crate::{
    channels::{
        room::{Room, Seat, Told},
        said::chained,
    },
    host::{Channel, Epoch, Error, Grant, Identity, Offset, Page, Recovery, Retention, Subscribe},
    hub::Inner,
    log::{Ended, Entry, Recovered},
    protocol::{self, Disconnect, Format, SubscribeRequest, SubscribeResult},
};

/// Where a client says it stands.
#[derive(Debug, Clone, Default)]
pub struct Position {
    pub recover: bool,
    pub offset: Offset,
    pub epoch: String,
    /// The client reloads by itself and wants error 112 instead of a snapshot.
    pub reloads: bool,
}

impl Position {
    /// The position in a subscribe request.
    pub fn of(ask: &SubscribeRequest) -> Self {
        Self { recover: ask.recover, offset: ask.offset, epoch: ask.epoch.clone(), reloads: ask.flag & 2 != 0 }
    }
}

/// Where a subscription's rights come from.
pub enum Rights {
    /// The server gave them.
    Granted(Box<Grant>),
    /// The host is asked.
    Asked(Box<Subscribe>),
}

/// A subscriber in its room, not live yet; leaves when dropped.
pub struct Seated {
    hub: Arc<Inner>,
    pub room: Arc<Room>,
    pub seat: Seat,
    format: Option<Format>,
    ended: Option<Ended>,
    /// It takes patches, in this form.
    takes_deltas: Option<Format>,
    stays: bool,
}

impl Seated {
    /// The subscriber stays, whatever becomes of this. Says whether its right ended with what it recovers.
    pub fn stay(mut self) -> (Arc<Room>, Seat, bool) {
        self.stays = true;
        (self.room.clone(), self.seat, self.ended == Some(Ended::Right))
    }
}

impl Drop for Seated {
    fn drop(&mut self) {
        if !self.stays {
            self.room.lock().leave(self.seat);
            self.hub.channels.forget_if_idle(&self.room.name);
        }
    }
}

impl Inner {
    /// Takes a connection into a channel; it buffers from now on.
    pub fn sit(self: &Arc<Self>, channel: &Channel, sink: Sink, is_server_side: bool) -> Seated {
        let (user, format) = match &sink {
            Sink::Session(session) => (session.user(), Some(session.format)),
            Sink::Source(source) => (source.user(), None),
        };
        let id = self.next_seat();
        let (room, seat) =
            self.channels.within(channel, |room, inner| (room.clone(), inner.join(id, sink, user, is_server_side)));
        Seated { hub: self.clone(), room, seat, format, ended: None, takes_deltas: None, stays: false }
    }

    /// Reads what the grant keeps and takes the place that follows from it; the result is the reply.
    pub async fn settle(
        self: Arc<Self>,
        seated: &mut Seated,
        who: &Identity,
        rights: Rights,
        position: Position,
    ) -> Result<(SubscribeResult, Arc<Grant>), Error> {
        let mut grant = match &rights {
            Rights::Granted(grant) => Arc::new((**grant).clone()),
            Rights::Asked(ask) => Arc::new(self.host.authorizer.subscribe(who, ask).await?),
        };
        let (expires, ttl) = ttl(grant.expires_at);
        let mut result = SubscribeResult {
            expires,
            ttl,
            data: grant.data.clone().unwrap_or_default(),
            was_recovering: position.recover,
            ..SubscribeResult::default()
        };
        let room = seated.room.clone();
        if let (Rights::Asked(ask), Some(format)) = (&rights, seated.format)
            && ask.delta
            && grant.delta
        {
            seated.takes_deltas = Some(format);
            result.delta = true;
            room.lock().takes_deltas(seated.seat, None);
        }
        match grant.retention {
            Retention::Durable => {
                let mut read = self.read_kept(&room, &grant, who, position.clone(), &mut result).await?;
                if result.recovered && room.lock().outlives_end(seated.seat, &read) {
                    // They may read again, but not what was said while they might not: they begin with the state.
                    if position.reloads {
                        return Err(Error::unrecoverable_position());
                    }
                    result.recovered = false;
                    read = self.read_kept(&room, &grant, who, Position::default(), &mut result).await?;
                }
                if let Rights::Asked(ask) = &rights
                    && room.lock().needs_rights_again(seated.seat, read.from)
                {
                    // An end of right that committed between the two readings would never arrive at its number.
                    grant = Arc::new(self.host.authorizer.subscribe(who, ask).await?);
                }
                let settled = room.lock().settle(seated.seat, grant.clone(), read).ok_or_else(Error::internal)?;
                self.show(seated, &settled.deliver, &mut result)?;
                seated.ended = settled.ended;
            }
            Retention::Ring(size) => {
                let (top, epoch, missed) = {
                    let mut inner = room.lock();
                    let (ring, epoch) = inner.ring(size, || self.ring_epoch());
                    let is_same = position.epoch.is_empty() || *position.epoch == **epoch;
                    let missed: Option<Vec<_>> = if position.recover && is_same {
                        ring.since(position.offset).map(|rows| rows.cloned().collect())
                    } else {
                        None
                    };
                    (ring.top(), epoch.clone(), missed)
                };
                result.epoch = epoch.to_string();
                (result.recoverable, result.positioned) = (true, true);
                if let Some(missed) = missed {
                    (result.recovered, result.offset) = (true, position.offset);
                    self.show(seated, &missed, &mut result)?;
                } else if position.recover && position.reloads {
                    return Err(Error::unrecoverable_position());
                } else {
                    // The state is read after the join; what came since is in the buffer and follows.
                    result.offset = top;
                    self.state_into(&mut result, &room.name, who).await?;
                }
                room.lock().settle_ephemeral(seated.seat, grant.clone(), top);
            }
            Retention::Latest | Retention::Deltas => {
                self.state_into(&mut result, &room.name, who).await?;
                room.lock().settle_ephemeral(seated.seat, grant.clone(), 0);
            }
            Retention::Plain => room.lock().settle_ephemeral(seated.seat, grant.clone(), 0),
        }
        Ok((result, grant))
    }

    /// What the subscriber recovers, in the form it takes.
    fn show(&self, seated: &Seated, rows: &[Entry], result: &mut SubscribeResult) -> Result<(), Error> {
        let Some(format) = seated.takes_deltas else {
            result.publications = rows.iter().map(protocol::Publication::from).collect();
            return Ok(());
        };
        result.publications = chained(rows, format).map_err(|_| Error::from(Disconnect::INAPPROPRIATE_PROTOCOL))?;
        seated.room.lock().takes_deltas(seated.seat, rows.last().map(|row| row.offset));
        Ok(())
    }

    async fn state_into(&self, result: &mut SubscribeResult, channel: &Channel, who: &Identity) -> Result<(), Error> {
        if result.data.is_empty() {
            let snapshot = self.host.history.snapshot(channel, who).await?;
            result.data = snapshot.data.unwrap_or_default();
        }
        Ok(())
    }

    /// What the log, memory or a snapshot says of the subscriber's place.
    async fn read_kept(
        self: &Arc<Self>,
        room: &Arc<Room>,
        grant: &Grant,
        who: &Identity,
        position: Position,
        result: &mut SubscribeResult,
    ) -> Result<Recovered, Error> {
        let channel = &room.name;
        result.positioned = grant.recovery != Recovery::Off;
        result.recoverable = matches!(grant.recovery, Recovery::Stream | Recovery::Cache);
        let missed = match grant.recovery {
            Recovery::Stream if position.recover => self.missed(room, &position).await?,
            Recovery::Cache if position.recover => self.newest(channel, &position).await?,
            _ => None,
        };
        let read = match missed {
            Some((read, epoch)) => {
                result.recovered = true;
                result.offset = position.offset;
                result.epoch = epoch.to_string();
                read
            }
            None if position.recover && position.reloads && result.recoverable => return Err(Error::unrecoverable_position()),
            None => {
                let begun = Instant::now().into_std();
                let snapshot = self.host.history.snapshot(channel, who).await?;
                self.learn(&snapshot.epoch);
                self.stands_at(room, snapshot.offset, begun);
                result.offset = snapshot.offset;
                result.epoch = snapshot.epoch.to_string();
                if result.data.is_empty() {
                    result.data = snapshot.data.unwrap_or_default();
                }
                Recovered::fresh(snapshot.offset)
            }
        };
        if !result.positioned {
            (result.offset, result.epoch) = (0, String::new());
        }
        Ok(read)
    }

    /// What a client missed since its position: from memory, else from the log. `None` when it cannot be recovered.
    async fn missed(self: &Arc<Self>, room: &Arc<Room>, position: &Position) -> Result<Option<(Recovered, Epoch)>, Error> {
        let epoch = self.epoch();
        if !epoch.is_empty() && !position.epoch.is_empty() && *position.epoch != *epoch {
            return Ok(None);
        }
        let within = |rows: &[Entry]| {
            rows.len() <= self.config.recovery_limit
                && rows.iter().map(|row| row.body.len()).sum::<usize>() <= self.config.recovery_bytes
        };
        if !epoch.is_empty() {
            let in_memory = room.lock().tail.as_ref().and_then(|tail| tail.since(position.offset));
            if let Some(rows) = in_memory {
                return Ok(within(&rows).then_some((Recovered { from: position.offset, rows }, epoch)));
            }
        }
        let begun = Instant::now().into_std();
        let Some(missed) = self.since(&room.name, position.offset).await? else { return Ok(None) };
        self.stands_at(room, missed.top, begun);
        if !position.epoch.is_empty() && *position.epoch != *missed.epoch {
            return Ok(None);
        }
        let rows: Vec<Entry> = missed.publications.into_iter().map(Entry::from).collect();
        if !within(&rows) {
            return Ok(None);
        }
        Ok(Recovered::exactly(position.offset, rows, missed.top).map(|read| (read, missed.epoch)))
    }

    /// The newest publication, where the channel is read as a latest value: any position will do.
    async fn newest(&self, channel: &Channel, position: &Position) -> Result<Option<(Recovered, Epoch)>, Error> {
        let page = self.host.history.page(channel, &Page { limit: Some(1), since: None, reverse: true }).await?;
        self.learn(&page.epoch);
        let Some(newest) = page.publications.into_iter().next().map(Entry::from) else { return Ok(None) };
        if newest.offset != page.top {
            return Ok(None);
        }
        let rows = if newest.offset == position.offset { Vec::new() } else { vec![newest] };
        let from = page.top - rows.len() as u64;
        Ok(Some((Recovered { from, rows }, page.epoch)))
    }

    /// The reply is written: what came meanwhile follows. Where something is missing the log is read once more.
    pub async fn go_live(self: &Arc<Self>, room: &Arc<Room>, seat: Seat) {
        let mut rows = Vec::new();
        for _ in 0..5 {
            let mut told = Told::default();
            let gone_live = room.lock().go_live(seat, std::mem::take(&mut rows), &mut told);
            self.settle_up(room, told);
            let Err(after) = gone_live else { return };
            match self.since(&room.name, after).await {
                Ok(Some(missed)) => rows = missed.publications.into_iter().map(Entry::from).collect(),
                Ok(None) | Err(_) => break,
            }
        }
        self.lose(room, seat);
    }
}
