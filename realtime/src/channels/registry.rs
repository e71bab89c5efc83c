//! The channels of the node by name.

use std::{
    hash::BuildHasher,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{
    sequencer::Sequencer,
    state::{ChannelState, Inner},
};
use crate::host::Channel;

type Shard = Mutex<FxHashMap<Channel, Arc<ChannelState>>>;

/// All channels of the node, in shards by name. Order of the locks: nothing is waited for under a shard's; a channel's comes before a
/// session's, a session's before a writer's; of two channels, a durable one before an ephemeral one.
pub struct ChannelRegistry {
    shards: Box<[Shard]>,
}

impl ChannelRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self { shards: (0..64).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, name: &str) -> &Shard {
        &self.shards[FxBuildHasher.hash_one(name) as usize % self.shards.len()]
    }

    /// The state of a channel, if it has one.
    pub fn find(&self, name: &str) -> Option<Arc<ChannelState>> {
        self.shard(name).lock().get(name).cloned()
    }

    /// Runs `f` on a channel's state, which is created where it is missing and cannot be removed meanwhile.
    pub fn within<T>(&self, name: &Channel, f: impl FnOnce(&Arc<ChannelState>, &mut Inner) -> T) -> T {
        let new = || Arc::new(ChannelState::new(name.clone()));
        let channel = self.shard(name).lock().entry(name.clone()).or_insert_with(new).clone();
        let mut inner = channel.lock();
        if inner.is_removed {
            drop(inner);
            // Swept between the two locks: rare, and a second try is enough unless it is swept again.
            return self.within(name, f);
        }
        f(&channel, &mut inner)
    }

    /// Removes the channel if nobody needs it: no subscription, and nothing worth remembering.
    pub fn remove_if_idle(&self, name: &str) {
        let mut shard = self.shard(name).lock();
        // Never wait for a channel under a shard: its holder may be looking another one up. The sweep comes by later.
        let Some(mut inner) = shard.get(name).and_then(|channel| channel.try_lock()) else { return };
        if inner.count() == 0 && inner.sequencer.is_none() && inner.ring.is_none() && inner.pending.is_empty() {
            inner.is_removed = true;
            drop(inner);
            let _removed = shard.remove(name);
        }
    }

    /// Removes channels that have not been used for long. `idle_after`: how long a durable channel without subscriptions keeps its order.
    pub fn sweep(&self, now: Instant, idle_after: Duration) {
        for shard in &self.shards {
            shard.lock().retain(|_, channel| {
                let Some(mut inner) = channel.try_lock() else { return true };
                if let Some(sequencer) = &mut inner.sequencer {
                    sequencer.expire(now);
                }
                let is_idle = inner.count() == 0
                    && inner.pending.is_empty()
                    && !inner.sequencer.as_ref().is_some_and(Sequencer::is_behind)
                    && now.saturating_duration_since(inner.used_at) > idle_after;
                inner.is_removed |= is_idle;
                !is_idle
            });
        }
    }

    /// All channels, one shard locked at a time.
    pub fn all(&self) -> Vec<Arc<ChannelState>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }
}

impl Default for ChannelRegistry {
    fn default() -> Self {
        Self::new()
    }
}
