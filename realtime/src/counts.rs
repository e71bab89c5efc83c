//! What the node counts: what it holds now, and what it did since its start.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::{channels::room::Told, hub::Inner};

/// What the node holds now, and what it did since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// Accepted connections, WebSocket and EventSource.
    pub connections: usize,
    /// Distinct users of WebSocket connections.
    pub users: usize,
    /// Channels with at least one subscriber here.
    pub channels: usize,
    pub subscriptions: usize,
    /// Publication channels whose tail waits for a missing number.
    pub gaps: usize,
    /// Publications put in their place, and copies of them and of ephemeral ones handed to connections.
    pub published: u64,
    pub delivered: u64,
    /// Connections closed with 3008, and times that a ephemeral reader lagged.
    pub slow: u64,
    pub lagged: u64,
    /// Publications taken from the log because they did not arrive.
    pub backfilled: u64,
    /// Letters of other nodes that were put in their place, and those ignored: unreadable, or of another life of the log.
    pub broker_messages: u64,
    pub broker_messages_ignored: u64,
}

impl Stats {
    /// A reading of the hub.
    pub(crate) fn of(hub: &Arc<Inner>) -> Self {
        let counts = &hub.counts;
        let mut stats = Self {
            connections: hub.book.all().len() + hub.sources.all().len(),
            users: hub.book.users(),
            published: counts.published.load(Relaxed),
            delivered: counts.delivered.load(Relaxed),
            slow: counts.slow.load(Relaxed),
            lagged: counts.lagged.load(Relaxed),
            backfilled: counts.filled.load(Relaxed),
            broker_messages: counts.broker_messages.load(Relaxed),
            broker_messages_ignored: counts.broker_messages_ignored.load(Relaxed),
            ..Self::default()
        };
        for room in hub.channels.all() {
            let room = room.lock();
            stats.channels += usize::from(room.count() > 0);
            stats.subscriptions += room.count();
            stats.gaps += usize::from(room.tail.as_ref().is_some_and(|tail| tail.is_behind()));
        }
        stats
    }
}

/// Running counts.
#[derive(Default)]
pub struct Counts {
    published: AtomicU64,
    delivered: AtomicU64,
    slow: AtomicU64,
    lagged: AtomicU64,
    filled: AtomicU64,
    broker_messages: AtomicU64,
    broker_messages_ignored: AtomicU64,
}

impl Counts {
    /// So many publications are in their place.
    pub fn published(&self, count: usize) {
        self.published.fetch_add(count as u64, Relaxed);
    }

    /// So many came from the log.
    pub fn filled(&self, count: usize) {
        self.filled.fetch_add(count as u64, Relaxed);
    }

    /// A letter of another node came.
    pub fn broker_message(&self, was_taken: bool) {
        let count = if was_taken { &self.broker_messages } else { &self.broker_messages_ignored };
        count.fetch_add(1, Relaxed);
    }

    /// A connection was too slow.
    pub fn slow(&self) {
        self.slow.fetch_add(1, Relaxed);
    }

    /// What a delivery counted.
    pub fn told(&self, told: &Told) {
        if told.delivered > 0 {
            self.delivered.fetch_add(told.delivered, Relaxed);
        }
        if told.slow > 0 {
            self.slow.fetch_add(told.slow, Relaxed);
        }
        if told.lagged > 0 {
            self.lagged.fetch_add(told.lagged, Relaxed);
        }
    }
}
