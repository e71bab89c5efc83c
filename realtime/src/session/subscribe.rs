//! Requests of a client about its subscriptions, and what the server does to them.

use std::sync::Arc;

use super::{Phase, Session, Sub};
use crate::{
    channels::{ClientPosition, PendingSubscription, Rights, SubscriptionId, name, settle::ttl},
    host::{Channel, Error, Grant, Subscribe},
    protocol::{
        Answer, Disconnect, Push, PushBody, Reply, SubRefreshRequest, SubRefreshResult, SubscribePush, SubscribeRequest,
        SubscribeResult, Unsubscribe, UnsubscribeRequest, UnsubscribeResult,
    },
};

/// A subscription that may be answered.
pub struct Entered {
    pub result: SubscribeResult,
    pub pending: PendingSubscription,
}

impl Session {
    pub(super) async fn subscribe(self: &Arc<Self>, id: u32, request: SubscribeRequest) {
        match self.try_subscribe(request).await {
            Ok(Entered { result, pending }) => {
                self.reply(Reply::to(id, Answer::Subscribe(result)));
                self.go_live(pending).await;
            }
            Err(error) => self.refuse(id, &error),
        }
    }

    async fn try_subscribe(self: &Arc<Self>, request: SubscribeRequest) -> Result<Entered, Error> {
        self.check(&request.channel)?;
        if !matches!(request.delta.as_str(), "" | "fossil") {
            return Err(Disconnect::BAD_REQUEST.into());
        }
        if request.kind != 0 {
            return Err(Error::not_available());
        }
        if request.tf.is_some() {
            return Err(Error::bad_request());
        }
        {
            let state = self.state.lock();
            if state.subs.iter().any(|sub| *sub.channel.name == *request.channel) {
                return Err(Error::new(105, "already subscribed"));
            }
            if state.subs.len() >= self.config().channel_limit {
                return Err(Error::new(106, "limit exceeded"));
            }
        }
        let position = ClientPosition::of(&request);
        let channel: Channel = request.channel.into();
        let requested = Subscribe {
            channel: channel.clone(),
            token: request.token,
            data: Some(request.data).filter(|data| !data.is_empty()),
            client: self.client.clone(),
            positioned: request.positioned,
            recoverable: request.recoverable,
            join_leave: request.join_leave,
            delta: request.delta == "fossil",
        };
        self.enter(&channel, Rights::Requested(Box::new(requested)), position).await
    }

    /// Joins a channel, reads rights and then the log or a snapshot, and gets the position that follows from them.
    pub(super) async fn enter(
        self: &Arc<Self>,
        channel: &Channel,
        rights: Rights,
        position: ClientPosition,
    ) -> Result<Entered, Error> {
        let identity = self.accepted()?;
        let is_server_side = matches!(rights, Rights::Granted(_));
        let channels = self.channels();
        let mut pending = channels.join(channel, self.clone(), is_server_side);
        let (result, grant) = channels.clone().settle(&mut pending, &identity, rights, position).await?;
        let sub = Sub { channel: pending.channel.clone(), id: pending.id, grant, is_server_side };
        let mut state = self.state.lock();
        if state.phase == Phase::Closed {
            return Err(Error::internal());
        }
        state.subs.push(sub);
        Ok(Entered { result, pending })
    }

    /// The reply is on its way: publications may follow.
    pub(super) async fn go_live(self: &Arc<Self>, pending: PendingSubscription) {
        let (channel, id, is_revoked) = pending.confirm();
        if is_revoked {
            return self.channels().end(&channel, id, &Unsubscribe::SERVER);
        }
        self.channels().go_live(&channel, id).await;
        self.reschedule();
        if let Some(identity) = self.identity() {
            self.host().watch.subscribed(&identity, &self.client, &channel.name);
        }
    }

    /// The server subscribes the client: no rights to read, a push instead of a reply.
    pub(super) async fn granted(self: &Arc<Self>, channel: Channel, grant: Grant) {
        if self.state.lock().subs.iter().any(|sub| sub.channel.name == channel) {
            return;
        }
        match self.enter(&channel, Rights::Granted(Box::new(grant)), ClientPosition::default()).await {
            Ok(Entered { result, pending }) => {
                let body = SubscribePush {
                    recoverable: result.recoverable,
                    epoch: result.epoch,
                    offset: result.offset,
                    positioned: result.positioned,
                    data: result.data,
                };
                self.push_alone(Push::on(&*channel, PushBody::Subscribe(body)));
                self.go_live(pending).await;
            }
            Err(error) => tracing::warn!(channel = &*channel, %error, "a server-side subscription failed"),
        }
    }

    pub(super) fn unsubscribe(self: &Arc<Self>, request: UnsubscribeRequest) -> Result<Answer, Error> {
        if request.channel.is_empty() {
            return Err(Disconnect::BAD_REQUEST.into());
        }
        let sub = {
            let state = self.state.lock();
            state.subs.iter().find(|sub| *sub.channel.name == *request.channel).cloned()
        };
        if let Some(sub) = sub {
            drop(sub.channel.lock().leave(sub.id));
            self.forget(sub.id);
        }
        Ok(Answer::Unsubscribe(UnsubscribeResult {}))
    }

    pub(super) async fn sub_refresh(self: &Arc<Self>, request: SubRefreshRequest) -> Result<Answer, Error> {
        if request.channel.is_empty() {
            return Err(Disconnect::BAD_REQUEST.into());
        }
        let identity = self.accepted()?;
        let sub = self.sub(&request.channel).ok_or_else(Error::permission_denied)?;
        if request.kind != 0 {
            return Err(Error::not_available());
        }
        if request.token.is_empty() {
            return Err(Error::bad_request());
        }
        let requested = self.request(&sub.channel.name, request.token);
        let grant = match self.host().authorizer.refresh_subscription(&identity, &requested).await {
            Ok(grant) => grant,
            // On subscribe a bad token is refused; here the client had a valid one, so the connection is closed.
            Err(error) if error.code == 103 => return Err(Error::invalid_token()),
            Err(error) => return Err(error),
        };
        let (expires, ttl) = ttl(grant.expires_at);
        self.regrant(sub.id, grant);
        Ok(Answer::SubRefresh(SubRefreshResult { expires, ttl, ..SubRefreshResult::default() }))
    }

    /// A revocation was published that the subscription's reading of rights may have missed: they are read again.
    pub(super) async fn recheck(self: &Arc<Self>, id: SubscriptionId) {
        let sub = self.state.lock().subs.iter().find(|sub| sub.id == id).cloned();
        let (Some(sub), Some(identity)) = (sub, self.identity()) else { return };
        let requested = self.request(&sub.channel.name, String::new());
        match self.host().authorizer.subscribe(&identity, &requested).await {
            Ok(_) => {}
            Err(error) if error.temporary => self.channels().end(&sub.channel, id, &Unsubscribe::INSUFFICIENT),
            Err(_) => self.channels().end(&sub.channel, id, &Unsubscribe::SERVER),
        }
    }

    fn request(&self, channel: &Channel, token: String) -> Subscribe {
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

    fn regrant(self: &Arc<Self>, id: SubscriptionId, grant: Grant) {
        let mut state = self.state.lock();
        if let Some(sub) = state.subs.iter_mut().find(|sub| sub.id == id) {
            sub.grant = Arc::new(Grant { expires_at: grant.expires_at, ..(*sub.grant).clone() });
        }
        drop(state);
        self.reschedule();
    }

    /// The subscription on a channel.
    pub(super) fn sub(&self, channel: &str) -> Option<Sub> {
        self.state.lock().subs.iter().find(|sub| *sub.channel.name == *channel).cloned()
    }
}

impl Session {
    /// The order of the checks: an empty name closes, an unknown namespace is 102, an invalid name is 107.
    pub(super) fn check(&self, channel: &str) -> Result<(), Error> {
        match name::check(channel) {
            Err(name::BadName::Empty) => Err(Disconnect::BAD_REQUEST.into()),
            _ if !self.host().authorizer.knows(channel) => Err(Error::unknown_channel()),
            Ok(()) => Ok(()),
            Err(_) => Err(Error::bad_request()),
        }
    }
}
