//! The registry of channels: who is subscribed here, and in which order publications reach them.

pub mod fan_out;
pub mod filler;
mod fossil;
pub mod name;
pub mod order;
pub mod room;
pub mod said;
pub mod subscriber;
pub mod tail;

use std::{
    hash::BuildHasher,
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};

use self::room::{Inner, Room};
use crate::host::Channel;

/// All channels of the node, in shards by name. Locks: nothing is waited for under a shard's; a room's before a
/// session's, a session's before a writer's; of two rooms, a kept one before a ephemeral one.
pub struct Registry {
    shards: Box<[Mutex<FxHashMap<Channel, Arc<Room>>>]>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self { shards: (0..64).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, name: &str) -> &Mutex<FxHashMap<Channel, Arc<Room>>> {
        &self.shards[FxBuildHasher.hash_one(name) as usize % self.shards.len()]
    }

    /// The room of a channel, if there is one.
    pub fn find(&self, name: &str) -> Option<Arc<Room>> {
        self.shard(name).lock().get(name).cloned()
    }

    /// Does something in the room of a channel, which is made where it is missing and cannot vanish meanwhile.
    pub fn within<T>(&self, name: &Channel, deed: impl FnOnce(&Arc<Room>, &mut Inner) -> T) -> T {
        let room = self.shard(name).lock().entry(name.clone()).or_insert_with(|| Arc::new(Room::new(name.clone()))).clone();
        let mut inner = room.lock();
        if inner.is_gone {
            drop(inner);
            // Swept between the two locks: rare, and once more is enough unless it is swept again.
            return self.within(name, deed);
        }
        deed(&room, &mut inner)
    }

    /// Forgets the room if nobody needs it: no subscriber, and nothing worth remembering.
    pub fn forget_if_idle(&self, name: &str) {
        let mut shard = self.shard(name).lock();
        // Never wait for a room under a shard: whoever holds the room may be looking another one up. The sweep comes by later.
        let Some(mut inner) = shard.get(name).and_then(|room| room.try_lock()) else { return };
        if inner.count() == 0 && inner.tail.is_none() && inner.ring.is_none() && inner.pending.is_empty() {
            inner.is_gone = true;
            drop(inner);
            let _gone = shard.remove(name);
        }
    }

    /// Forgets what nobody asked for in a long time. `tail_after`: how long a kept channel without subscribers keeps its place in the order.
    pub fn sweep(&self, now: Instant, tail_after: Duration) {
        for shard in &self.shards {
            shard.lock().retain(|_, room| {
                let Some(mut inner) = room.try_lock() else { return true };
                if let Some(tail) = &mut inner.tail {
                    tail.expire(now);
                }
                let is_idle = inner.count() == 0
                    && inner.pending.is_empty()
                    && !inner.tail.as_ref().is_some_and(tail::Tail::is_behind)
                    && now.saturating_duration_since(inner.used_at) > tail_after;
                inner.is_gone |= is_idle;
                !is_idle
            });
        }
    }

    /// All rooms there are, one shard locked at a time.
    pub fn all(&self) -> Vec<Arc<Room>> {
        self.shards.iter().flat_map(|shard| shard.lock().values().cloned().collect::<Vec<_>>()).collect()
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}
