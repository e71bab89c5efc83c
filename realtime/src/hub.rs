//! The hub's public face: what the host may call. Everything here is cheap to call from a deed: nothing waits for a client.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use axum::Router;
use bytes::Bytes;
use parking_lot::Mutex;
use tokio_util::{sync::DropGuard, task::TaskTracker};

use crate::{
    broker::{self, Broker, Link},
    channels::{
        Registry,
        fan_out::{self, FanOut},
        filler::{self, Filler},
        order::{self, now},
        room::{Room, Seat},
    },
    config::Config,
    counts::{Counts, Stats},
    host::{Channel, Epoch, Error, Grant, Host, Identity, Offset, Publication, Publisher},
    presence,
    protocol::{ClientInfo, Disconnect},
    session::{Sink, book::Book, clockwork::Clockwork},
    transport::{
        emulation::{self, Emulated},
        sse::{EventStream, Sources},
        websocket,
    },
};

/// The hub of one node. Clones are handles to the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

/// What the handles share.
pub struct Inner {
    pub config: Config,
    pub host: Host,
    pub broker: Arc<dyn Broker>,
    pub channels: Registry,
    pub book: Book,
    pub sources: Sources,
    pub emulated: Emulated,
    pub clockwork: Arc<Clockwork>,
    pub filler: Filler,
    pub fan_out: FanOut,
    pub counts: Counts,
    pub epoch: Mutex<Epoch>,
    pub tasks: TaskTracker,
    pub is_draining: AtomicBool,
    /// Sockets, accepted or not.
    pub open: AtomicUsize,
    pub rate: Mutex<websocket::Rate>,
    started: std::time::Instant,
    pub boot: Arc<str>,
    next: AtomicU64,
    _until_dropped: DropGuard,
}

/// A kept channel without subscribers keeps its place in the order for so long.
const TAIL_AFTER: Duration = Duration::from_secs(15 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// A drain or renewal closes its clients in so many slices a second.
const SLICE: Duration = Duration::from_millis(50);

impl Hub {
    /// A hub with its tasks running; they end with its last handle and connection. Must be called inside a tokio runtime. `broker` tells other
    /// nodes: [`broker::Memory::alone`] where there are none.
    pub fn new(config: Config, host: Host, broker: Arc<dyn Broker>) -> Self {
        let (filler, jobs) = Filler::new();
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (fan_out, rooms) = FanOut::new(cores);
        let over = tokio_util::sync::CancellationToken::new();
        let clockwork = Arc::new(Clockwork::default());
        let inner = Arc::new(Inner {
            epoch: Mutex::new(config.epoch.clone()),
            rate: Mutex::new(websocket::Rate::new(config.connection_rate_limit)),
            config,
            host,
            broker,
            channels: Registry::new(),
            book: Book::new(),
            sources: Sources::default(),
            emulated: Emulated::default(),
            clockwork: clockwork.clone(),
            filler,
            fan_out,
            counts: Counts::default(),
            tasks: TaskTracker::new(),
            is_draining: AtomicBool::new(false),
            open: AtomicUsize::new(0),
            started: now(),
            boot: new_id(),
            next: AtomicU64::new(1),
            _until_dropped: over.clone().drop_guard(),
        });
        let hub = Arc::downgrade(&inner);
        inner.broker.join(Arc::new(order::Inbox(hub.clone())));
        inner.tasks.spawn(filler::run(hub.clone(), jobs));
        for rooms in rooms {
            inner.tasks.spawn(fan_out::run(hub.clone(), rooms));
        }
        let ticking = over.clone();
        inner.tasks.spawn(async move { ticking.run_until_cancelled(clockwork.run()).await });
        inner.tasks.spawn(over.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                let Some(hub) = hub.upgrade() else { return };
                hub.channels.sweep(now(), TAIL_AFTER);
            }
        }));
        Self { inner }
    }

    /// The hub's endpoints: `/connection/…` and `/emulation`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()` to let the host see
    /// the peer.
    pub fn router(&self) -> Router {
        websocket::router(self.inner.clone()).merge(emulation::router(self.inner.clone()))
    }

    /// Takes kept publications of this node's commits, in any order, repeats are fine: first for the subscribers here, then for other nodes.
    ///
    /// Each channel's tail puts them back in order; whoever subscribes here gets them before this returns, unless the channel is large.
    pub fn publish(&self, publications: Vec<Publication>) {
        let has_peers = self.inner.broker.has_peers();
        let messages = has_peers.then(|| broker::messages(&self.inner.boot, &self.inner.epoch(), &publications));
        self.inner.publish(publications);
        for (topic, message) in messages.into_iter().flatten() {
            self.inner.broker.publish(topic, message);
        }
    }

    /// Takes kept publications that were read from the log, for the subscribers here alone: every node reads for itself.
    pub fn fill(&self, publications: Vec<Publication>) {
        self.inner.publish(publications);
    }

    /// Whether other nodes are heard, now and at each change: while they are not, the host looks back more often, and at once when they are again.
    pub fn link(&self) -> tokio::sync::watch::Receiver<Link> {
        self.inner.broker.link()
    }

    /// The look-back says where the log stands. Channels whose tail is behind are filled; those of which nothing was heard here, or not their last
    /// number, are returned, so that the host publishes the rows it saw.
    #[must_use = "channels not heard of are filled by the host from the rows it saw"]
    pub fn behind(&self, tops: &[(Channel, Offset)]) -> Vec<Channel> {
        let mut unheard = Vec::new();
        for (channel, top) in tops {
            let room = self.inner.channels.find(channel);
            let has_heard = |room: &Arc<Room>| {
                let room = room.lock();
                room.tail.as_ref().is_some_and(|tail| tail.top().is_some()) && room.is_heard(*top)
            };
            match room.filter(has_heard) {
                // The window's last number is no reading of the head: it may be older than what was heard, so it never resets a tail.
                Some(room) => self.inner.stands_at(&room, *top, self.inner.started),
                None => unheard.push(channel.clone()),
            }
        }
        unheard
    }

    /// The log began a new life: tails are emptied and kept subscriptions told to start over (2502, server-side ones close with 3014), spread
    /// over `over`.
    pub fn renew(&self, epoch: Epoch, over: Duration) {
        *self.inner.epoch.lock() = epoch;
        let mut seats = Vec::new();
        for room in self.inner.channels.all() {
            let mut inner = room.lock();
            if let Some(tail) = &mut inner.tail {
                tail.renew();
                inner.renew_heard();
                let found = inner.seats(|_| true);
                drop(inner);
                seats.extend(found.into_iter().map(|(sink, seat)| (room.clone(), sink, seat)));
            }
        }
        fastrand::shuffle(&mut seats);
        let hub = self.inner.clone();
        self.inner.tasks.spawn(async move {
            in_slices(seats, over, |(room, sink, seat)| {
                let is_server_side = room.lock().at(seat).is_some_and(|subscriber| subscriber.is_server_side);
                if is_server_side {
                    sink.close(Disconnect::STATE_INVALIDATED);
                } else {
                    hub.end(&room, seat, 2502, "state invalidated");
                }
            })
            .await;
        });
    }

    /// The epoch of kept channels; empty before the first reading of the log.
    pub fn epoch(&self) -> Epoch {
        self.inner.epoch()
    }

    /// Says something on a ephemeral channel to its subscribers here, by how each of them keeps it.
    pub fn publish_ephemeral(&self, channel: &str, data: Bytes) {
        self.inner.publish_ephemeral(channel, data, None);
    }

    /// [`Hub::publish_ephemeral`] with the client that published it.
    pub fn publish_ephemeral_by(&self, channel: &str, data: Bytes, by: Option<Arc<Publisher>>) {
        self.inner.publish_ephemeral(channel, data, by);
    }

    /// How many subscriptions the channel has here.
    pub fn subscriber_count(&self, channel: &str) -> usize {
        self.inner.channels.find(channel).map_or(0, |room| room.lock().count())
    }

    /// The channels with subscribers here whose name begins so.
    pub fn channels_with_prefix(&self, prefix: &str) -> Vec<Channel> {
        let rooms = self.inner.channels.all().into_iter().filter(|room| room.name.starts_with(prefix));
        rooms.filter(|room| room.lock().count() > 0).map(|room| room.name.clone()).collect()
    }

    /// Subscribes the user's connections here (or only `client`) by the server: they get a `subscribe` push.
    pub fn subscribe(&self, user: &str, client: Option<&str>, channel: &str, grant: Grant) {
        let channel: Channel = channel.into();
        for session in self.inner.book.of(user) {
            if client.is_none_or(|client| *session.client == *client) {
                session.grant(channel.clone(), grant.clone());
            }
        }
    }

    /// Revoke subscriptions of the user (or only of `client`) with an unsubscribe push: 2000 stay away, 2500 and above come back.
    pub fn unsubscribe(&self, user: &str, client: Option<&str>, channel: &str, code: u32, reason: &str) {
        let Some(room) = self.inner.channels.find(channel) else { return };
        let seats = room.lock().seats(|of| *of.user == *user && client.is_none_or(|client| **of.sink.client() == *client));
        for (_, seat) in seats {
            self.inner.end(&room, seat, code, reason);
        }
    }

    /// Closes the connections of whom `whom` says yes to (identity and client id) and returns how many. 3000 to 3499 and 4000 to 4499 come back.
    pub fn disconnect(&self, whom: impl Fn(&Identity, &str) -> bool, code: u32, reason: &str) -> usize {
        let why = Disconnect::own(u16::try_from(code).unwrap_or(3503), reason.to_owned());
        let mut closed = 0;
        for session in self.inner.book.all() {
            if session.identity().is_some_and(|who| whom(&who, &session.client)) {
                session.close(why.clone());
                closed += 1;
            }
        }
        for source in self.inner.sources.all() {
            if whom(&source.who, &source.client) {
                if why.reconnects() {
                    source.close()
                } else {
                    source.dismiss(reason)
                }
                closed += 1;
            }
        }
        closed
    }

    /// The right of the user's connections (or only of `client`) now ends at `expires_at`; `None` = never.
    pub fn extend(&self, user: &str, client: Option<&str>, expires_at: Option<tokio::time::Instant>) {
        for session in self.inner.book.of(user) {
            if client.is_none_or(|client| *session.client == *client) {
                session.extend(expires_at);
            }
        }
    }

    /// Who is subscribed here with presence, one entry per connection.
    pub fn presence(&self, channel: &str) -> Vec<ClientInfo> {
        presence::of(&self.inner, channel)
    }

    /// What the node holds and did.
    pub fn stats(&self) -> Stats {
        Stats::of(&self.inner)
    }

    /// Refuses new connections and closes the others with 3001 in jittered slices over `over`; returns when all are gone, or a second after.
    pub async fn drain(&self, over: Duration) {
        self.inner.is_draining.store(true, Relaxed);
        let mut sinks: Vec<Sink> = self.inner.book.all().into_iter().map(Sink::Session).collect();
        sinks.extend(self.inner.sources.all().into_iter().map(Sink::Source));
        fastrand::shuffle(&mut sinks);
        in_slices(sinks, over, |sink| sink.close(Disconnect::SHUTDOWN)).await;
        self.inner.broker.leave();
        let until = tokio::time::Instant::now() + Duration::from_secs(1);
        while self.inner.book.users() > 0 && tokio::time::Instant::now() < until {
            tokio::time::sleep(SLICE / 5).await;
        }
    }

    /// A plain EventSource over `channels`, resumed from `last_event_id`.
    ///
    /// Errors: a final refusal of one of the channels (its code is the host's). Trouble of our own is not an error: the stream then only says
    /// when to come again.
    pub async fn stream(&self, who: Identity, channels: &[Channel], last_event_id: Option<&str>) -> Result<EventStream, Error> {
        EventStream::open(&self.inner, who, channels, last_event_id).await
    }
}

impl Inner {
    /// A number no other subscription of this node has.
    pub fn next_seat(&self) -> u64 {
        self.next.fetch_add(1, Relaxed)
    }

    /// The epoch of a new ring: node and boot, and which ring since.
    pub fn ring_epoch(&self) -> Epoch {
        format!("{}-{}", self.boot, self.next_seat()).into()
    }

    /// Revoke a subscription wherever it sits.
    pub fn forget(&self, room: &Room, seat: Seat) {
        room.lock().leave(seat);
        self.channels.forget_if_idle(&room.name);
    }
}

/// Does `deed` to all of them, spread over a time.
async fn in_slices<T>(mut all: Vec<T>, over: Duration, mut deed: impl FnMut(T)) {
    let slices = (over.as_millis() / SLICE.as_millis()).max(1) as usize;
    let size = all.len().div_ceil(slices).max(1);
    while !all.is_empty() {
        let rest = all.len().saturating_sub(size);
        all.drain(rest..).for_each(&mut deed);
        if !all.is_empty() {
            tokio::time::sleep(SLICE.mul_f64(0.5 + fastrand::f64())).await;
        }
    }
}

/// A random id: names a connection, proves nothing.
pub fn new_id() -> Arc<str> {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_ne_bytes()).into_uuid().to_string().into()
}

/// An id that proves something: nobody guesses it.
#[expect(clippy::disallowed_methods, reason = "a secret needs the system's own randomness, in tests too")]
pub fn new_secret() -> Arc<str> {
    uuid::Uuid::new_v4().to_string().into()
}
