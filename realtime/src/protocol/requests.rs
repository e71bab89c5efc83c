//! What clients send.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::json::{lenient, raw, text, zero};
use super::{FilterNode, StreamPosition, TrackBatch};

/// Opens the session; the first command of every connection.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ConnectRequest {
    /// The client's token; empty when the upgrade request or `data` identifies it.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub token: String,
    /// For the host alone.
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    /// The client's positions in its server-side subscriptions.
    #[prost(btree_map = "string, message", tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub subs: BTreeMap<String, SubscribeRequest>,
    /// Name of the SDK.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub name: String,
    /// Version of the app.
    #[prost(string, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: String,
    /// Headers that a browser could not set; as untrusted as any.
    #[prost(btree_map = "string, string", tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub headers: BTreeMap<String, String>,
    /// 1: the client supports dictionary frames.
    #[prost(int64, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub flag: i64,
    #[prost(string, tag = "8")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub dict: String,
    #[prost(string, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub profile: String,
}

/// Prolongs the connection.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RefreshRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub token: String,
}

/// Joins a channel, optionally from a position in it.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscribeRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub token: String,
    /// Whether `epoch` and `offset` give the client's position.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub recover: bool,
    #[prost(string, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub epoch: String,
    /// The last number the client received.
    #[prost(uint64, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub offset: u64,
    /// For the host alone.
    #[prost(bytes = "bytes", tag = "8")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    #[prost(bool, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub positioned: bool,
    #[prost(bool, tag = "10")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub recoverable: bool,
    /// Whether the client wants joins and leaves.
    #[prost(bool, tag = "11")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub join_leave: bool,
    /// `fossil` asks for deltas.
    #[prost(string, tag = "12")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub delta: String,
    /// A filter over tags; parsed, not granted.
    #[prost(message, optional, tag = "13")]
    #[serde(skip_serializing_if = "zero")]
    pub tf: Option<FilterNode>,
    /// 1: pushes may be routed by number; 2: the client reloads its state itself, so a lost position is error 112.
    #[prost(int64, tag = "14")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub flag: i64,
    /// Above 0 a map subscription; parsed, not granted.
    #[prost(int32, tag = "15")]
    #[serde(rename = "type", skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub kind: i32,
    #[prost(int32, tag = "16")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub phase: i32,
    #[prost(string, tag = "17")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub cursor: String,
    #[prost(int32, tag = "18")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub limit: i32,
    #[prost(bool, tag = "19")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub asc: bool,
}

/// Prolongs a subscription.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SubRefreshRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub token: String,
    /// 0 refresh, 1 track, 2 untrack.
    #[prost(int32, tag = "3")]
    #[serde(rename = "type", skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub kind: i32,
    #[prost(message, repeated, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub track: Vec<TrackBatch>,
    #[prost(string, repeated, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub untrack: Vec<String>,
}

/// Leaves a channel.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct UnsubscribeRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
}

/// Publishes to a channel where the grant allows it.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PublishRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    /// 1: into a map.
    #[prost(int32, tag = "3")]
    #[serde(rename = "type", skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub kind: i32,
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub key: String,
    #[prost(bool, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub removed: bool,
}

/// Who is on a channel.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
}

/// How many are on a channel.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PresenceStatsRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
}

/// The publications that a channel keeps.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct HistoryRequest {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
    /// 0: only the position; negative: all; else this many.
    #[prost(int32, tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub limit: i32,
    /// Exclusive.
    #[prost(message, optional, tag = "8")]
    #[serde(skip_serializing_if = "zero")]
    pub since: Option<StreamPosition>,
    #[prost(bool, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub reverse: bool,
}

/// Calls a method of the host.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct RpcRequest {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub method: String,
}

/// Sends the host a message without an answer.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct SendRequest {
    #[prost(bytes = "bytes", tag = "1")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
}

/// No SDK sends it.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct PingRequest {}

/// Commands that belong to the session of an endless response.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct EmulationRequest {
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "lenient")]
    pub node: String,
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "lenient")]
    pub session: String,
    /// The commands in the session's format; in JSON a string that contains them.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(with = "text")]
    pub data: Bytes,
}
