//! Settling on a durable channel: recovery from memory or the host's log, else a snapshot with its position.

use std::sync::Arc;

use super::{ClientPosition, PendingSubscription, Rights};
use crate::{
    channels::{Channels, now, state::ChannelState},
    host::{Channel, Epoch, Error, Grant, Identity, Page, Recovery},
    log::{Entry, Recovered},
    protocol::SubscribeResult,
};

impl Channels {
    /// Returns the grant to go on with: rights may have to be read a second time.
    pub(super) async fn settle_durable(
        self: &Arc<Self>,
        pending: &mut PendingSubscription,
        identity: &Identity,
        rights: &Rights,
        mut grant: Arc<Grant>,
        position: ClientPosition,
        result: &mut SubscribeResult,
    ) -> Result<Arc<Grant>, Error> {
        let channel = pending.channel.clone();
        let mut read = self.read_durable(&channel, &grant, identity, position.clone(), result).await?;
        if result.recovered && channel.lock().crosses_revocation(pending.id, &read) {
            // They may read again, but not what was published while they might not: they begin with the state.
            if position.reloads {
                return Err(Error::unrecoverable_position());
            }
            result.recovered = false;
            read = self.read_durable(&channel, &grant, identity, ClientPosition::default(), result).await?;
        }
        if let Rights::Requested(request) = rights
            && channel.lock().needs_rights_again(pending.id, read.from)
        {
            // A revocation that committed between the two readings would never arrive at its number.
            grant = Arc::new(self.host.authorizer.subscribe(identity, request).await?);
        }
        let placed = channel.lock().place(pending.id, grant.clone(), read).ok_or_else(Error::internal)?;
        self.put_recovered(pending, &placed.deliver, result)?;
        pending.ended = placed.ended;
        Ok(grant)
    }

    /// Reads the subscriber's position and what follows it, from memory, the log or a snapshot.
    async fn read_durable(
        self: &Arc<Self>,
        channel: &Arc<ChannelState>,
        grant: &Grant,
        identity: &Identity,
        position: ClientPosition,
        result: &mut SubscribeResult,
    ) -> Result<Recovered, Error> {
        result.positioned = grant.recovery != Recovery::Off;
        result.recoverable = matches!(grant.recovery, Recovery::Stream | Recovery::Cache);
        let missed = match grant.recovery {
            Recovery::Stream if position.recover => self.missed(channel, &position).await?,
            Recovery::Cache if position.recover => self.newest(&channel.name, &position).await?,
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
                let begun = now();
                let snapshot = self.host.history.snapshot(&channel.name, identity).await?;
                self.learn_epoch(&snapshot.epoch);
                self.stands_at(channel, snapshot.offset, begun);
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
    async fn missed(
        self: &Arc<Self>,
        channel: &Arc<ChannelState>,
        position: &ClientPosition,
    ) -> Result<Option<(Recovered, Epoch)>, Error> {
        let epoch = self.epoch();
        if !epoch.is_empty() && !position.epoch.is_empty() && *position.epoch != *epoch {
            return Ok(None);
        }
        let is_within_limits = |entries: &[Entry]| {
            entries.len() <= self.config.recovery_limit
                && entries.iter().map(|entry| entry.body.len()).sum::<usize>() <= self.config.recovery_bytes
        };
        if !epoch.is_empty() {
            let in_memory = channel.lock().sequencer.as_ref().and_then(|sequencer| sequencer.since(position.offset));
            if let Some(rows) = in_memory {
                return Ok(is_within_limits(&rows).then_some((Recovered { from: position.offset, rows }, epoch)));
            }
        }
        let begun = now();
        let Some(missed) = self.since(&channel.name, position.offset).await? else { return Ok(None) };
        self.stands_at(channel, missed.top, begun);
        if !position.epoch.is_empty() && *position.epoch != *missed.epoch {
            return Ok(None);
        }
        let rows: Vec<Entry> = missed.publications.into_iter().map(Entry::from).collect();
        if !is_within_limits(&rows) {
            return Ok(None);
        }
        Ok(Recovered::exactly(position.offset, rows, missed.top).map(|read| (read, missed.epoch)))
    }

    /// The newest publication, where the channel is recovered as a latest value: any position will do.
    async fn newest(&self, channel: &Channel, position: &ClientPosition) -> Result<Option<(Recovered, Epoch)>, Error> {
        let page = self.host.history.page(channel, &Page { limit: Some(1), since: None, reverse: true }).await?;
        self.learn_epoch(&page.epoch);
        let Some(newest) = page.publications.into_iter().next().map(Entry::from) else { return Ok(None) };
        if newest.offset != page.top {
            return Ok(None);
        }
        let rows = if newest.offset == position.offset { Vec::new() } else { vec![newest] };
        let from = page.top - rows.len() as u64;
        Ok(Some((Recovered { from, rows }, page.epoch)))
    }
}
