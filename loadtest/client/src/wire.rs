//! The JSON form of the Centrifuge client protocol, as far as our tests and load read and write it.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::collections::HashMap;

/// One message to the server. Exactly one payload is set.
#[derive(Serialize, Default)]
pub struct Command<'a> {
    #[serde(skip_serializing_if = "is_zero")]
    pub id: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect: Option<Connect<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscribe: Option<Subscribe<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unsubscribe: Option<Channel<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub publish: Option<Publish<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpc: Option<Rpc<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub send: Option<Send<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh: Option<Refresh<'a>>,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(id: &u32) -> bool {
    *id == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[derive(Serialize)]
pub struct Connect<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub token: &'a str,
    pub name: &'a str,
    #[serde(skip_serializing_if = "HashMap::is_empty")]
    pub subs: HashMap<&'a str, Subscribe<'a>>,
}

#[derive(Serialize, Default)]
pub struct Subscribe<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    pub channel: &'a str,
    #[serde(skip_serializing_if = "is_false")]
    pub recover: bool,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub epoch: &'a str,
    pub offset: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<&'a RawValue>,
}

#[derive(Serialize, Clone, Copy)]
pub struct Channel<'a> {
    pub channel: &'a str,
}

#[derive(Serialize)]
pub struct Publish<'a> {
    pub channel: &'a str,
    pub data: &'a RawValue,
}

#[derive(Serialize)]
pub struct Rpc<'a> {
    pub method: &'a str,
    pub data: &'a RawValue,
}

#[derive(Serialize)]
pub struct Send<'a> {
    pub data: &'a RawValue,
}

#[derive(Serialize)]
pub struct Refresh<'a> {
    pub token: &'a str,
}

/// One message from the server.
#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Reply<'a> {
    pub id: u32,
    pub error: Option<ReplyError>,
    #[serde(borrow)]
    pub push: Option<Push<'a>>,
    #[serde(borrow)]
    pub connect: Option<ConnectResult<'a>>,
    #[serde(borrow)]
    pub subscribe: Option<SubscribeResult<'a>>,
    #[serde(borrow)]
    pub rpc: Option<RpcResult<'a>>,
    pub refresh: Option<RefreshResult>,
}

impl Reply<'_> {
    /// An empty reply is the server's ping.
    pub fn is_ping(&self) -> bool {
        self.id == 0 && self.push.is_none()
    }
}

#[derive(Deserialize, Debug, Clone)]
pub struct ReplyError {
    pub code: u32,
    #[serde(default)]
    pub message: String,
    #[serde(default)]
    pub temporary: bool,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct ConnectResult<'a> {
    pub expires: bool,
    pub ttl: u32,
    pub ping: u32,
    pub pong: bool,
    #[serde(borrow)]
    pub subs: HashMap<String, SubscribeResult<'a>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct SubscribeResult<'a> {
    pub recoverable: bool,
    pub recovered: bool,
    pub was_recovering: bool,
    pub epoch: String,
    pub offset: u64,
    #[serde(borrow)]
    pub publications: Vec<Publication<'a>>,
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Publication<'a> {
    pub offset: u64,
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RpcResult<'a> {
    #[serde(borrow)]
    pub data: Option<&'a RawValue>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct RefreshResult {
    pub expires: bool,
    pub ttl: u32,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Push<'a> {
    pub channel: String,
    #[serde(borrow, rename = "pub")]
    pub publication: Option<Publication<'a>>,
    #[serde(borrow)]
    pub subscribe: Option<SubscribeResult<'a>>,
    pub unsubscribe: Option<Unsubscribe>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Unsubscribe {
    pub code: u32,
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_leave_out_what_is_empty() {
        let connect =
            Command { id: 1, connect: Some(Connect { token: "t", name: "city", subs: HashMap::new() }), ..Command::default() };
        assert_eq!(serde_json::to_string(&connect).unwrap(), r#"{"id":1,"connect":{"token":"t","name":"city"}}"#);
        assert_eq!(serde_json::to_string(&Command::default()).unwrap(), "{}");
    }

    #[test]
    fn replies_are_read_without_a_copy_of_their_data() {
        let text = r#"{"push":{"channel":"order:7","pub":{"data":{"a": 1},"offset":43,"tags":{"k":"v"}}}}"#;
        let reply: Reply = serde_json::from_str(text).unwrap();
        let push = reply.push.unwrap();
        let publication = push.publication.unwrap();
        assert_eq!((push.channel.as_str(), publication.offset, publication.data.unwrap().get()), ("order:7", 43, r#"{"a": 1}"#));
        assert!(serde_json::from_str::<Reply>("{}").unwrap().is_ping());
    }
}
