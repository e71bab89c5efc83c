//! The proof of delivery.
use super::{at_the_address, published, town};
use crate::kit::{Person, Stall, TestApp};
use serde_json::{Value, json};

fn another(pin: &serde_json::Value) -> &'static str {
    if pin == "000000" { "000001" } else { "000000" }
}

#[tokio::test(flavor = "multi_thread")]
async fn five_wrong_pins_lock_the_proof_until_staff_unlocks_it() {
    let (app, stall, anna) = town().await;
    let (crew, staff) = (app.crew().await, app.staff().await);
    let order = at_the_address(&stall, &anna, &crew).await;
    let proof = anna.proof(&order).await;
    assert!(proof["qr_svg"].as_str().is_some_and(|svg| svg.contains("<svg")), "{proof}");
    let wrong = json!({ "pin": another(&proof["pin"]) });
    for left in [4, 3, 2, 1] {
        assert_eq!(crew.confirm(&order, wrong.clone()).await.refused(422, "wrong_pin")["tries_left"], left);
    }
    assert_eq!(anna.proof(&order).await["tries_left"], 1, "the customer sees that somebody tries");
    assert_eq!(crew.confirm(&order, wrong.clone()).await.refused(422, "wrong_pin")["tries_left"], 0);
    crew.confirm(&order, json!({ "pin": proof["pin"] })).await.refused(423, "proof_locked");
    let log = published(&app, &format!("order:{order}")).await;
    assert_eq!(log.last().expect("an event")["type"], "proof_locked");

    let path = format!("/api/staff/orders/{order}/override/");
    staff.post(&path, json!({ "to": "unlock_proof" })).await.refused(422, "reason_required");
    crew.post(&path, json!({ "to": "unlock_proof", "reason": "please" })).await.refused(403, "forbidden");
    staff.post(&path, json!({ "to": "unlock_proof", "reason": "the customer called" })).await.ok();
    assert_eq!(crew.confirm(&order, json!({ "pin": proof["pin"] })).await.ok()["status"], "DELIVERED");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_guesses_at_once_are_five() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = at_the_address(&stall, &anna, &crew).await;
    let wrong = another(&anna.proof(&order).await["pin"]);
    let tries = futures_util::future::join_all((0..30).map(|n| {
        let (crew, path) = (crew.clone(), format!("/api/orders/{order}/proof/confirm/"));
        async move { crew.post_once(&path, json!({ "pin": wrong }), &format!("guess {}", n % 3)).await }
    }))
    .await;
    let count = |code: &str| tries.iter().filter(|answer| answer.body["code"] == code).count();
    assert_eq!((count("wrong_pin"), count("proof_locked")), (5, 25));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_proves_its_own_order_alone_and_for_its_own_crew() {
    let (app, stall, anna) = town().await;
    let (crew, other) = (app.crew().await, app.crew().await);
    let (order, second) = (at_the_address(&stall, &anna, &crew).await, at_the_address(&stall, &anna, &crew).await);
    let (token, of_second) = (anna.proof(&order).await["token"].clone(), anna.proof(&second).await["token"].clone());
    app.customer().await.get(&format!("/api/orders/{order}/proof/")).await.refused(404, "not_found");
    crew.get(&format!("/api/orders/{order}/proof/")).await.refused(403, "forbidden");
    crew.confirm(&order, json!({ "token": of_second })).await.refused(422, "wrong_pin");
    other.confirm(&order, json!({ "token": token })).await.refused(404, "not_found");
    anna.confirm(&order, json!({ "token": token })).await.refused(403, "forbidden");
    crew.confirm(&order, json!({})).await.refused(422, "invalid");

    let mut phone = crew.socket().await;
    let ask = json!({ "order_id": order, "token": token, "lat": 52.52, "lng": 13.405, "idempotency_key": "by-token" });
    let answer = phone.call("delivery.confirm", ask.clone()).await.expect("delivers");
    assert_eq!((&answer["status"], &answer["payment_status"]), (&json!("DELIVERED"), &json!("PAID")));
    assert_eq!(phone.call("delivery.confirm", ask).await.expect("repeats"), answer);
    crew.confirm(&order, json!({ "token": token })).await.refused(409, "invalid_transition");
    let (means, distance_m): (String, i32) = sqlx::query_as("select means, distance_m from proof where order_id = $1::uuid")
        .bind(uuid::Uuid::parse_str(&order).expect("an id"))
        .fetch_one(&app.app.pools().background)
        .await
        .expect("a proof");
    assert_eq!((means.as_str(), distance_m), ("token", 0));
    assert!(anna.proof(&order).await["confirmed_at"].is_string());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_proof_nothing_is_delivered_but_by_staff_with_a_reason() {
    let (app, stall, anna) = town().await;
    let (crew, staff) = (app.crew().await, app.staff().await);
    let order = anna.order_from(&stall, 1).await;
    anna.get(&format!("/api/orders/{order}/proof/")).await.refused(409, "no_proof_yet");
    crew.claim(&order).await.ok();
    let advance = |to: &str| json!({ "to": to, "reason": "nobody opened" });
    let path = format!("/api/delivery/orders/{order}/advance/");
    crew.post(&path, advance("DELIVERED")).await.refused(409, "invalid_transition");
    crew.confirm(&order, json!({ "pin": "123456" })).await.refused(409, "invalid_transition");
    assert_eq!(crew.post(&path, json!({ "shop_id": stall.id })).await.ok()["status"], "SHIPPED");
    crew.post(&path, advance("DELIVERED")).await.refused(409, "proof_required");
    crew.advance(&order).await.refused(409, "proof_required");
    crew.post(&path, json!({ "to": "DELIVERY_FAILED" })).await.refused(422, "invalid");
    staff
        .post(&format!("/api/staff/orders/{order}/override/"), json!({ "to": "DELIVERED", "reason": "seen by the guard" }))
        .await
        .ok();
    assert_eq!(crew.carries().await.len(), 0);

    let failed = at_the_address(&stall, &anna, &crew).await;
    let path = format!("/api/delivery/orders/{failed}/advance/");
    assert_eq!(crew.post(&path, advance("DELIVERY_FAILED")).await.ok()["status"], "DELIVERY_FAILED");
    assert_eq!(crew.carries().await, [failed.as_str()], "the goods are still with the crew");
    assert_eq!(crew.post(&path, advance("RETURNED_TO_SHOP")).await.ok()["status"], "RETURNED_TO_SHOP");
    assert_eq!(crew.carries().await.len(), 0);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_proof_is_required_the_crew_delivers() {
    let app = TestApp::start_with(&[("WASSALLY_PROOF_REQUIRED", "wallet")]).await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    let order = at_the_address(&stall, &anna, &crew).await;
    let refusal = crew.advance(&order).await.refused(409, "invalid_transition");
    assert_eq!(refusal["state"], "SHIPPED", "a second tap at the shop delivers nothing: {refusal}");
    let path = format!("/api/delivery/orders/{order}/advance/");
    assert_eq!(crew.post(&path, json!({ "to": "DELIVERED" })).await.ok()["status"], "DELIVERED");
    crew.post(&path, json!({ "to": "DELIVERED" })).await.refused(409, "invalid_transition");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_pickup_the_shop_takes_the_pin() {
    let (app, stall, anna) = town().await;
    anna.wants(stall.product, 1).await;
    let order = anna.post("/api/orders/checkout/", json!({ "fulfilment": "pickup", "payment_mode": "COP" })).await.ok();
    let order = order["id"].as_str().expect("an id");
    app.crew().await.claim(order).await.refused(409, "not_claimable");
    anna.get(&format!("/api/orders/{order}/proof/")).await.refused(409, "no_proof_yet");
    stall.owner.act(order, "ready", json!({})).await.ok();
    let proof = anna.proof(order).await;
    app.stall(1).await.owner.confirm(order, json!({ "pin": proof["pin"] })).await.refused(404, "not_found");
    stall.owner.confirm(order, json!({ "pin": another(&proof["pin"]) })).await.refused(422, "wrong_pin");
    assert_eq!(stall.owner.confirm(order, json!({ "pin": proof["pin"] })).await.ok()["status"], "DELIVERED");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_pin_costs_no_try() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = at_the_address(&stall, &anna, &crew).await;
    let pin = anna.proof(&order).await["pin"].as_str().expect("a PIN").to_owned();
    for slip in ["", &pin[1..], &format!(" {pin}"), &format!("{pin}0"), "12345a", "١٢٣٤٥٦"] {
        let refusal = crew.confirm(&order, json!({ "pin": slip })).await.refused(422, "invalid");
        assert_eq!(
            (&refusal["errors"][0]["field"], &refusal["errors"][0]["code"]),
            (&json!("pin"), &json!("invalid")),
            "{slip:?}"
        );
    }
    assert_eq!(anna.proof(&order).await["tries_left"], 5);
    anna.get(&format!("/api/orders/{order}/proof/?x=1")).await.refused(422, "invalid");
    crew.confirm(&order, json!({ "pin": pin })).await.ok();
    app.end().await;
}

/// An order that waits ready at these counters, and its proof.
async fn at_the_counters(stalls: &[&Stall], customer: &Person) -> (String, Value) {
    for stall in stalls {
        customer.wants(stall.product, 1).await;
    }
    let order = customer.post("/api/orders/checkout/", json!({ "fulfilment": "pickup", "payment_mode": "COP" })).await.ok();
    let order = order["id"].as_str().expect("an id").to_owned();
    for stall in stalls {
        stall.owner.act(&order, "ready", json!({ "shop_id": stall.id })).await.ok();
    }
    let proof = customer.proof(&order).await;
    (order, json!({ "pin": proof["pin"] }))
}

/// The shops whose parts were fetched.
fn fetched(order: &Value) -> Vec<&str> {
    let parts = order["shop_orders"].as_array().expect("parts").iter();
    parts.filter(|part| part["picked_up_at"].is_string()).map(|part| part["shop_id"].as_str().expect("an id")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_shop_hands_over_its_own_part_and_the_last_delivers() {
    let (app, one, anna) = town().await;
    let two = app.stall(9).await;
    let (order, pin) = at_the_counters(&[&one, &two], &anna).await;
    let first = one.owner.confirm(&order, pin.clone()).await.ok();
    assert_eq!(first["status"], "CREATED", "the other shop still has its part: {first}");
    let seen = anna.get(&format!("/api/orders/{order}/")).await.ok();
    assert_eq!(
        (&seen["status"], &seen["payment_status"], fetched(&seen)),
        (&json!("CREATED"), &json!("UNPAID"), vec![one.id.to_string().as_str()])
    );
    let log = published(&app, &format!("order:{order}")).await;
    let last = log.last().expect("an event");
    assert_eq!(
        (&last["type"], &last["shop_id"], &last["order"]["status"]),
        (&json!("order_picked_up"), &json!(one.id), &json!("CREATED"))
    );

    assert_eq!(one.owner.confirm(&order, pin.clone()).await.refused(409, "invalid_transition")["state"], "CREATED");
    anna.act(&order, "cancel", json!({})).await.refused(409, "invalid_transition");
    assert!(anna.proof(&order).await["confirmed_at"].is_null(), "the PIN serves at the next shop");
    assert_eq!(two.owner.confirm(&order, pin.clone()).await.ok()["status"], "DELIVERED");
    let seen = anna.get(&format!("/api/orders/{order}/")).await.ok();
    assert_eq!((&seen["payment_status"], fetched(&seen).len()), (&json!("PAID"), 2));
    two.owner.confirm(&order, pin).await.refused(409, "invalid_transition");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_owns_both_counters_confirms_once() {
    let (app, one, anna) = town().await;
    let two = app.stall(9).await;
    for statement in ["update shop set owner_id = $1 where id = $2", "update shop_member set user_id = $1 where shop_id = $2"] {
        let change = sqlx::query(statement).bind(one.owner.id.uuid()).bind(two.id);
        change.execute(&app.app.pools().background).await.expect("another owner");
    }
    let two = Stall { owner: one.owner.clone(), ..two };
    let (order, pin) = at_the_counters(&[&one, &two], &anna).await;
    assert_eq!(one.owner.confirm(&order, pin).await.ok()["status"], "DELIVERED");
    assert_eq!(fetched(&anna.get(&format!("/api/orders/{order}/")).await.ok()).len(), 2);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_that_is_left_was_fetched_a_rejection_delivers() {
    let (app, one, anna) = town().await;
    let two = app.stall(9).await;
    let (order, pin) = at_the_counters(&[&one, &two], &anna).await;
    one.owner.confirm(&order, pin).await.ok();
    two.owner.act(&order, "reject", json!({ "reason": "it fell", "shop_id": two.id })).await.ok();
    let seen = anna.get(&format!("/api/orders/{order}/")).await.ok();
    assert_eq!((&seen["status"], &seen["total"]), (&json!("DELIVERED"), &json!("10.00")));
    let log = published(&app, &format!("order:{order}")).await;
    let types: Vec<&Value> = log.iter().map(|event| &event["type"]).collect();
    assert_eq!(types[types.len() - 2..], [&json!("order_rejected"), &json!("order_delivered")]);
    app.end().await;
}
