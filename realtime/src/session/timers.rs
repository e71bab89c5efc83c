//! What a connection's time brings: pings, silence, ends of rights, and a socket that takes nothing.

use std::sync::Arc;

use bytes::Bytes;
use tokio::time::Instant;

use super::{Left, Session, Sub, Ways};
use crate::{
    protocol::Disconnect,
    transport::frames::{self, Opcode},
};

/// When something is due; the hub's one clockwork calls [`Session::tick`].
#[derive(Debug)]
pub struct Timers {
    connect_by: Option<Instant>,
    ping_at: Option<Instant>,
    pong_by: Option<Instant>,
    /// When the unanswered ping was sent.
    pinged_at: Option<Instant>,
    /// When its answer was due last, older bytes were still on their way.
    is_line_slow: bool,
    /// What the clockwork knows of this session; older entries of it are ignored.
    scheduled: Option<Instant>,
}

impl Timers {
    /// A connection that has until then to be accepted.
    pub fn until(connect_by: Instant) -> Self {
        Self { connect_by: Some(connect_by), ping_at: None, pong_by: None, pinged_at: None, is_line_slow: false, scheduled: None }
    }

    /// The client answered. False when nothing was asked.
    pub fn pong(&mut self) -> bool {
        self.is_line_slow = false;
        self.pong_by.take().is_some()
    }
}

/// What a tick found to do.
enum Due {
    Close(Disconnect),
    Abandon,
    Ping,
    End(Sub),
}

impl Session {
    /// Asks the clockwork for a tick at `at`, unless an earlier one is under way.
    pub(super) fn wake_at(self: &Arc<Self>, at: Instant) {
        let mut state = self.state.lock();
        if state.timers.scheduled.is_none_or(|scheduled| at < scheduled) {
            state.timers.scheduled = Some(at);
            drop(state);
            self.hub.clockwork.at(at, self);
        }
    }

    /// The connection was accepted. Its first ping comes at a random point in the second half of the interval, so that restarts do not align.
    pub(super) fn start_timers(self: &Arc<Self>) {
        let interval = self.hub.config.ping_interval;
        {
            let timers = &mut self.state.lock().timers;
            timers.connect_by = None;
            timers.ping_at = (!interval.is_zero()).then(|| Instant::now() + interval.mul_f64(0.5 + fastrand::f64() / 2.0));
        }
        self.reschedule();
    }

    /// Something changed that may be due earlier.
    pub(super) fn reschedule(self: &Arc<Self>) {
        let next = self.next();
        if let Some(next) = next {
            self.wake_at(next);
        }
    }

    /// Time has come. `at` names the entry of the clockwork: only the newest counts.
    pub fn tick(self: &Arc<Self>, at: Instant) {
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
                Due::Close(why) => self.close(why),
                Due::Abandon => {
                    self.state.lock().why.get_or_insert(Left::Closed(Disconnect::WRITE_ERROR.code.into()));
                    self.writer.abandon();
                }
                Due::Ping => self.put(self.ping()),
                Due::End(sub) => self.hub.end(&sub.room, sub.seat, 2501, "subscription expired"),
            }
        }
        self.reschedule();
    }

    fn ping(&self) -> Bytes {
        if self.ways == Ways::NativePings { frames::frame(Opcode::Ping, b"") } else { self.format.ping() }
    }

    fn due(&self, now: Instant) -> Vec<Due> {
        let config = &self.hub.config;
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
            // Behind bytes that a slow line has not taken yet, the ping itself has not arrived: that is no silence, for a while. It may have arrived
            // just now, so the line's end gets its time too.
            let is_patient = state.timers.pinged_at.is_some_and(|at| now < at + config.stall_timeout.max(config.pong_timeout));
            let is_under_way = self.writer.is_under_way();
            let was_under_way = std::mem::replace(&mut state.timers.is_line_slow, is_under_way);
            if !(is_patient && (is_under_way || was_under_way)) {
                return vec![Due::Close(Disconnect::NO_PONG)];
            }
            state.timers.pong_by = Some(now + config.pong_timeout);
        }
        if state.who.as_ref().and_then(|who| who.expires_at).is_some_and(|at| at + grace <= now) {
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
            // Behind a slow line one ping waits at most: a client answers each, and an answer to none ends the connection.
            if state.timers.pong_by.is_none() {
                if !config.pong_timeout.is_zero() && self.ways != Ways::Out {
                    state.timers.pong_by = Some(now + config.pong_timeout);
                    state.timers.pinged_at = Some(now);
                }
                due.push(Due::Ping);
            }
        }
        due
    }

    fn next(&self) -> Option<Instant> {
        let config = &self.hub.config;
        let stalled = self.writer.stalled_since().map(|since| since + config.stall_timeout);
        // A connection that is being closed waits for nothing but its last bytes.
        if self.writer.is_finished() {
            return stalled;
        }
        let state = self.state.lock();
        let grace = config.expiry_grace;
        let timers = &state.timers;
        let rights =
            state.who.iter().filter_map(|who| who.expires_at).chain(state.subs.iter().filter_map(|sub| sub.grant.expires_at));
        let rights = rights.min().map(|at| at + grace);
        [timers.connect_by, timers.ping_at, timers.pong_by, rights, stalled].into_iter().flatten().min()
    }
}
