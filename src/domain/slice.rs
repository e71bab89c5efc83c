//! What a slice offers: routes, calls, channels, event_handlers, tasks. The house reads it once at start.
use crate::{
    App,
    actor::{Actor, FromActor},
    db::Tx,
    domain::Event,
    operations::{Answer, RequestContext},
    problem::{Problem, Result},
    tasks::{AnyTask, Sweep, Task},
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
use wassally_realtime::host::{Presence, Retention};

pub(crate) type Handler = Arc<dyn for<'a> Fn(&'a mut Tx, &'a (dyn Any + Send + Sync)) -> BoxFuture<'a, Result<()>> + Send + Sync>;
pub(crate) type PreCommit = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<()>>;
pub(crate) type CallFn = Arc<dyn Fn(RequestContext, Actor, Bytes) -> BoxFuture<'static, Result<Answer>> + Send + Sync>;
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

/// A kept publication as a observer sees it: once, in its channel's order.
#[derive(Debug)]
pub struct Observed<'a> {
    pub channel: &'a str,
    pub offset: u64,
    pub body: &'a [u8],
}

/// Who may watch the channels of one namespace, and what of them is kept.
#[derive(Clone)]
pub struct ChannelRule {
    /// The part before the colon.
    pub namespace: &'static str,
    pub keep: Retention,
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
    event_handlers: Vec<(TypeId, Handler)>,
    pre_commits: Vec<PreCommit>,
    observers: Vec<fn(&App, &Observed<'_>)>,
    left: Vec<fn(&App, &Actor, &str)>,
    tasks: Vec<AnyTask>,
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
            event_handlers: vec![],
            pre_commits: vec![],
            observers: vec![],
            left: vec![],
            tasks: vec![],
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

    /// A command's socket call. The member `idempotency_key` of the input becomes the context's key.
    #[must_use]
    pub fn call<W, A, F, Fut>(mut self, name: &'static str, f: F) -> Self
    where
        W: FromActor + 'static,
        A: DeserializeOwned + Send + 'static,
        F: Fn(RequestContext, W, A) -> Fut + Send + Sync + Clone + 'static,
        Fut: Future<Output = Result<Answer>> + Send + 'static,
    {
        let erased: CallFn = Arc::new(move |mut context, actor, data| {
            let f = f.clone();
            Box::pin(async move {
                let who = W::from_actor(actor)?;
                let (key, data) = take_key(&data)?;
                context.key = key;
                f(context, who, crate::http::json::parse(&data)?).await
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
    pub fn channel(mut self, namespace: &'static str, may: May, keep: Retention) -> Self {
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
        let erased: Handler = Arc::new(move |tx, event| match event.downcast_ref::<E>() {
            Some(event) => f(tx, event),
            None => Box::pin(std::future::ready(Ok(()))),
        });
        self.event_handlers.push((TypeId::of::<E>(), erased));
        self
    }

    /// A step of every commit, after the event_handlers: the wallet's.
    #[must_use]
    pub fn pre_commit(mut self, f: PreCommit) -> Self {
        self.pre_commits.push(f);
        self
    }

    /// Sees every kept publication on every node, once and in its channel's order. Pure and quick.
    #[must_use]
    pub fn observe(mut self, f: fn(&App, &Observed<'_>)) -> Self {
        self.observers.push(f);
        self
    }

    /// Told when an actor's subscription to a channel of any slice ended.
    #[must_use]
    pub fn left(mut self, f: fn(&App, &Actor, &str)) -> Self {
        self.left.push(f);
        self
    }

    #[must_use]
    pub fn task<C: Task>(mut self) -> Self {
        self.tasks.push(AnyTask::of::<C>());
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
    pub(crate) event_handlers: HashMap<TypeId, Vec<Handler>>,
    pub(crate) pre_commits: Vec<PreCommit>,
    pub(crate) calls: HashMap<&'static str, CallFn>,
    pub(crate) sends: HashMap<&'static str, fn(&App, &Actor, &[u8])>,
    pub(crate) channels: HashMap<&'static str, ChannelRule>,
    pub(crate) own: Vec<fn(&Actor) -> Option<String>>,
    pub(crate) observers: Vec<fn(&App, &Observed<'_>)>,
    pub(crate) left: Vec<fn(&App, &Actor, &str)>,
    pub(crate) tasks: HashMap<&'static str, AnyTask>,
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
            event_handlers: HashMap::new(),
            pre_commits: vec![],
            calls: HashMap::new(),
            sends: HashMap::new(),
            channels: HashMap::new(),
            own: vec![],
            observers: vec![],
            left: vec![],
            tasks: HashMap::from([(crate::db::Publish::KIND, AnyTask::of::<crate::db::Publish>())]),
            sweeps: vec![],
            starts: vec![],
            states: HashMap::new(),
        };
        let mut routes = OpenApiRouter::new();
        for slice in slices {
            tracing::debug!(slice = slice.name, "registered");
            routes = routes.merge(slice.routes);
            for (kind, handler) in slice.event_handlers {
                all.event_handlers.entry(kind).or_default().push(handler);
            }
            all.pre_commits.extend(slice.pre_commits);
            all.calls.extend(slice.calls);
            all.sends.extend(slice.sends);
            all.channels.extend(slice.channels.into_iter().map(|rule| (rule.namespace, rule)));
            all.own.extend(slice.own);
            all.observers.extend(slice.observers);
            all.left.extend(slice.left);
            all.tasks.extend(slice.tasks.into_iter().map(|task| (task.kind, task)));
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
