//! What a client asks about its subscriptions, and what the server does to them.

use std::sync::Arc;

use super::{Position, Rights, Seated, Session, Sink, Sub, connect::ttl};
use crate::{
    channels::{name, room::Seat},
    host::{Channel, Error, Grant, Subscribe},
    protocol::{
        Answer, Disconnect, Push, PushBody, Reply, SubRefreshRequest, SubRefreshResult, SubscribePush, SubscribeRequest,
        SubscribeResult, UnsubscribeRequest, UnsubscribeResult,
    },
};

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
        self.check(&ask.channel)?;
        if !matches!(ask.delta.as_str(), "" | "fossil") {
            return Err(Disconnect::BAD_REQUEST.into());
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
            delta: ask.delta == "fossil",
        };
        self.enter(&channel, Rights::Asked(Box::new(asked)), position).await
    }

    /// Joins a channel, reads rights and then the log or a snapshot, and takes the place that follows from them.
    pub(super) async fn enter(self: &Arc<Self>, channel: &Channel, rights: Rights, position: Position) -> Result<Entered, Error> {
        let who = self.who()?;
        let is_server_side = matches!(rights, Rights::Granted(_));
        let mut seated = self.hub.sit(channel, Sink::Session(self.clone()), is_server_side);
        let (result, grant) = self.hub.clone().settle(&mut seated, &who, rights, position).await?;
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
            return Err(Disconnect::BAD_REQUEST.into());
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
            return Err(Disconnect::BAD_REQUEST.into());
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
            delta: false,
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

impl Session {
    /// The order of refusals: an empty name closes, a namespace nobody owns is 102, a name that cannot be is 107.
    pub(super) fn check(&self, channel: &str) -> Result<(), Error> {
        match name::check(channel) {
            Err(name::BadName::Empty) => Err(Disconnect::BAD_REQUEST.into()),
            _ if !self.hub.host.authorizer.knows(channel) => Err(Error::unknown_channel()),
            Ok(()) => Ok(()),
            Err(_) => Err(Error::bad_request()),
        }
    }
}
