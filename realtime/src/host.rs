//! What the hub asks of its host, and the types both sides use. The hub knows channels, bytes and identities; their meaning is the host's.
//!
//! Instants are tokio's, so that the hub never reads a wall clock: a host converts its token's `exp` into one.

mod grant;
mod log;
mod request;

use std::{any::Any, fmt, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

pub use self::{
    grant::{Grant, JoinLeave, Presence, Recovery, Retention},
    log::{HistoryLost, Missed, Observed, Page, Publication, Publisher, Revoke, Snapshot},
    request::{Hello, Look, Publish, Published, Subscribe, Welcome},
};
pub use crate::error::Error;

/// A channel's name, shared wherever it is held: 1 to 255 bytes of ASCII.
pub type Channel = Arc<str>;
/// A position in a channel: 1, 2, 3 … without gaps; 0 is before the first.
pub type Offset = u64;
/// The lifetime of the log that a position belongs to. Opaque; positions of another epoch mean nothing.
pub type Epoch = Arc<str>;

/// The services that the hub needs from its host. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    /// Decides who may connect, subscribe, publish and see presence or history.
    pub authorizer: Arc<dyn Authorizer>,
    /// Answers what clients call and send.
    pub rpc: Arc<dyn Rpc>,
    /// Reads earlier publications of durable channels, and the state behind a channel.
    pub history: Arc<dyn History>,
    /// Is notified of connections and subscriptions that begin and end.
    pub watch: Arc<dyn Watch>,
    /// Sees every durable publication once.
    pub observer: Arc<dyn Observer>,
}

/// Decides who a client is and what it may do.
///
/// An [`Error`] goes to the client as it is. A code from 3000 to 4999 closes the connection. A fault of the host itself must be
/// [`Error::internal`] or [`Error::too_many_requests`]: after any other code an SDK gives up for good.
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Turns a connect request into an identity and its server-side subscriptions.
    async fn connect(&self, hello: &Hello) -> Result<Welcome, Error>;

    /// Turns a fresh token into the identity to go on with. The user must be the same: the hub closes with 3500 otherwise.
    async fn refresh(&self, identity: &Identity, token: &str) -> Result<Identity, Error>;

    /// Whether the channel's namespace exists. Where it does not, clients get 102 before anything else is checked.
    fn knows(&self, _channel: &str) -> bool {
        true
    }

    /// Grants or refuses a subscription. Called after the session joined the channel, so that rights revoked meanwhile are noticed.
    async fn subscribe(&self, identity: &Identity, request: &Subscribe) -> Result<Grant, Error>;

    /// Turns a fresh subscription token into the grant to go on with.
    async fn refresh_subscription(&self, _identity: &Identity, _request: &Subscribe) -> Result<Grant, Error> {
        Err(Error::not_available())
    }

    /// Whether `identity` may see presence or history of a channel. `grant` is that of its subscription, `None` when it has none.
    /// The default admits subscribers only, and only to what their grant carries.
    async fn look(&self, _identity: &Identity, _channel: &Channel, what: Look, grant: Option<&Grant>) -> Result<(), Error> {
        let grant = grant.ok_or_else(Error::permission_denied)?;
        let is_there = match what {
            Look::Presence => grant.presence == Presence::List,
            Look::Counts => grant.presence != Presence::Off,
            Look::History => matches!(grant.retention, Retention::Durable | Retention::Ring(_)),
        };
        if is_there { Ok(()) } else { Err(Error::not_available()) }
    }
}

/// Calls, messages and publications of clients.
#[async_trait]
pub trait Rpc: Send + Sync + 'static {
    /// Answers a call with raw JSON (or, to Protobuf clients, with whatever bytes both sides agreed on). Calls of one connection run in order.
    async fn call(&self, identity: &Identity, method: &str, data: Bytes) -> Result<Bytes, Error>;

    /// Takes a message that has no reply. Runs at once in the thread that read the socket, so it must not block.
    /// An error of 3000 to 4999 closes the connection; any other is dropped.
    fn send(&self, _identity: &Identity, _data: Bytes) -> Result<(), Error> {
        Err(Error::new(3508, "not available"))
    }

    /// A client publishes. The default accepts it as an ephemeral publication where the client's grant allows that.
    async fn publish(&self, _identity: &Identity, request: &Publish) -> Result<Published, Error> {
        if request.is_granted { Ok(Published::ByHub) } else { Err(Error::permission_denied()) }
    }
}

/// Earlier publications of a channel, and the state behind it.
#[async_trait]
pub trait History: Send + Sync + 'static {
    /// Head and publications after each offset, ascending, in one statement begun after this call; one answer per position, in order.
    async fn since(&self, positions: &[(Channel, Offset)]) -> Vec<Result<Missed, HistoryLost>>;

    /// The state of a channel and the position it belongs to. For ephemeral channels the position is ignored, and the data goes out both in
    /// the subscribe reply and to a reader that lagged (so the data itself says that it is the full state).
    async fn snapshot(&self, channel: &Channel, identity: &Identity) -> Result<Snapshot, Error>;

    /// One page for a client's `history` call on a durable channel. Not available by default.
    async fn page(&self, _channel: &Channel, _request: &Page) -> Result<Missed, Error> {
        Err(Error::not_available())
    }
}

/// Is notified of sessions. Called in the session's thread: must not block.
pub trait Watch: Send + Sync + 'static {
    /// A connection was accepted.
    fn connected(&self, _identity: &Identity, _client: &str) {}
    /// A connection ended.
    fn left(&self, _identity: &Identity, _client: &str, _reason: Left) {}
    /// A subscription is live.
    fn subscribed(&self, _identity: &Identity, _client: &str, _channel: &Channel) {}
    /// A subscription ended, also by the end of its connection.
    fn unsubscribed(&self, _identity: &Identity, _client: &str, _channel: &Channel) {}
}

/// Sees each durable publication of the node once, in its channel's order, backfilled ones too. A publication that was on its way while the
/// node first read the channel's log arrives late, after newer ones: an observer that keeps a state by offset ignores it.
///
/// Called under the channel's lock: it may [publish](crate::Hub::publish_ephemeral) on ephemeral channels, must not publish on durable ones and
/// must not block.
pub trait Observer: Send + Sync + 'static {
    /// One publication, now in order.
    fn observe(&self, publication: &Observed<'_>);
}

/// A watch and observer for hosts that need neither.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;
impl Watch for Nobody {}
impl Observer for Nobody {
    fn observe(&self, _publication: &Observed<'_>) {}
}

/// Who a connection belongs to. The auth context is opaque to the hub; only the host opens it.
#[derive(Clone)]
pub struct Identity {
    /// The user's id; empty for an anonymous one.
    pub user: Arc<str>,
    /// When the connection's right ends unless refreshed; `None` = never.
    pub expires_at: Option<Instant>,
    /// `conn_info` shown in presence and with publications: raw JSON.
    pub info: Option<Bytes>,
    /// The auth context: whatever the host wants to find again.
    pub auth: Arc<dyn Any + Send + Sync>,
}

impl Identity {
    /// An identity without expiry, info and auth context.
    pub fn new(user: impl Into<Arc<str>>) -> Self {
        Self { user: user.into(), expires_at: None, info: None, auth: Arc::new(()) }
    }

    /// The auth context as the type the host stored; `None` when it is another.
    pub fn auth<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.auth.downcast_ref()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("user", &self.user).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The client closed, or its connection broke.
    Gone,
    /// The hub closed it with this code.
    Closed(u32),
}
