//! How nodes learn of each other's commits: a broker carries messages in 64 topics, and nothing depends on any single one arriving.
//!
//! A broker only saves time. What it loses, the sequencers notice and read from the log; what it repeats or reorders, they put in order; and
//! while it delivers nothing, the host's catch-up carries everything. So a broker may drop messages, but must never make anybody wait.

mod envelope;
pub mod memory;

use std::{fmt, sync::Arc};

use bytes::Bytes;
use tokio::sync::watch;

pub use self::{
    envelope::{Envelope, Unreadable, messages},
    memory::Memory,
};

/// Carries messages from this node to all others, and from them to this one.
///
/// `tests/it/broker_contract.rs` checks these promises of every broker:
/// 1. A message reaches the receiver of every other node that has joined at most once, and no other; never the receiver of its sender.
/// 2. Messages of one node in one topic arrive in the order in which it sent them, as far as they arrive.
/// 3. Messages arrive byte for byte, whatever bytes they are, empty ones too.
/// 4. `publish` never waits, and the queue inside is bounded: messages beyond the bound are lost, and [`Link::Down`] reports that before any
///    later one arrives anywhere.
/// 5. After `leave`, which may be called twice, nothing is received or sent any more.
pub trait Broker: Send + Sync + 'static {
    /// Its name in the lease of the node.
    fn name(&self) -> &'static str;

    /// From now on `receiver` gets the messages of other nodes. Called once, by the hub.
    fn join(&self, receiver: Arc<dyn Receiver>);

    /// Sends a message to all other nodes.
    fn publish(&self, topic: Topic, message: Bytes);

    /// Whether another node might receive. If not, no message is encoded.
    fn has_peers(&self) -> bool;

    /// Whether messages of other nodes arrive, now and at each change.
    fn link(&self) -> watch::Receiver<Link>;

    /// Stops receiving and sending.
    fn leave(&self);
}

/// Takes messages of other nodes. Called in the broker's threads: must not block.
pub trait Receiver: Send + Sync + 'static {
    /// A message of another node.
    fn receive(&self, topic: Topic, message: Bytes);
}

/// Whether a node receives the messages of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// There is no connection to other processes: their commits are known from the log alone.
    Alone,
    /// Messages arrive. After a time in which they did not, the host runs its catch-up at once.
    Up,
    /// Messages may be lost.
    Down,
}

/// One of the topics that durable publications travel in: a channel always uses the same one, and every node reads all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(u8);

impl Topic {
    /// How many there are. All nodes of a cluster must agree on it.
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
        write!(f, "durable:{}", self.0)
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
