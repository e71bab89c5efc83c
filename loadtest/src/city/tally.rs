//! What happened, counted; one line now and then.

use crate::client::{Counts, Trouble};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

#[derive(Default)]
pub struct Tally {
    pub heard: Arc<Counts>,
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
    /// States that a follower had to ask for, because no event had told them.
    pub unheard: AtomicU64,
    /// Times that the server thought a crew far from where it rides.
    pub astray: AtomicU64,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Tally {
    pub fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Notes a refusal or a lost answer. The first refusal of its kind is told in full, the rest is counted.
    pub fn trouble(&self, who: &str, deed: &str, trouble: &Trouble) {
        let kind = if trouble.is_away() { format!("{deed}: away") } else { format!("{deed}: {}", trouble.code()) };
        let mut refused = self.refused.lock();
        let count = refused.entry(kind).or_default();
        *count += 1;
        // A server that is away for a moment is part of life; its absence is counted.
        if *count == 1 && !trouble.is_away() {
            tracing::warn!("{who}: {deed} {trouble}");
        } else {
            tracing::debug!("{who}: {deed} {trouble}");
        }
    }

    pub fn line(&self) -> String {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let heard = &self.heard;
        let (mut away, mut refused) = (0, 0);
        self.refused
            .lock()
            .iter()
            .for_each(|(kind, count)| *if kind.ends_with(": away") { &mut away } else { &mut refused } += count);
        format!(
            "orders {} accepted {} ready {} claimed {} (races lost {}) picked up {} delivered {} completed {} cancelled {} · pings {} astray {} · heard {} recovered {} lost {} doubled {} disordered {} reloads {} unheard {} · connects {} · refused {refused} away {away}",
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
            get(&heard.publications),
            get(&heard.recovered),
            get(&heard.lost),
            get(&heard.doubled),
            get(&heard.disordered),
            get(&heard.reloads),
            get(&self.unheard),
            get(&heard.connects),
        )
    }

    /// Refusals by deed and slug, most frequent first.
    pub fn refusals(&self) -> Vec<(String, u64)> {
        let mut list: Vec<(String, u64)> = self.refused.lock().iter().map(|(kind, count)| (kind.clone(), *count)).collect();
        list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        list
    }
}
