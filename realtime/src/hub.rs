//! The hub's public interface: what the host may call. Everything here is cheap to call from an operation: nothing waits for a client.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::Router;
use bytes::Bytes;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    broker::{self, Broker, Link},
    channels::{ChannelState, Channels, Inbox, Subscriber, now},
    config::Config,
    counts::Stats,
    host::{Channel, Epoch, Error, Grant, Host, Identity, Offset, Publication, Publisher},
    ids::new_id,
    presence,
    protocol::{ClientInfo, Disconnect, Unsubscribe},
    session::Sessions,
    transport::{
        emulation,
        sse::{EventStream, EventStreams},
        websocket,
    },
};

/// The hub of one node. Clones are handles to the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

/// What the handles share.
struct Inner {
    channels: Arc<Channels>,
    sessions: Arc<Sessions>,
    streams: Arc<EventStreams>,
    broker: Arc<dyn Broker>,
    tasks: TaskTracker,
}

/// A durable channel without subscriptions keeps its order this long.
const IDLE_AFTER: Duration = Duration::from_secs(15 * 60);
const SWEEP_EVERY: Duration = Duration::from_secs(10);
/// A drain or renewal closes its clients in slices of about this length.
const SLICE: Duration = Duration::from_millis(50);

impl Hub {
    /// A hub with its tasks running; they end with its last handle and connection. Must be called inside a tokio runtime. `broker` reaches the
    /// other nodes: [`broker::Memory::alone`] where there are none.
    pub fn new(config: Config, host: Host, broker: Arc<dyn Broker>) -> Self {
        let over = CancellationToken::new();
        let (channels, work) = Channels::new(config, host, new_id(), over.clone().drop_guard());
        let tasks = TaskTracker::new();
        for task in work {
            tasks.spawn(task);
        }
        let sessions = Arc::new(Sessions::new(channels.clone(), tasks.clone()));
        let streams = Arc::new(EventStreams::new(channels.clone()));
        broker.join(Arc::new(Inbox(Arc::downgrade(&channels))));
        let (timers, ticking) = (sessions.timers.clone(), over.clone());
        tasks.spawn(async move { ticking.run_until_cancelled(timers.run()).await });
        let swept = Arc::downgrade(&channels);
        tasks.spawn(over.run_until_cancelled_owned(async move {
            loop {
                tokio::time::sleep(SWEEP_EVERY).await;
                let Some(channels) = swept.upgrade() else { return };
                channels.registry.sweep(now(), IDLE_AFTER);
            }
        }));
        Self { inner: Arc::new(Inner { channels, sessions, streams, broker, tasks }) }
    }

    /// The hub's endpoints: `/connection/…` and `/emulation`. Serve it with `into_make_service_with_connect_info::<SocketAddr>()` to let the host see
    /// the peer.
    pub fn router(&self) -> Router {
        let sessions = &self.inner.sessions;
        websocket::router(sessions.clone()).merge(emulation::router(sessions.clone()))
    }

    /// Takes durable publications of this node's commits, in any order, repeats are fine: first for the subscribers here, then for other nodes.
    ///
    /// Each channel's sequencer puts them in order; subscribers here get them before this returns, unless the channel is large.
    pub fn publish(&self, publications: Vec<Publication>) {
        let channels = &self.inner.channels;
        let has_peers = self.inner.broker.has_peers();
        let messages = has_peers.then(|| broker::messages(&channels.boot, &channels.epoch(), &publications));
        channels.publish(publications);
        for (topic, message) in messages.into_iter().flatten() {
            self.inner.broker.publish(topic, message);
        }
    }

    /// Takes durable publications that were read from the log, for the subscribers here alone: every node reads for itself.
    pub fn fill(&self, publications: Vec<Publication>) {
        self.inner.channels.publish(publications);
    }

    /// Whether messages of other nodes arrive, now and at each change: while they do not, the host runs its catch-up more often, and at once when
    /// they do again.
    pub fn link(&self) -> tokio::sync::watch::Receiver<Link> {
        self.inner.broker.link()
    }

    /// The catch-up reports where the log stands. Channels whose sequencer is behind are backfilled; those unknown here, or whose last number
    /// observers have not seen, are returned, so that the host publishes the rows it read.
    #[must_use = "the host fills unknown channels from the rows it read"]
    pub fn behind(&self, tops: &[(Channel, Offset)]) -> Vec<Channel> {
        let channels = &self.inner.channels;
        let mut unknown = Vec::new();
        for (name, top) in tops {
            let is_known = |channel: &Arc<ChannelState>| {
                let inner = channel.lock();
                inner.sequencer.as_ref().is_some_and(|of| of.top().is_some()) && inner.observation.covers(*top)
            };
            match channels.registry.find(name).filter(is_known) {
                // The window's last number is no reading of the head: it may be older than what arrived, so it never resets a sequencer.
                Some(channel) => channels.stands_at(&channel, *top, channels.started),
                None => unknown.push(name.clone()),
            }
        }
        unknown
    }

    /// Another log began: sequencers are emptied and durable subscriptions have to start over (2502, server-side ones close with 3014), spread
    /// over `over`.
    pub fn renew(&self, epoch: Epoch, over: Duration) {
        let channels = self.inner.channels.clone();
        channels.set_epoch(epoch);
        let mut subscriptions = Vec::new();
        for channel in channels.registry.all() {
            let mut inner = channel.lock();
            if let Some(sequencer) = &mut inner.sequencer {
                sequencer.renew();
                inner.observation.renew();
                let found = inner.select(|_| true);
                drop(inner);
                subscriptions.extend(found.into_iter().map(|(subscriber, id)| (channel.clone(), subscriber, id)));
            }
        }
        fastrand::shuffle(&mut subscriptions);
        self.inner.tasks.spawn(async move {
            in_slices(subscriptions, over, |(channel, subscriber, id)| {
                let is_server_side = channel.lock().get(id).is_some_and(|subscription| subscription.is_server_side);
                if is_server_side {
                    subscriber.close(Disconnect::STATE_INVALIDATED);
                } else {
                    channels.end(&channel, id, &Unsubscribe::STATE_INVALIDATED);
                }
            })
            .await;
        });
    }

    /// The epoch of durable channels; empty before the first reading of the log.
    pub fn epoch(&self) -> Epoch {
        self.inner.channels.epoch()
    }

    /// Publishes on an ephemeral channel to its subscribers here, by the retention that each was granted.
    pub fn publish_ephemeral(&self, channel: &str, data: Bytes) {
        self.inner.channels.publish_ephemeral(channel, data, None);
    }

    /// [`Hub::publish_ephemeral`] with the client that published it.
    pub fn publish_ephemeral_by(&self, channel: &str, data: Bytes, by: Option<Arc<Publisher>>) {
        self.inner.channels.publish_ephemeral(channel, data, by);
    }

    /// How many subscriptions the channel has here.
    pub fn subscriber_count(&self, channel: &str) -> usize {
        self.inner.channels.registry.find(channel).map_or(0, |channel| channel.lock().count())
    }

    /// The channels with subscribers here whose name begins with `prefix`.
    pub fn channels_with_prefix(&self, prefix: &str) -> Vec<Channel> {
        let all = self.inner.channels.registry.all().into_iter();
        let matching = all.filter(|channel| channel.name.starts_with(prefix) && channel.lock().count() > 0);
        matching.map(|channel| channel.name.clone()).collect()
    }

    /// Subscribes the user's connections here (or only `client`) by the server: they get a `subscribe` push.
    pub fn subscribe(&self, user: &str, client: Option<&str>, channel: &str, grant: Grant) {
        let channel: Channel = channel.into();
        for session in self.inner.sessions.registry.of(user) {
            if client.is_none_or(|client| *session.client == *client) {
                session.grant(channel.clone(), grant.clone());
            }
        }
    }

    /// Ends subscriptions of the user (or only of `client`) with an unsubscribe push: after 2000 clients stay away, after 2500 and above they
    /// come back.
    pub fn unsubscribe(&self, user: &str, client: Option<&str>, channel: &str, code: u32, reason: &str) {
        let Some(channel) = self.inner.channels.registry.find(channel) else { return };
        let is_meant = |of: &crate::channels::Subscription| {
            *of.user == *user && client.is_none_or(|client| **of.subscriber.client() == *client)
        };
        let subscriptions = channel.lock().select(is_meant);
        let reason = Unsubscribe { code, reason: reason.to_owned().into() };
        for (_, id) in subscriptions {
            self.inner.channels.end(&channel, id, &reason);
        }
    }

    /// Closes the connections that `selects` accepts (by identity and client id) and returns how many. After 3000 to 3499 and 4000 to 4499 the
    /// clients come back.
    pub fn disconnect(&self, selects: impl Fn(&Identity, &str) -> bool, code: u32, reason: &str) -> usize {
        let why = Disconnect::own(u16::try_from(code).unwrap_or(3503), reason.to_owned());
        let mut closed = 0;
        for session in self.inner.sessions.registry.all() {
            if session.identity().is_some_and(|identity| selects(&identity, &session.client)) {
                session.close(why.clone());
                closed += 1;
            }
        }
        for source in self.inner.streams.all() {
            if selects(&source.identity, &source.client) {
                if why.reconnects() {
                    source.close(why.clone());
                } else {
                    source.dismiss(reason);
                }
                closed += 1;
            }
        }
        closed
    }

    /// The right of the user's connections (or only of `client`) now ends at `expires_at`; `None` = never.
    pub fn extend(&self, user: &str, client: Option<&str>, expires_at: Option<tokio::time::Instant>) {
        for session in self.inner.sessions.registry.of(user) {
            if client.is_none_or(|client| *session.client == *client) {
                session.extend(expires_at);
            }
        }
    }

    /// Who is subscribed here with presence, one entry per connection.
    pub fn presence(&self, channel: &str) -> Vec<ClientInfo> {
        presence::list(&self.inner.channels, channel)
    }

    /// What the node holds and did.
    pub fn stats(&self) -> Stats {
        let Inner { channels, sessions, streams, .. } = &*self.inner;
        let mut stats = Stats {
            connections: sessions.registry.all().len() + streams.all().len(),
            users: sessions.registry.users(),
            ..channels.counts.read()
        };
        for channel in channels.registry.all() {
            let inner = channel.lock();
            stats.channels += usize::from(inner.count() > 0);
            stats.subscriptions += inner.count();
            stats.gaps += usize::from(inner.sequencer.as_ref().is_some_and(|sequencer| sequencer.is_behind()));
        }
        stats
    }

    /// Refuses new connections and closes the others with 3001 in jittered slices over `over`; returns when all are gone, or a second later.
    pub async fn drain(&self, over: Duration) {
        let Inner { channels, sessions, streams, broker, .. } = &*self.inner;
        channels.is_draining.store(true, Relaxed);
        let all = sessions.registry.all().into_iter().map(|session| session as Arc<dyn Subscriber>);
        let mut connections: Vec<_> = all.collect();
        connections.extend(streams.all().into_iter().map(|source| source as Arc<dyn Subscriber>));
        fastrand::shuffle(&mut connections);
        in_slices(connections, over, |connection| connection.close(Disconnect::SHUTDOWN)).await;
        broker.leave();
        let until = tokio::time::Instant::now() + Duration::from_secs(1);
        while sessions.registry.users() > 0 && tokio::time::Instant::now() < until {
            tokio::time::sleep(SLICE / 5).await;
        }
    }

    /// A plain EventSource over `channels`, resumed from `last_event_id`.
    ///
    /// Errors: a final refusal of one of the channels (its code is the host's). A fault of ours is not an error: the stream then only says when to
    /// come back.
    pub async fn stream(
        &self,
        identity: Identity,
        channels: &[Channel],
        last_event_id: Option<&str>,
    ) -> Result<EventStream, Error> {
        EventStream::open(&self.inner.streams, identity, channels, last_event_id).await
    }
}

/// Calls `each` for all of them, spread over a time.
async fn in_slices<T>(mut all: Vec<T>, over: Duration, mut each: impl FnMut(T)) {
    let slices = (over.as_millis() / SLICE.as_millis()).max(1) as usize;
    let size = all.len().div_ceil(slices).max(1);
    while !all.is_empty() {
        let rest = all.len().saturating_sub(size);
        all.drain(rest..).for_each(&mut each);
        if !all.is_empty() {
            tokio::time::sleep(SLICE.mul_f64(0.5 + fastrand::f64())).await;
        }
    }
}
