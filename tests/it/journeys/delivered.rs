//! A whole order: a customer orders, a shop prepares, a crew delivers, and three days later everyone is paid.
use crate::kit::{Person, TestApp, Watcher};
use centrifuge::Protocol;
use chrono::TimeDelta;
use serde_json::{Value, json};

/// How the crew speaks to the server.
#[derive(Clone, Copy, PartialEq)]
enum Via {
    Rest,
    Socket,
}

/// A command of the crew by REST or by RPC.
async fn does(crew: &Person, via: Via, command: &str, order: &str, body: Value) -> Value {
    match via {
        Via::Rest => {
            let path = if command == "confirm" {
                format!("/api/orders/{order}/proof/confirm/")
            } else {
                format!("/api/delivery/orders/{order}/{command}/")
            };
            crew.post(&path, body).await.ok()
        }
        Via::Socket => {
            let mut ask = body;
            ask["order_id"] = json!(order);
            crew.socket()
                .await
                .call(&format!("delivery.{command}"), ask)
                .await
                .unwrap_or_else(|error| panic!("{command}: {error:?}"))
        }
    }
}

async fn a_delivery(via: Via) {
    let app = TestApp::start().await;
    let (stall, anna, crew, staff) = (app.stall(9).await, app.customer().await, app.crew_on_duty().await, app.staff().await);
    app.fund(anna.id, 50_00).await;
    let (shop, own, work) = (format!("shop:{}", stall.id), format!("user:{}", anna.id), format!("crew:{}", crew.id));
    let since = app.log(&own).await.len() as u64;
    let board = Watcher::by_sdk(&app.url, &stall.owner.token, std::slice::from_ref(&shop), Protocol::Json).await;
    let phone = Watcher::by_sse(&app.url, &anna.token, std::slice::from_ref(&own)).await;
    let since_work = app.log(&work).await.len() as u64;
    let jobs = Watcher::by_sse(&app.url, &crew.token, std::slice::from_ref(&work)).await;

    anna.wants(stall.product, 2).await;
    let placed = anna.post("/api/orders/checkout/", json!({ "fulfilment": "delivery", "payment_mode": "WALLET" })).await.ok();
    assert_eq!((&placed["status"], &placed["total"]), (&json!("CREATED"), &json!("22.50")));
    let order = placed["id"].as_str().expect("an id").to_owned();
    let channel = format!("order:{order}");
    let mut watchers = Vec::new();
    for who in [&anna, &stall.owner, &staff] {
        watchers.push(Watcher::by_sdk(&app.url, &who.token, std::slice::from_ref(&channel), Protocol::Protobuf).await);
    }
    stall.owner.act(&order, "accept", json!({ "prep_minutes": 10 })).await.ok();
    assert_eq!(does(&crew, via, "claim", &order, json!({})).await["status"], "PROCESSING");
    let carrier = Watcher::by_sdk(&app.url, &crew.token, std::slice::from_ref(&channel), Protocol::Protobuf).await;
    let joined = app.log(&channel).await.len() as u64;
    stall.owner.act(&order, "ready", json!({})).await.ok();
    anna.get(&format!("/api/orders/{order}/proof/")).await.refused(409, "no_proof_yet");
    assert_eq!(does(&crew, via, "advance", &order, json!({})).await["status"], "SHIPPED");
    anna.act(&order, "cancel", json!({})).await.refused(409, "invalid_transition");
    crew.advance(&order).await.refused(409, "proof_required");
    let proof = anna.get(&format!("/api/orders/{order}/proof/")).await.ok();
    let wrong = if proof["pin"] == "000000" { "000001" } else { "000000" };
    let refused = crew.act(&order, "proof/confirm", json!({ "pin": wrong })).await.refused(422, "wrong_pin");
    assert_eq!(refused["tries_left"], 4);
    assert_eq!(does(&crew, via, "confirm", &order, json!({ "pin": proof["pin"] })).await["status"], "DELIVERED");
    anna.act(&order, "complete", json!({})).await.refused(409, "too_early");

    app.pass(TimeDelta::days(3)).await;
    // Three days later every token is old: the completion is a scheduled task.
    app.settle().await;
    let completed = async {
        loop {
            let log = app.log(&channel).await;
            if log.last().is_some_and(|(_, body)| body.contains("order_completed")) {
                return log;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let log = tokio::time::timeout(crate::kit::PATIENCE, completed).await.expect("everybody is paid after three days");
    let kinds: Vec<String> = log
        .iter()
        .map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON")["type"].as_str().expect("a type").to_owned())
        .collect();
    assert_eq!(
        kinds,
        [
            "order_created",
            "order_accepted",
            "order_claimed",
            "order_ready",
            "order_shipped",
            "order_delivered",
            "order_completed"
        ]
    );
    for (_, body) in &log {
        for private in ["Mill Lane", "22.50", "phone", "\"pin\":"] {
            assert!(!body.contains(private), "{private} in {body}");
        }
    }
    for watcher in &watchers {
        watcher.received_all(&channel, 1, &log).await;
    }
    // The crew's right ended with the hand-over, at the event that ended it.
    let until: Vec<_> = log.iter().filter(|(offset, _)| *offset <= 6).cloned().collect();
    carrier.received_all(&channel, joined, &until).await;
    board.received_all(&shop, 0, &app.log(&shop).await).await;
    phone.received_all(&own, since, &app.log(&own).await).await;
    jobs.received_all(&work, since_work, &app.log(&work).await).await;

    let wallet = async |who: &Person| who.sign_in_again().await.get("/api/wallet/").await.ok();
    assert_eq!(wallet(&anna).await["balance"], "27.50");
    assert_eq!(wallet(&stall.owner).await["payable"], "20.00");
    assert_eq!(wallet(&crew).await["payable"], "2.50");
    app.check_ledger().await;
    for watcher in watchers.into_iter().chain([carrier, board, phone, jobs]) {
        watcher.close().await;
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_delivered_over_rest() {
    a_delivery(Via::Rest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_delivered_with_the_crew_on_the_socket() {
    a_delivery(Via::Socket).await;
}
