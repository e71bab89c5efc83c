//! What the node counts.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What the node holds now, and what it did since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// Accepted connections, WebSocket and EventSource.
    pub connections: usize,
    /// Distinct users of WebSocket connections.
    pub users: usize,
    /// Channels with at least one subscription here.
    pub channels: usize,
    pub subscriptions: usize,
    /// Durable channels whose sequencer waits for a missing number.
    pub gaps: usize,
    /// Durable publications put in order, and copies of them and of ephemeral ones handed to connections.
    pub published: u64,
    pub delivered: u64,
    /// Connections closed with 3008, and how often an ephemeral reader lagged.
    pub slow: u64,
    pub lagged: u64,
    /// Publications read from the log because they did not arrive.
    pub backfilled: u64,
    /// Broker messages of other nodes that were taken, and those ignored: unreadable, or of another epoch.
    pub broker_messages: u64,
    pub broker_messages_ignored: u64,
}

/// Running counts.
#[derive(Default)]
pub struct Counts {
    published: AtomicU64,
    delivered: AtomicU64,
    slow: AtomicU64,
    lagged: AtomicU64,
    backfilled: AtomicU64,
    broker_messages: AtomicU64,
    broker_messages_ignored: AtomicU64,
}

impl Counts {
    /// So many durable publications were put in order.
    pub fn published(&self, count: usize) {
        self.published.fetch_add(count as u64, Relaxed);
    }

    /// So many were read from the log.
    pub fn backfilled(&self, count: usize) {
        self.backfilled.fetch_add(count as u64, Relaxed);
    }

    /// A broker message of another node arrived.
    pub fn broker_message(&self, was_taken: bool) {
        let count = if was_taken { &self.broker_messages } else { &self.broker_messages_ignored };
        count.fetch_add(1, Relaxed);
    }

    /// A connection was too slow.
    pub fn slow(&self) {
        self.slow.fetch_add(1, Relaxed);
    }

    /// A delivery handed out so many copies and met so many slow and lagging connections.
    pub fn delivered(&self, copies: u64, slow: u64, lagged: u64) {
        for (count, by) in [(&self.delivered, copies), (&self.slow, slow), (&self.lagged, lagged)] {
            if by > 0 {
                count.fetch_add(by, Relaxed);
            }
        }
    }

    /// The running counts as stats; what the node holds now is left at 0.
    pub fn read(&self) -> Stats {
        Stats {
            published: self.published.load(Relaxed),
            delivered: self.delivered.load(Relaxed),
            slow: self.slow.load(Relaxed),
            lagged: self.lagged.load(Relaxed),
            backfilled: self.backfilled.load(Relaxed),
            broker_messages: self.broker_messages.load(Relaxed),
            broker_messages_ignored: self.broker_messages_ignored.load(Relaxed),
            ..Stats::default()
        }
    }
}
