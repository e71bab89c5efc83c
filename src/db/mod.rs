//! The database: pools, transactions, and the commit that publishes.
mod commit;
mod doubt;
pub mod epoch;
mod head;
mod hooks;
mod idempotency;
mod partitions;
mod tx;

pub use commit::Numbered;
pub use head::top;
pub use hooks::{Handler, Hooks, Outlet, PreCommit};
pub use partitions::ensure as ensure_partitions;
pub use tx::{Committed, LEASE_LOST, Live, PUBLISH, Planned, Tx};

use crate::{
    App,
    config::Config,
    ids::Region,
    problem::{Error, Result},
};
use sqlx::{
    PgPool, Postgres, Transaction,
    pool::PoolConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{str::FromStr, time::Duration};

/// Three pools, never shared: commands, live reads (what sockets ask), background.
#[derive(Debug, Clone)]
pub struct Pools {
    pub commands: PgPool,
    pub live: PgPool,
    pub background: PgPool,
}

impl Pools {
    /// Opens the pools lazily: the first statement connects.
    pub fn open(url: &str, config: &Config) -> sqlx::Result<Self> {
        let (commands, live, background) = config.pools;
        Ok(Self { commands: pool(url, commands, "5s")?, live: pool(url, live, "5s")?, background: pool(url, background, "60s")? })
    }

    pub async fn close(&self) {
        for pool in [&self.commands, &self.live, &self.background] {
            pool.close().await;
        }
    }
}

/// Opens a transaction in a task of its own: a caller that hangs up between BEGIN and its answer would leave the connection to the pool inside
/// a transaction that nobody ends, and the next one's lone statement would be lost with it.
async fn open(pool: &PgPool) -> Result<Transaction<'static, Postgres>> {
    let pool = pool.clone();
    Ok(tokio::spawn(async move { pool.begin().await }).await.map_err(Error::broken)??)
}

fn pool(url: &str, size: u32, statement_timeout: &str) -> sqlx::Result<PgPool> {
    let options = PgConnectOptions::from_str(url)?.application_name("wassally").options([
        ("statement_timeout", statement_timeout),
        // A waiting operation gives up before its caller does.
        ("lock_timeout", "3s"),
        // A frozen holder of a hot head must not stop a city.
        ("idle_in_transaction_session_timeout", "5s"),
        ("tcp_keepalives_idle", "10"),
        ("tcp_keepalives_interval", "5"),
        ("tcp_keepalives_count", "3"),
        ("timezone", "UTC"),
    ]);
    Ok(PgPoolOptions::new()
        .max_connections(size)
        .min_connections(0)
        .acquire_timeout(Duration::from_secs(2))
        .max_lifetime(Duration::from_secs(1800))
        .test_before_acquire(false)
        .connect_lazy_with(options))
}

impl App {
    /// The three pools.
    pub fn pools(&self) -> &Pools {
        self.part()
    }

    /// Opens the transaction of an operation in `region`. With an idempotency key that was answered before: `Error::Repeat`.
    pub async fn begin(&self, region: Region) -> Result<Tx> {
        let is_task = self.request().is_some_and(|request| request.lease.is_some());
        let pool = if is_task { &self.pools().background } else { &self.pools().commands };
        let mut sql = open(pool).await?;
        if let Some(request) = self.request() {
            idempotency::open(&mut sql, region, request, self.clock.now()).await?;
        }
        Ok(Tx::new(self.clone(), region, sql))
    }

    /// A connection for reads that decide or that follow a write of the caller's.
    pub async fn read(&self, _region: Region) -> Result<PoolConnection<Postgres>> {
        Ok(self.pools().commands.acquire().await?)
    }

    /// A connection for reads that may lag a second: catalogue, search, past lists.
    pub async fn read_stale(&self, _region: Region) -> Result<PoolConnection<Postgres>> {
        Ok(self.pools().live.acquire().await?)
    }

    /// One consistent view over several statements: what a snapshot with its position is read in.
    pub async fn read_whole(&self, _region: Region) -> Result<Transaction<'static, Postgres>> {
        let mut view = open(&self.pools().live).await?;
        sqlx::query("set transaction isolation level repeatable read read only").execute(&mut *view).await?;
        Ok(view)
    }
}

/// Brings the database at `url` to this release's schema; one node at a time.
pub async fn migrate(url: &str) -> anyhow::Result<()> {
    let pool = PgPoolOptions::new().max_connections(1).acquire_timeout(Duration::from_secs(10)).connect(url).await?;
    sqlx::migrate!("./migrations").run(&pool).await?;
    pool.close().await;
    Ok(())
}
