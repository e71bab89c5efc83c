//! The house: everything that varies, handed in; its start, and its end in order.
use crate::{
    clock::Clock,
    config::Config,
    db,
    db::Numbered,
    domain::{self, Registry},
    http,
    ids::Random,
    keys::Keys,
    live,
    operations::Call,
    tasks, telemetry,
};
use anyhow::Context;
use metrics_exporter_prometheus::PrometheusHandle;
use parking_lot::RwLock;
use std::{
    ops::Deref,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::{Notify, Semaphore},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use wassally_realtime::Hub;

/// A handle to the house, and the call it is carried by.
#[derive(Clone)]
pub struct App {
    pub inner: Arc<AppInner>,
    pub call: Option<Arc<Call>>,
}

/// What all calls share.
pub struct AppInner {
    pub config: Config,
    pub clock: Clock,
    pub random: Random,
    pub keys: Keys,
    pub pools: db::Pools,
    pub registry: Registry,
    pub revocations: live::revocation::Revocations,
    pub metrics: PrometheusHandle,
    /// EventSource streams that tickets have open here.
    pub streams: live::stream::Open,
    /// Requests that may be worked on at once.
    pub requests: Semaphore,
    /// Commits and other work that must end before the process does.
    pub tracker: TaskTracker,
    /// The node is leaving.
    pub stop: CancellationToken,
    /// Asks for a catch-up at once.
    pub catch_up: Notify,
    /// No other node holds a lease without sharing a broker with this one.
    pub is_alone: AtomicBool,
    /// This life of this node.
    pub boot: uuid::Uuid,
    epoch: RwLock<Arc<str>>,
    hub: std::sync::OnceLock<Hub>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("call", &self.call).finish_non_exhaustive()
    }
}

impl Deref for App {
    type Target = AppInner;
    fn deref(&self) -> &AppInner {
        &self.inner
    }
}

/// A house that is built but not yet open: its handle and its outer face.
pub struct Built {
    pub app: App,
    pub router: axum::Router,
    pub document: utoipa::openapi::OpenApi,
}

impl App {
    /// Builds the house over the database at `url`, migrated before. Nothing runs yet.
    pub async fn build(config: Config, url: &str, random: Random) -> anyhow::Result<Built> {
        let pools = db::Pools::open(url, &config).context("the database's URL")?;
        let (registry, routes) = Registry::of(domain::slices());
        let clock = Clock::default();
        clock.measure(&pools.background).await.context("reading the database's clock")?;
        db::ensure_partitions(&pools.background).await.context("making the log's partitions")?;
        let epoch = db::epoch::read(&mut *pools.background.acquire().await?).await.context("reading the log's epoch")?;
        let boot = crate::ids::new(crate::ids::Region::GLOBAL, &clock, &random);
        let requests = Semaphore::new(config.request_limit);
        let house = AppInner {
            keys: Keys::new(&config.secret_keys),
            clock,
            random,
            pools,
            registry,
            revocations: live::revocation::Revocations::default(),
            metrics: telemetry::metrics(),
            streams: live::stream::Open::default(),
            requests,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            catch_up: Notify::new(),
            is_alone: AtomicBool::new(true),
            boot,
            epoch: RwLock::new(epoch.into()),
            hub: std::sync::OnceLock::new(),
            config,
        };
        let app = Self { inner: Arc::new(house), call: None };
        let hub = live::open(&app);
        let (api, document) = http::openapi::split(routes.merge(live::routes()).merge(http::pages::routes()));
        let api = api.merge(http::openapi::router(document.clone()));
        let router = http::router(&app, api, hub.router());
        app.hub.set(hub).map_err(|_| anyhow::anyhow!("the house was built twice"))?;
        for start in &app.registry.starts {
            start(&app).await.context("starting a slice")?;
        }
        Ok(Built { app, router, document })
    }

    /// Starts what runs beside the requests: tasks, sweeps, the catch-up, revocations, the lease.
    pub fn run_background(&self) {
        self.tracker.spawn(tasks::work(self.clone()));
        for sweep in self.registry.sweeps.iter().copied().chain(db::housekeeping::SWEEPS) {
            self.tracker.spawn(sweep.repeat(self.clone()));
        }
        self.tracker.spawn(live::revocation::follow(self.clone()));
        live::run_background(self);
    }

    /// Serves until `stop`, then drains: not ready, sockets sent away, requests finished, commits and tasks ended, pools closed.
    pub async fn serve(self, router: axum::Router, listener: TcpListener) -> anyhow::Result<()> {
        let stop = self.stop.clone();
        let drain = self.config.drain;
        let hub = self.hub().clone();
        let leaving = async move {
            stop.cancelled().await;
            hub.drain(drain).await;
        };
        let overdue = {
            let (stop, most) = (self.stop.clone(), drain + self.config.request_timeout);
            async move {
                stop.cancelled().await;
                tokio::time::sleep(most).await;
            }
        };
        tokio::select! {
            () = http::serve::serve(listener, router, leaving) => {}
            () = overdue => tracing::warn!("some connections did not end in time"),
        }
        self.close().await;
        Ok(())
    }

    /// Revoke what runs beside the requests and closes the pools.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(Duration::from_secs(15), self.tracker.wait()).await.is_err() {
            tracing::error!("some work did not end in time");
        }
        self.pools.close().await;
    }

    /// The hub of this node.
    pub fn hub(&self) -> &Hub {
        self.hub.get().expect("the house sets its hub before anything runs")
    }

    /// The epoch of all kept channels.
    pub fn epoch(&self) -> Arc<str> {
        Arc::clone(&self.epoch.read())
    }

    /// Takes a new epoch; says whether it differs.
    pub(crate) fn set_epoch(&self, epoch: &str) -> bool {
        let mut present = self.epoch.write();
        let differs = **present != *epoch;
        if differs {
            *present = epoch.into();
        }
        differs
    }

    /// Tells what was committed: to this node's subscribers first.
    pub fn publish(&self, publications: Vec<Numbered>) {
        live::publisher::publish(self, publications);
    }

    /// Closes the sockets of actors whose access has ended.
    pub fn end_revoked(&self) {
        live::end_revoked(self);
    }

    /// What a slice registered with `Slice::state`.
    pub fn state<T: Send + Sync + 'static>(&self) -> Arc<T> {
        self.registry.state()
    }

    /// Sets the gauges that are read rather than counted.
    pub fn gauges(&self) {
        let stats = self.hub().stats();
        #[allow(clippy::cast_precision_loss, reason = "metrics are floats")]
        for (name, value) in [
            ("wassally_connections", stats.connections as f64),
            ("wassally_users", stats.users as f64),
            ("wassally_channels", stats.channels as f64),
            ("wassally_subscriptions", stats.subscriptions as f64),
            ("wassally_gaps", stats.gaps as f64),
            ("wassally_published_total", stats.published as f64),
            ("wassally_delivered_total", stats.delivered as f64),
            ("wassally_slow_total", stats.slow as f64),
            ("wassally_backfilled_total", stats.backfilled as f64),
            ("wassally_broker_messages_total", stats.broker_messages as f64),
            ("wassally_broker_messages_ignored_total", stats.broker_messages_ignored as f64),
            ("wassally_db_commands_in_use", f64::from(self.pools.commands.size()) - self.pools.commands.num_idle() as f64),
        ] {
            metrics::gauge!(name).set(value);
        }
    }
}
