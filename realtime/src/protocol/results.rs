//! What clients are answered and sent.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::json::{lenient, raw, zero};
use super::{ClientInfo, Dictionary, Publication};

/// The session is open.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectResult {
    /// The connection's id.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub client: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: String,
    /// Whether `ttl` counts.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds until the client refreshes.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
    #[prost(bytes = "bytes", tag = "5")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    /// Server-side subscriptions.
    #[prost(btree_map = "string, message", tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub subs: BTreeMap<String, SubscribeResult>,
    /// Seconds between pings; 0: none.
    #[prost(uint32, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ping: u32,
    /// Whether pings are answered.
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub pong: bool,
    /// Secret of the session on emulated transports.
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub session: String,
    /// The node that holds it.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub node: String,
    /// Milliseconds since 1970; left out.
    #[prost(int64, tag = "11")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub time: i64,
    #[prost(int64, tag = "12")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub flag: i64,
    #[prost(message, optional, tag = "13")]
    #[serde(skip_serializing_if = "zero")]
    pub dict: Option<Dictionary>,
}

/// The connection goes on.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshResult {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub client: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: String,
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds.
    #[prost(uint32, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
}

/// The subscription is accepted.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribeResult {
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
    /// The client keeps its position and recovers from it.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub recoverable: bool,
    #[prost(bool, tag = "10")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub positioned: bool,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub epoch: String,
    /// The client's own when recovered, else the top.
    #[prost(uint64, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub offset: u64,
    #[prost(bool, tag = "12")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub was_recovering: bool,
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub recovered: bool,
    /// What the client missed, ascending.
    #[prost(message, repeated, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub publications: Vec<Publication>,
    /// The snapshot at `offset`.
    #[prost(bytes = "bytes", tag = "11")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    #[prost(bool, tag = "13")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub delta: bool,
    #[prost(int64, tag = "14")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub id: i64,
    #[prost(int32, tag = "15")]
    #[serde(rename = "type", skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub kind: i32,
    #[prost(int32, tag = "16")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub phase: i32,
    #[prost(string, tag = "17")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub cursor: String,
    #[prost(message, repeated, tag = "18")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub state: Vec<Publication>,
    /// Milliseconds.
    #[prost(uint32, tag = "19")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub publish_debounce: u32,
}

/// The subscription goes on.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubRefreshResult {
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
    #[prost(message, repeated, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub items: Vec<Publication>,
}

/// The client has left.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribeResult {}

/// The publication was accepted.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishResult {}

/// Who is present, by connection.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceResult {
    #[prost(btree_map = "string, message", tag = "1")]
    #[serde(deserialize_with = "lenient")]
    pub presence: BTreeMap<String, ClientInfo>,
}

/// How many are present.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsResult {
    #[prost(uint32, tag = "1")]
    #[serde(deserialize_with = "lenient")]
    pub num_clients: u32,
    #[prost(uint32, tag = "2")]
    #[serde(deserialize_with = "lenient")]
    pub num_users: u32,
}

/// The publications kept, and the top.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryResult {
    #[prost(message, repeated, tag = "1")]
    #[serde(deserialize_with = "lenient")]
    pub publications: Vec<Publication>,
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "lenient")]
    pub epoch: String,
    #[prost(uint64, tag = "3")]
    #[serde(deserialize_with = "lenient")]
    pub offset: u64,
}

/// Nothing.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PingResult {}

/// The method's answer.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcResult {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
}

/// A subscriber joined.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct JoinPush {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "zero")]
    pub info: Option<ClientInfo>,
}

/// A subscriber left.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct LeavePush {
    #[prost(message, optional, tag = "1")]
    #[serde(skip_serializing_if = "zero")]
    pub info: Option<ClientInfo>,
}

/// The server ended a subscription.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribePush {
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub code: u32,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub reason: String,
}

/// A message to the client, without a channel.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct MessagePush {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
}

/// The server subscribed the client.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribePush {
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub recoverable: bool,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub epoch: String,
    #[prost(uint64, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub offset: u64,
    #[prost(bool, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub positioned: bool,
    #[prost(bytes = "bytes", tag = "7")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
}

/// First push on unidirectional transports; its numbers are not those of [`ConnectResult`].
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectPush {
    /// The connection's id.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub client: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: String,
    /// Whether `ttl` counts.
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds until the client refreshes.
    #[prost(uint32, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    /// Server-side subscriptions.
    #[prost(btree_map = "string, message", tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub subs: BTreeMap<String, SubscribeResult>,
    /// Seconds between pings; 0: none.
    #[prost(uint32, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ping: u32,
    /// Whether pings are answered.
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub pong: bool,
    /// Secret of the session on emulated transports.
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub session: String,
    /// The node that holds it.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub node: String,
    /// Milliseconds since 1970; left out.
    #[prost(int64, tag = "11")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub time: i64,
}

/// The last push on transports without a close frame.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct DisconnectPush {
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub code: u32,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub reason: String,
    /// Whether the client comes back.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub reconnect: bool,
}

/// The connection goes on.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshPush {
    #[prost(bool, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub expires: bool,
    /// Seconds.
    #[prost(uint32, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub ttl: u32,
}
