//! The answer to COMMIT is lost on the wire: the caller still gets the outcome, and every client receives it once.
#![allow(clippy::inconsistent_digit_grouping, reason = "cents stand apart")]
use crate::kit::{Answer, Cut, Person, Proxy, TestApp, Watcher, cluster};
use centrifuge::Protocol;
use serde_json::{Value, json};
use std::time::Duration;

/// Sends a command whose COMMIT is cut, under a key, again until it is answered; then once more.
async fn cut_through(proxy: &Proxy, cut: Cut, who: &Person, path: &str, body: Value, key: &str) -> Value {
    let before = proxy.cuts();
    proxy.cut(cut);
    let mut answer: Answer = who.post_once(path, body.clone(), key).await;
    assert_eq!(proxy.cuts(), before + 1, "{path} was not cut");
    for _ in 0..20 {
        if answer.status != 503 {
            break;
        }
        let code = answer.body["code"].as_str().expect("a slug");
        assert!(code == "outcome_unknown" || code == "busy", "{path}: {}", answer.body);
        assert!(answer.headers.contains_key("retry-after"), "{path}");
        answer = who.post_once(path, body.clone(), key).await;
    }
    let answer = answer.ok();
    assert_eq!(who.post_once(path, body, key).await.ok(), answer, "{path}: the same key, the same answer");
    answer
}

async fn a_whole_order(cut: Cut) {
    let database = cluster::fresh_database();
    let proxy = Proxy::before(&database).await;
    let app = TestApp::over(&database, &proxy.url, &[]).await;
    let (stall, anna, crew) = (app.stall(20).await, app.customer().await, app.crew_on_duty().await);
    app.fund(anna.id, 100_00).await;
    let (shop, own) = (format!("shop:{}", stall.id), format!("user:{}", anna.id));
    let since = app.log(&own).await.len() as u64;
    let board = Watcher::by_sdk(&app.url, &stall.owner.token, std::slice::from_ref(&shop), Protocol::Protobuf).await;
    let phone = Watcher::by_sse(&app.url, &anna.token, std::slice::from_ref(&own)).await;

    anna.wants(stall.product, 2).await;
    let ask = json!({ "fulfilment": "delivery", "payment_mode": "WALLET" });
    let placed = cut_through(&proxy, cut, &anna, "/api/orders/checkout/", ask, "checkout").await;
    let order = placed["id"].as_str().expect("an id").to_owned();
    let channel = format!("order:{order}");
    let watch = Watcher::by_sdk(&app.url, &anna.token, std::slice::from_ref(&channel), Protocol::Json).await;
    let delivery = |command: &str| format!("/api/delivery/orders/{order}/{command}/");
    for (who, path, body) in [
        (&stall.owner, format!("/api/orders/{order}/accept/"), json!({ "prep_minutes": 5 })),
        (&crew, delivery("claim"), json!({})),
        (&crew, delivery("release"), json!({ "reason": "a flat tyre" })),
        (&crew, delivery("claim"), json!({})),
        (&stall.owner, format!("/api/orders/{order}/ready/"), json!({})),
        (&crew, delivery("advance"), json!({})),
    ] {
        let key = format!("{path} {}", app.log(&channel).await.len());
        let answer = cut_through(&proxy, cut, who, &path, body, &key).await;
        let live = answer["live"]
            .as_array()
            .and_then(|live| live.iter().find(|live| live["channel"] == *channel))
            .expect("a position")
            .clone();
        let took = watch.reaches(&channel, live["offset"].as_u64().expect("an offset")).await;
        assert!(took < Duration::from_secs(5), "{path} was received after {took:?}");
    }
    let proof = anna.get(&format!("/api/orders/{order}/proof/")).await.ok();
    let confirm = format!("/api/orders/{order}/proof/confirm/");
    let delivered = cut_through(&proxy, cut, &crew, &confirm, json!({ "pin": proof["pin"] }), "confirm").await;
    assert_eq!(delivered["status"], "DELIVERED");

    for (watcher, channel, since) in [(&watch, &channel, 1), (&board, &shop, 0), (&phone, &own, since)] {
        watcher.received_all(channel, since, &app.log(channel).await).await;
    }
    app.check_ledger().await;
    for watcher in [watch, board, phone] {
        watcher.close().await;
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_lost_after_the_commit_is_found_again() {
    a_whole_order(Cut::Answer).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_cut_off_under_way_is_settled_either_way() {
    a_whole_order(Cut::AtOnce).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_never_arrived_happened_once_after_the_repeat() {
    a_whole_order(Cut::Question).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_on_a_silent_connection_is_answered_and_published() {
    let database = cluster::fresh_database();
    let proxy = Proxy::before(&database).await;
    let app = TestApp::over(&database, &proxy.url, &[]).await;
    let (stall, anna) = (app.stall(20).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let channel = format!("order:{order}");
    let watch = Watcher::by_sdk(&app.url, &anna.token, std::slice::from_ref(&channel), Protocol::Json).await;
    let began = std::time::Instant::now();
    cut_through(&proxy, Cut::Silence, &stall.owner, &format!("/api/orders/{order}/accept/"), json!({}), "accept").await;
    watch.reaches(&channel, 2).await;
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    watch.received_all(&channel, 1, &app.log(&channel).await).await;
    watch.close().await;
    app.end().await;
}
