//! How a subscriber gets its position: join with a buffer, read rights, read log, memory or snapshot, reply, go live. One file per retention.

mod durable;
mod latest;
mod ring;

use std::sync::Arc;

use tokio::time::Instant;

use super::{
    Channels,
    encoding::delta_chain,
    state::{ChannelState, Delivered, SubscriptionId},
    subscriber::Subscriber,
};
use crate::{
    host::{Channel, Error, Grant, Identity, Offset, Retention, Subscribe},
    log::{Ended, Entry},
    protocol::{self, Disconnect, Format, SubscribeRequest, SubscribeResult},
};

/// The position that a client claims to have reached.
#[derive(Debug, Clone, Default)]
pub struct ClientPosition {
    pub recover: bool,
    pub offset: Offset,
    pub epoch: String,
    /// The client reloads by itself and wants error 112 instead of a snapshot.
    pub reloads: bool,
}

impl ClientPosition {
    /// The position in a subscribe request.
    pub fn of(request: &SubscribeRequest) -> Self {
        Self { recover: request.recover, offset: request.offset, epoch: request.epoch.clone(), reloads: request.flag & 2 != 0 }
    }
}

/// Where a subscription's rights come from.
pub enum Rights {
    /// The server granted them.
    Granted(Box<Grant>),
    /// The host decides about this request.
    Requested(Box<Subscribe>),
}

/// A subscription that is not live yet; it is removed when this is dropped.
pub struct PendingSubscription {
    channels: Arc<Channels>,
    pub channel: Arc<ChannelState>,
    pub id: SubscriptionId,
    format: Option<Format>,
    ended: Option<Ended>,
    /// It uses deltas, in this format.
    uses_deltas: Option<Format>,
    stays: bool,
}

impl PendingSubscription {
    /// The subscription stays. The last value: its right ended with what it recovers.
    pub fn confirm(mut self) -> (Arc<ChannelState>, SubscriptionId, bool) {
        self.stays = true;
        (self.channel.clone(), self.id, self.ended == Some(Ended::Right))
    }
}

impl Drop for PendingSubscription {
    fn drop(&mut self) {
        if !self.stays {
            self.channels.leave(&self.channel, self.id);
        }
    }
}

impl Channels {
    /// Adds a subscription to a channel; it buffers from now on.
    pub fn join(
        self: &Arc<Self>,
        channel: &Channel,
        subscriber: Arc<dyn Subscriber>,
        is_server_side: bool,
    ) -> PendingSubscription {
        let format = subscriber.format();
        let number = self.next_number();
        let (channel, id) =
            self.registry.within(channel, |channel, inner| (channel.clone(), inner.join(number, subscriber, is_server_side)));
        PendingSubscription { channels: self.clone(), channel, id, format, ended: None, uses_deltas: None, stays: false }
    }

    /// Reads rights, and what the retention requires, and gives the subscription its position; the result is the reply.
    pub async fn settle(
        self: Arc<Self>,
        pending: &mut PendingSubscription,
        identity: &Identity,
        rights: Rights,
        position: ClientPosition,
    ) -> Result<(SubscribeResult, Arc<Grant>), Error> {
        let grant = match &rights {
            Rights::Granted(grant) => Arc::new((**grant).clone()),
            Rights::Requested(request) => Arc::new(self.host.authorizer.subscribe(identity, request).await?),
        };
        let (expires, ttl) = ttl(grant.expires_at);
        let mut result = SubscribeResult {
            expires,
            ttl,
            data: grant.data.clone().unwrap_or_default(),
            was_recovering: position.recover,
            ..SubscribeResult::default()
        };
        if let (Rights::Requested(request), Some(format)) = (&rights, pending.format)
            && request.delta
            && grant.delta
        {
            pending.uses_deltas = Some(format);
            result.delta = true;
            pending.channel.lock().use_deltas(pending.id, None);
        }
        let grant = match grant.retention {
            Retention::Durable => self.settle_durable(pending, identity, &rights, grant, position, &mut result).await?,
            Retention::Ring(size) => {
                self.settle_in_ring(pending, identity, &grant, size, position, &mut result).await?;
                grant
            }
            Retention::Latest | Retention::Deltas => {
                self.settle_with_state(pending, identity, &grant, &mut result).await?;
                grant
            }
            Retention::Plain => {
                pending.channel.lock().place_ephemeral(pending.id, grant.clone(), 0);
                grant
            }
        };
        Ok((result, grant))
    }

    /// Puts what the subscriber recovers into its reply, in the form it uses.
    fn put_recovered(&self, pending: &PendingSubscription, entries: &[Entry], result: &mut SubscribeResult) -> Result<(), Error> {
        let Some(format) = pending.uses_deltas else {
            result.publications = entries.iter().map(protocol::Publication::from).collect();
            return Ok(());
        };
        result.publications = delta_chain(entries, format).map_err(|_| Error::from(Disconnect::INAPPROPRIATE_PROTOCOL))?;
        pending.channel.lock().use_deltas(pending.id, entries.last().map(|entry| entry.offset));
        Ok(())
    }

    /// Puts the snapshot into the reply, unless the grant brought data of its own.
    async fn put_snapshot(&self, result: &mut SubscribeResult, channel: &Channel, identity: &Identity) -> Result<(), Error> {
        if result.data.is_empty() {
            let snapshot = self.host.history.snapshot(channel, identity).await?;
            result.data = snapshot.data.unwrap_or_default();
        }
        Ok(())
    }

    /// The reply is written: what was buffered follows. Where something is missing the log is read once more.
    pub async fn go_live(self: &Arc<Self>, channel: &ChannelState, id: SubscriptionId) {
        let mut entries = Vec::new();
        for _ in 0..5 {
            let mut delivered = Delivered::default();
            let result = channel.lock().go_live(id, std::mem::take(&mut entries), &mut delivered);
            self.follow_up(channel, delivered);
            let Err(after) = result else { return };
            match self.since(&channel.name, after).await {
                Ok(Some(missed)) => entries = missed.publications.into_iter().map(Entry::from).collect(),
                Ok(None) | Err(_) => break,
            }
        }
        self.end_with_gap(channel, id);
    }
}

/// `expires` and whole seconds until then, at least one.
pub fn ttl(expires_at: Option<Instant>) -> (bool, u32) {
    let Some(at) = expires_at else { return (false, 0) };
    let left = at.saturating_duration_since(Instant::now());
    (true, u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1))
}
