//! The hub's public face: what the host may call. Everything here is cheap to call from a deed: nothing waits for a client.

use std::{sync::Arc, time::Duration};

use axum::Router;
use bytes::Bytes;

use crate::{
    config::Config,
    host::{Channel, Epoch, Error, Grant, Host, Identity, Kept, Offset, Publisher},
    transport::sse::EventStream,
};

/// The hub of one node. Clones are handles to the same hub.
#[derive(Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub config: Config,
    pub host: Host,
}

/// Who is in a channel.
#[derive(Debug, Clone)]
pub struct Present {
    pub client: Arc<str>,
    pub user: Arc<str>,
    pub conn_info: Option<Bytes>,
    pub chan_info: Option<Bytes>,
}

/// What the node holds now, and what it did since its start.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stats {
    /// Accepted connections, WebSocket and EventSource.
    pub connections: usize,
    /// Distinct users among them.
    pub users: usize,
    /// Channels with at least one subscriber here.
    pub channels: usize,
    pub subscriptions: usize,
    /// Kept channels whose tail waits for a missing number.
    pub gaps: usize,
    /// Publications put in their place, and copies of them handed to connections.
    pub published: u64,
    pub delivered: u64,
    /// Connections closed with 3008, and fleeting readers that lagged.
    pub slow: u64,
    pub lagged: u64,
    /// Publications taken from the log because they did not arrive.
    pub filled: u64,
}

impl Hub {
    /// A hub with its timers running. Must be called inside a tokio runtime.
    pub fn new(config: Config, host: Host) -> Self {
        Self { inner: Arc::new(Inner { config, host }) }
    }

    /// The hub's endpoints, `/connection/websocket` among them. Serve it with `into_make_service_with_connect_info::<SocketAddr>()` to let
    /// hosts see the peer.
    pub fn router(&self) -> Router {
        Router::new()
    }

    /// Takes kept publications, from this node's commits, from peers and from the log: in any order, repeats are fine.
    ///
    /// Each channel's tail puts them back in order; whoever subscribes here gets them before this returns, unless the channel is large.
    pub fn publish(&self, _publications: Vec<Kept>) {}

    /// The look-back says where the log stands. Channels whose tail is behind are filled; those without a tail here are returned, so that the
    /// host publishes the rows it saw.
    #[must_use = "channels without a tail are filled by the host from the rows it saw"]
    pub fn behind(&self, _tops: &[(Channel, Offset)]) -> Vec<Channel> {
        Vec::new()
    }

    /// The log began a new life: tails are emptied and kept subscriptions told to start over (2502, server-side ones 3014), spread over `over`.
    pub fn renew(&self, _epoch: Epoch, _over: Duration) {}

    /// The epoch of kept channels.
    pub fn epoch(&self) -> Epoch {
        Arc::from("")
    }

    /// Says something on a fleeting channel to its subscribers here, by how each of them keeps it.
    pub fn say(&self, channel: &str, data: Bytes) {
        self.say_by(channel, data, None);
    }

    /// [`Hub::say`] with the client that published it.
    pub fn say_by(&self, _channel: &str, _data: Bytes, _by: Option<Arc<Publisher>>) {}

    /// How many subscriptions the channel has here.
    pub fn heard_on(&self, _channel: &str) -> usize {
        0
    }

    /// The channels with subscribers here whose name begins so.
    pub fn channels_with_prefix(&self, _prefix: &str) -> Vec<Channel> {
        Vec::new()
    }

    /// Subscribes the user's connections here (or only `client`) by the server: they get a `subscribe` push.
    pub fn subscribe(&self, _user: &str, _client: Option<&str>, _channel: &str, _grant: Grant) {}

    /// Ends subscriptions of the user (or only of `client`) with an unsubscribe push: 2000 stay away, 2500 and above come back.
    pub fn unsubscribe(&self, _user: &str, _client: Option<&str>, _channel: &str, _code: u32, _reason: &str) {}

    /// Closes the connections of whom `whom` says yes to (identity and client id) and returns how many. 3000 to 3499 and 4000 to 4499 come back.
    pub fn disconnect(&self, _whom: impl Fn(&Identity, &str) -> bool, _code: u32, _reason: &str) -> usize {
        0
    }

    /// Who is subscribed here with presence, one entry per connection.
    pub fn presence(&self, _channel: &str) -> Vec<Present> {
        Vec::new()
    }

    /// What the node holds and did.
    pub fn stats(&self) -> Stats {
        Stats::default()
    }

    /// Refuses new connections and closes the others with 3001 in jittered slices over `over`; returns when all are gone, or a second after.
    pub async fn drain(&self, _over: Duration) {}

    /// A plain EventSource over `channels`, resumed from `last_event_id`.
    ///
    /// Errors: a final refusal of one of the channels (its code is the host's). Trouble of our own is not an error: the stream then only says
    /// when to come again.
    pub async fn stream(&self, who: Identity, channels: &[Channel], last_event_id: Option<&str>) -> Result<EventStream, Error> {
        let _ = (who, channels, last_event_id, &self.inner.config, &self.inner.host);
        Ok(EventStream {})
    }
}
