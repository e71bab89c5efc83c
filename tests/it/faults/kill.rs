//! The real binary is killed, or stopped by a signal, in the middle of many order changes: every client has every event of its channels once, in order.
use crate::kit::{Node, Person, Stall, TestApp, Watcher, cluster, log};
use centrifuge::Protocol;
use nix::sys::signal::Signal;
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    os::unix::process::ExitStatusExt,
    process::ExitStatus,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::RwLock;

const CUSTOMERS: usize = 5;
static KEYS: AtomicUsize = AtomicUsize::new(0);

/// Somebody who goes on until it is done, under one key.
async fn persist(node: &RwLock<Node>, who: &Person, path: &str, body: Value, done: &AtomicUsize) -> Value {
    let key = format!("{path} {}", KEYS.fetch_add(1, Ordering::SeqCst));
    loop {
        // Held only to send: the killer needs the node while others wait for their answers.
        let answer = node.read().await.ask(Method::POST, path, &who.token, &key, Some(&body)).await;
        match answer {
            Some(answer) if answer.status < 300 => {
                done.fetch_add(1, Ordering::SeqCst);
                return answer.body;
            }
            Some(answer) => assert!(
                answer.status == 503 || answer.status == 409 && answer.body["code"] == "repeat_in_progress",
                "{path}: {}",
                answer.body
            ),
            None => tokio::time::sleep(std::time::Duration::from_millis(20)).await,
        }
    }
}

/// One customer's orders, four changes each.
async fn shop_on(node: Arc<RwLock<Node>>, anna: Person, stall: Stall, changes: usize, done: Arc<AtomicUsize>) {
    for _ in 0..changes / CUSTOMERS / 4 {
        persist(&node, &anna, "/api/cart/items/", json!({ "product_id": stall.product, "quantity": 1 }), &AtomicUsize::new(0))
            .await;
        let order =
            persist(&node, &anna, "/api/orders/checkout/", json!({ "fulfilment": "delivery", "payment_mode": "COD" }), &done)
                .await;
        let id = order["id"].as_str().expect("an id");
        for (who, command) in [(&stall.owner, "accept"), (&stall.owner, "ready"), (&anna, "cancel")] {
            persist(&node, who, &format!("/api/orders/{id}/{command}/"), json!({}), &done).await;
        }
    }
}

/// So many changes, over two ends of the node by `signal`; how it ended.
async fn outlives(changes: usize, signal: Signal) -> Vec<ExitStatus> {
    let database = cluster::fresh_database();
    let app = TestApp::over(&database, &database, &[]).await;
    let stall = app.stall(10_000).await;
    let mut customers = Vec::new();
    for _ in 0..CUSTOMERS {
        customers.push(app.customer().await);
    }
    let pool = sqlx::PgPool::connect(&database).await.expect("a second connection");
    app.end().await;

    let node = Node::start(&database).await;
    let url = node.url.clone();
    let shop = format!("shop:{}", stall.id);
    let mut watchers = Vec::new();
    for protocol in [Protocol::Json, Protocol::Protobuf] {
        watchers.push((shop.clone(), Watcher::by_sdk(&url, &stall.owner.token, std::slice::from_ref(&shop), protocol).await));
    }
    watchers.push((shop.clone(), Watcher::by_sse(&url, &stall.owner.token, std::slice::from_ref(&shop)).await));
    for anna in &customers {
        let own = format!("user:{}", anna.id);
        watchers.push((own.clone(), Watcher::by_sse(&url, &anna.token, std::slice::from_ref(&own)).await));
    }
    let (node, done) = (Arc::new(RwLock::new(node)), Arc::new(AtomicUsize::new(0)));
    let shopping: Vec<_> = customers
        .into_iter()
        .map(|anna| tokio::spawn(shop_on(node.clone(), anna, stall.clone(), changes, done.clone())))
        .collect();

    let mut ends = Vec::new();
    for share in [changes / 3, changes * 2 / 3] {
        while done.load(Ordering::SeqCst) < share {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        // In the middle of what is under way: the lock is taken only to start it again.
        node.read().await.signal(signal);
        ends.push(node.write().await.start_again().await);
    }
    for customer in shopping {
        customer.await.expect("everybody gets through");
    }
    assert_eq!(done.load(Ordering::SeqCst), changes);
    let published = log(&pool, &shop).await;
    assert_eq!(published.len(), changes, "each change is published to its shop once");
    for (channel, watcher) in &watchers {
        watcher.received_all(channel, 0, &log(&pool, channel).await).await;
    }
    let orders: i64 =
        sqlx::query_scalar("select count(*) from orders where status = 'CANCELLED'").fetch_one(&pool).await.expect("reads");
    assert_eq!(orders, changes as i64 / 4);
    for (_, watcher) in watchers {
        watcher.close().await;
    }
    ends
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_and_nothing_comes_twice_over_a_killed_node() {
    for end in outlives(1000, Signal::SIGKILL).await {
        assert_eq!(end.signal(), Some(9));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_stopped_ends_in_order_and_nothing_is_missed() {
    for end in outlives(200, Signal::SIGTERM).await {
        assert_eq!(end.code(), Some(0), "{end}");
    }
}
