//! Calls, publications of clients, and what they may look at.

use std::sync::Arc;

use super::{Session, Sub};
use crate::{
    host::{Channel, Error, Grant, Look, Page, Publish, Published, Publisher, Retention},
    log::Entry,
    presence,
    protocol::{
        self, Answer, HistoryRequest, HistoryResult, PresenceRequest, PresenceResult, PresenceStatsRequest, PresenceStatsResult,
        PublishRequest, PublishResult, RpcRequest, RpcResult,
    },
};

impl Session {
    pub(super) async fn rpc(self: &Arc<Self>, ask: RpcRequest) -> Result<Answer, Error> {
        let who = self.who()?;
        let data = self.hub.host.rpc.call(&who, &ask.method, ask.data).await?;
        Ok(Answer::Rpc(RpcResult { data }))
    }

    pub(super) async fn publish(self: &Arc<Self>, ask: PublishRequest) -> Result<Answer, Error> {
        self.check(&ask.channel)?;
        if ask.data.is_empty() {
            return Err(Error::bad_request());
        }
        let who = self.who()?;
        let sub = self.sub(&ask.channel);
        let info = sub.as_ref().and_then(|sub| sub.grant.info.clone());
        let publish = Publish {
            channel: ask.channel.into(),
            data: ask.data,
            client: self.client.clone(),
            is_granted: sub.as_ref().is_some_and(|sub| sub.grant.publish),
            is_subscribed: sub.is_some(),
            info: info.clone(),
        };
        if self.hub.host.rpc.publish(&who, &publish).await? == Published::ByHub {
            let by =
                Publisher { user: who.user.clone(), client: self.client.clone(), conn_info: who.info.clone(), chan_info: info };
            self.hub.publish_ephemeral(&publish.channel, publish.data, Some(Arc::new(by)));
        }
        Ok(Answer::Publish(PublishResult {}))
    }

    pub(super) async fn presence(self: &Arc<Self>, ask: PresenceRequest) -> Result<Answer, Error> {
        let (channel, _) = self.look(ask.channel, Look::Presence).await?;
        let present = presence::of(&self.hub, &channel);
        Ok(Answer::Presence(PresenceResult { presence: present.into_iter().map(|info| (info.client.clone(), info)).collect() }))
    }

    pub(super) async fn presence_stats(self: &Arc<Self>, ask: PresenceStatsRequest) -> Result<Answer, Error> {
        let (channel, _) = self.look(ask.channel, Look::Counts).await?;
        let (clients, users) = presence::counts(&self.hub, &channel);
        let of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Answer::PresenceStats(PresenceStatsResult { num_clients: of(clients), num_users: of(users) }))
    }

    pub(super) async fn history(self: &Arc<Self>, ask: HistoryRequest) -> Result<Answer, Error> {
        self.check(&ask.channel)?;
        if ask.reverse && ask.since.as_ref().is_some_and(|since| since.offset == 0) {
            return Err(Error::bad_request());
        }
        let (channel, grant) = self.look(ask.channel, Look::History).await?;
        let most = self.hub.config.history_limit;
        let limit = usize::try_from(ask.limit).map_or(most, |limit| limit.min(most));
        if let Some(page) = self.page_of_ring(&channel, grant.as_deref(), &ask.since, limit, ask.reverse)? {
            return Ok(Answer::History(page));
        }
        let since = ask.since.map(|since| (since.offset, Some(since.epoch.into()).filter(|epoch: &Arc<str>| !epoch.is_empty())));
        let missed = self.hub.host.history.page(&channel, &Page { limit: Some(limit), since, reverse: ask.reverse }).await?;
        let publications = missed.publications.into_iter().map(|kept| protocol::Publication::from(&Entry::from(kept))).collect();
        Ok(Answer::History(HistoryResult { publications, epoch: missed.epoch.to_string(), offset: missed.top }))
    }

    fn page_of_ring(
        &self,
        channel: &Channel,
        grant: Option<&Grant>,
        since: &Option<crate::protocol::StreamPosition>,
        limit: usize,
        reverse: bool,
    ) -> Result<Option<HistoryResult>, Error> {
        if !matches!(grant, Some(Grant { retention: Retention::Ring(_), .. })) {
            return Ok(None);
        }
        let Some(room) = self.hub.channels.find(channel) else { return Ok(None) };
        let inner = room.lock();
        let Some((ring, epoch)) = &inner.ring else { return Ok(None) };
        if since.as_ref().is_some_and(|since| !since.epoch.is_empty() && *since.epoch != **epoch) {
            return Err(Error::unrecoverable_position());
        }
        let rows = ring.page(since.as_ref().map(|since| since.offset), limit, reverse);
        let publications = rows.iter().map(protocol::Publication::from).collect();
        Ok(Some(HistoryResult { publications, epoch: epoch.to_string(), offset: ring.top() }))
    }

    async fn look(self: &Arc<Self>, channel: String, what: Look) -> Result<(Channel, Option<Arc<Grant>>), Error> {
        self.check(&channel)?;
        let who = self.who()?;
        let channel: Channel = channel.into();
        let grant = self.sub(&channel).map(|Sub { grant, .. }| grant);
        self.hub.host.authorizer.look(&who, &channel, what, grant.as_deref()).await?;
        Ok((channel, grant))
    }
}
