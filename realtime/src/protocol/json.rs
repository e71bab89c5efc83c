//! The JSON form: envelopes without a discriminator, payloads passed on byte for byte.

use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Answer, Command, Push, PushBody, Reply, Request};

/// Whether a field holds its zero value and is left out.
pub(super) fn zero<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// Reads `null` as the zero value, as SDKs in languages with nil expect.
pub(super) fn lenient<'de, D: Deserializer<'de>, T: Default + Deserialize<'de>>(from: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(from)?.unwrap_or_default())
}

/// Whether `payload` is exactly one JSON value and may be inlined for JSON clients.
pub fn is_value(payload: &[u8]) -> bool {
    serde_json::from_slice::<&serde_json::value::RawValue>(payload).is_ok()
}

/// The payload without raw line breaks: one message is one line, and inside a JSON value they can only stand between tokens.
pub fn one_line(payload: Bytes) -> Bytes {
    if payload.iter().any(|b| matches!(b, b'\n' | b'\r')) {
        payload.iter().copied().filter(|b| !matches!(b, b'\n' | b'\r')).collect::<Vec<u8>>().into()
    } else {
        payload
    }
}

/// Payloads: one JSON value, neither parsed nor changed.
pub(super) mod raw {
    use super::*;
    use serde_json::value::RawValue;

    pub(crate) fn serialize<S: Serializer>(payload: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        let line = one_line(payload.clone());
        match serde_json::from_slice::<&RawValue>(&line) {
            Ok(value) => value.serialize(to),
            Err(_) => Err(serde::ser::Error::custom("a payload is not JSON")),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        let value = <&RawValue>::deserialize(from)?;
        Ok(Bytes::copy_from_slice(value.get().as_bytes()))
    }
}

/// Bytes that JSON carries as the text of a string.
pub(super) mod text {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(bytes: &Bytes, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(std::str::from_utf8(bytes).map_err(|_| serde::ser::Error::custom("not text"))?)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Bytes, D::Error> {
        Ok(Bytes::from(String::deserialize(from)?))
    }
}

impl<'de> Deserialize<'de> for Command {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Envelope;
        impl<'de> Visitor<'de> for Envelope {
            type Value = Command;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a command")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Command, A::Error> {
                let mut command = Command::default();
                while let Some(key) = map.next_key::<std::borrow::Cow<'de, str>>()? {
                    macro_rules! request {
                        ($kind:ident) => {
                            if let Some(body) = map.next_value::<Option<_>>()? {
                                command.request = Some(Request::$kind(body));
                            }
                        };
                    }
                    match &*key {
                        "id" => command.id = map.next_value::<Option<u32>>()?.unwrap_or_default(),
                        "connect" => request!(Connect),
                        "subscribe" => request!(Subscribe),
                        "unsubscribe" => request!(Unsubscribe),
                        "publish" => request!(Publish),
                        "presence" => request!(Presence),
                        "presence_stats" => request!(PresenceStats),
                        "history" => request!(History),
                        "ping" => request!(Ping),
                        "send" => request!(Send),
                        "rpc" => request!(Rpc),
                        "refresh" => request!(Refresh),
                        "sub_refresh" => request!(SubRefresh),
                        _ => drop(map.next_value::<IgnoredAny>()?),
                    }
                }
                Ok(command)
            }
        }
        from.deserialize_map(Envelope)
    }
}

impl Serialize for Command {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if self.id != 0 {
            map.serialize_entry("id", &self.id)?;
        }
        match &self.request {
            None => {}
            Some(Request::Connect(body)) => map.serialize_entry("connect", body)?,
            Some(Request::Subscribe(body)) => map.serialize_entry("subscribe", body)?,
            Some(Request::Unsubscribe(body)) => map.serialize_entry("unsubscribe", body)?,
            Some(Request::Publish(body)) => map.serialize_entry("publish", body)?,
            Some(Request::Presence(body)) => map.serialize_entry("presence", body)?,
            Some(Request::PresenceStats(body)) => map.serialize_entry("presence_stats", body)?,
            Some(Request::History(body)) => map.serialize_entry("history", body)?,
            Some(Request::Ping(body)) => map.serialize_entry("ping", body)?,
            Some(Request::Send(body)) => map.serialize_entry("send", body)?,
            Some(Request::Rpc(body)) => map.serialize_entry("rpc", body)?,
            Some(Request::Refresh(body)) => map.serialize_entry("refresh", body)?,
            Some(Request::SubRefresh(body)) => map.serialize_entry("sub_refresh", body)?,
        }
        map.end()
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if self.id != 0 {
            map.serialize_entry("id", &self.id)?;
        }
        match &self.answer {
            None => {}
            Some(Answer::Error(body)) => map.serialize_entry("error", body)?,
            Some(Answer::Push(body)) => map.serialize_entry("push", body)?,
            Some(Answer::Connect(body)) => map.serialize_entry("connect", body)?,
            Some(Answer::Subscribe(body)) => map.serialize_entry("subscribe", body)?,
            Some(Answer::Unsubscribe(body)) => map.serialize_entry("unsubscribe", body)?,
            Some(Answer::Publish(body)) => map.serialize_entry("publish", body)?,
            Some(Answer::Presence(body)) => map.serialize_entry("presence", body)?,
            Some(Answer::PresenceStats(body)) => map.serialize_entry("presence_stats", body)?,
            Some(Answer::History(body)) => map.serialize_entry("history", body)?,
            Some(Answer::Ping(body)) => map.serialize_entry("ping", body)?,
            Some(Answer::Rpc(body)) => map.serialize_entry("rpc", body)?,
            Some(Answer::Refresh(body)) => map.serialize_entry("refresh", body)?,
            Some(Answer::SubRefresh(body)) => map.serialize_entry("sub_refresh", body)?,
        }
        map.end()
    }
}

impl Serialize for Push {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        if self.id != 0 {
            map.serialize_entry("id", &self.id)?;
        }
        if !self.channel.is_empty() {
            map.serialize_entry("channel", &self.channel)?;
        }
        match &self.body {
            None => {}
            Some(PushBody::Pub(body)) => map.serialize_entry("pub", body)?,
            Some(PushBody::Join(body)) => map.serialize_entry("join", body)?,
            Some(PushBody::Leave(body)) => map.serialize_entry("leave", body)?,
            Some(PushBody::Unsubscribe(body)) => map.serialize_entry("unsubscribe", body)?,
            Some(PushBody::Message(body)) => map.serialize_entry("message", body)?,
            Some(PushBody::Subscribe(body)) => map.serialize_entry("subscribe", body)?,
            Some(PushBody::Connect(body)) => map.serialize_entry("connect", body)?,
            Some(PushBody::Disconnect(body)) => map.serialize_entry("disconnect", body)?,
            Some(PushBody::Refresh(body)) => map.serialize_entry("refresh", body)?,
        }
        map.end()
    }
}
