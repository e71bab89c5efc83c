//! One connection: its states, and one match on the client's requests.
//!
//! The connection's task reads, drains the writer and runs the client's commands one after the other; reading never waits for one. What others
//! do to the session (publish, close, grant) is queued here and wakes the task.

mod call;
mod connect;
mod drive;
mod registry;
mod sessions;
mod subscribe;
mod subscriber;
pub mod timer_queue;
mod timers;

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock, atomic::Ordering::Relaxed},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

pub use self::sessions::Sessions;
use crate::{
    channels::{ChannelState, SubscriptionId, WriteResult},
    config::Config,
    host::{Channel, Error, Grant, Host, Identity, Left},
    ids,
    protocol::{self, Answer, Disconnect, Format, Push, Reply, Request},
    transport::{
        acceptor::{HttpRequest, Opening, Running, TransportMode},
        frames,
        writer::{Socket, Writer},
    },
};

/// One connection of the Centrifuge protocol.
pub struct Session {
    pub client: Arc<str>,
    sessions: Arc<Sessions>,
    format: Format,
    writer: Writer,
    mode: TransportMode,
    /// Allows a client to send commands apart from the response that carries their answers.
    secret: Option<Arc<str>>,
    user: OnceLock<Arc<str>>,
    state: Mutex<SessionState>,
}

struct SessionState {
    phase: Phase,
    identity: Option<Arc<Identity>>,
    subs: Vec<Sub>,
    work: VecDeque<Work>,
    stale: Vec<(Channel, SubscriptionId)>,
    timers: timers::Timers,
    left: Option<Left>,
    request: Option<Box<HttpRequest>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Connecting,
    Live,
    /// Connect was refused by an error: commands are no longer answered.
    Rejected,
    Closed,
}

/// A subscription as its session knows it.
#[derive(Clone)]
struct Sub {
    channel: Arc<ChannelState>,
    id: SubscriptionId,
    grant: Arc<Grant>,
    is_server_side: bool,
}

/// What the session's task does one after the other.
enum Work {
    Command(u32, Box<Request>),
    /// The server subscribes the client.
    Grant(Channel, Box<Grant>),
    /// A reader that lagged gets the full state.
    Resync(Channel, SubscriptionId),
    /// A revocation may have been missed: read the rights of this subscription again.
    Recheck(SubscriptionId),
}

impl Work {
    /// Subscriptions are bounded by the channels of a connection, not by its calls.
    fn is_subscription(&self) -> bool {
        matches!(self, Self::Command(_, request) if request.is_subscription())
    }
}

impl Session {
    /// A session that waits for its connect.
    pub fn new(sessions: Arc<Sessions>, socket: Socket, opening: Opening) -> Arc<Self> {
        let Opening { format, mode, request } = opening;
        let config = &sessions.channels.config;
        let writer = Writer::new(socket, config.queue_limit);
        let connect_by = Instant::now() + config.connect_timeout;
        let state = SessionState {
            phase: Phase::New,
            identity: None,
            subs: Vec::new(),
            work: VecDeque::new(),
            stale: Vec::new(),
            timers: timers::Timers::until(connect_by),
            left: None,
            request: Some(Box::new(request)),
        };
        sessions.open.fetch_add(1, Relaxed);
        let session = Arc::new(Self {
            client: ids::new_id(),
            sessions,
            format,
            writer,
            mode,
            secret: matches!(mode, TransportMode::Emulated | TransportMode::OneWay).then(ids::new_secret),
            user: OnceLock::new(),
            state: Mutex::new(state),
        });
        session.wake_at(connect_by);
        session
    }

    fn work(self: Arc<Self>, work: Work) -> Running {
        Box::pin(async move {
            match work {
                Work::Command(id, request) => self.answer(id, *request).await,
                Work::Grant(channel, grant) => self.granted(channel, *grant).await,
                Work::Resync(channel, id) => {
                    if let Some(identity) = self.identity() {
                        self.channels().resync(&channel, id, &identity).await;
                    }
                }
                Work::Recheck(id) => self.recheck(id).await,
            }
        })
    }

    /// The one match on a client's requests.
    async fn answer(self: &Arc<Self>, id: u32, request: Request) {
        let answer = match request {
            Request::Connect(request) => return self.connect(id, request).await,
            Request::Subscribe(request) => return self.subscribe(id, request).await,
            Request::Unsubscribe(request) => self.unsubscribe(request),
            Request::Publish(request) => self.publish(request).await,
            Request::Presence(request) => self.presence(request).await,
            Request::PresenceStats(request) => self.presence_stats(request).await,
            Request::History(request) => self.history(request).await,
            Request::Rpc(request) => self.rpc(request).await,
            Request::Refresh(request) => self.refresh(request).await,
            Request::SubRefresh(request) => self.sub_refresh(request).await,
            Request::Ping(_) => Ok(Answer::Ping(protocol::PingResult {})),
            Request::Send(_) => return,
        };
        match answer {
            Ok(answer) => self.reply(Reply::to(id, answer)),
            Err(error) => self.refuse(id, &error),
        }
    }

    fn channels(&self) -> &Arc<crate::channels::Channels> {
        &self.sessions.channels
    }

    fn config(&self) -> &Config {
        &self.sessions.channels.config
    }

    fn host(&self) -> &Host {
        &self.sessions.channels.host
    }

    /// The identity of an accepted connection.
    fn accepted(&self) -> Result<Arc<Identity>, Error> {
        self.identity().ok_or_else(Error::internal)
    }

    /// The identity, once the connection is accepted.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.state.lock().identity.clone()
    }

    fn refuse(self: &Arc<Self>, id: u32, error: &Error) {
        if error.closes() {
            return self.close_with(error);
        }
        self.reply(Reply::refused(id, protocol::Error::from(error)));
    }

    fn reply(&self, reply: Reply) {
        match self.format.frame(&reply) {
            Ok(frame) => self.put(frame),
            Err(_) => self.close(Disconnect::INAPPROPRIATE_PROTOCOL),
        }
    }

    /// A push to this client alone.
    fn push_alone(&self, push: Push) {
        self.reply(Reply::push(push));
    }

    /// Writes a frame; a client that is too slow for it is disconnected.
    fn put(&self, frame: Bytes) {
        if self.writer.send(frame) == WriteResult::Full {
            self.channels().counts.slow();
            self.close(Disconnect::SLOW);
        }
    }

    fn close_with(&self, error: &Error) {
        self.close(Disconnect::own(u16::try_from(error.code).unwrap_or(3004), error.message.clone()));
    }

    /// Closes the connection; what a slow client has not read is dropped.
    pub fn close(&self, reason: Disconnect) {
        self.state.lock().left.get_or_insert(Left::Closed(reason.code.into()));
        self.writer.finish(Some(frames::close(reason.code, &reason.reason)), reason == Disconnect::SLOW);
    }

    /// The socket has drained: readers that lagged get what they lack.
    fn resync(&self) {
        let mut state = self.state.lock();
        if !state.stale.is_empty() {
            let stale = std::mem::take(&mut state.stale);
            state.work.extend(stale.into_iter().map(|(channel, id)| Work::Resync(channel, id)));
        }
    }

    /// This subscription ended.
    fn forget(&self, id: SubscriptionId) {
        let mut state = self.state.lock();
        let at = state.subs.iter().position(|sub| sub.id == id);
        let ended = at.map(|at| state.subs.swap_remove(at));
        let identity = state.identity.clone();
        drop(state);
        if let (Some(ended), Some(identity)) = (ended, identity) {
            self.host().watch.unsubscribed(&identity, &self.client, &ended.channel.name);
            self.channels().registry.remove_if_idle(&ended.channel.name);
        }
    }

    /// The server subscribes the client.
    pub fn grant(&self, channel: Channel, grant: Grant) {
        self.queue(Work::Grant(channel, Box::new(grant)));
    }

    fn queue(&self, work: Work) {
        self.state.lock().work.push_back(work);
        self.writer.waker.wake();
    }

    /// Ends the session's subscriptions and its registration. Runs once.
    fn leave(&self) {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.phase, Phase::Closed) == Phase::Closed {
            return;
        }
        state.work = VecDeque::new();
        state.stale = Vec::new();
        let subs = std::mem::take(&mut state.subs);
        let identity = state.identity.clone();
        let reason = state.left.unwrap_or(Left::Gone);
        drop(state);
        for sub in &subs {
            self.channels().leave(&sub.channel, sub.id);
        }
        if let Some(identity) = identity {
            self.sessions.registry.remove(&identity.user, &self.client);
            for sub in &subs {
                self.host().watch.unsubscribed(&identity, &self.client, &sub.channel.name);
            }
            self.host().watch.left(&identity, &self.client, reason);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.sessions.open.fetch_sub(1, Relaxed);
    }
}
