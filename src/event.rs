//! Something that happened, and the messages that channels carry of it.
use crate::ids::{Region, UserId};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use std::{fmt::Display, str::FromStr};
use utoipa::ToSchema;

/// Something that happened, inside its transaction: a plain owned struct in the past tense, which other slices handle.
pub trait Event: Send + Sync + 'static {
    /// What which channels carry of it.
    fn messages(&self) -> Vec<Message>;
}

/// A message enum of one channel namespace, tagged by `type`. Its `Serialize` is its wire form; the documents are made from its schema.
pub trait ChannelMessage: Serialize + ToSchema + Send + Sync + 'static {
    /// The part of a channel's name before the colon.
    const NAMESPACE: &'static str;
    /// What stands after it.
    type Id: FromStr + Display + Send + 'static;
}

/// The channel of `id` in the namespace of `M`.
pub fn channel_of<M: ChannelMessage>(id: &M::Id) -> String {
    format!("{}:{id}", M::NAMESPACE)
}

/// What one durable channel carries of an event, before it has a number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Message {
    pub channel: String,
    /// JSON.
    pub body: String,
    /// JSON for observers, which subscribers never get.
    pub internal: Option<String>,
    /// The users whose right to the channel ends with this message.
    pub revokes: Vec<Revoke>,
}

impl Message {
    /// `message` on the channel of `id`.
    pub fn new<M: ChannelMessage>(id: M::Id, message: &M) -> Self {
        let body = serde_json::to_string(message).expect("messages are plain enums with string keys");
        Self { channel: channel_of::<M>(&id), body, internal: None, revokes: Vec::new() }
    }

    /// What observers get in addition to the message.
    #[must_use]
    pub fn internal(mut self, part: &impl Serialize) -> Self {
        self.internal = Some(serde_json::to_string(part).expect("internal parts are plain structs"));
        self
    }

    /// After this message `user` may no longer watch; they still get it when `inclusive`.
    #[must_use]
    pub fn revokes(mut self, user: UserId, inclusive: bool) -> Self {
        self.revokes.push(Revoke { user: user.uuid(), inclusive });
        self
    }

    /// The region whose tables number the channel.
    pub fn region(&self) -> Region {
        region_of(&self.channel)
    }
}

/// The end of one user's right to a channel.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revoke {
    pub user: uuid::Uuid,
    /// Whether they still get the message that ends it.
    pub inclusive: bool,
}

/// The region of `order:{id}` and its like: the one in the id.
pub fn region_of(channel: &str) -> Region {
    let id = channel.split_once(':').and_then(|(_, id)| uuid::Uuid::try_parse(id).ok());
    id.map_or(Region::FIRST, Region::of)
}

/// A message's parts as they are read on a node.
#[derive(Debug)]
pub struct Observed<'a, M> {
    pub channel: &'a str,
    pub offset: u64,
    pub message: &'a M,
    /// JSON that only observers get.
    pub internal: Option<&'a RawValue>,
}

impl<M> Observed<'_, M> {
    /// The internal part as `T`, where the message has one that fits.
    pub fn internal<T: DeserializeOwned>(&self) -> Option<T> {
        self.internal.and_then(|raw| serde_json::from_str(raw.get()).ok())
    }
}
