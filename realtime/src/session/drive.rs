//! The connection's task: drain the writer, run what waits, read; and judge what was read.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{Phase, Running, Session, State, Ways, Work};
use crate::{
    host::{Error, Left},
    protocol::{self, Ask, Command, Disconnect},
    transport::frames::{self, Incoming, Reader},
};

impl Session {
    /// Runs until the connection is over and everything was said. `early` is what arrived behind the upgrade request.
    pub async fn run(self: &Arc<Self>, early: Bytes) {
        let mut reader = Reader::new(self.hub.config.message_limit);
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

    /// Runs what waits until something has to be waited for.
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
                Ok(Some(Incoming::Pong(_))) if self.ways == Ways::NativePings => drop(self.state.lock().timers.pong()),
                Ok(Some(Incoming::Pong(_))) => {}
                Ok(Some(Incoming::Close(said))) => {
                    let code = said.map_or(1000, |(code, _)| code);
                    self.writer.finish(Some(frames::close(code, "")), true);
                }
                Err(fault) => {
                    self.state.lock().why.get_or_insert(Left::Closed(fault.code().into()));
                    self.writer.finish(Some(frames::close(fault.code(), "")), true);
                }
            }
        }
    }

    fn take_message(self: &Arc<Self>, cx: &mut Context<'_>, message: Bytes, running: &mut Option<Running>) {
        for command in protocol::framing::commands(self.format, message, self.hub.config.message_limit) {
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

    /// Commands that came apart from the response: the stream's task runs them.
    pub fn take_apart(self: &Arc<Self>, message: Bytes) {
        for command in protocol::framing::commands(self.format, message, self.hub.config.message_limit) {
            match command {
                Ok(command) => drop(self.take(command, false)),
                Err(_) => self.close(Disconnect::BAD_REQUEST),
            }
        }
        self.writer.waker.wake();
    }

    /// Runs what waits, in the task of the response.
    pub fn poll_apart(self: &Arc<Self>, cx: &mut Context<'_>, running: &mut Option<Running>) {
        if self.writer.is_finished() {
            *running = None;
            return self.leave();
        }
        if self.writer.is_drained() {
            self.resync();
        }
        self.advance(cx, running);
    }

    /// The response is gone.
    pub fn end_apart(&self) {
        self.writer.abandon();
        self.leave();
    }

    /// Judges a command: pongs and sends are taken at once, the rest in order. Returned is what may run now, where nothing else does.
    fn take(self: &Arc<Self>, command: Command, is_idle: bool) -> Option<Work> {
        let config = &self.hub.config;
        let mut state = self.state.lock();
        let id = command.id;
        let verdict = match (state.phase, command.ask) {
            (Phase::Closed | Phase::Refused, _) => return None,
            (Phase::Live, Some(Ask::Send(send))) => {
                let who = state.who.clone();
                drop(state);
                let sent = who.map(|who| self.hub.host.rpc.send(&who, send.data));
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
            (Phase::New, Some(ask @ Ask::Connect(_))) => {
                state.phase = Phase::Connecting;
                Ok((ask, 1))
            }
            (Phase::New, _) | (_, Some(Ask::Connect(_))) => Err(()),
            // A first frame often holds the connect and all subscriptions.
            (Phase::Connecting, Some(ask)) => Ok((ask, config.command_limit + config.channel_limit)),
            // What comes apart cannot run while it is read, so a batch needs room.
            (Phase::Live, Some(ask)) if self.ways == Ways::Apart => Ok((ask, config.command_limit + config.channel_limit)),
            // After a reconnect an SDK sends all its subscriptions at once.
            (Phase::Live, Some(ask @ (Ask::Subscribe(_) | Ask::Unsubscribe(_) | Ask::SubRefresh(_)))) => {
                Ok((ask, config.command_limit + config.channel_limit))
            }
            (Phase::Live, Some(ask)) => {
                // Subscriptions that wait take no call's place.
                let waiting = state.work.iter().filter(|work| work.is_subscription()).count();
                Ok((ask, config.command_limit + waiting))
            }
        };
        match verdict {
            Err(()) => {
                drop(state);
                self.close(Disconnect::BAD_REQUEST);
            }
            Ok((_, most)) if state.work.len() >= most => {
                drop(state);
                self.refuse(id, &Error::too_many_requests());
            }
            Ok((ask, _)) if is_idle && state.work.is_empty() => return Some(Work::Command(id, Box::new(ask))),
            Ok((ask, _)) => state.work.push_back(Work::Command(id, Box::new(ask))),
        }
        None
    }
}

impl State {
    fn next_work(&mut self) -> Option<Work> {
        let work = self.work.pop_front();
        if self.work.is_empty() && self.work.capacity() > 0 {
            self.work = VecDeque::new();
        }
        work
    }
}

/// One read takes so much; the buffer is the thread's, so that an idle connection has none.
const READ_AT_ONCE: usize = 16 * 1024;
thread_local! {
    static BUFFER: std::cell::Cell<Vec<u8>> = const { std::cell::Cell::new(Vec::new()) };
}
