//! The fan-out of large channels: in a task of its own, in pieces, so that a commit does not wait for a thousand sockets.

use std::{
    hash::BuildHasher,
    sync::{Arc, Weak},
};

use rustc_hash::FxBuildHasher;
use tokio::sync::mpsc;

use super::{
    room::{Room, Told},
    said::Batch,
};
use crate::hub::Inner;

/// The way to the fan-out's tasks, one a core. A room is in there once at most.
pub struct FanOut(Vec<mpsc::UnboundedSender<Arc<Room>>>);

impl FanOut {
    /// The two ends of `count` tasks; a room always goes to the same one.
    pub fn new(count: usize) -> (Self, Vec<mpsc::UnboundedReceiver<Arc<Room>>>) {
        let (to, from) = (0..count.max(1)).map(|_| mpsc::unbounded_channel()).unzip();
        (Self(to), from)
    }

    /// This room has something pending. After the hub's end nobody takes it.
    pub fn send(&self, room: Arc<Room>) {
        let at = FxBuildHasher.hash_one(&*room.name) as usize % self.0.len();
        let _ = self.0[at].send(room);
    }
}

/// Writes before other tasks get their turn.
const PIECE: usize = 128;
/// Publications and bytes that share a write.
const MOST_AT_ONCE: usize = 256;
const MOST_BYTES: usize = 64 * 1024;

/// Runs until the hub is gone. Rooms take turns: what arrives for one while another is served shares its next write.
pub async fn run(hub: Weak<Inner>, mut rooms: mpsc::UnboundedReceiver<Arc<Room>>) {
    while let Some(room) = rooms.recv().await {
        let Some(hub) = hub.upgrade() else { return };
        let Some((batch, slots)) = next(&room) else { continue };
        let mut from = 0;
        while from < slots {
            let mut told = Told::default();
            room.lock().fan_out(&batch, from..(from + PIECE).min(slots), &mut told);
            hub.settle_up(&room, told);
            from += PIECE;
            tokio::task::yield_now().await;
        }
        hub.fan_out.send(room);
    }
}

/// What goes out next, and to how many slots; `None` ends the room's turn.
fn next(room: &Room) -> Option<(Batch, usize)> {
    let mut inner = room.lock();
    inner.fanning_from = None;
    if inner.pending.is_empty() {
        inner.is_fanning_out = false;
        inner.pending = Vec::new();
        return None;
    }
    let mut bytes = 0;
    let fitting = inner.pending.iter().take(MOST_AT_ONCE).take_while(|said| {
        bytes += said.row.body.len();
        bytes <= MOST_BYTES
    });
    let count = fitting.count().max(1);
    let said: Vec<_> = inner.pending.drain(..count).collect();
    inner.fanning_from = said.first().map(|said: &std::sync::Arc<super::said::Said>| said.row.offset);
    Some((Batch::new(said), inner.slots()))
}
