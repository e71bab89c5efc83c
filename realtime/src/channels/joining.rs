//! How a subscription gets its position and goes live, under the channel's lock.

use std::sync::Arc;

use super::{
    encoding::{Batch, Encoded},
    state::{Delivered, FollowUp, Inner, SubscriptionId},
    subscription::{JOIN_BYTES, Stage, Subscription},
};
use crate::{
    host::{Grant, Offset},
    log::{Ended, Entry, Joined, Joining, Position, Recovered},
    protocol::{JoinPush, PushBody, Unsubscribe},
};

impl Inner {
    /// Gives a joining subscription its grant and position: what was read, up to a revocation in it. It goes on buffering until
    /// [`Inner::go_live`]. `None` when the subscription is gone.
    pub fn place(&mut self, id: SubscriptionId, grant: Arc<Grant>, read: Recovered) -> Option<Joined> {
        let subscription = self.get(id)?;
        let joined = Joining::begin(0, None).join(read, &subscription.user, None);
        if let Stage::Joining { position, .. } = &mut subscription.stage {
            *position = Some(joined.position.clone());
        }
        subscription.grant = Some(grant);
        Some(joined)
    }

    /// Gives a joining subscription of an ephemeral channel its grant and its position in the ring, 0 where there is none.
    pub fn place_ephemeral(&mut self, id: SubscriptionId, grant: Arc<Grant>, at: Offset) {
        if let Some(subscription) = self.get(id) {
            subscription.grant = Some(grant);
            if let Stage::Joining { position, .. } = &mut subscription.stage {
                *position = Some(Position::after(at));
            }
        }
    }

    /// The reply is written: `entries` and what was buffered follow, then everything as it is published.
    ///
    /// `Err(offset)` = the log must be read once more from there, and this be called with what was read.
    pub fn go_live(&mut self, id: SubscriptionId, entries: Vec<Entry>, delivered: &mut Delivered) -> Result<(), Offset> {
        let name = self.name.clone();
        let top = self.delivered_top();
        let Some(subscription) = self.get(id) else { return Ok(()) };
        let Stage::Joining { durable, ephemeral, position } = &mut subscription.stage else { return Ok(()) };
        let from = position.as_ref().map_or(0, Position::last);
        let ephemeral = std::mem::take(ephemeral);
        let buffered = std::mem::replace(durable, Joining::begin(JOIN_BYTES, None));
        let joined = buffered.join(Recovered { from, rows: entries }, &subscription.user, top);
        let last = joined.position.last();
        let mut due: Vec<Arc<Encoded>> = joined.deliver.into_iter().map(|entry| Arc::new(Encoded::new(&name, entry))).collect();
        if joined.ended == Some(Ended::Gap) {
            *position = Some(joined.position);
        } else {
            due.extend(ephemeral.into_iter().filter(|of| of.entry.offset == 0 || of.entry.offset > from));
            let last = due.last().map_or(last, |of| of.entry.offset.max(last));
            subscription.stage = Stage::Live(Position::after(last));
        }
        if !due.is_empty() {
            subscription.write(&name, &Batch::new(due), 0, true, delivered);
        }
        if joined.needs_recheck {
            delivered.follow_ups.push(FollowUp::Recheck(subscription.subscriber.clone(), id));
        }
        match joined.ended {
            Some(Ended::Gap) => return Err(last),
            Some(Ended::Right) => self.end(id, &Unsubscribe::SERVER, delivered),
            None => {
                let info = subscription.is_announced().then(|| subscription.info());
                if let Some(info) = info {
                    self.announce(PushBody::Join(JoinPush { info: Some(info) }));
                }
            }
        }
        Ok(())
    }

    /// Whether rights must be read again before a joining subscriber is shown the state at `from`.
    pub fn needs_rights_again(&mut self, id: SubscriptionId, from: Offset) -> bool {
        match self.get(id).map(|subscription| &subscription.stage) {
            Some(Stage::Joining { durable, .. }) => durable.needs_rights_again(from),
            _ => false,
        }
    }

    /// Whether what was read crosses an older revocation of the subscriber's right: then it is not shown.
    pub fn crosses_revocation(&mut self, id: SubscriptionId, read: &Recovered) -> bool {
        match self.get(id) {
            Some(Subscription { stage: Stage::Joining { durable, .. }, user, .. }) => durable.crosses_revocation(read, user),
            _ => false,
        }
    }

    /// A stale reader begins to buffer again, before the full state is read. Returns its last number; `None` when it is not stale.
    pub fn rejoin(&mut self, id: SubscriptionId) -> Option<Offset> {
        let subscription = self.get(id)?;
        let Stage::Stale(position) = &subscription.stage else { return None };
        let last = position.last();
        subscription.stage = Stage::Joining {
            durable: Joining::begin(JOIN_BYTES, None),
            ephemeral: Vec::new(),
            position: Some(Position::after(last)),
        };
        Some(last)
    }

    /// What a reader that lagged has missed, or the full state, then what was published while that was read.
    pub fn resume(&mut self, id: SubscriptionId, missed: Vec<Arc<Encoded>>, at: Offset, delivered: &mut Delivered) {
        let name = self.name.clone();
        let Some(subscription) = self.get(id) else { return };
        let Stage::Joining { ephemeral, .. } = &mut subscription.stage else { return };
        let mut due = missed;
        due.extend(std::mem::take(ephemeral).into_iter().filter(|of| of.entry.offset == 0 || of.entry.offset > at));
        let last = due.last().map_or(at, |of| of.entry.offset.max(at));
        subscription.stage = Stage::Live(Position::after(last));
        if !due.is_empty() {
            subscription.write(&name, &Batch::new(due), 0, true, delivered);
        }
    }
}
