//! Settling on a channel of which only the state counts: the reply carries the snapshot, and changes follow.

use std::sync::Arc;

use super::PendingSubscription;
use crate::{
    channels::Channels,
    host::{Error, Grant, Identity},
    protocol::SubscribeResult,
};

impl Channels {
    pub(super) async fn settle_with_state(
        &self,
        pending: &PendingSubscription,
        identity: &Identity,
        grant: &Arc<Grant>,
        result: &mut SubscribeResult,
    ) -> Result<(), Error> {
        self.put_snapshot(result, &pending.channel.name, identity).await?;
        pending.channel.lock().place_ephemeral(pending.id, grant.clone(), 0);
        Ok(())
    }
}
