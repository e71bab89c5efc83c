//! One clockwork for all connections of the node: no timer of their own.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{Arc, Weak},
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

use super::Session;

/// Wakes sessions at their time.
#[derive(Default)]
pub struct Clockwork {
    entries: Mutex<BinaryHeap<Reverse<Entry>>>,
    earlier: Notify,
}

struct Entry {
    at: Instant,
    session: Weak<Session>,
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}
impl Eq for Entry {}
impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Entry {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.at.cmp(&other.at)
    }
}

impl Clockwork {
    /// Ticks a session at `at`.
    pub fn at(&self, at: Instant, session: &Arc<Session>) {
        let mut entries = self.entries.lock();
        let is_first = entries.peek().is_none_or(|Reverse(first)| at < first.at);
        entries.push(Reverse(Entry { at, session: Arc::downgrade(session) }));
        drop(entries);
        if is_first {
            self.earlier.notify_one();
        }
    }

    /// Runs as long as the hub lives.
    pub async fn run(&self) {
        loop {
            let next = self.entries.lock().peek().map(|Reverse(entry)| entry.at);
            match next {
                None => self.earlier.notified().await,
                Some(at) => tokio::select! {
                    () = tokio::time::sleep_until(at) => self.tick(),
                    () = self.earlier.notified() => {}
                },
            }
        }
    }

    fn tick(&self) {
        let now = Instant::now();
        loop {
            let due = {
                let mut entries = self.entries.lock();
                if entries.peek().is_none_or(|Reverse(first)| first.at > now) {
                    return;
                }
                entries.pop()
            };
            if let Some(Reverse(Entry { at, session })) = due
                && let Some(session) = session.upgrade()
            {
                session.tick(at);
            }
        }
    }
}
