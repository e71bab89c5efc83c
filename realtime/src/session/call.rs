//! Calls and publications of clients, and their reads of presence and history.

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
    pub(super) async fn rpc(self: &Arc<Self>, request: RpcRequest) -> Result<Answer, Error> {
        let identity = self.accepted()?;
        let data = self.host().rpc.call(&identity, &request.method, request.data).await?;
        Ok(Answer::Rpc(RpcResult { data }))
    }

    pub(super) async fn publish(self: &Arc<Self>, request: PublishRequest) -> Result<Answer, Error> {
        self.check(&request.channel)?;
        if request.data.is_empty() {
            return Err(Error::bad_request());
        }
        let identity = self.accepted()?;
        let sub = self.sub(&request.channel);
        let info = sub.as_ref().and_then(|sub| sub.grant.info.clone());
        let publish = Publish {
            channel: request.channel.into(),
            data: request.data,
            client: self.client.clone(),
            is_granted: sub.as_ref().is_some_and(|sub| sub.grant.publish),
            is_subscribed: sub.is_some(),
            info: info.clone(),
        };
        if self.host().rpc.publish(&identity, &publish).await? == Published::ByHub {
            let by = Publisher {
                user: identity.user.clone(),
                client: self.client.clone(),
                conn_info: identity.info.clone(),
                chan_info: info,
            };
            self.channels().publish_ephemeral(&publish.channel, publish.data, Some(Arc::new(by)));
        }
        Ok(Answer::Publish(PublishResult {}))
    }

    pub(super) async fn presence(self: &Arc<Self>, request: PresenceRequest) -> Result<Answer, Error> {
        let (channel, _) = self.look(request.channel, Look::Presence).await?;
        let present = presence::list(self.channels(), &channel);
        Ok(Answer::Presence(PresenceResult { presence: present.into_iter().map(|info| (info.client.clone(), info)).collect() }))
    }

    pub(super) async fn presence_stats(self: &Arc<Self>, request: PresenceStatsRequest) -> Result<Answer, Error> {
        let (channel, _) = self.look(request.channel, Look::Counts).await?;
        let (clients, users) = presence::counts(self.channels(), &channel);
        let of = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        Ok(Answer::PresenceStats(PresenceStatsResult { num_clients: of(clients), num_users: of(users) }))
    }

    pub(super) async fn history(self: &Arc<Self>, request: HistoryRequest) -> Result<Answer, Error> {
        self.check(&request.channel)?;
        if request.reverse && request.since.as_ref().is_some_and(|since| since.offset == 0) {
            return Err(Error::bad_request());
        }
        let (channel, grant) = self.look(request.channel, Look::History).await?;
        let most = self.config().history_limit;
        let limit = usize::try_from(request.limit).map_or(most, |limit| limit.min(most));
        if let Some(page) = self.page_of_ring(&channel, grant.as_deref(), &request.since, limit, request.reverse)? {
            return Ok(Answer::History(page));
        }
        let since =
            request.since.map(|since| (since.offset, Some(since.epoch.into()).filter(|epoch: &Arc<str>| !epoch.is_empty())));
        let missed = self.host().history.page(&channel, &Page { limit: Some(limit), since, reverse: request.reverse }).await?;
        let publications =
            missed.publications.into_iter().map(|publication| protocol::Publication::from(&Entry::from(publication))).collect();
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
        let Some(channel) = self.channels().registry.find(channel) else { return Ok(None) };
        let inner = channel.lock();
        let Some((ring, epoch)) = &inner.ring else { return Ok(None) };
        if since.as_ref().is_some_and(|since| !since.epoch.is_empty() && *since.epoch != **epoch) {
            return Err(Error::unrecoverable_position());
        }
        let entries = ring.page(since.as_ref().map(|since| since.offset), limit, reverse);
        let publications = entries.iter().map(protocol::Publication::from).collect();
        Ok(Some(HistoryResult { publications, epoch: epoch.to_string(), offset: ring.top() }))
    }

    async fn look(self: &Arc<Self>, channel: String, what: Look) -> Result<(Channel, Option<Arc<Grant>>), Error> {
        self.check(&channel)?;
        let identity = self.accepted()?;
        let channel: Channel = channel.into();
        let grant = self.sub(&channel).map(|Sub { grant, .. }| grant);
        self.host().authorizer.look(&identity, &channel, what, grant.as_deref()).await?;
        Ok((channel, grant))
    }
}
