//! The channels of a node: their subscriptions, and the order in which publications reach them.

mod backfill;
mod delta;
pub mod encoding;
mod fan_out;
mod inbox;
mod joining;
pub mod name;
mod observation;
mod publish;
mod registry;
pub mod sequencer;
pub mod settle;
pub mod state;
pub mod subscriber;
mod subscription;

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use parking_lot::Mutex;
use tokio_util::sync::DropGuard;

use self::{backfill::Backfill, fan_out::FanOut};
pub use self::{
    inbox::Inbox,
    registry::ChannelRegistry,
    settle::{ClientPosition, PendingSubscription, Rights},
    state::{ChannelState, SubscriptionId},
    subscriber::{Subscriber, WriteResult},
    subscription::Subscription,
};
use crate::{
    config::Config,
    counts::Counts,
    host::{Epoch, Host},
};

/// All channels of the node, with what they share.
pub struct Channels {
    pub config: Config,
    pub host: Host,
    pub counts: Counts,
    pub registry: ChannelRegistry,
    /// Names this run of the node to its peers.
    pub boot: Arc<str>,
    pub started: Instant,
    /// The node is shutting down: no connection is accepted any more.
    pub is_draining: AtomicBool,
    backfill: Backfill,
    fan_out: FanOut,
    epoch: Mutex<Epoch>,
    next_number: AtomicU64,
    _until_dropped: DropGuard,
}

/// A task that runs as long as the channels are used.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Channels {
    /// The channels, and the tasks that the caller has to spawn for them. `until_dropped` is dropped with the last user of the channels.
    pub fn new(config: Config, host: Host, boot: Arc<str>, until_dropped: DropGuard) -> (Arc<Self>, Vec<Task>) {
        let (backfill, requests) = Backfill::new();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (fan_out, queues) = FanOut::new(cores);
        let channels = Arc::new(Self {
            epoch: Mutex::new(config.epoch.clone()),
            config,
            host,
            counts: Counts::default(),
            registry: ChannelRegistry::new(),
            boot,
            started: now(),
            is_draining: AtomicBool::new(false),
            backfill,
            fan_out,
            next_number: AtomicU64::new(1),
            _until_dropped: until_dropped,
        });
        let weak = Arc::downgrade(&channels);
        let mut tasks: Vec<Task> = vec![Box::pin(backfill::run(weak.clone(), requests))];
        tasks.extend(queues.into_iter().map(|queue| Box::pin(fan_out::run(weak.clone(), queue)) as Task));
        (channels, tasks)
    }

    /// A number that no other subscription of this node has.
    fn next_number(&self) -> u64 {
        self.next_number.fetch_add(1, Relaxed)
    }

    /// The epoch of a new ring: the run of the node, and a number within it.
    fn ring_epoch(&self) -> Epoch {
        format!("{}-{}", self.boot, self.next_number()).into()
    }

    /// The epoch of durable channels; empty until the first reading of the log.
    pub fn epoch(&self) -> Epoch {
        self.epoch.lock().clone()
    }

    /// Another log began.
    pub fn set_epoch(&self, epoch: Epoch) {
        *self.epoch.lock() = epoch;
    }

    /// The first reading sets the epoch. Later ones do not change it: that is up to the host.
    fn learn_epoch(&self, epoch: &Epoch) {
        let mut known = self.epoch.lock();
        if known.is_empty() {
            *known = epoch.clone();
        }
    }

    /// Removes a subscription; its client is gone.
    pub fn leave(&self, channel: &ChannelState, id: SubscriptionId) {
        channel.lock().leave(id);
        self.registry.remove_if_idle(&channel.name);
    }
}

/// Sequencers use std's instants, sessions tokio's, whose clock a test can stop.
pub fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}
