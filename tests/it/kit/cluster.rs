//! One private PostgreSQL for the whole test binary; each test gets a copy of the migrated template.
use std::sync::{
    OnceLock,
    atomic::{AtomicU32, Ordering},
};
use wassally_embedded::{Cluster, Options};

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The URL of a database of the test's own.
pub fn fresh_database() -> String {
    let cluster = cluster();
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    cluster.execute("postgres", &format!("create database {name} template template_migrated")).expect("a copy of the template");
    cluster.url(&name)
}

/// The cluster, started by the first test that needs it.
pub fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        let cluster = Cluster::start(Options::throw_away()).expect("a private PostgreSQL starts");
        cluster.create_database("template_migrated").expect("the template is made");
        let url = cluster.url("template_migrated");
        let migrated = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(wassally::db::migrate(&url))
        });
        migrated.join().expect("the thread ends").expect("the template is migrated");
        cluster
    })
}
