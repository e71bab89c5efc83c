//! The declaration of a channel namespace: its messages, their retention, the right to watch, and the snapshot for new subscribers.
use crate::{
    App, Problem,
    actor::Actor,
    event::{ChannelMessage, Observed},
    problem::Result,
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use std::{
    any::{Any, TypeId},
    borrow::Cow,
    collections::HashMap,
    marker::PhantomData,
    sync::Arc,
};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use wassally_realtime::host::{Presence, Retention};

/// The state that a new subscriber begins with.
#[derive(Debug)]
pub struct Snapshot<S> {
    /// The channel's position that this state belongs to; 0 on ephemeral channels.
    pub offset: u64,
    pub data: S,
}

/// A snapshot as bytes.
#[derive(Debug)]
pub struct RawSnapshot {
    pub offset: u64,
    /// JSON.
    pub data: Bytes,
}

type MayWatch<Id> = for<'a> fn(&'a App, &'a Actor, Id) -> BoxFuture<'a, Result<()>>;
type ReadSnapshot<Id, S> = for<'a> fn(&'a App, &'a Actor, Id) -> BoxFuture<'a, Result<Snapshot<S>>>;
type AnyMayWatch = Arc<dyn for<'a> Fn(&'a App, &'a Actor, &'a str) -> BoxFuture<'a, Result<()>> + Send + Sync>;
type AnySnapshot = Arc<dyn for<'a> Fn(&'a App, &'a Actor, &'a str) -> BoxFuture<'a, Result<RawSnapshot>> + Send + Sync>;
type Schemas = fn(&mut Vec<(String, RefOr<Schema>)>);

/// The channels of one namespace.
#[derive(Clone)]
pub struct ChannelRule {
    /// The part before the colon.
    pub namespace: &'static str,
    pub retention: Retention,
    pub presence: Presence,
    /// Whether subscribers may publish.
    pub publish: bool,
    /// Whether a command's answer carries the position that its commit gave the channel.
    pub in_answers: bool,
    /// Whom the server subscribes to the channel of their own id.
    pub server_side: Option<fn(&Actor) -> bool>,
    /// Who may watch, in a sentence for the document.
    pub watched_by: &'static str,
    pub(crate) may_watch: AnyMayWatch,
    pub(crate) snapshot: Option<AnySnapshot>,
    pub(crate) snapshot_schema: Option<Described>,
    pub(crate) messages: MessageType,
}

/// A message enum whose type is known only at its declaration.
#[derive(Clone, Copy)]
pub struct MessageType {
    pub namespace: &'static str,
    pub(crate) kind: TypeId,
    pub(crate) described: Described,
}

/// A type's schema for the document.
#[derive(Clone, Copy)]
pub struct Described {
    pub(crate) name: fn() -> Cow<'static, str>,
    pub(crate) schema: fn() -> RefOr<Schema>,
    pub(crate) schemas: Schemas,
}

impl Described {
    fn of<T: ToSchema>() -> Self {
        Self { name: T::name, schema: <T as PartialSchema>::schema, schemas: T::schemas }
    }
}

impl MessageType {
    pub(crate) fn of<M: ChannelMessage>() -> Self {
        Self { namespace: M::NAMESPACE, kind: TypeId::of::<M>(), described: Described::of::<M>() }
    }

    /// The `type` words of its variants.
    pub(crate) fn tags(&self) -> Vec<String> {
        let schema = serde_json::to_value((self.described.schema)()).unwrap_or_default();
        let mut tags = Vec::new();
        collect_tags(&schema, &mut tags);
        tags
    }
}

/// The `type` words of a message enum.
pub fn tags<M: ChannelMessage>() -> Vec<String> {
    MessageType::of::<M>().tags()
}

/// Reads the words that `type` may be out of a tagged enum's schema.
fn collect_tags(schema: &Value, tags: &mut Vec<String>) {
    for part in ["oneOf", "allOf"].iter().filter_map(|part| schema[*part].as_array()).flatten() {
        collect_tags(part, tags);
    }
    let words = schema["properties"]["type"]["enum"].as_array();
    tags.extend(words.into_iter().flatten().filter_map(|word| word.as_str().map(str::to_owned)));
}

/// A namespace about to be declared.
pub struct Channel<M: ChannelMessage> {
    pub(super) rule: ChannelRule,
    marker: PhantomData<fn(M)>,
}

/// The channels `M::NAMESPACE:id`. They have no subscribers before [`Channel::may_watch`] is given.
pub fn channel<M: ChannelMessage>(retention: Retention) -> Channel<M> {
    let rule = ChannelRule {
        namespace: M::NAMESPACE,
        retention,
        presence: Presence::Off,
        publish: false,
        in_answers: false,
        server_side: None,
        watched_by: "nobody",
        may_watch: Arc::new(|_, _, _| Box::pin(std::future::ready(Err(Problem::not_found().into())))),
        snapshot: None,
        snapshot_schema: None,
        messages: MessageType::of::<M>(),
    };
    Channel { rule, marker: PhantomData }
}

impl<M: ChannelMessage> Channel<M> {
    /// Who may watch, by a sentence for the document and by a function. An id that is none is 404.
    #[must_use]
    pub fn may_watch(mut self, watched_by: &'static str, f: MayWatch<M::Id>) -> Self {
        self.rule.watched_by = watched_by;
        self.rule.may_watch = Arc::new(move |app, actor, id| match id.parse() {
            Ok(id) => f(app, actor, id),
            Err(_) => Box::pin(std::future::ready(Err(Problem::not_found().into()))),
        });
        self
    }

    /// What a new subscriber begins with.
    #[must_use]
    pub fn snapshot<S: Serialize + ToSchema + Send + 'static>(mut self, f: ReadSnapshot<M::Id, S>) -> Self {
        self.rule.snapshot_schema = Some(Described::of::<S>());
        self.rule.snapshot = Some(Arc::new(move |app, actor, id| {
            let id = id.parse::<M::Id>().map_err(|_| Problem::not_found());
            Box::pin(async move {
                let snapshot = f(app, actor, id?).await?;
                Ok(RawSnapshot { offset: snapshot.offset, data: serde_json::to_vec(&snapshot.data)?.into() })
            })
        }));
        self
    }

    #[must_use]
    pub fn presence(mut self, presence: Presence) -> Self {
        self.rule.presence = presence;
        self
    }

    /// Commands' answers carry the position of this channel where they published to it.
    #[must_use]
    pub fn in_answers(mut self) -> Self {
        self.rule.in_answers = true;
        self
    }

    /// The server subscribes each socket of `whom` to the channel of the actor's own id.
    #[must_use]
    pub fn server_side(mut self, whom: fn(&Actor) -> bool) -> Self {
        self.rule.server_side = Some(whom);
        self
    }
}

type Parse = fn(&[u8]) -> serde_json::Result<Box<dyn Any>>;
type Observe = Arc<dyn Fn(&App, &Observed<'_, Box<dyn Any>>) + Send + Sync>;

/// An observer of one message enum.
#[derive(Clone)]
pub(super) struct Observer {
    kind: TypeId,
    parse: Parse,
    observe: Observe,
}

impl Observer {
    pub(super) fn of<M: ChannelMessage + DeserializeOwned>(f: fn(&App, &Observed<'_, M>)) -> Self {
        let observe: Observe = Arc::new(move |app, observed| {
            let Some(message) = observed.message.downcast_ref::<M>() else { return };
            f(app, &Observed { channel: observed.channel, offset: observed.offset, message, internal: observed.internal });
        });
        let parse: Parse = |body| serde_json::from_slice::<M>(body).map(|message| Box::new(message) as Box<dyn Any>);
        Self { kind: TypeId::of::<M>(), parse, observe }
    }
}

/// All observers, and how a message is parsed for them: once, whatever their number.
#[derive(Default)]
pub struct Observers {
    /// By namespace, then by `type`.
    parsers: HashMap<&'static str, HashMap<String, MessageType>>,
    observers: HashMap<TypeId, (Parse, Vec<Observe>)>,
}

#[derive(Deserialize)]
struct Tagged<'a> {
    #[serde(borrow)]
    r#type: Cow<'a, str>,
}

impl Observers {
    pub(super) fn new(messages: &[MessageType], observers: Vec<Observer>) -> anyhow::Result<Self> {
        let mut all = Self::default();
        for message in messages {
            for tag in message.tags() {
                let tags = all.parsers.entry(message.namespace).or_default();
                anyhow::ensure!(!tags.contains_key(&tag), "{}: two slices declare the message type {tag}", message.namespace);
                tags.insert(tag, *message);
            }
        }
        for observer in observers {
            anyhow::ensure!(messages.iter().any(|message| message.kind == observer.kind), "an observer of undeclared messages");
            all.observers.entry(observer.kind).or_insert((observer.parse, vec![])).1.push(observer.observe);
        }
        Ok(all)
    }

    /// Hands a durable publication to the observers of its type.
    pub fn observe(&self, app: &App, channel: &str, offset: u64, body: &[u8], internal: Option<&[u8]>) {
        let namespace = channel.split_once(':').map_or(channel, |(namespace, _)| namespace);
        let Ok(tagged) = serde_json::from_slice::<Tagged<'_>>(body) else {
            tracing::error!(channel, offset, "a publication has no type");
            return;
        };
        let Some(message) = self.parsers.get(namespace).and_then(|tags| tags.get(&*tagged.r#type)) else {
            tracing::error!(channel, offset, kind = %tagged.r#type, "a publication has an undeclared type");
            return;
        };
        let Some((parse, observers)) = self.observers.get(&message.kind) else { return };
        let message = match parse(body) {
            Ok(message) => message,
            Err(error) => {
                tracing::error!(%error, channel, offset, "a publication does not have the form of its type");
                return;
            }
        };
        let internal = internal.and_then(|bytes| serde_json::from_slice::<&RawValue>(bytes).ok());
        for observe in observers {
            observe(app, &Observed { channel, offset, message: &message, internal });
        }
    }
}
