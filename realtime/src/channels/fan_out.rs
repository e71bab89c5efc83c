//! The fan-out of large channels: in a task of its own, in pieces, so that a commit does not wait for a thousand sockets.

use std::{
    hash::BuildHasher,
    sync::{Arc, Weak},
};

use rustc_hash::FxBuildHasher;
use tokio::sync::mpsc;

use super::{
    Channels,
    encoding::{Batch, Encoded},
    state::{ChannelState, Delivered},
};

/// The senders of the fan-out tasks, one per core. A channel is queued once at most.
pub struct FanOut(Vec<mpsc::UnboundedSender<Arc<ChannelState>>>);

/// The other end of one task's queue.
pub type Queue = mpsc::UnboundedReceiver<Arc<ChannelState>>;

impl FanOut {
    /// Senders and queues of `count` tasks; a channel always goes to the same one.
    pub fn new(count: usize) -> (Self, Vec<Queue>) {
        let (senders, queues) = (0..count.max(1)).map(|_| mpsc::unbounded_channel()).unzip();
        (Self(senders), queues)
    }

    /// Queues a channel that has something pending. After the hub's end nobody takes it.
    pub fn send(&self, channel: Arc<ChannelState>) {
        let at = FxBuildHasher.hash_one(&*channel.name) as usize % self.0.len();
        let _ = self.0[at].send(channel);
    }
}

/// Writes before other tasks get their turn.
const PIECE: usize = 128;
/// Publications and bytes that share a write.
const BATCH_LIMIT: usize = 256;
const BATCH_BYTES: usize = 64 * 1024;

/// Runs until the hub is gone. Channels take turns: what arrives for one while another is served shares its next write.
pub async fn run(channels: Weak<Channels>, mut queue: Queue) {
    while let Some(channel) = queue.recv().await {
        let Some(channels) = channels.upgrade() else { return };
        let Some((batch, slots)) = next(&channel) else { continue };
        let mut from = 0;
        while from < slots {
            let mut delivered = Delivered::default();
            channel.lock().deliver(&batch, from..(from + PIECE).min(slots), &mut delivered);
            channels.follow_up(&channel, delivered);
            from += PIECE;
            tokio::task::yield_now().await;
        }
        channels.fan_out.send(channel);
    }
}

/// What goes out next, and to how many slots; `None` ends the channel's turn.
fn next(channel: &ChannelState) -> Option<(Batch, usize)> {
    let mut inner = channel.lock();
    inner.fanning_out_from = None;
    if inner.pending.is_empty() {
        inner.is_fanning_out = false;
        inner.pending = Vec::new();
        return None;
    }
    let mut bytes = 0;
    let fitting = inner.pending.iter().take(BATCH_LIMIT).take_while(|publication| {
        bytes += publication.entry.body.len();
        bytes <= BATCH_BYTES
    });
    let count = fitting.count().max(1);
    let publications: Vec<Arc<Encoded>> = inner.pending.drain(..count).collect();
    inner.fanning_out_from = publications.first().map(|publication| publication.entry.offset);
    Some((Batch::new(publications), inner.slots()))
}
