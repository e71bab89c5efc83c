//! The tests' vocabulary: an app of its own per test on a copy of the migrated database, people with verbs, raw sockets.
#![allow(dead_code, reason = "a vocabulary is larger than any one test")]
pub mod cluster;
mod node;
mod people;
mod proxy;
mod source;
mod watcher;
mod witness;
mod world;

pub use node::Node;
pub use people::{Answer, Person};
pub use proxy::{Cut, Proxy};
pub use source::Source;
pub use wassally_client::{Client as Socket, PATIENCE};
pub use watcher::Watcher;
pub use witness::Witness;
pub use world::{HOME, Stall};

use reqwest::Method;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{net::TcpListener, task::JoinHandle};
use wassally::{App, config::Config, ids::Random};

/// A running server over its own database. End it with [`TestApp::end`]: that checks that nothing was left behind, and that whatever the
/// server said stands in its documents.
pub struct TestApp {
    pub app: App,
    pub url: String,
    /// The database's URL, for a second connection.
    pub database: String,
    pub http: reqwest::Client,
    server: JoinHandle<()>,
    witness: Arc<Witness>,
}

impl TestApp {
    /// A server with the defaults.
    pub async fn start() -> Arc<Self> {
        Self::start_with(&[]).await
    }

    /// A server with some settings of its own.
    pub async fn start_with(settings: &[(&str, &str)]) -> Arc<Self> {
        let database = cluster::fresh_database();
        Self::over(&database, &database, settings).await
    }

    /// A server that reaches `database` by `through`, such as a proxy of the test's.
    pub async fn over(database: &str, through: &str, settings: &[(&str, &str)]) -> Arc<Self> {
        let mut vars: BTreeMap<String, String> = BTreeMap::from([
            ("DATABASE_URL".into(), through.to_owned()),
            ("WASSALLY_SECRET_KEY".into(), node::SECRET.into()),
            ("WASSALLY_LISTEN".into(), "127.0.0.1:0".into()),
            ("WASSALLY_POOLS".into(), "8,4,3".into()),
            ("WASSALLY_DRAIN".into(), "0".into()),
        ]);
        vars.extend(settings.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())));
        let config = Config::from(&vars).expect("the tests' settings are right");
        wassally::telemetry::start_logs(&config);
        let built = App::build(config, through, Random::system()).await.expect("the app is built");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("bound"));
        built.app.run_background();
        let witness = Witness::of(&built.app);
        let (app, router) = (built.app.clone(), witness.around(built.router));
        let server = tokio::spawn(async move { app.serve(router, listener).await.expect("serves until told to stop") });
        Arc::new(Self { app: built.app, url, database: database.to_owned(), http: reqwest::Client::new(), server, witness })
    }

    /// Stops the server, and fails on a task given up, on a channel whose log does not reach its head, and on anything undocumented.
    pub async fn end(self: Arc<Self>) {
        let pool = sqlx::PgPool::connect(&self.database).await.expect("a connection");
        let given_up: Vec<String> =
            sqlx::query_scalar("select kind || ': ' || coalesce(last_error, '') from task where gave_up_at is not null")
                .fetch_all(&pool)
                .await
                .expect("the tasks can be read");
        assert!(given_up.is_empty(), "tasks were given up: {given_up:?}");
        let torn: Vec<String> = sqlx::query_scalar(
            "select h.channel from channel_head h
            where h.top <> (select count(*) from channel_log l where l.region = h.region and l.channel = h.channel)",
        )
        .fetch_all(&pool)
        .await
        .expect("the log can be read");
        assert!(torn.is_empty(), "heads and logs differ: {torn:?}");
        let messages: Vec<(String, String)> =
            sqlx::query_as("select channel, body from channel_log").fetch_all(&pool).await.expect("the log can be read");
        for (channel, body) in &messages {
            self.witness.note_publication(channel, &serde_json::from_str(body).expect("a message is JSON"));
        }
        self.witness.assert_documented();
        pool.close().await;
        self.app.stop.cancel();
        let mut me = self;
        // Somebody else may still hold the server, as a socket's task does: then it ends with the process.
        if let Some(me) = Arc::get_mut(&mut me) {
            (&mut me.server).await.expect("the server ends in order");
        }
    }

    /// Runs tasks that are due until none is, then one catch-up: what was planned for now has happened.
    pub async fn settle(&self) {
        while wassally::tasks::run_due(&self.app).await.expect("tasks run").done > 0 {}
        wassally::live::catch_up(&self.app, None).await.expect("catches up");
    }

    /// Moves the database's clock and the application's together.
    pub async fn pass(&self, time: chrono::TimeDelta) {
        sqlx::query("update installation set shift = shift + make_interval(secs => $1)")
            .bind(time.num_seconds() as f64)
            .execute(&self.app.pools().background)
            .await
            .expect("the clock can be moved");
        self.app.clock.measure(&self.app.pools().background).await.expect("the clock follows");
    }

    /// What a durable channel carried, out of the log: (offset, body), in order.
    pub async fn log(&self, channel: &str) -> Vec<(u64, String)> {
        log(&self.app.pools().background, channel).await
    }

    /// A request without a person.
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        people::send(self, method, path, None, body, &[]).await
    }

    /// A GET without a person.
    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    /// A POST without a person.
    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(&body)).await
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.witness.assert_documented();
        }
    }
}

/// [`TestApp::log`] over any connection.
pub async fn log(pool: &sqlx::PgPool, channel: &str) -> Vec<(u64, String)> {
    let rows: Vec<(i64, String)> = sqlx::query_as("select seq, body from channel_log where channel = $1 order by seq")
        .bind(channel)
        .fetch_all(pool)
        .await
        .expect("the log can be read");
    rows.into_iter().map(|(seq, body)| (seq.unsigned_abs(), body)).collect()
}

/// A request under a bare token.
pub async fn as_token(app: &TestApp, method: Method, path: &str, token: &str) -> Answer {
    people::send(app, method, path, Some(token), None, &[]).await
}
