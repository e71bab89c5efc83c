//! The handle that every function of the application takes: what varies is handed in, and what the layers above hold is found by its type.
use crate::{
    clock::Clock,
    config::Config,
    ids::{Random, Region},
    keys::Keys,
    request::RequestContext,
};
use parking_lot::RwLock;
use std::{
    any::{Any, TypeId},
    collections::HashMap,
    ops::Deref,
    sync::{Arc, OnceLock, Weak, atomic::AtomicBool},
};
use tokio::sync::Notify;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use uuid::Uuid;

/// A handle to the application, and the request that it works for.
#[derive(Clone)]
pub struct App {
    inner: Arc<AppInner>,
    request: Option<Arc<RequestContext>>,
}

/// What all requests share.
pub struct AppInner {
    pub config: Config,
    pub clock: Clock,
    pub random: Random,
    pub keys: Keys,
    /// Commits and other work that must end before the process does.
    pub tracker: TaskTracker,
    /// The node is leaving.
    pub stop: CancellationToken,
    /// Requests an immediate catch-up.
    pub catch_up: Notify,
    /// No other node holds a lease without sharing a broker with this one.
    pub is_alone: AtomicBool,
    /// This life of this node.
    pub boot: Uuid,
    epoch: RwLock<Arc<str>>,
    parts: OnceLock<Parts>,
}

/// What each layer keeps for itself on this node, by type.
#[derive(Default)]
pub struct Parts(HashMap<TypeId, Arc<dyn Any + Send + Sync>>);

impl Parts {
    /// Adds a part; returns whether there was none of its type.
    pub fn add<T: Send + Sync + 'static>(&mut self, part: T) -> bool {
        self.add_erased(TypeId::of::<T>(), Arc::new(part))
    }

    /// [`Self::add`] for a part whose type is known by its id alone.
    pub fn add_erased(&mut self, kind: TypeId, part: Arc<dyn Any + Send + Sync>) -> bool {
        self.0.insert(kind, part).is_none()
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("request", &self.request).finish_non_exhaustive()
    }
}

impl Deref for App {
    type Target = AppInner;
    fn deref(&self) -> &AppInner {
        &self.inner
    }
}

/// A handle that does not keep the application alive.
#[derive(Clone)]
pub struct WeakApp(Weak<AppInner>);

impl WeakApp {
    /// The application, unless it has ended.
    pub fn upgrade(&self) -> Option<App> {
        self.0.upgrade().map(|inner| App { inner, request: None })
    }
}

impl App {
    /// A handle over what varies; its parts are installed later, once.
    pub fn new(config: Config, clock: Clock, random: Random, epoch: String) -> Self {
        let boot = crate::ids::new(Region::GLOBAL, &clock, &random);
        let inner = AppInner {
            keys: Keys::new(&config.secret_keys),
            config,
            clock,
            random,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            catch_up: Notify::new(),
            is_alone: AtomicBool::new(true),
            boot,
            epoch: RwLock::new(epoch.into()),
            parts: OnceLock::new(),
        };
        Self { inner: Arc::new(inner), request: None }
    }

    /// Sets what the layers above keep. Errors: it was set before.
    pub fn install(&self, parts: Parts) -> anyhow::Result<()> {
        self.parts.set(parts).map_err(|_| anyhow::anyhow!("the application was built twice"))
    }

    /// A part that was installed.
    pub fn part<T: Send + Sync + 'static>(&self) -> &T {
        let part = self.parts.get().and_then(|parts| parts.0.get(&TypeId::of::<T>()));
        part.and_then(|part| part.downcast_ref()).expect("app.rs installs every part before anything runs")
    }

    /// What a slice registered with `Slice::state`.
    pub fn state<T: Send + Sync + 'static>(&self) -> Arc<T> {
        let part = self.parts.get().and_then(|parts| parts.0.get(&TypeId::of::<T>())).cloned();
        part.and_then(|part| part.downcast().ok()).expect("a slice asks for what it registered")
    }

    /// The request that this handle works for; `None` at the start and in sweeps.
    pub fn request(&self) -> Option<&RequestContext> {
        self.request.as_deref()
    }

    /// The copy of the handle that one request works with.
    #[must_use]
    pub fn with_request(&self, request: RequestContext) -> Self {
        Self { inner: Arc::clone(&self.inner), request: Some(Arc::new(request)) }
    }

    /// The same application, for work that is not the request's own.
    #[must_use]
    pub fn without_request(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), request: None }
    }

    pub fn downgrade(&self) -> WeakApp {
        WeakApp(Arc::downgrade(&self.inner))
    }

    /// The epoch of all durable channels.
    pub fn epoch(&self) -> Arc<str> {
        Arc::clone(&self.epoch.read())
    }

    /// Takes a new epoch; returns whether it differs.
    pub fn set_epoch(&self, epoch: &str) -> bool {
        let mut present = self.epoch.write();
        let differs = **present != *epoch;
        if differs {
            *present = epoch.into();
        }
        differs
    }
}
