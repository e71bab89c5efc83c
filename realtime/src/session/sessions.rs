//! What the sessions of a node share, and how they are opened.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::{Session, registry::SessionRegistry, timer_queue::TimerQueue};
use crate::{
    channels::Channels,
    config::Config,
    transport::{
        acceptor::{Acceptor, EmulatedSession, Opening},
        websocket::{Upgrade, linger},
        writer::Socket,
    },
};

/// The sessions of a node, with what they share.
pub struct Sessions {
    pub channels: Arc<Channels>,
    pub registry: SessionRegistry,
    pub timers: Arc<TimerQueue<Session>>,
    /// Connections, accepted or not.
    pub(super) open: AtomicUsize,
    rate: Mutex<Rate>,
    tasks: TaskTracker,
}

impl Sessions {
    /// Without sessions yet; each runs in a task of `tasks`.
    pub fn new(channels: Arc<Channels>, tasks: TaskTracker) -> Self {
        Self {
            registry: SessionRegistry::new(),
            timers: Arc::default(),
            open: AtomicUsize::new(0),
            rate: Mutex::new(Rate::new(channels.config.connection_rate_limit)),
            tasks,
            channels,
        }
    }
}

impl Acceptor for Sessions {
    fn config(&self) -> &Config {
        &self.channels.config
    }

    fn admits(&self) -> bool {
        let limit = self.config().connection_limit;
        let is_full = limit > 0 && self.open.load(Relaxed) >= limit;
        !is_full && !self.channels.is_draining.load(Relaxed) && self.rate.lock().take()
    }

    fn serve(self: Arc<Self>, upgrade: Upgrade, opening: Opening) {
        let tasks = self.tasks.clone();
        tasks.spawn(serve(self, upgrade, opening));
    }

    fn open(self: Arc<Self>, opening: Opening) -> Arc<dyn EmulatedSession> {
        Session::new(self, Socket::Body, opening)
    }
}

/// A connection from its upgrade to its last byte.
async fn serve(sessions: Arc<Sessions>, upgrade: Upgrade, opening: Opening) {
    let Some((socket, early)) = upgrade.socket(sessions.config().send_buffer).await else { return };
    let session = Session::new(sessions, socket, opening);
    session.run(early).await;
    linger(&session.writer).await;
}

/// How many connections may still be opened this second.
struct Rate {
    limit: usize,
    left: usize,
    since: Instant,
}

impl Rate {
    /// At most `limit` a second; 0 = no limit.
    fn new(limit: usize) -> Self {
        Self { limit, left: limit, since: Instant::now() }
    }

    /// Takes one; false when there is none left.
    fn take(&mut self) -> bool {
        if self.limit == 0 {
            return true;
        }
        if self.since.elapsed() >= Duration::from_secs(1) {
            (self.left, self.since) = (self.limit, Instant::now());
        }
        let has_one = self.left > 0;
        self.left = self.left.saturating_sub(1);
        has_one
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F: Future>(_: impl FnOnce(Arc<Sessions>, Upgrade, Opening) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn a_connection_costs_less_than_a_kilobyte_beside_its_session() {
        assert!(size(serve) < 1024, "{}", size(serve));
        assert!(size_of::<Session>() < 640, "{}", size_of::<Session>());
    }
}
