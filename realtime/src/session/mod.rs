//! One connection: its states, and one match on what it asks.
//!
//! The connection's task reads, drains the writer and runs what the client asked, one command after the other; reading never waits for one.
//! Whatever others do to the session (publish, close, grant) leaves work here and wakes the task.

pub mod book;
mod call;
pub mod clockwork;
mod connect;
mod drive;
mod settle;
mod sink;
mod subscribe;
mod timers;

use std::{
    collections::VecDeque,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, OnceLock, atomic::Ordering::Relaxed},
};

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

pub use self::{
    settle::{Position, Rights, Seated},
    sink::Sink,
};
use crate::{
    channels::room::{Room, Seat},
    host::{Channel, Error, Grant, Identity, Left},
    hub::Inner,
    protocol::{self, Answer, Ask, Disconnect, Format, Push, Reply},
    transport::{
        frames,
        writer::{Put, Socket, Writer},
    },
};

/// One connection of the Centrifuge protocol.
pub struct Session {
    pub client: Arc<str>,
    pub hub: Arc<Inner>,
    pub format: Format,
    pub writer: Writer,
    pub ways: Ways,
    /// What a client shows to send commands apart from the response that answers them.
    pub secret: Option<Arc<str>>,
    user: OnceLock<Arc<str>>,
    state: Mutex<State>,
}

/// How the two directions go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ways {
    /// One socket for both.
    Both,
    /// The same, with WebSocket pings instead of the protocol's own.
    NativePings,
    /// An endless response, and commands by other requests.
    Apart,
    /// An endless response and nothing back.
    Out,
}

struct State {
    phase: Phase,
    who: Option<Arc<Identity>>,
    subs: Vec<Sub>,
    work: VecDeque<Work>,
    stale: Vec<(Channel, Seat)>,
    timers: timers::Timers,
    why: Option<Left>,
    request: Option<Box<Request>>,
}

/// What the HTTP request under the connection said; dropped after connect.
pub struct Request {
    pub headers: http::HeaderMap,
    pub peer: Option<SocketAddr>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    New,
    Connecting,
    Live,
    /// Connect was refused by an error: nothing is answered any more.
    Refused,
    Closed,
}

/// A subscription as its session knows it.
#[derive(Clone)]
struct Sub {
    room: Arc<Room>,
    seat: Seat,
    grant: Arc<Grant>,
    is_server_side: bool,
}

/// What the session's task does one after the other.
enum Work {
    Command(u32, Box<Ask>),
    /// The server subscribes the client.
    Grant(Channel, Box<Grant>),
    /// A reader that lagged gets the whole.
    Resync(Channel, Seat),
    /// An end of right came too late to be judged: ask again.
    Recheck(Seat),
}

impl Work {
    /// Subscriptions are bounded by the channels of a connection, not by its calls.
    fn is_subscription(&self) -> bool {
        matches!(self, Self::Command(_, ask) if matches!(**ask, Ask::Subscribe(_) | Ask::Unsubscribe(_) | Ask::SubRefresh(_)))
    }
}

/// A command under way.
pub type Running = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Session {
    /// A session that waits for its connect.
    pub fn new(hub: Arc<Inner>, socket: Socket, format: Format, ways: Ways, request: Request) -> Arc<Self> {
        let writer = Writer::new(socket, hub.config.queue_limit);
        let connect_by = Instant::now() + hub.config.connect_timeout;
        let state = State {
            phase: Phase::New,
            who: None,
            subs: Vec::new(),
            work: VecDeque::new(),
            stale: Vec::new(),
            timers: timers::Timers::until(connect_by),
            why: None,
            request: Some(Box::new(request)),
        };
        hub.open.fetch_add(1, Relaxed);
        let session = Arc::new(Self {
            client: crate::hub::new_id(),
            hub,
            format,
            writer,
            ways,
            secret: matches!(ways, Ways::Apart | Ways::Out).then(crate::hub::new_secret),
            user: OnceLock::new(),
            state: Mutex::new(state),
        });
        session.wake_at(connect_by);
        session
    }

    fn work(self: Arc<Self>, work: Work) -> Running {
        Box::pin(async move {
            match work {
                Work::Command(id, ask) => self.answer(id, *ask).await,
                Work::Grant(channel, grant) => self.granted(channel, *grant).await,
                Work::Resync(channel, seat) => self.hub.clone().resync(&channel, seat, self.identity()).await,
                Work::Recheck(seat) => self.recheck(seat).await,
            }
        })
    }

    /// The one match on what a client asks.
    async fn answer(self: &Arc<Self>, id: u32, ask: Ask) {
        let answered = match ask {
            Ask::Connect(ask) => return self.connect(id, ask).await,
            Ask::Subscribe(ask) => return self.subscribe(id, ask).await,
            Ask::Unsubscribe(ask) => self.unsubscribe(ask),
            Ask::Publish(ask) => self.publish(ask).await,
            Ask::Presence(ask) => self.presence(ask).await,
            Ask::PresenceStats(ask) => self.presence_stats(ask).await,
            Ask::History(ask) => self.history(ask).await,
            Ask::Rpc(ask) => self.rpc(ask).await,
            Ask::Refresh(ask) => self.refresh(ask).await,
            Ask::SubRefresh(ask) => self.sub_refresh(ask).await,
            Ask::Ping(_) => Ok(Answer::Ping(protocol::PingResult {})),
            Ask::Send(_) => return,
        };
        match answered {
            Ok(answer) => self.reply(Reply::to(id, answer)),
            Err(error) => self.refuse(id, &error),
        }
    }

    /// Who this is; only to be asked after connect.
    fn who(&self) -> Result<Arc<Identity>, Error> {
        self.state.lock().who.clone().ok_or_else(Error::internal)
    }

    /// The user's id, empty before connect.
    pub fn user(&self) -> Arc<str> {
        self.user.get().cloned().unwrap_or_default()
    }

    /// `conn_info` of the identity.
    pub fn info(&self) -> Option<Bytes> {
        self.state.lock().who.as_ref().and_then(|who| who.info.clone())
    }

    /// Who this is, once accepted.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.state.lock().who.clone()
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
    pub fn push(&self, push: Push) {
        self.reply(Reply::push(push));
    }

    /// Writes a frame; a client that is too slow for it is closed.
    pub fn put(&self, frame: Bytes) {
        if self.writer.send(frame) == Put::Over {
            self.hub.counts.slow();
            self.close(Disconnect::SLOW);
        }
    }

    fn close_with(&self, error: &Error) {
        self.close(Disconnect::own(u16::try_from(error.code).unwrap_or(3004), error.message.clone()));
    }

    /// Closes the connection; what a slow client has not read is dropped.
    pub fn close(&self, why: Disconnect) {
        self.state.lock().why.get_or_insert(Left::Closed(why.code.into()));
        self.writer.finish(Some(frames::close(why.code, &why.reason)), why == Disconnect::SLOW);
    }

    /// The reader lags in this room: it gets the whole when its socket drained.
    pub fn stale(&self, channel: &Channel, seat: Seat) {
        self.state.lock().stale.push((channel.clone(), seat));
        self.writer.waker.wake();
    }

    fn resync(&self) {
        let mut state = self.state.lock();
        if !state.stale.is_empty() {
            let stale = std::mem::take(&mut state.stale);
            state.work.extend(stale.into_iter().map(|(channel, seat)| Work::Resync(channel, seat)));
        }
    }

    /// The subscription on this seat ended.
    pub fn forget(&self, seat: Seat) {
        let mut state = self.state.lock();
        let at = state.subs.iter().position(|sub| sub.seat == seat);
        let gone = at.map(|at| state.subs.swap_remove(at));
        let who = state.who.clone();
        drop(state);
        if let (Some(gone), Some(who)) = (gone, who) {
            self.hub.host.watch.unsubscribed(&who, &self.client, &gone.room.name);
            self.hub.channels.forget_if_idle(&gone.room.name);
        }
    }

    /// Rights on this seat must be read again.
    pub fn doubt(&self, seat: Seat) {
        self.leave_work(Work::Recheck(seat));
    }

    /// The server subscribes the client.
    pub fn grant(&self, channel: Channel, grant: Grant) {
        self.leave_work(Work::Grant(channel, Box::new(grant)));
    }

    fn leave_work(&self, work: Work) {
        self.state.lock().work.push_back(work);
        self.writer.waker.wake();
    }

    /// Takes the session out of everything. Runs once.
    fn leave(&self) {
        let mut state = self.state.lock();
        if std::mem::replace(&mut state.phase, Phase::Closed) == Phase::Closed {
            return;
        }
        state.work = VecDeque::new();
        state.stale = Vec::new();
        let subs = std::mem::take(&mut state.subs);
        let who = state.who.clone();
        let why = state.why.unwrap_or(Left::Gone);
        drop(state);
        for sub in &subs {
            sub.room.lock().leave(sub.seat);
            self.hub.channels.forget_if_idle(&sub.room.name);
        }
        if let Some(who) = who {
            self.hub.book.remove(&who.user, &self.client);
            for sub in &subs {
                self.hub.host.watch.unsubscribed(&who, &self.client, &sub.room.name);
            }
            self.hub.host.watch.left(&who, &self.client, why);
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.hub.open.fetch_sub(1, Relaxed);
    }
}
