//! The broker of one process: it carries nothing for a single node, and joins several nodes of one process by a bus.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::RwLock;
use tokio::sync::watch;

use super::{Broker, Link, Receiver, Topic};

/// Joins the nodes of one process.
#[derive(Default)]
pub struct Bus {
    nodes: RwLock<Nodes>,
}

#[derive(Default)]
struct Nodes {
    next: u64,
    receivers: Vec<(u64, Arc<dyn Receiver>)>,
}

impl Bus {
    /// The broker of one more node.
    pub fn node(self: &Arc<Self>) -> Memory {
        let mut nodes = self.nodes.write();
        nodes.next += 1;
        Memory { id: nodes.next, bus: self.clone(), link: watch::Sender::new(Link::Alone) }
    }
}

/// One node's end of a [`Bus`]. Messages are received before `publish` returns, in the thread that publishes.
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

    fn join(&self, receiver: Arc<dyn Receiver>) {
        self.bus.nodes.write().receivers.push((self.id, receiver));
    }

    fn publish(&self, topic: Topic, message: Bytes) {
        let receivers: Vec<_> = {
            let nodes = self.bus.nodes.read();
            if !nodes.receivers.iter().any(|(id, _)| *id == self.id) {
                return;
            }
            nodes.receivers.iter().filter(|(id, _)| *id != self.id).map(|(_, receiver)| receiver.clone()).collect()
        };
        for receiver in receivers {
            receiver.receive(topic, message.clone());
        }
    }

    fn has_peers(&self) -> bool {
        self.bus.nodes.read().receivers.iter().any(|(id, _)| *id != self.id)
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.link.subscribe()
    }

    fn leave(&self) {
        self.bus.nodes.write().receivers.retain(|(id, _)| *id != self.id);
    }
}
