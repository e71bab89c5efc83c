//! What clients ask for, as the host sees it.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use bytes::Bytes;

use super::{Channel, Grant, Identity};

/// A client's connect request.
#[derive(Debug, Clone, Default)]
pub struct Hello {
    /// Empty when none was given.
    pub token: String,
    /// The client's own data.
    pub data: Option<Bytes>,
    /// Name and version of the client's software, as it reports them.
    pub name: String,
    pub version: String,
    /// Headers emulated inside the connect command: untrusted.
    pub client_headers: HashMap<String, String>,
    /// Headers of the HTTP request under the connection.
    pub headers: http::HeaderMap,
    /// The other end of the socket, where the server provides it.
    pub peer: Option<SocketAddr>,
    /// Channels the client holds a position of (`connect.subs`).
    pub channels: Vec<Channel>,
    /// The client cannot send anything later: the channels it names here are all it can ask for.
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

/// A client's subscribe request.
#[derive(Debug, Clone)]
pub struct Subscribe {
    pub channel: Channel,
    /// Empty when none was given.
    pub token: String,
    /// The client's own data.
    pub data: Option<Bytes>,
    /// The connection it comes from.
    pub client: Arc<str>,
    /// It asks for a position in the stream (`positioned`, `recoverable`) and for joins and leaves.
    pub positioned: bool,
    pub recoverable: bool,
    pub join_leave: bool,
    /// It accepts publications as deltas to the previous one.
    pub delta: bool,
}

/// What a client wants to see of a channel.
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

/// Who publishes what a client sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The hub publishes it now, as an ephemeral publication.
    ByHub,
    /// The host took it and publishes by itself.
    ByHost,
}
