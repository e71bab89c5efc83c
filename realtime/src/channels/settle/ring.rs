//! Settling on a channel that this node numbers itself: recovery from the ring while it holds the rest, else the host's snapshot.

use std::sync::Arc;

use super::{ClientPosition, PendingSubscription};
use crate::{
    channels::Channels,
    host::{Error, Grant, Identity},
    protocol::SubscribeResult,
};

impl Channels {
    pub(super) async fn settle_in_ring(
        &self,
        pending: &PendingSubscription,
        identity: &Identity,
        grant: &Arc<Grant>,
        size: usize,
        position: ClientPosition,
        result: &mut SubscribeResult,
    ) -> Result<(), Error> {
        let (top, epoch, missed) = {
            let mut inner = pending.channel.lock();
            let (ring, epoch) = inner.ring(size, || self.ring_epoch());
            let is_same = position.epoch.is_empty() || *position.epoch == **epoch;
            let missed: Option<Vec<_>> = if position.recover && is_same {
                ring.since(position.offset).map(|entries| entries.cloned().collect())
            } else {
                None
            };
            (ring.top(), epoch.clone(), missed)
        };
        result.epoch = epoch.to_string();
        (result.recoverable, result.positioned) = (true, true);
        if let Some(missed) = missed {
            (result.recovered, result.offset) = (true, position.offset);
            self.put_recovered(pending, &missed, result)?;
        } else if position.recover && position.reloads {
            return Err(Error::unrecoverable_position());
        } else {
            // The state is read after the join; what was published since is in the buffer and follows.
            result.offset = top;
            self.put_snapshot(result, &pending.channel.name, identity).await?;
        }
        pending.channel.lock().place_ephemeral(pending.id, grant.clone(), top);
        Ok(())
    }
}
