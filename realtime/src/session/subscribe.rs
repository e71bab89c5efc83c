//! Subscribing: join with a buffer, read rights, read log or snapshot, reply, go live; and the ways out.

use std::sync::Arc;

use tokio::time::Instant;

use super::{Session, Sink, Sub, connect::closes, connect::ttl};
use crate::{
    channels::{
        name,
        room::{Room, Seat, Told},
        said::on_wire,
    },
    host::{Channel, Error, Grant, Keep, Offset, Page, Recovery, Subscribe},
    hub::Inner,
    log::{Ended, Publication, Recovered},
    protocol::{
        Answer, Disconnect, Push, PushBody, Reply, SubRefreshRequest, SubRefreshResult, SubscribePush, SubscribeRequest,
        SubscribeResult, UnsubscribeRequest, UnsubscribeResult,
    },
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
    ended: Option<Ended>,
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

/// A subscription that may be answered.
pub struct Entered {
    pub result: SubscribeResult,
    pub seated: Seated,
}

impl Session {
    pub(super) async fn subscribe(self: &Arc<Self>, id: u32, ask: SubscribeRequest) {
        match self.try_subscribe(ask).await {
            Ok(Entered { result, seated }) => {
                self.reply(Reply::to(id, Answer::Subscribe(result)));
                self.go_live(seated).await;
            }
            Err(error) => self.refuse(id, &error),
        }
    }

    async fn try_subscribe(self: &Arc<Self>, ask: SubscribeRequest) -> Result<Entered, Error> {
        check(&ask.channel)?;
        if !matches!(ask.delta.as_str(), "" | "fossil") {
            return Err(closes(Disconnect::BAD_REQUEST));
        }
        if ask.kind != 0 {
            return Err(Error::not_available());
        }
        if ask.tf.is_some() {
            return Err(Error::bad_request());
        }
        {
            let state = self.state.lock();
            if state.subs.iter().any(|sub| *sub.room.name == *ask.channel) {
                return Err(Error::new(105, "already subscribed"));
            }
            if state.subs.len() >= self.hub.config.channel_limit {
                return Err(Error::new(106, "limit exceeded"));
            }
        }
        let position = Position::of(&ask);
        let channel: Channel = ask.channel.into();
        let asked = Subscribe {
            channel: channel.clone(),
            token: ask.token,
            data: Some(ask.data).filter(|data| !data.is_empty()),
            client: self.client.clone(),
            positioned: ask.positioned,
            recoverable: ask.recoverable,
            join_leave: ask.join_leave,
        };
        self.enter(&channel, Rights::Asked(Box::new(asked)), position).await
    }

    /// Joins a channel, reads rights and then the log or a snapshot, and takes the place that follows from them.
    pub(super) async fn enter(self: &Arc<Self>, channel: &Channel, rights: Rights, position: Position) -> Result<Entered, Error> {
        let who = self.who()?;
        let is_server_side = matches!(rights, Rights::Granted(_));
        let mut seated = self.hub.sit(channel, Sink::Session(self.clone()), is_server_side);
        let grant = match rights {
            Rights::Granted(grant) => Arc::new(*grant),
            Rights::Asked(ask) => Arc::new(self.hub.host.authorizer.subscribe(&who, &ask).await?),
        };
        let result = self.hub.clone().settle(&mut seated, &grant, &who, position).await?;
        let sub = Sub { room: seated.room.clone(), seat: seated.seat, grant, is_server_side };
        let mut state = self.state.lock();
        if state.phase == super::Phase::Closed {
            return Err(Error::internal());
        }
        state.subs.push(sub);
        Ok(Entered { result, seated })
    }

    /// The reply is on its way: publications may follow.
    pub(super) async fn go_live(self: &Arc<Self>, seated: Seated) {
        let (room, seat, is_over) = seated.stay();
        if is_over {
            return self.hub.end(&room, seat, 2000, "server unsubscribe");
        }
        self.hub.go_live(&room, seat).await;
        self.reschedule();
        if let Some(who) = self.identity() {
            self.hub.host.watch.subscribed(&who, &self.client, &room.name);
        }
    }

    /// The server subscribes the client: no rights to read, a push instead of a reply.
    pub(super) async fn granted(self: &Arc<Self>, channel: Channel, grant: Grant) {
        if self.state.lock().subs.iter().any(|sub| sub.room.name == channel) {
            return;
        }
        match self.enter(&channel, Rights::Granted(Box::new(grant)), Position::default()).await {
            Ok(Entered { result, seated }) => {
                let body = SubscribePush {
                    recoverable: result.recoverable,
                    epoch: result.epoch,
                    offset: result.offset,
                    positioned: result.positioned,
                    data: result.data,
                };
                self.push(Push::on(&*channel, PushBody::Subscribe(body)));
                self.go_live(seated).await;
            }
            Err(error) => tracing::warn!(channel = &*channel, %error, "a server-side subscription failed"),
        }
    }

    pub(super) fn unsubscribe(self: &Arc<Self>, ask: UnsubscribeRequest) -> Result<Answer, Error> {
        if ask.channel.is_empty() {
            return Err(closes(Disconnect::BAD_REQUEST));
        }
        let sub = {
            let state = self.state.lock();
            state.subs.iter().find(|sub| *sub.room.name == *ask.channel).cloned()
        };
        if let Some(sub) = sub {
            drop(sub.room.lock().leave(sub.seat));
            self.forget(sub.seat);
        }
        Ok(Answer::Unsubscribe(UnsubscribeResult {}))
    }

    pub(super) async fn sub_refresh(self: &Arc<Self>, ask: SubRefreshRequest) -> Result<Answer, Error> {
        if ask.channel.is_empty() {
            return Err(closes(Disconnect::BAD_REQUEST));
        }
        let who = self.who()?;
        let sub = self.sub(&ask.channel).ok_or_else(Error::permission_denied)?;
        if ask.kind != 0 {
            return Err(Error::not_available());
        }
        if ask.token.is_empty() {
            return Err(Error::bad_request());
        }
        let asked = self.asking(&sub.room.name, ask.token);
        let grant = match self.hub.host.authorizer.refresh_subscription(&who, &asked).await {
            Ok(grant) => grant,
            // On subscribe a bad token is a refusal; here the client had a good one.
            Err(error) if error.code == 103 => return Err(Error::invalid_token()),
            Err(error) => return Err(error),
        };
        let (expires, ttl) = ttl(grant.expires_at);
        self.regrant(sub.seat, grant);
        Ok(Answer::SubRefresh(SubRefreshResult { expires, ttl, ..SubRefreshResult::default() }))
    }

    /// An end of right was heard that the subscription's reading may not have seen: rights are read again.
    pub(super) async fn recheck(self: &Arc<Self>, seat: Seat) {
        let sub = self.state.lock().subs.iter().find(|sub| sub.seat == seat).cloned();
        let (Some(sub), Ok(who)) = (sub, self.who()) else { return };
        let asked = self.asking(&sub.room.name, String::new());
        match self.hub.host.authorizer.subscribe(&who, &asked).await {
            Ok(_) => {}
            Err(error) if error.temporary => self.hub.end(&sub.room, seat, 2500, "insufficient state"),
            Err(_) => self.hub.end(&sub.room, seat, 2000, "server unsubscribe"),
        }
    }

    fn asking(&self, channel: &Channel, token: String) -> Subscribe {
        Subscribe {
            channel: channel.clone(),
            token,
            data: None,
            client: self.client.clone(),
            positioned: false,
            recoverable: false,
            join_leave: false,
        }
    }

    fn regrant(self: &Arc<Self>, seat: Seat, grant: Grant) {
        let mut state = self.state.lock();
        if let Some(sub) = state.subs.iter_mut().find(|sub| sub.seat == seat) {
            sub.grant = Arc::new(Grant { expires_at: grant.expires_at, ..(*sub.grant).clone() });
        }
        drop(state);
        self.reschedule();
    }

    /// The subscription on a channel.
    pub(super) fn sub(&self, channel: &str) -> Option<Sub> {
        self.state.lock().subs.iter().find(|sub| *sub.room.name == *channel).cloned()
    }
}

/// The order of refusals: empty closes, a name that cannot be is 107.
pub(super) fn check(channel: &str) -> Result<(), Error> {
    match name::check(channel) {
        Ok(()) => Ok(()),
        Err(name::BadName::Empty) => Err(closes(Disconnect::BAD_REQUEST)),
        Err(_) => Err(Error::bad_request()),
    }
}

impl Inner {
    /// Takes a connection into a channel; it buffers from now on.
    pub fn sit(self: &Arc<Self>, channel: &Channel, sink: Sink, is_server_side: bool) -> Seated {
        let user = match &sink {
            Sink::Session(session) => session.user(),
            Sink::Source(source) => source.user(),
        };
        let id = self.next_seat();
        let (room, seat) =
            self.channels.within(channel, |room, inner| (room.clone(), inner.join(id, sink, user, is_server_side)));
        Seated { hub: self.clone(), room, seat, ended: None, stays: false }
    }

    /// Reads what the grant keeps and takes the place that follows from it; the result is the reply.
    pub async fn settle(
        self: Arc<Self>,
        seated: &mut Seated,
        grant: &Arc<Grant>,
        who: &crate::Identity,
        position: Position,
    ) -> Result<SubscribeResult, Error> {
        let (expires, ttl) = ttl(grant.expires_at);
        let mut result = SubscribeResult {
            expires,
            ttl,
            data: grant.data.clone().unwrap_or_default(),
            was_recovering: position.recover,
            ..SubscribeResult::default()
        };
        let room = seated.room.clone();
        match grant.keep {
            Keep::Kept => self.settle_kept(seated, grant, who, position, &mut result).await?,
            Keep::Ring(size) => {
                let (top, epoch, missed) = {
                    let mut inner = room.lock();
                    let (ring, epoch) = inner.ring(size, || self.ring_epoch());
                    let is_same = position.epoch.is_empty() || *position.epoch == **epoch;
                    let missed: Option<Vec<_>> = if position.recover && is_same {
                        ring.since(position.offset).map(|rows| rows.map(on_wire).collect())
                    } else {
                        None
                    };
                    (ring.top(), epoch.clone(), missed)
                };
                result.epoch = epoch.to_string();
                (result.recoverable, result.positioned) = (true, true);
                if let Some(missed) = missed {
                    (result.recovered, result.offset, result.publications) = (true, position.offset, missed);
                } else if position.recover && position.reloads {
                    return Err(Error::unrecoverable_position());
                } else {
                    // The state is read after the join; what came since is in the buffer and follows.
                    result.offset = top;
                    self.state_into(&mut result, &room.name, who).await?;
                }
                room.lock().settle_fleeting(seated.seat, grant.clone(), top);
            }
            Keep::Latest | Keep::Deltas => {
                self.state_into(&mut result, &room.name, who).await?;
                room.lock().settle_fleeting(seated.seat, grant.clone(), 0);
            }
            Keep::Plain => room.lock().settle_fleeting(seated.seat, grant.clone(), 0),
        }
        Ok(result)
    }

    async fn state_into(&self, result: &mut SubscribeResult, channel: &Channel, who: &crate::Identity) -> Result<(), Error> {
        if result.data.is_empty() {
            let snapshot = self.host.history.snapshot(channel, who).await?;
            result.data = snapshot.data.unwrap_or_default();
        }
        Ok(())
    }

    async fn settle_kept(
        self: &Arc<Self>,
        seated: &mut Seated,
        grant: &Arc<Grant>,
        who: &crate::Identity,
        position: Position,
        result: &mut SubscribeResult,
    ) -> Result<(), Error> {
        let channel = seated.room.name.clone();
        result.positioned = grant.recovery != Recovery::Off;
        result.recoverable = matches!(grant.recovery, Recovery::Stream | Recovery::Cache);
        let missed = match grant.recovery {
            Recovery::Stream if position.recover => self.missed(&seated.room, &position).await?,
            Recovery::Cache if position.recover => self.newest(&channel, &position).await?,
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
                let snapshot = self.host.history.snapshot(&channel, who).await?;
                self.learn(&snapshot.epoch);
                self.stands_at(&seated.room, snapshot.offset, begun);
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
        let settled = seated.room.lock().settle(seated.seat, grant.clone(), read).ok_or_else(Error::internal)?;
        result.publications = settled.deliver.iter().map(on_wire).collect();
        seated.ended = settled.ended;
        Ok(())
    }

    /// What a client missed since its position: from memory, else from the log. `None` when it cannot be recovered.
    async fn missed(self: &Arc<Self>, room: &Arc<Room>, position: &Position) -> Result<Option<(Recovered, crate::Epoch)>, Error> {
        let epoch = self.epoch();
        if !epoch.is_empty() && !position.epoch.is_empty() && *position.epoch != *epoch {
            return Ok(None);
        }
        let within = |rows: &[Publication]| {
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
        let rows: Vec<Publication> = missed.publications.into_iter().map(Publication::from).collect();
        if !within(&rows) {
            return Ok(None);
        }
        Ok(Recovered::exactly(position.offset, rows, missed.top).map(|read| (read, missed.epoch)))
    }

    /// The newest publication, where the channel is read as a latest value: any position will do.
    async fn newest(&self, channel: &Channel, position: &Position) -> Result<Option<(Recovered, crate::Epoch)>, Error> {
        let page = self.host.history.page(channel, &Page { limit: Some(1), since: None, reverse: true }).await?;
        self.learn(&page.epoch);
        let Some(newest) = page.publications.into_iter().next().map(Publication::from) else { return Ok(None) };
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
                Ok(Some(missed)) => rows = missed.publications.into_iter().map(Publication::from).collect(),
                Ok(None) | Err(_) => break,
            }
        }
        self.lose(room, seat);
    }
}
