//! How nodes hear of each other's commits: a broker carries letters in 64 topics, and nobody depends on one arriving.
//!
//! A broker only hastens. What it loses the tails find missing and read from the log, what it doubles or swaps they put in order, and where
//! it falls silent the host's look-back carries everything. So a broker may drop, but must never make anybody wait.

mod envelope;
pub mod memory;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use tokio::sync::watch;

pub use self::{
    envelope::{Envelope, Unreadable, letters},
    memory::Memory,
};

/// Carries what this node says to all others, and what they say to it.
///
/// Its promises, which `tests/it/broker_contract.rs` holds every broker to:
/// 1. A letter reaches the ear of every other node that has joined at most once, and of no other; never the ear of who sent it.
/// 2. Letters of one node in one topic arrive in the order in which it sent them, as far as they arrive.
/// 3. Letters arrive byte for byte, whatever bytes they are, empty ones too.
/// 4. `tell` never waits, and what waits inside is bounded: letters beyond the bound are lost, and [`Link::Deaf`] says so before any later
///    one arrives anywhere.
/// 5. After `leave`, which may be called twice, nothing is heard or told any more.
pub trait Broker: Send + Sync + 'static {
    /// What it is called in the lease of the node.
    fn name(&self) -> &'static str;

    /// From now on `ear` hears what others say. Called once, by the hub.
    fn join(&self, ear: Arc<dyn Ear>);

    /// Says a letter to all others.
    fn tell(&self, topic: Topic, letter: Bytes);

    /// Might anybody hear? Where not, no letter is written.
    fn has_peers(&self) -> bool;

    /// Whether others are heard, now and at each change.
    fn link(&self) -> watch::Receiver<Link>;

    /// Stops hearing and telling.
    fn leave(&self);
}

/// Hears letters. Called in the broker's threads: must not block.
pub trait Ear: Send + Sync + 'static {
    /// A letter of another node.
    fn hear(&self, topic: Topic, letter: Bytes);
}

/// Whether a node hears the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There is no way to other processes: what they commit is known from the log alone.
    Alone,
    /// What others say arrives. After a time in which it did not, the host looks back at once.
    Hears,
    /// What others say may be lost.
    Deaf,
}

/// One of the topics that kept publications travel in: a channel always goes in the same one, and every node reads all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(u8);

impl Topic {
    /// How many there are. Part of what nodes of one cluster agree on.
    pub const COUNT: u8 = 64;

    /// The topic of a channel.
    pub fn of(channel: &str) -> Self {
        // FNV-1a, spelled out: nodes of two releases must agree, and libraries' hashes change.
        let hash =
            channel.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self(((hash ^ (hash >> 32)) % u64::from(Self::COUNT)) as u8)
    }

    /// All topics.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..Self::COUNT).map(Self)
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "kept:{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_even_enough_and_never_change() {
        let mut counts = [0; Topic::COUNT as usize];
        for n in 0..64_000 {
            counts[Topic::of(&format!("order:{n:08}")).0 as usize] += 1;
        }
        assert!(counts.iter().all(|count| (500..2000).contains(count)), "{counts:?}");
        // Nodes of two releases must agree.
        assert_eq!(["order:1", "user:anna", "shop:9"].map(|name| Topic::of(name).0), [13, 25, 12]);
    }
}
