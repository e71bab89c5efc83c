//! Counts of what happened, and the line of the log that shows them.

use crate::client::{CallError, Counts};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct Stats {
    pub deliveries: Arc<Counts>,
    pub ordered: AtomicU64,
    pub accepted: AtomicU64,
    pub ready: AtomicU64,
    pub claimed: AtomicU64,
    pub races_lost: AtomicU64,
    pub picked_up: AtomicU64,
    pub delivered: AtomicU64,
    pub completed: AtomicU64,
    pub cancelled: AtomicU64,
    pub pings: AtomicU64,
    /// Changes that a player had to read, because no message announced them.
    pub missed: AtomicU64,
    /// Times that the server had a crew far from where it rides.
    pub astray: AtomicU64,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Stats {
    pub fn add(total: &AtomicU64) {
        total.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a refusal or a lost answer. The first refusal of its kind is logged in full.
    pub fn failed(&self, who: &str, command: &str, error: &CallError) {
        let kind = if error.is_unavailable() { format!("{command}: away") } else { format!("{command}: {}", error.code()) };
        let mut refused = self.refused.lock();
        let count = refused.entry(kind).or_default();
        *count += 1;
        // A server that is unavailable for a moment is normal here and only counted.
        if *count == 1 && !error.is_unavailable() {
            tracing::warn!("{who}: {command} {error}");
        } else {
            tracing::debug!("{who}: {command} {error}");
        }
    }

    pub fn line(&self) -> String {
        let get = |total: &AtomicU64| total.load(Ordering::Relaxed);
        let deliveries = &self.deliveries;
        let (mut away, mut refused) = (0, 0);
        self.refused
            .lock()
            .iter()
            .for_each(|(kind, count)| *if kind.ends_with(": away") { &mut away } else { &mut refused } += count);
        format!(
            "orders {} accepted {} ready {} claimed {} (races lost {}) picked up {} delivered {} completed {} cancelled {} · pings {} astray {} · received {} recovered {} lost {} doubled {} disordered {} reloads {} missed {} · connects {} · refused {refused} away {away}",
            get(&self.ordered),
            get(&self.accepted),
            get(&self.ready),
            get(&self.claimed),
            get(&self.races_lost),
            get(&self.picked_up),
            get(&self.delivered),
            get(&self.completed),
            get(&self.cancelled),
            get(&self.pings),
            get(&self.astray),
            get(&deliveries.publications),
            get(&deliveries.recovered),
            get(&deliveries.lost),
            get(&deliveries.doubled),
            get(&deliveries.disordered),
            get(&deliveries.reloads),
            get(&self.missed),
            get(&deliveries.connects),
        )
    }

    /// Refusals by command and slug, most frequent first.
    pub fn refusals(&self) -> Vec<(String, u64)> {
        let mut list: Vec<(String, u64)> = self.refused.lock().iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        list
    }
}
