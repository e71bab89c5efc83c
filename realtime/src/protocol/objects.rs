//! Objects that several messages share.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::json::{lenient, raw, zero};

/// Why a command is refused.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Error {
    /// 100-113 are the protocol's, 400-1999 the application's.
    #[prost(uint32, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub code: u32,
    /// The sentence or slug of the code.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub message: String,
    /// Whether the SDK tries again by itself.
    #[prost(bool, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub temporary: bool,
}

/// Who published, joined or is present.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientInfo {
    /// The user's id; empty for anonymous ones.
    #[prost(string, tag = "1")]
    #[serde(deserialize_with = "lenient")]
    pub user: String,
    /// The connection's id.
    #[prost(string, tag = "2")]
    #[serde(deserialize_with = "lenient")]
    pub client: String,
    /// What others see of the connection's token.
    #[prost(bytes = "bytes", tag = "3")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub conn_info: Bytes,
    /// What others see of the subscription's token.
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub chan_info: Bytes,
}

/// One message of a channel as clients see it.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Publication {
    /// The payload.
    #[prost(bytes = "bytes", tag = "4")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    /// The publishing client, when a client published.
    #[prost(message, optional, tag = "5")]
    #[serde(skip_serializing_if = "zero")]
    pub info: Option<ClientInfo>,
    /// Number in its channel from 1 on; 0 on ephemeral channels without a ring.
    #[prost(uint64, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub offset: u64,
    /// Labels for filters.
    #[prost(btree_map = "string, string", tag = "7")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub tags: BTreeMap<String, String>,
    /// Whether `data` is a delta to the previous payload.
    #[prost(bool, tag = "8")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub delta: bool,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "9")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub time: i64,
    /// The channel, only when it is not the push's.
    #[prost(string, tag = "10")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub channel: String,
    /// The key in a map subscription.
    #[prost(string, tag = "11")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub key: String,
    /// Whether the key was removed.
    #[prost(bool, tag = "12")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub removed: bool,
    /// Order of keys in a map subscription.
    #[prost(sint64, tag = "13")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub score: i64,
    /// Newer SDKs adopt it when it is not empty.
    #[prost(string, tag = "14")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub epoch: String,
    /// Version of a key in a map subscription.
    #[prost(uint64, tag = "16")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: u64,
}

/// A position in a channel.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamPosition {
    /// The last number received.
    #[prost(uint64, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub offset: u64,
    /// The epoch that the number belongs to.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub epoch: String,
}

/// A filter over tags.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct FilterNode {
    /// Empty for a leaf, else `and`, `or`, `not`.
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub op: String,
    /// The tag that a leaf looks at.
    #[prost(string, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub key: String,
    /// How a leaf compares.
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub cmp: String,
    /// What a leaf compares with.
    #[prost(string, tag = "4")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub val: String,
    /// What `in` and `nin` compare with.
    #[prost(string, repeated, tag = "5")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub vals: Vec<String>,
    /// The parts of `and`, `or`, `not`.
    #[prost(message, repeated, tag = "6")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub nodes: Vec<FilterNode>,
}

/// A dictionary for compressed frames; never granted here.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct Dictionary {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub id: String,
    #[prost(bytes = "bytes", tag = "2")]
    #[serde(skip_serializing_if = "zero", with = "raw")]
    pub data: Bytes,
    #[prost(string, tag = "3")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub data_b64: String,
}

/// Keys to follow, with the signature that allows it; parsed, never granted.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct TrackBatch {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub signature: String,
    #[prost(message, repeated, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub items: Vec<KeyedItem>,
}

/// A key and the version that the client has of it.
#[derive(Clone, PartialEq, Eq, prost::Message, Serialize, Deserialize)]
#[serde(default)]
pub struct KeyedItem {
    #[prost(string, tag = "1")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub key: String,
    #[prost(uint64, tag = "2")]
    #[serde(skip_serializing_if = "zero", deserialize_with = "lenient")]
    pub version: u64,
}
