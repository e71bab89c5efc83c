//! The accepted connections of the node, by user.

use std::{hash::BuildHasher, sync::Arc};

use parking_lot::Mutex;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::Session;

type Users = FxHashMap<Arc<str>, FxHashMap<Arc<str>, Arc<Session>>>;

/// The accepted connections of the node, in shards by user.
pub struct SessionRegistry {
    shards: Box<[Mutex<Users>]>,
}

impl SessionRegistry {
    /// An empty registry.
    pub fn new() -> Self {
        Self { shards: (0..32).map(|_| Mutex::default()).collect() }
    }

    fn shard(&self, user: &str) -> &Mutex<Users> {
        &self.shards[FxBuildHasher.hash_one(user) as usize % self.shards.len()]
    }

    /// Adds a connection; false when its user has `limit` already (0 = no limit; anonymous users have none).
    pub fn add(&self, session: &Arc<Session>, user: &Arc<str>, limit: usize) -> bool {
        let mut shard = self.shard(user).lock();
        let sessions = shard.entry(user.clone()).or_default();
        if limit > 0 && !user.is_empty() && sessions.len() >= limit {
            return false;
        }
        sessions.insert(session.client.clone(), session.clone());
        true
    }

    /// Removes a connection.
    pub fn remove(&self, user: &str, client: &str) {
        let mut shard = self.shard(user).lock();
        if let Some(sessions) = shard.get_mut(user) {
            sessions.remove(client);
            if sessions.is_empty() {
                shard.remove(user);
            }
        }
    }

    /// The connections of a user.
    pub fn of(&self, user: &str) -> Vec<Arc<Session>> {
        self.shard(user).lock().get(user).map(|sessions| sessions.values().cloned().collect()).unwrap_or_default()
    }

    /// All connections.
    pub fn all(&self) -> Vec<Arc<Session>> {
        let shards = self.shards.iter();
        shards.flat_map(|shard| shard.lock().values().flat_map(|of| of.values().cloned()).collect::<Vec<_>>()).collect()
    }

    /// How many users there are.
    pub fn users(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().len()).sum()
    }
}

impl Default for SessionRegistry {
    fn default() -> Self {
        Self::new()
    }
}
