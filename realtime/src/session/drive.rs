//! The connection's task: drain the writer, run what is queued, read; and decide about what was read.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{Phase, Session, SessionState, Work};
use crate::{
    host::{Error, Left},
    protocol::{self, Command, Disconnect, Request},
    transport::{
        acceptor::{Running, TransportMode},
        frames::{self, Incoming, Reader},
    },
};

impl Session {
    /// Runs until the connection is over and everything was sent. `early` is what arrived right after the upgrade request.
    pub async fn run(self: &Arc<Self>, early: Bytes) {
        let mut reader = Reader::new(self.config().message_limit);
        let mut running: Option<Running> = None;
        let mut early = Some(early).filter(|early| !early.is_empty());
        std::future::poll_fn(|cx| {
            if let Some(early) = early.take() {
                self.take_bytes(cx, &early, &mut reader, &mut running);
            }
            self.poll(cx, &mut reader, &mut running)
        })
        .await;
        drop(running);
        self.leave();
    }

    fn poll(self: &Arc<Self>, cx: &mut Context<'_>, reader: &mut Reader, running: &mut Option<Running>) -> Poll<()> {
        self.writer.waker.register(cx.waker());
        loop {
            let drained = match self.writer.poll_drain(cx) {
                Poll::Ready(Ok(())) => matches!(self.writer.poll_flush(cx), Poll::Ready(Ok(()))),
                Poll::Ready(Err(_)) => {
                    self.writer.abandon();
                    false
                }
                Poll::Pending => false,
            };
            if self.writer.is_finished() {
                *running = None;
                self.leave();
                return if drained || self.writer.is_done() { Poll::Ready(()) } else { Poll::Pending };
            }
            if drained {
                self.resync();
            }
            // The answers to what one read brought share a write.
            self.writer.gather();
            self.advance(cx, running);
            let read = BUFFER.with(|buffer| {
                let mut bytes = buffer.take();
                bytes.resize(READ_AT_ONCE, 0);
                let read = self.writer.poll_read(cx, &mut bytes);
                let goes_on = match read {
                    Poll::Ready(Ok(0) | Err(_)) => {
                        self.writer.abandon();
                        true
                    }
                    Poll::Ready(Ok(n)) => {
                        self.take_bytes(cx, &bytes[..n], reader, running);
                        true
                    }
                    Poll::Pending => false,
                };
                buffer.set(bytes);
                goes_on
            });
            self.writer.release();
            if !read && !(self.writer.is_finished()) {
                return Poll::Pending;
            }
        }
    }

    /// Runs what is queued until something has to be waited for.
    fn advance(self: &Arc<Self>, cx: &mut Context<'_>, running: &mut Option<Running>) {
        loop {
            if let Some(command) = running {
                match command.as_mut().poll(cx) {
                    Poll::Ready(()) => *running = None,
                    Poll::Pending => return,
                }
            }
            let next = self.state.lock().next_work();
            match next {
                Some(work) => *running = Some(self.clone().work(work)),
                None => return,
            }
        }
    }

    fn take_bytes(self: &Arc<Self>, cx: &mut Context<'_>, mut bytes: &[u8], reader: &mut Reader, running: &mut Option<Running>) {
        while !self.writer.is_finished() {
            match reader.next(&mut bytes) {
                Ok(None) => return,
                Ok(Some(Incoming::Text(message) | Incoming::Binary(message))) => self.take_message(cx, message, running),
                Ok(Some(Incoming::Ping(payload))) => self.put(frames::pong(&payload)),
                Ok(Some(Incoming::Pong(_))) if self.mode == TransportMode::NativePings => drop(self.state.lock().timers.pong()),
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(close))) => {
                    let code = close.map_or(1000, |(code, _)| code);
                    self.writer.finish(Some(frames::close(code, "")), true);
                }
                Err(fault) => {
                    self.state.lock().left.get_or_insert(Left::Closed(fault.code().into()));
                    self.writer.finish(Some(frames::close(fault.code(), "")), true);
                }
            }
        }
    }

    fn take_message(self: &Arc<Self>, cx: &mut Context<'_>, message: Bytes, running: &mut Option<Running>) {
        for command in protocol::framing::commands(self.format, message, self.config().message_limit) {
            match command {
                Ok(command) => {
                    let next = self.take(command, running.is_none());
                    if let Some(work) = next {
                        *running = Some(self.clone().work(work));
                    }
                }
                Err(_) => self.close(Disconnect::BAD_REQUEST),
            }
            if self.writer.is_finished() {
                return;
            }
            if running.is_some() {
                self.advance(cx, running);
            }
        }
    }

    /// Commands that were sent apart from the response: the task of the response runs them.
    pub(super) fn take_emulated(self: &Arc<Self>, message: Bytes) {
        for command in protocol::framing::commands(self.format, message, self.config().message_limit) {
            match command {
                Ok(command) => drop(self.take(command, false)),
                Err(_) => self.close(Disconnect::BAD_REQUEST),
            }
        }
        self.writer.waker.wake();
    }

    /// Runs what is queued, in the task of the response.
    pub(super) fn poll_emulated(self: &Arc<Self>, cx: &mut Context<'_>, running: &mut Option<Running>) {
        if self.writer.is_finished() {
            *running = None;
            return self.leave();
        }
        if self.writer.is_drained() {
            self.resync();
        }
        self.advance(cx, running);
    }

    /// Decides about a command: pongs and sends are taken at once, the rest in order. Returns what may run now, where nothing else does.
    fn take(self: &Arc<Self>, command: Command, is_idle: bool) -> Option<Work> {
        let config = self.config();
        let mut state = self.state.lock();
        let id = command.id;
        let decision = match (state.phase, command.request) {
            (Phase::Closed | Phase::Rejected, _) => return None,
            (Phase::Live, Some(Request::Send(send))) => {
                let identity = state.identity.clone();
                drop(state);
                let sent = identity.map(|identity| self.host().rpc.send(&identity, send.data));
                if let Some(Err(error)) = sent
                    && error.closes()
                {
                    self.close_with(&error);
                }
                return None;
            }
            (Phase::Live, _) if id == 0 && state.timers.pong() => return None,
            (_, _) if id == 0 => Err(()),
            (_, None) => Err(()),
            (Phase::New, Some(request @ Request::Connect(_))) => {
                state.phase = Phase::Connecting;
                Ok((request, 1))
            }
            (Phase::New, _) | (_, Some(Request::Connect(_))) => Err(()),
            // A first frame often holds the connect and all subscriptions.
            (Phase::Connecting, Some(request)) => Ok((request, config.command_limit + config.channel_limit)),
            // Commands sent apart from the response cannot run while they are read, so a batch needs space.
            (Phase::Live, Some(request)) if self.mode == TransportMode::Emulated => {
                Ok((request, config.command_limit + config.channel_limit))
            }
            // After a reconnect an SDK sends all its subscriptions at once.
            (Phase::Live, Some(request)) if request.is_subscription() => {
                Ok((request, config.command_limit + config.channel_limit))
            }
            (Phase::Live, Some(request)) => {
                // Subscriptions that wait do not count against the calls.
                let waiting = state.work.iter().filter(|work| work.is_subscription()).count();
                Ok((request, config.command_limit + waiting))
            }
        };
        match decision {
            Err(()) => {
                drop(state);
                self.close(Disconnect::BAD_REQUEST);
            }
            Ok((_, most)) if state.work.len() >= most => {
                drop(state);
                self.refuse(id, &Error::too_many_requests());
            }
            Ok((request, _)) if is_idle && state.work.is_empty() => return Some(Work::Command(id, Box::new(request))),
            Ok((request, _)) => state.work.push_back(Work::Command(id, Box::new(request))),
        }
        None
    }
}

impl SessionState {
    fn next_work(&mut self) -> Option<Work> {
        let work = self.work.pop_front();
        if self.work.is_empty() && self.work.capacity() > 0 {
            self.work = VecDeque::new();
        }
        work
    }
}

/// The size of one read; the buffer belongs to the thread, so that an idle connection needs none.
const READ_AT_ONCE: usize = 16 * 1024;
thread_local! {
    static BUFFER: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
}
