//! One private PostgreSQL for the whole test binary; each test gets a copy of the migrated template.
use std::{
    process::Command,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};
use wassally_embedded::{Cluster, Options};

static CLUSTER: OnceLock<Cluster> = OnceLock::new();
static COUNT: AtomicU32 = AtomicU32::new(0);

/// The URL of a database of the test's own.
pub fn fresh_database() -> String {
    let cluster = cluster();
    let name = format!("test_{}", COUNT.fetch_add(1, Ordering::Relaxed));
    run(&cluster.url("postgres"), &format!("create database {name} template template_migrated"));
    cluster.url(&name)
}

/// The cluster, started by the first test that needs it.
pub fn cluster() -> &'static Cluster {
    CLUSTER.get_or_init(|| {
        // A thread of its own that lives as long as the process: the database ends with the thread that started it.
        let (tell, told) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let dir = std::env::temp_dir().join(format!("wassally-it-{}", std::process::id()));
            let mut options = Options::new(dir);
            options.fsync = false;
            options.max_connections = 300;
            tell.send(Cluster::start(options).expect("a private PostgreSQL starts")).expect("the test waits");
            loop {
                std::thread::park();
            }
        });
        let cluster = told.recv().expect("the cluster started");
        cluster.create_database("template_migrated").expect("the template is made");
        let url = cluster.url("template_migrated");
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(wassally::db::migrate(&url)).expect("the template is migrated");
        })
        .join()
        .expect("migrated");
        cluster
    })
}

/// Runs one statement by psql, which needs no runtime.
fn run(url: &str, statement: &str) {
    let done = Command::new("psql").args(["-qX", "-v", "ON_ERROR_STOP=1", "-c", statement, url]).output().expect("psql is installed");
    assert!(done.status.success(), "{statement}: {}", String::from_utf8_lossy(&done.stderr));
}
