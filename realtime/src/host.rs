//! What the hub asks of its host, and the words both speak. The hub knows channels, bytes and identities; what they mean is the host's.
//!
//! Instants are tokio's, so that the hub never reads a wall clock: a host turns its token's `exp` into one.

use std::{any::Any, collections::HashMap, fmt, net::SocketAddr, sync::Arc};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::time::Instant;

pub use crate::error::Error;

/// A channel's name, shared wherever it is held: 1 to 255 bytes of ASCII.
pub type Channel = Arc<str>;
/// A position in a channel: 1, 2, 3 … without gaps; 0 is before the first.
pub type Offset = u64;
/// Which life of the log a position belongs to. Opaque; another epoch means that old positions say nothing.
pub type Epoch = Arc<str>;

/// Everything the hub needs somebody else for. Cheap to clone.
#[derive(Clone)]
pub struct Host {
    /// Who may connect, subscribe, publish and look.
    pub authorizer: Arc<dyn Authorizer>,
    /// What clients call and send.
    pub rpc: Arc<dyn Rpc>,
    /// What kept channels said before, and the state behind a channel.
    pub history: Arc<dyn History>,
    /// Who came and went.
    pub watch: Arc<dyn Watch>,
    /// Sees every kept publication once.
    pub observer: Arc<dyn Observer>,
}

/// Decides who somebody is and what they may.
///
/// An [`Error`] goes to the client as it is. One of 3000 to 4999 closes the connection with that code. Trouble of the host's own must be
/// [`Error::internal`] or [`Error::too_many_requests`]: any other code makes an SDK give up for good.
#[async_trait]
pub trait Authorizer: Send + Sync + 'static {
    /// Turns a greeting into an identity and its server-side subscriptions.
    async fn connect(&self, hello: &Hello) -> Result<Welcome, Error>;

    /// Turns a fresh token into the identity to go on with. The user must be the same: the hub closes with 3500 otherwise.
    async fn refresh(&self, who: &Identity, token: &str) -> Result<Identity, Error>;

    /// Does anybody own the channel's namespace? Where not, clients get 102 before anything else is looked at.
    fn knows(&self, _channel: &str) -> bool {
        true
    }

    /// Says what a subscription may and how its channel is kept. Asked after the session joined, so that rights ended meanwhile are seen.
    async fn subscribe(&self, who: &Identity, ask: &Subscribe) -> Result<Grant, Error>;

    /// Turns a fresh subscription token into the grant to go on with.
    async fn refresh_subscription(&self, _who: &Identity, _ask: &Subscribe) -> Result<Grant, Error> {
        Err(Error::not_available())
    }

    /// May `who` see presence or history of a channel? `grant` is that of its subscription, `None` when it has none.
    /// Unless overridden: subscribers only, and only what their grant carries.
    async fn look(&self, _who: &Identity, _channel: &Channel, what: Look, grant: Option<&Grant>) -> Result<(), Error> {
        let grant = grant.ok_or_else(Error::permission_denied)?;
        let is_there = match what {
            Look::Presence => grant.presence == Presence::List,
            Look::Counts => grant.presence != Presence::Off,
            Look::History => matches!(grant.keep, Retention::Durable | Retention::Ring(_)),
        };
        if is_there { Ok(()) } else { Err(Error::not_available()) }
    }
}

/// Calls, messages and publications of clients.
#[async_trait]
pub trait Rpc: Send + Sync + 'static {
    /// Answers a call with raw JSON (or, to Protobuf clients, whatever both sides agreed on). Calls of one connection run in order.
    async fn call(&self, who: &Identity, method: &str, data: Bytes) -> Result<Bytes, Error>;

    /// Takes a message that has no reply. Runs at once in the thread that read the socket: it must not block.
    /// An error of 3000 to 4999 closes the connection; any other is dropped.
    fn send(&self, _who: &Identity, _data: Bytes) -> Result<(), Error> {
        Err(Error::new(3508, "not available"))
    }

    /// A client publishes. Unless overridden: where its grant says so, as a ephemeral publication.
    async fn publish(&self, _who: &Identity, ask: &Publish) -> Result<Published, Error> {
        if ask.is_granted { Ok(Published::Say) } else { Err(Error::permission_denied()) }
    }
}

/// What was said before, and the state behind a channel.
#[async_trait]
pub trait History: Send + Sync + 'static {
    /// Head and publications after each offset, ascending, in one statement begun after this call; one answer per question, in order.
    async fn since(&self, asked: &[(Channel, Offset)]) -> Vec<Result<Missed, HistoryLost>>;

    /// The state of a channel and the position it belongs to. For ephemeral channels the position is ignored, and the data goes out both in
    /// the subscribe reply and to a reader that lagged (so it says for itself that it is the whole).
    async fn snapshot(&self, of: &Channel, for_: &Identity) -> Result<Snapshot, Error>;

    /// One page for a client's `history` call on a kept channel. Unless overridden: not available.
    async fn page(&self, _of: &Channel, _ask: &Page) -> Result<Missed, Error> {
        Err(Error::not_available())
    }
}

/// Hears of sessions. Called in the session's thread: must not block.
pub trait Watch: Send + Sync + 'static {
    /// A connection was accepted.
    fn came(&self, _who: &Identity, _client: &str) {}
    /// A connection ended.
    fn left(&self, _who: &Identity, _client: &str, _why: Left) {}
    /// A subscription is live.
    fn subscribed(&self, _who: &Identity, _client: &str, _channel: &Channel) {}
    /// A subscription ended, also by the end of its connection.
    fn unsubscribed(&self, _who: &Identity, _client: &str, _channel: &Channel) {}
}

/// Sees each kept publication of the node once, in its channel's order, filled ones too. One that was under way while the node first read the
/// channel's log comes late, after newer ones: whoever keeps a state by offset ignores it.
///
/// Called under the channel's lock: it may [`say`](crate::Hub::say) on ephemeral channels, must not publish to kept ones and must not block.
pub trait Observer: Send + Sync + 'static {
    /// One publication, now in its place.
    fn heard(&self, publication: &Heard<'_>);
}

/// A watch and observer for hosts that want neither.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nobody;
impl Watch for Nobody {}
impl Observer for Nobody {
    fn heard(&self, _publication: &Heard<'_>) {}
}

/// Who a connection is. The auth is opaque to the hub; only the host opens it.
#[derive(Clone)]
pub struct Identity {
    /// The user's id; empty for an anonymous one.
    pub user: Arc<str>,
    /// When the connection's right ends unless refreshed; `None` = never.
    pub expires_at: Option<Instant>,
    /// `conn_info` shown in presence and as a publisher: raw JSON.
    pub info: Option<Bytes>,
    /// Whatever the host wants to find again.
    pub auth: Arc<dyn Any + Send + Sync>,
}

impl Identity {
    /// An identity without end, info and auth.
    pub fn new(user: impl Into<Arc<str>>) -> Self {
        Self { user: user.into(), expires_at: None, info: None, auth: Arc::new(()) }
    }

    /// The auth as what the host put there; `None` when it is something else.
    pub fn auth<T: Any + Send + Sync>(&self) -> Option<&T> {
        self.auth.downcast_ref()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("user", &self.user).field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}

/// What a client says on connect.
#[derive(Debug, Clone, Default)]
pub struct Hello {
    /// Empty when none was given.
    pub token: String,
    /// The client's own data.
    pub data: Option<Bytes>,
    /// Name and version of the client's software, as it says.
    pub name: String,
    pub version: String,
    /// Headers emulated inside the connect command: untrusted.
    pub said_headers: HashMap<String, String>,
    /// Headers of the HTTP request under the connection.
    pub headers: http::HeaderMap,
    /// The other end of the socket, where the server told it.
    pub peer: Option<SocketAddr>,
    /// Channels the client holds a position of (`connect.subs`).
    pub channels: Vec<Channel>,
    /// It cannot ask for anything later: the channels it names are all it will ever ask for.
    pub is_one_way: bool,
}

/// The answer to a [`Hello`].
#[derive(Debug, Clone)]
pub struct Welcome {
    pub identity: Identity,
    /// Server-side subscriptions.
    pub subs: Vec<(Channel, Grant)>,
    /// Goes into the connect result.
    pub data: Option<Bytes>,
}

/// What a client asks with a subscription.
#[derive(Debug, Clone)]
pub struct Subscribe {
    pub channel: Channel,
    /// Empty when none was given.
    pub token: String,
    /// The client's own data.
    pub data: Option<Bytes>,
    /// The connection it comes from.
    pub client: Arc<str>,
    /// It asks for a place in the stream (`positioned`, `recoverable`) and for joins and leaves.
    pub positioned: bool,
    pub recoverable: bool,
    pub join_leave: bool,
    /// It takes publications as patches of the one before.
    pub delta: bool,
}

/// What a subscription may.
#[derive(Debug, Clone)]
pub struct Grant {
    pub keep: Retention,
    pub presence: Presence,
    /// The subscriber may publish (on ephemeral channels, or where the host takes it).
    pub publish: bool,
    /// When the right ends unless refreshed; `None` = with the connection.
    pub expires_at: Option<Instant>,
    /// Goes into the subscribe result; where `None`, the snapshot's data does.
    pub data: Option<Bytes>,
    /// `chan_info` shown in presence.
    pub info: Option<Bytes>,
    /// Whether its coming and going is told, and whether it hears of others'.
    pub join_leave: JoinLeave,
    /// What the client is told it may do with its position, on [`Retention::Durable`] and [`Retention::Ring`].
    pub recovery: Recovery,
    /// Who asks for patches of the publication before gets them.
    pub delta: bool,
}

impl Grant {
    /// A grant of `keep` and nothing else: no presence, no publishing, no end.
    pub fn of(keep: Retention) -> Self {
        Self {
            keep,
            presence: Presence::Off,
            publish: false,
            expires_at: None,
            data: None,
            info: None,
            join_leave: JoinLeave::Off,
            recovery: Recovery::Stream,
            delta: false,
        }
    }
}

/// How a channel's publications are kept, and what a reader that lags gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// Numbered and recovered by the host's log. Queued up to the bound, then 3008; never conflated.
    Durable,
    /// Fleeting; this node numbers the last so many itself and recovers from them.
    Ring(usize),
    /// Fleeting; only the newest counts. A lagging reader gets the snapshot.
    Latest,
    /// Fleeting changes to a state. A lagging reader gets the snapshot.
    Deltas,
    /// Fleeting without a state: queued up to the bound, then 3008.
    Plain,
}

/// Who sees who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Presence {
    #[default]
    Off,
    /// How many clients and users.
    Counts,
    /// And who.
    List,
}

/// Who hears of comings and goings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum JoinLeave {
    #[default]
    Off,
    /// Others hear of this subscriber.
    Told,
    /// And it hears of others, itself included.
    Both,
}

/// What a client may do with its position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Recovery {
    /// No position is told.
    Off,
    /// Told, and gaps end the subscription; no recovery.
    Positioned,
    /// Told and recoverable.
    #[default]
    Stream,
    /// Recoverable as the latest value.
    Cache,
}

/// What somebody wants to see of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    Presence,
    Counts,
    History,
}

/// A client's publication.
#[derive(Debug, Clone)]
pub struct Publish {
    pub channel: Channel,
    pub data: Bytes,
    pub client: Arc<str>,
    /// The client is subscribed with a grant that lets it publish.
    pub is_granted: bool,
    /// The client is subscribed.
    pub is_subscribed: bool,
    /// `chan_info` of that subscription.
    pub info: Option<Bytes>,
}

/// What became of a client's publication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The hub says it now as a ephemeral publication.
    Say,
    /// The host took it and publishes by itself.
    Taken,
}

/// A page of history.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// `None` = as many as allowed; 0 = only the position.
    pub limit: Option<usize>,
    /// Exclusive.
    pub since: Option<(Offset, Option<Epoch>)>,
    pub reverse: bool,
}

/// A kept publication on its way in. Any order, repeats are fine: the channel's tail puts them in their place.
#[derive(Debug, Clone)]
pub struct Publication {
    pub channel: Channel,
    pub offset: Offset,
    /// Raw JSON on one line (or opaque bytes where all readers speak Protobuf).
    pub body: Bytes,
    /// Whose rights this publication ends. Never on the wire.
    pub revokes: Vec<Revoke>,
    /// Which client published it, where one did.
    pub by: Option<Arc<Publisher>>,
}

/// `ClientInfo` of a publisher.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publisher {
    pub user: Arc<str>,
    pub client: Arc<str>,
    pub conn_info: Option<Bytes>,
    pub chan_info: Option<Bytes>,
}

/// The right of `user` ends with this publication; `sees` says whether they still get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    pub user: Arc<str>,
    pub sees: bool,
}

/// A publication in its place, as a observer sees it.
#[derive(Debug)]
pub struct Heard<'a> {
    pub channel: &'a Channel,
    pub offset: Offset,
    pub body: &'a Bytes,
}

/// What a channel said after an offset.
#[derive(Debug, Clone)]
pub struct Missed {
    /// Ascending; each `channel` is the one asked for.
    pub publications: Vec<Publication>,
    /// The channel's last offset, read in the same statement.
    pub top: Offset,
    pub epoch: Epoch,
}

/// Why there is no answer to "what came after".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryLost {
    /// Too far behind, or no longer kept; the channel stands at `top`.
    Gone { top: Offset, epoch: Epoch },
    /// The log cannot be read now.
    Unavailable,
}

/// A state and the position it belongs to.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub offset: Offset,
    pub epoch: Epoch,
    /// `None`: the channel has a position and no state.
    pub data: Option<Bytes>,
}

/// Why a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// The client closed, or its connection broke.
    Gone,
    /// The hub closed it with this code.
    Closed(u32),
}
