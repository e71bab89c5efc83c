//! The database goes away under load and comes back: 503 with Retry-After, sockets stay, nothing is lost.
use crate::kit::{Person, Stall, TestApp, Watcher, log};
use centrifuge::Protocol;
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use wassally_embedded::{Cluster, Options};

/// The outage.
const FOR_SO_LONG: Duration = Duration::from_secs(20);
static KEYS: AtomicUsize = AtomicUsize::new(0);

/// What the workers met.
#[derive(Default)]
struct Met {
    done: AtomicUsize,
    away: AtomicUsize,
}

async fn persist(who: &Person, path: &str, body: Value, met: &Met) -> Value {
    let key = KEYS.fetch_add(1, Ordering::SeqCst).to_string();
    loop {
        let answer = who.post_once(path, body.clone(), &key).await;
        match answer.status {
            200..300 => {
                met.done.fetch_add(1, Ordering::SeqCst);
                return answer.body;
            }
            503 => {
                assert!(answer.headers.contains_key("retry-after"), "{path}: {}", answer.body);
                met.away.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            }
            _ => panic!("{path}: {} {}", answer.status, answer.body),
        }
    }
}

async fn shop_on(anna: Person, stall: Stall, met: Arc<Met>, until: Arc<AtomicUsize>) {
    while met.done.load(Ordering::SeqCst) < until.load(Ordering::SeqCst) {
        persist(&anna, "/api/cart/items/", json!({ "product_id": stall.product, "quantity": 1 }), &met).await;
        let order =
            persist(&anna, "/api/orders/checkout/", json!({ "fulfilment": "delivery", "payment_mode": "COD" }), &met).await;
        let id = order["id"].as_str().expect("an id");
        for (who, command) in [(&stall.owner, "accept"), (&anna, "cancel")] {
            persist(who, &format!("/api/orders/{id}/{command}/"), json!({}), &met).await;
        }
    }
}

async fn reaches(count: &AtomicUsize, at_least: usize, what: &str) {
    let began = std::time::Instant::now();
    while count.load(Ordering::SeqCst) < at_least {
        assert!(began.elapsed().as_secs() < 120, "{what}: {} of {at_least}", count.load(Ordering::SeqCst));
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}

/// How the database goes away.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Away {
    /// It ends its sessions and is started again.
    Stopped,
    /// All its processes stand still, its sockets open.
    Frozen,
}

async fn goes_away(how: Away) {
    let folder = std::env::temp_dir().join(format!("wassally-away-{how:?}-{}", std::process::id()));
    let options = Options { fsync: false, ..Options::new(&folder) };
    let cluster = Cluster::start(options.clone()).expect("a cluster of its own");
    cluster.create_database("away").expect("a database");
    let url = cluster.url("away");
    wassally::db::migrate(&url).await.expect("migrates");
    let app = TestApp::over(&url, &url, &[("WASSALLY_REQUEST_TIMEOUT", "3")]).await;
    let (stall, met, until) = (app.stall(10_000).await, Arc::new(Met::default()), Arc::new(AtomicUsize::new(usize::MAX)));
    let shop = format!("shop:{}", stall.id);
    let board = Watcher::by_sdk(&app.url, &stall.owner.token, std::slice::from_ref(&shop), Protocol::Json).await;
    let stream = Watcher::by_sse(&app.url, &stall.owner.token, std::slice::from_ref(&shop)).await;
    let mut socket = stall.owner.socket().await;
    socket.subscribe(&shop).await;
    let mut customers = Vec::new();
    for _ in 0..4 {
        customers.push(tokio::spawn(shop_on(app.customer().await, stall.clone(), met.clone(), until.clone())));
    }
    reaches(&met.done, 40, "before").await;

    let mut cluster = Some(cluster);
    let began = Instant::now();
    match how {
        Away::Stopped => cluster.take().expect("runs").stop().expect("stops"),
        Away::Frozen => signal_all(cluster.as_ref().expect("runs").pid(), Signal::SIGSTOP),
    }
    socket.stay_until(reaches(&met.away, 8, "503 while it is away")).await;
    let ready = app.get("/readyz").await;
    assert_eq!(ready.status, 503, "{}", ready.body);
    assert_eq!(app.get("/healthz").await.status, 200);
    let call = socket.call("orders.accept", json!({ "order_id": uuid::Uuid::nil() })).await.expect_err("the database is away");
    assert_eq!(call, (503, "busy".into()), "the socket stays and says so");

    socket.stay_until(tokio::time::sleep(FOR_SO_LONG.saturating_sub(began.elapsed()))).await;

    let cluster = match cluster {
        None => Cluster::start(options).expect("starts again"),
        Some(cluster) => {
            signal_all(cluster.pid(), Signal::SIGCONT);
            cluster
        }
    };
    assert_eq!(cluster.url("away"), url);
    let back = met.done.load(Ordering::SeqCst);
    socket.stay_until(reaches(&met.done, back + 40, "after")).await;
    until.store(0, Ordering::SeqCst);
    for customer in customers {
        socket.stay_until(customer).await.expect("everybody gets through");
    }
    // Over a connection of today: idle ones of the pools ended with the old server, and each fails once.
    let pool = sqlx::PgPool::connect(&url).await.expect("a connection");
    let log = log(&pool, &shop).await;
    let received = socket.so_far(&shop).await;
    assert_eq!(
        received.iter().map(|publication| publication["offset"].as_u64()).collect::<Vec<_>>(),
        log.iter().map(|(offset, _)| Some(*offset)).collect::<Vec<_>>()
    );
    board.received_all(&shop, 0, &log).await;
    stream.received_all(&shop, 0, &log).await;
    board.close().await;
    stream.close().await;
    app.end().await;
    pool.close().await;
    cluster.stop().expect("stops");
    let _ = std::fs::remove_dir_all(folder);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stopped_database_misses_is_done_when_it_is_back() {
    goes_away(Away::Stopped).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_frozen_database_misses_is_done_when_it_thaws() {
    goes_away(Away::Frozen).await;
}

/// Signals a server and all its processes: those that serve sessions do not stop with the first.
fn signal_all(server: i32, signal: Signal) {
    let children = std::fs::read_dir("/proc").expect("/proc").flatten().filter_map(|entry| {
        let pid: i32 = entry.file_name().to_str()?.parse().ok()?;
        let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
        // The name stands in brackets and may hold anything; then state and parent.
        let parent: i32 = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
        (parent == server).then_some(pid)
    });
    for pid in std::iter::once(server).chain(children) {
        // A session may have ended meanwhile.
        let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), signal);
    }
}
