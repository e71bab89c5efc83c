//! What a slice offers: routes, calls, channels, reactions, chores. The house reads it once at start.
use crate::{
    App,
    actor::{Actor, FromActor},
    chores::{AnyChore, Chore, Sweep},
    db::Tx,
    domain::Event,
    doors::{Answer, Door},
    problem::{Problem, Result},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::{
    any::{Any, TypeId},
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::Duration,
};
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};
use wassally_realtime::host::{Keep, Presence};

pub(crate) type Reaction =
    Arc<dyn for<'a> Fn(&'a mut Tx, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>> + Send + Sync>;
pub(crate) type Closing = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<()>>;
pub(crate) type CallFn = Arc<dyn Fn(Door, Actor, Bytes) -> BoxFuture<'static, Result<Answer>> + Send + Sync>;
type May = for<'a> fn(&'a App, &'a Actor, &'a str) -> BoxFuture<'a, Result<()>>;
type SnapshotFn = for<'a> fn(&'a App, &'a Actor, &'a str) -> BoxFuture<'a, Result<Snapshot>>;
type Start = for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>;

/// The state a fresh subscriber begins with.
#[derive(Debug)]
pub struct Snapshot {
    /// The channel's position this state belongs to; 0 on fleeting channels.
    pub offset: u64,
    /// JSON.
    pub data: Bytes,
}

/// A kept publication as a hearer sees it: once, in its channel's order.
#[derive(Debug)]
pub struct Hearing<'a> {
    pub channel: &'a str,
    pub offset: u64,
    pub body: &'a [u8],
}

/// Who may watch the channels of one namespace, and what of them is kept.
#[derive(Clone)]
pub struct ChannelRule {
    /// The part before the colon.
    pub namespace: &'static str,
    pub keep: Keep,
    pub presence: Presence,
    /// Whether subscribers may publish.
    pub publish: bool,
    pub(crate) may: May,
    pub(crate) snapshot: Option<SnapshotFn>,
}

/// One slice's offer.
pub struct Slice {
    name: &'static str,
    routes: OpenApiRouter<App>,
    calls: Vec<(&'static str, CallFn)>,
    sends: Vec<(&'static str, fn(&App, &Actor, &[u8]))>,
    channels: Vec<ChannelRule>,
    own: Vec<fn(&Actor) -> Option<String>>,
    reactions: Vec<(TypeId, Reaction)>,
    closings: Vec<Closing>,
    hearers: Vec<fn(&App, &Hearing<'_>)>,
    left: Vec<fn(&App, &Actor, &str)>,
    chores: Vec<AnyChore>,
    sweeps: Vec<Sweep>,
    starts: Vec<Start>,
    states: Vec<(TypeId, Arc<dyn Any + Send + Sync>)>,
}

impl Slice {
    pub fn new(name: &'static str) -> Self {
        Self {
            name,
            routes: OpenApiRouter::new(),
            calls: vec![],
            sends: vec![],
            channels: vec![],
            own: vec![],
            reactions: vec![],
            closings: vec![],
            hearers: vec![],
            left: vec![],
            chores: vec![],
            sweeps: vec![],
            starts: vec![],
            states: vec![],
        }
    }

    /// One path's handlers: `routes!(bid::post)`.
    #[must_use]
    pub fn routes(mut self, routes: UtoipaMethodRouter<App>) -> Self {
        self.routes = self.routes.routes(routes);
        self
    }

    /// A deed's socket call. The member `idempotency_key` of the input becomes the door's key.
    #[must_use]
    pub fn call<W, A, F, Fut>(mut self, name: &'static str, f: F) -> Self
    where
        W: FromActor + 'static,
        A: DeserializeOwned + Send + 'static,
        F: Fn(Door, W, A) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        let erased: CallFn = Arc::new(move |mut door, actor, data| {
            let f = f.clone();
            Box::pin(async move {
                let who = W::from_actor(actor)?;
                let (key, data) = take_key(&data)?;
                door.key = key;
                f(door, who, crate::http::json::parse(&data)?).await
            })
        });
        self.calls.push((name, erased));
        self
    }

    /// A message without a reply, taken at once in the thread that read the socket. Must not block.
    #[must_use]
    pub fn send(mut self, name: &'static str, f: fn(&App, &Actor, &[u8])) -> Self {
        self.sends.push((name, f));
        self
    }

    /// The channels `namespace:…`: who may watch, what is kept.
    #[must_use]
    pub fn channel(mut self, namespace: &'static str, may: May, keep: Keep) -> Self {
        self.channels.push(ChannelRule { namespace, keep, presence: Presence::Off, publish: false, may, snapshot: None });
        self
    }

    /// What a fresh subscriber of `namespace:…`, declared before, begins with.
    #[must_use]
    pub fn snapshot(mut self, namespace: &'static str, f: SnapshotFn) -> Self {
        let rule = self.channels.iter_mut().find(|rule| rule.namespace == namespace);
        rule.expect("the channel is declared before its snapshot").snapshot = Some(f);
        self
    }

    /// The channel every socket of an actor is subscribed to by the server.
    #[must_use]
    pub fn own(mut self, channel: fn(&Actor) -> Option<String>) -> Self {
        self.own.push(channel);
        self
    }

    /// Runs in the transaction that emitted `E`, in rank order.
    #[must_use]
    pub fn on<E: Event>(mut self, f: for<'a> fn(&'a mut Tx, &'a E) -> BoxFuture<'a, Result<()>>) -> Self {
        let erased: Reaction = Arc::new(move |tx, event| match event.downcast_ref::<E>() {
            Some(event) => f(tx, event),
            None => Box::pin(std::future::ready(Ok(()))),
        });
        self.reactions.push((TypeId::of::<E>(), erased));
        self
    }

    /// A step of every commit, after the reactions: the wallet's.
    #[must_use]
    pub fn closing(mut self, f: Closing) -> Self {
        self.closings.push(f);
        self
    }

    /// Sees every kept publication on every node, once and in its channel's order. Pure and quick.
    #[must_use]
    pub fn hear(mut self, f: fn(&App, &Hearing<'_>)) -> Self {
        self.hearers.push(f);
        self
    }

    /// Told when an actor's subscription to a channel of any slice ended.
    #[must_use]
    pub fn left(mut self, f: fn(&App, &Actor, &str)) -> Self {
        self.left.push(f);
        self
    }

    #[must_use]
    pub fn chore<C: Chore>(mut self) -> Self {
        self.chores.push(AnyChore::of::<C>());
        self
    }

    /// Repairs from state every so often, on every node; takes no input and may run twice at once.
    #[must_use]
    pub fn sweep(mut self, name: &'static str, every: Duration, f: for<'a> fn(&'a App) -> BoxFuture<'a, Result<()>>) -> Self {
        self.sweeps.push(Sweep { name, every, run: f });
        self
    }

    /// Runs once before the first request, such as loading a replica.
    #[must_use]
    pub fn start(mut self, f: Start) -> Self {
        self.starts.push(f);
        self
    }

    /// What the slice holds in memory on this node: `app.state::<T>()`.
    #[must_use]
    pub fn state<T: Send + Sync + 'static>(mut self, state: T) -> Self {
        self.states.push((TypeId::of::<T>(), Arc::new(state)));
        self
    }
}

fn take_key(data: &[u8]) -> Result<(Option<String>, Bytes)> {
    if data.is_empty() || data.trim_ascii() == b"null" {
        return Ok((None, Bytes::from_static(b"{}")));
    }
    if data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        // A list has no room for a key.
        return Ok((None, Bytes::copy_from_slice(data)));
    }
    let mut members: BTreeMap<String, Box<RawValue>> = match serde_json::from_slice(data) {
        Ok(members) => members,
        Err(error) if error.is_data() => return Err(Problem::invalid("", "wrong_type").into()),
        Err(_) => return Err(Problem::new(400, "malformed").into()),
    };
    let Some(key) = members.remove("idempotency_key") else { return Ok((None, Bytes::copy_from_slice(data))) };
    let key: String = serde_json::from_str(key.get()).map_err(|_| Problem::invalid("idempotency_key", "wrong_type"))?;
    if key.is_empty() || key.len() > 255 || key.contains('\0') {
        return Err(Problem::invalid("idempotency_key", "invalid").into());
    }
    Ok((Some(key), serde_json::to_vec(&members)?.into()))
}

/// All slices' offers, sorted by what asks for them.
pub struct Registry {
    pub(crate) reactions: HashMap<TypeId, Vec<Reaction>>,
    pub(crate) closings: Vec<Closing>,
    pub(crate) calls: HashMap<&'static str, CallFn>,
    pub(crate) sends: HashMap<&'static str, fn(&App, &Actor, &[u8])>,
    pub(crate) channels: HashMap<&'static str, ChannelRule>,
    pub(crate) own: Vec<fn(&Actor) -> Option<String>>,
    pub(crate) hearers: Vec<fn(&App, &Hearing<'_>)>,
    pub(crate) left: Vec<fn(&App, &Actor, &str)>,
    pub(crate) chores: HashMap<&'static str, AnyChore>,
    pub(crate) sweeps: Vec<Sweep>,
    pub(crate) starts: Vec<Start>,
    states: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

impl std::fmt::Debug for Registry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Registry")
    }
}

impl Registry {
    /// Gathers the offers, and the routes with their OpenAPI lines.
    pub fn of(slices: Vec<Slice>) -> (Self, OpenApiRouter<App>) {
        let mut all = Self {
            reactions: HashMap::new(),
            closings: vec![],
            calls: HashMap::new(),
            sends: HashMap::new(),
            channels: HashMap::new(),
            own: vec![],
            hearers: vec![],
            left: vec![],
            chores: HashMap::from([(crate::db::Say::KIND, AnyChore::of::<crate::db::Say>())]),
            sweeps: vec![],
            starts: vec![],
            states: HashMap::new(),
        };
        let mut routes = OpenApiRouter::new();
        for slice in slices {
            tracing::debug!(slice = slice.name, "registered");
            routes = routes.merge(slice.routes);
            for (kind, reaction) in slice.reactions {
                all.reactions.entry(kind).or_default().push(reaction);
            }
            all.closings.extend(slice.closings);
            all.calls.extend(slice.calls);
            all.sends.extend(slice.sends);
            all.channels.extend(slice.channels.into_iter().map(|rule| (rule.namespace, rule)));
            all.own.extend(slice.own);
            all.hearers.extend(slice.hearers);
            all.left.extend(slice.left);
            all.chores.extend(slice.chores.into_iter().map(|chore| (chore.kind, chore)));
            all.sweeps.extend(slice.sweeps);
            all.starts.extend(slice.starts);
            all.states.extend(slice.states);
        }
        (all, routes)
    }

    /// What a slice registered with [`Slice::state`].
    pub(crate) fn state<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let state = self.states.get(&TypeId::of::<T>()).cloned();
        state.and_then(|state| state.downcast().ok()).expect("a slice asks for what it registered")
    }
}
