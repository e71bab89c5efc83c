//! Builds the application from its layers, starts its background work, and shuts everything down in order.
use crate::{
    App,
    clock::Clock,
    config::Config,
    db, domain,
    handle::Parts,
    http,
    ids::Random,
    live, meta,
    operations::{RateLimits, Registry},
    tasks::{self, Sweep},
    telemetry,
};
use anyhow::Context;
use std::time::Duration;
use tokio::net::TcpListener;

/// An application that is built but not yet open: its handle and its router.
pub struct Built {
    pub app: App,
    pub router: axum::Router,
}

/// Forgets the callers who are within their limits.
const LIMITS: Sweep = Sweep {
    name: "rate limits",
    every: Duration::from_secs(30),
    run: |app| {
        app.part::<RateLimits>().sweep();
        Box::pin(std::future::ready(Ok(())))
    },
};

impl App {
    /// Builds the application over the database at `url`, migrated before. Nothing runs yet.
    ///
    /// Errors: the database does not answer; two slices declare the same thing.
    pub async fn build(config: Config, url: &str, random: Random) -> anyhow::Result<Built> {
        let pools = db::Pools::open(url, &config).context("the database's URL")?;
        let clock = Clock::default();
        clock.measure(&pools.background).await.context("reading the database's clock")?;
        db::ensure_partitions(&pools.background).await.context("making the log's partitions")?;
        let epoch = db::epoch::read(&mut *pools.background.acquire().await?).await.context("reading the log's epoch")?;

        let mut parts = Parts::default();
        let slices = domain::slices().into_iter().chain([live::slice(), meta::slice()]).collect();
        let gathered = Registry::gather(slices, &mut parts).context("gathering the slices")?;
        let documents = http::openapi::Documents {
            openapi: http::openapi::document(&gathered.registry),
            asyncapi: live::asyncapi::document(&gathered.registry),
        };
        let endpoints = http::endpoints::router(&gathered.registry).merge(meta::shapes());

        let app = Self::new(config, clock, random, epoch);
        let hub = live::open(&app);
        let hub_router = hub.router();
        parts.add(pools);
        parts.add(gathered.registry);
        parts.add(gathered.hooks);
        parts.add(gathered.kinds);
        parts.add(documents);
        parts.add(RateLimits::new(app.config.user_queries, app.config.user_commands));
        parts.add(db::Outlet(live::publisher::publish));
        parts.add(http::limits::Requests::new(app.config.request_limit));
        parts.add(telemetry::Metrics::start());
        live::install(&mut parts, hub);
        app.install(parts)?;

        let router = http::router(&app, endpoints, hub_router);
        for start in &app.registry().starts {
            start(&app).await.context("starting a slice")?;
        }
        Ok(Built { app, router })
    }

    /// Starts the background work: tasks, sweeps, the catch-up, revocations, the lease.
    pub fn run_background(&self) {
        self.tracker.spawn(tasks::work(self.clone()));
        for sweep in self.registry().sweeps.iter().copied().chain(tasks::housekeeping::SWEEPS).chain([LIMITS]) {
            self.tracker.spawn(sweep.repeat(self.clone()));
        }
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

    /// Ends the background work and closes the pools.
    pub async fn close(&self) {
        self.stop.cancel();
        self.tracker.close();
        if tokio::time::timeout(Duration::from_secs(15), self.tracker.wait()).await.is_err() {
            tracing::error!("some work did not end in time");
        }
        self.pools().close().await;
    }
}
