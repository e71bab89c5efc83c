//! The Centrifuge client protocol: what a client asks for, what it is answered, and what is pushed to it.
//!
//! One struct per message serves both forms of the wire: prost derives the Protobuf form, serde the JSON form (`json.rs` holds
//! what the envelopes need). `framing.rs` puts messages into frames and takes them out, `codes.rs` names every number.
//! Payloads (`Bytes`) are opaque; in JSON they are one JSON value inlined, byte for byte, and empty bytes mean "not given".

pub mod codes;
pub mod frames;
pub mod framing;
mod from_host;
pub mod json;
mod objects;
pub mod protobuf;
mod requests;
mod results;

pub use codes::{Disconnect, ErrorReply, Unsubscribe};
pub use framing::{BadFrame, Broadcast, Format, Unencodable};
pub use objects::{ClientInfo, Dictionary, Error, FilterNode, KeyedItem, Publication, StreamPosition, TrackBatch};
pub use requests::{
    ConnectRequest, EmulationRequest, HistoryRequest, PingRequest, PresenceRequest, PresenceStatsRequest, PublishRequest,
    RefreshRequest, RpcRequest, SendRequest, SubRefreshRequest, SubscribeRequest, UnsubscribeRequest,
};
pub use results::{
    ConnectPush, ConnectResult, DisconnectPush, HistoryResult, JoinPush, LeavePush, MessagePush, PingResult, PresenceResult,
    PresenceStatsResult, PublishResult, RefreshPush, RefreshResult, RpcResult, SubRefreshResult, SubscribePush, SubscribeResult,
    UnsubscribePush, UnsubscribeResult,
};

/// What a client sends: a number of its own choosing and one request. Without both it is a pong.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Command {
    /// Repeated in the reply; 0 for `send` and pongs.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// The request; `None` when the client sent none that we know.
    #[prost(oneof = "Request", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")]
    pub request: Option<Request>,
}

/// The payloads of a [`Command`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Request {
    #[prost(message, tag = "4")]
    Connect(ConnectRequest),
    #[prost(message, tag = "5")]
    Subscribe(SubscribeRequest),
    #[prost(message, tag = "6")]
    Unsubscribe(UnsubscribeRequest),
    #[prost(message, tag = "7")]
    Publish(PublishRequest),
    #[prost(message, tag = "8")]
    Presence(PresenceRequest),
    #[prost(message, tag = "9")]
    PresenceStats(PresenceStatsRequest),
    #[prost(message, tag = "10")]
    History(HistoryRequest),
    #[prost(message, tag = "11")]
    Ping(PingRequest),
    #[prost(message, tag = "12")]
    Send(SendRequest),
    #[prost(message, tag = "13")]
    Rpc(RpcRequest),
    #[prost(message, tag = "14")]
    Refresh(RefreshRequest),
    #[prost(message, tag = "15")]
    SubRefresh(SubRefreshRequest),
}

impl Request {
    /// Whether this concerns a subscription. Subscriptions are bounded by the channels of a connection, not by its calls.
    pub fn is_subscription(&self) -> bool {
        matches!(self, Self::Subscribe(_) | Self::Unsubscribe(_) | Self::SubRefresh(_))
    }
}

impl Command {
    /// Whether this is the client's answer to a ping.
    pub fn is_pong(&self) -> bool {
        self.id == 0 && self.request.is_none()
    }
}

/// What the server sends: the answer to a command (with its id), a push (without), or, when empty, a ping.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Reply {
    /// The id of the command that this answers; 0 for pushes and pings.
    #[prost(uint32, tag = "1")]
    pub id: u32,
    /// The answer; `None` makes the reply a ping.
    #[prost(oneof = "Answer", tags = "2, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15")]
    pub answer: Option<Answer>,
}

/// The payloads of a [`Reply`]; the numbers are not those of [`Request`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum Answer {
    #[prost(message, tag = "2")]
    Error(Error),
    #[prost(message, tag = "4")]
    Push(Push),
    #[prost(message, tag = "5")]
    Connect(ConnectResult),
    #[prost(message, tag = "6")]
    Subscribe(SubscribeResult),
    #[prost(message, tag = "7")]
    Unsubscribe(UnsubscribeResult),
    #[prost(message, tag = "8")]
    Publish(PublishResult),
    #[prost(message, tag = "9")]
    Presence(PresenceResult),
    #[prost(message, tag = "10")]
    PresenceStats(PresenceStatsResult),
    #[prost(message, tag = "11")]
    History(HistoryResult),
    #[prost(message, tag = "12")]
    Ping(PingResult),
    #[prost(message, tag = "13")]
    Rpc(RpcResult),
    #[prost(message, tag = "14")]
    Refresh(RefreshResult),
    #[prost(message, tag = "15")]
    SubRefresh(SubRefreshResult),
}

impl Reply {
    /// The answer to command `id`.
    pub fn to(id: u32, answer: Answer) -> Self {
        Self { id, answer: Some(answer) }
    }

    /// Command `id` is refused.
    pub fn refused(id: u32, error: impl Into<Error>) -> Self {
        Self::to(id, Answer::Error(error.into()))
    }

    /// A push on a bidirectional transport.
    pub fn push(push: Push) -> Self {
        Self { id: 0, answer: Some(Answer::Push(push)) }
    }

    /// The server's ping.
    pub fn ping() -> Self {
        Self::default()
    }
}

/// A message that answers no command; inside a [`Reply`] on bidirectional transports, bare on the others.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Push {
    /// Replaces the channel where the client allowed that; 0 otherwise.
    #[prost(int64, tag = "1")]
    pub id: i64,
    /// Empty for `message`, `connect`, `disconnect` and `refresh`.
    #[prost(string, tag = "2")]
    pub channel: String,
    /// What happened.
    #[prost(oneof = "PushBody", tags = "4, 5, 6, 7, 8, 9, 10, 11, 12")]
    pub body: Option<PushBody>,
}

/// The payloads of a [`Push`].
#[derive(Clone, PartialEq, prost::Oneof)]
pub enum PushBody {
    #[prost(message, tag = "4")]
    Pub(Publication),
    #[prost(message, tag = "5")]
    Join(JoinPush),
    #[prost(message, tag = "6")]
    Leave(LeavePush),
    #[prost(message, tag = "7")]
    Unsubscribe(UnsubscribePush),
    #[prost(message, tag = "8")]
    Message(MessagePush),
    #[prost(message, tag = "9")]
    Subscribe(SubscribePush),
    #[prost(message, tag = "10")]
    Connect(ConnectPush),
    #[prost(message, tag = "11")]
    Disconnect(DisconnectPush),
    #[prost(message, tag = "12")]
    Refresh(RefreshPush),
}

impl Push {
    /// A push about `channel`.
    pub fn on(channel: impl Into<String>, body: PushBody) -> Self {
        Self { id: 0, channel: channel.into(), body: Some(body) }
    }

    /// A push to the client as a whole.
    pub fn plain(body: PushBody) -> Self {
        Self { id: 0, channel: String::new(), body: Some(body) }
    }
}
