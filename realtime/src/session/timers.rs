//! A connection's deadlines: pings, missing pongs, rights that expire, and a socket that takes nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Left, Session, Sub, timer_queue::Timed};
use crate::{
    protocol::{Disconnect, Unsubscribe},
    transport::{
        acceptor::TransportMode,
        frames::{self, Opcode},
    },
};

/// When something is due; the node's timer queue calls [`Timed::tick`].
#[derive(Debug)]
pub struct Timers {
    connect_by: Option<Instant>,
    ping_at: Option<Instant>,
    pong_by: Option<Instant>,
    /// When the unanswered ping was sent.
    pinged_at: Option<Instant>,
    /// When its answer was due last, earlier bytes were still on their way.
    is_line_slow: bool,
    /// This session's current entry in the timer queue; its older entries are ignored.
    scheduled: Option<Instant>,
}

impl Timers {
    /// Deadlines of a connection that must be accepted by then.
    pub fn until(connect_by: Instant) -> Self {
        Self { connect_by: Some(connect_by), ping_at: None, pong_by: None, pinged_at: None, is_line_slow: false, scheduled: None }
    }

    /// The client answered. False when no ping was under way.
    pub fn pong(&mut self) -> bool {
        self.is_line_slow = false;
        self.pong_by.take().is_some()
    }
}

/// What is due at a tick.
enum Due {
    Close(Disconnect),
    Abandon,
    Ping,
    End(Sub),
}

impl Session {
    /// Asks the timer queue for a tick at `at`, unless an earlier one is scheduled.
    pub(super) fn wake_at(self: &Arc<Self>, at: Instant) {
        let mut state = self.state.lock();
        if state.timers.scheduled.is_none_or(|scheduled| at < scheduled) {
            state.timers.scheduled = Some(at);
            drop(state);
            self.sessions.timers.insert(at, self);
        }
    }

    /// The connection was accepted. Its first ping comes at a random point in the second half of the interval, so that restarts do not align.
    pub(super) fn start_timers(self: &Arc<Self>) {
        let interval = self.config().ping_interval;
        {
            let timers = &mut self.state.lock().timers;
            timers.connect_by = None;
            timers.ping_at = (!interval.is_zero()).then(|| Instant::now() + interval.mul_f64(0.5 + fastrand::f64() / 2.0));
        }
        self.reschedule();
    }

    /// A deadline changed: it may be earlier than the scheduled tick.
    pub(super) fn reschedule(self: &Arc<Self>) {
        let next = self.next();
        if let Some(next) = next {
            self.wake_at(next);
        }
    }

    fn ping(&self) -> Bytes {
        if self.mode == TransportMode::NativePings { frames::frame(Opcode::Ping, b"") } else { self.format.ping() }
    }

    fn due(&self, now: Instant) -> Vec<Due> {
        let config = self.config();
        let grace = config.expiry_grace;
        let mut due = Vec::new();
        if self.writer.stalled_since().is_some_and(|since| since + config.stall_timeout <= now) {
            return vec![Due::Abandon];
        }
        if self.writer.is_finished() {
            return due;
        }
        let mut state = self.state.lock();
        if state.timers.connect_by.is_some_and(|at| at <= now) {
            return vec![Due::Close(Disconnect::STALE)];
        }
        if state.timers.pong_by.is_some_and(|at| at <= now) {
            // While earlier bytes wait for a slow line, the ping itself has not arrived, so a missing pong is excused for a while. The ping may have
            // arrived just now, so the client gets the timeout once more after that.
            let is_patient = state.timers.pinged_at.is_some_and(|at| now < at + config.stall_timeout.max(config.pong_timeout));
            let is_under_way = self.writer.is_under_way();
            let was_under_way = std::mem::replace(&mut state.timers.is_line_slow, is_under_way);
            if !(is_patient && (is_under_way || was_under_way)) {
                return vec![Due::Close(Disconnect::NO_PONG)];
            }
            state.timers.pong_by = Some(now + config.pong_timeout);
        }
        if state.identity.as_ref().and_then(|identity| identity.expires_at).is_some_and(|at| at + grace <= now) {
            return vec![Due::Close(Disconnect::EXPIRED)];
        }
        for sub in &state.subs {
            if sub.grant.expires_at.is_some_and(|at| at + grace <= now) {
                if sub.is_server_side {
                    return vec![Due::Close(Disconnect::SUBSCRIPTION_EXPIRED)];
                }
                due.push(Due::End(sub.clone()));
            }
        }
        if state.timers.ping_at.is_some_and(|at| at <= now) {
            state.timers.ping_at = Some(now + config.ping_interval);
            // On a slow line at most one ping waits: a client answers each of them, and an unexpected pong ends the connection.
            if state.timers.pong_by.is_none() {
                if !config.pong_timeout.is_zero() && self.mode != TransportMode::OneWay {
                    state.timers.pong_by = Some(now + config.pong_timeout);
                    state.timers.pinged_at = Some(now);
                }
                due.push(Due::Ping);
            }
        }
        due
    }

    fn next(&self) -> Option<Instant> {
        let config = self.config();
        let stalled = self.writer.stalled_since().map(|since| since + config.stall_timeout);
        // A connection that is closing only has its last bytes to wait for.
        if self.writer.is_finished() {
            return stalled;
        }
        let state = self.state.lock();
        let grace = config.expiry_grace;
        let timers = &state.timers;
        let rights = state
            .identity
            .iter()
            .filter_map(|identity| identity.expires_at)
            .chain(state.subs.iter().filter_map(|sub| sub.grant.expires_at));
        let rights = rights.min().map(|at| at + grace);
        [timers.connect_by, timers.ping_at, timers.pong_by, rights, stalled].into_iter().flatten().min()
    }
}

impl Timed for Session {
    fn tick(self: &Arc<Self>, at: Instant) {
        {
            let mut state = self.state.lock();
            if state.timers.scheduled != Some(at) {
                return;
            }
            state.timers.scheduled = None;
        }
        let now = Instant::now();
        for due in self.due(now) {
            match due {
                Due::Close(reason) => self.close(reason),
                Due::Abandon => {
                    self.state.lock().left.get_or_insert(Left::Closed(Disconnect::WRITE_ERROR.code.into()));
                    self.writer.abandon();
                }
                Due::Ping => self.put(self.ping()),
                Due::End(sub) => self.channels().end(&sub.channel, sub.id, &Unsubscribe::EXPIRED),
            }
        }
        self.reschedule();
    }
}
