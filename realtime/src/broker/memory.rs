//! The broker of one process: nothing to carry for a node alone, and a bus between several nodes of one process.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::{Broker, Ear, Link, Topic};

/// Joins the nodes of one process.
#[derive(Default)]
pub struct Bus {
    nodes: RwLock<Nodes>,
}

#[derive(Default)]
struct Nodes {
    next: u64,
    ears: Vec<(u64, Arc<dyn Ear>)>,
}

impl Bus {
    /// The broker of one more node.
    pub fn node(self: &Arc<Self>) -> Memory {
        let mut nodes = self.nodes.write();
        nodes.next += 1;
        Memory { id: nodes.next, bus: self.clone(), link: watch::Sender::new(Link::Alone) }
    }
}

/// One node's end of a [`Bus`]. Letters are heard before `tell` returns, in the thread that tells.
pub struct Memory {
    id: u64,
    bus: Arc<Bus>,
    link: watch::Sender<Link>,
}

impl Memory {
    /// The broker of a node without others.
    pub fn alone() -> Self {
        Arc::new(Bus::default()).node()
    }
}

impl Broker for Memory {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn join(&self, ear: Arc<dyn Ear>) {
        self.bus.nodes.write().ears.push((self.id, ear));
    }

    fn tell(&self, topic: Topic, letter: Bytes) {
        let ears: Vec<_> = {
            let nodes = self.bus.nodes.read();
            if !nodes.ears.iter().any(|(id, _)| *id == self.id) {
                return;
            }
            nodes.ears.iter().filter(|(id, _)| *id != self.id).map(|(_, ear)| ear.clone()).collect()
        };
        for ear in ears {
            ear.hear(topic, letter.clone());
        }
    }

    fn has_peers(&self) -> bool {
        self.bus.nodes.read().ears.iter().any(|(id, _)| *id != self.id)
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    fn leave(&self) {
        self.bus.nodes.write().ears.retain(|(id, _)| *id != self.id);
    }
}
