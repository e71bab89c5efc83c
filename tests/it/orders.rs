//! Orders from checkout to completion.
#![allow(clippy::inconsistent_digit_grouping, reason = "cents stand apart")]
mod checkout;
mod views;

use crate::kit::{Person, Stall, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;
use wassally::{
    actor::Role,
    domain::orders::{self, Order},
    ids::OrderId,
};

impl Person {
    /// Orders `quantity` of a stall's product, paid by wallet.
    async fn buys(&self, stall: &Stall, quantity: i32) -> Value {
        self.wants(stall.product, quantity).await;
        self.pays("WALLET").await.ok()
    }

    async fn pays(&self, mode: &str) -> crate::kit::Answer {
        self.post("/api/orders/checkout/", json!({ "fulfilment": "delivery", "payment_mode": mode })).await
    }

    async fn act_on(&self, order: &Value, command: &str, body: Value) -> crate::kit::Answer {
        self.post(&format!("/api/orders/{}/{command}/", id(order)), body).await
    }

    async fn view(&self, order: &Value) -> Value {
        self.get(&format!("/api/orders/{}/", id(order))).await.ok()
    }
}

fn id(order: &Value) -> String {
    order["id"].as_str().expect("an id").to_owned()
}

impl Person {
    /// Signs in again, because the token has expired.
    async fn back(&self) -> Self {
        let body = json!({ "username": self.username, "password": "wassally-demo" });
        let answer = self.app.post("/api/auth/login/", body).await.ok();
        let token = answer["access"].as_str().expect("a token").to_owned();
        Self { token, ..self.clone() }
    }
}

impl TestApp {
    async fn on_hand(&self, stall: &Stall) -> i32 {
        sqlx::query_scalar("select on_hand from stock where product_id = $1")
            .bind(stall.product)
            .fetch_one(&self.app.pools().background)
            .await
            .expect("stock")
    }

    /// Takes an order through the state machine as a delivery does, up to the customer.
    async fn carry(&self, order: &Value, crew: &Person) {
        self.step(order, async |tx, order, now| {
            orders::assign(tx, order, Some((crew.id, "Amal".into())), now).await?;
            orders::pick_up(tx, order, None, now).await?;
            orders::deliver(tx, order, now).await
        })
        .await;
    }

    async fn step<F>(&self, order: &Value, act: F)
    where
        F: AsyncFnOnce(&mut wassally::db::Tx, &mut Order, wassally::clock::Timestamp) -> wassally::Result<()>,
    {
        let id: OrderId = id(order).parse().expect("an id");
        let mut tx = self.app.begin(id.region()).await.expect("begins");
        let mut order = orders::lock(&mut tx, id).await.expect("is there");
        let now = tx.now().await.expect("a clock");
        act(&mut tx, &mut order, now).await.expect("the machine takes it");
        tx.end(()).await.expect("commits");
    }
}

async fn rich(app: &Arc<TestApp>) -> Person {
    let anna = app.customer().await;
    app.fund(anna.id, 100_00).await;
    anna
}

#[tokio::test(flavor = "multi_thread")]
async fn the_shop_accepts_and_makes_ready_and_only_its_own() {
    let app = TestApp::start().await;
    let (stall, other, anna) = (app.stall(5).await, app.stall(5).await, rich(&app).await);
    anna.wants(other.product, 1).await;
    let order = anna.buys(&stall, 1).await;
    let seen = stall.owner.view(&order).await;
    assert_eq!(seen["shop_orders"].as_array().map(Vec::len), Some(1), "a seller sees the own part alone");
    assert_eq!((&seen["dropoff"], &seen["total"], seen.get("delivery_fee")), (&Value::Null, &json!("10.00"), None));
    assert_eq!(seen["customer"].get("phone_number"), None);

    let accepted = stall.owner.act_on(&order, "accept", json!({ "prep_minutes": 20 })).await.ok();
    assert_eq!(
        (&accepted["shop_orders"][0]["prep_status"], &accepted["shop_orders"][0]["prep_minutes"]),
        (&json!("ACCEPTED"), &json!(20))
    );
    stall.owner.act_on(&order, "accept", json!({})).await.refused(409, "invalid_transition");
    stall.owner.act_on(&order, "ready", json!({})).await.ok();
    let stranger = app.stall(1).await.owner;
    stranger.act_on(&order, "accept", json!({})).await.refused(404, "not_found");
    stranger.get(&format!("/api/orders/{}/", id(&order))).await.refused(404, "not_found");
    anna.act_on(&order, "accept", json!({})).await.refused(403, "forbidden");
    app.customer().await.act_on(&order, "cancel", json!({})).await.refused(404, "not_found");
    let prep: Vec<Value> = anna.view(&order).await["shop_orders"]
        .as_array()
        .expect("parts")
        .iter()
        .map(|part| part["prep_status"].clone())
        .collect();
    assert!(prep.contains(&json!("READY")) && prep.contains(&json!("NEW")), "{prep:?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_shops_rejection_gives_its_share_back_and_the_last_cancels() {
    let app = TestApp::start().await;
    let (one, two, anna) = (app.stall(5).await, app.stall(5).await, rich(&app).await);
    anna.wants(one.product, 1).await;
    let order = anna.buys(&two, 2).await;
    assert_eq!(order["total"], "35.00");
    one.owner.act_on(&order, "reject", json!({})).await.refused(422, "invalid");
    one.owner.act_on(&order, "reject", json!({ "reason": "no more bread" })).await.ok();
    let seen = anna.view(&order).await;
    assert_eq!((&seen["total"], &seen["delivery_fee"], &seen["status"]), (&json!("22.50"), &json!("2.50"), &json!("CREATED")));
    assert_eq!(anna.wallet().await, ("77.50".into(), "22.50".into()));
    assert_eq!(app.on_hand(&one).await, 5);
    two.owner.act_on(&order, "reject", json!({ "reason": "pre_commit" })).await.ok();
    assert_eq!(anna.view(&order).await["status"], "CANCELLED");
    assert_eq!(anna.wallet().await, ("100.00".into(), "0.00".into()));
    assert_eq!(app.on_hand(&two).await, 5);
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_the_crew_holds_all_that_is_left_a_rejection_ships_the_order() {
    let app = TestApp::start().await;
    let (one, two, anna, crew) = (app.stall(5).await, app.stall(5).await, rich(&app).await, app.crew().await);
    anna.wants(one.product, 1).await;
    let order = anna.buys(&two, 1).await;
    crew.claim(&id(&order)).await.ok();
    crew.post(&format!("/api/delivery/orders/{}/advance/", id(&order)), json!({ "to": "SHIPPED", "shop_id": one.id })).await.ok();
    anna.get(&format!("/api/orders/{}/proof/", id(&order))).await.refused(409, "no_proof_yet");
    two.owner.act_on(&order, "reject", json!({ "reason": "the oven is broken" })).await.ok();

    let seen = anna.view(&order).await;
    assert_eq!((&seen["status"], &seen["total"]), (&json!("SHIPPED"), &json!("12.50")));
    let messages: Vec<Value> = app
        .log(&format!("order:{}", id(&order)))
        .await
        .iter()
        .map(|(_, body)| serde_json::from_str(body).expect("JSON"))
        .collect();
    let last: Vec<_> = messages.iter().rev().take(2).map(|event| (&event["type"], &event["order"]["status"])).collect();
    assert_eq!(last, [(&json!("order_shipped"), &json!("SHIPPED")), (&json!("order_rejected"), &json!("SHIPPED"))]);

    let pin = anna.get(&format!("/api/orders/{}/proof/", id(&order))).await.ok()["pin"].clone();
    let notification = anna.get("/api/notifications/?kind=order_shipped").await.ok();
    assert_eq!(notification["items"][0]["extra_data"]["proof"]["pin"], pin, "{notification}");
    crew.post(&format!("/api/orders/{}/proof/confirm/", id(&order)), json!({ "pin": pin })).await.ok();
    let notification = anna.get("/api/notifications/?kind=order_shipped").await.ok();
    assert_eq!(notification["items"][0]["extra_data"].get("proof"), None, "a proof that was used is shown no more");
    assert_eq!(anna.view(&order).await["status"], "DELIVERED");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_shop_accepts_in_a_quarter_of_an_hour_is_cancelled() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(5).await, rich(&app).await);
    let (order, other) = (anna.buys(&stall, 1).await, anna.buys(&stall, 1).await);
    stall.owner.act_on(&other, "accept", json!({})).await.ok();
    app.pass(TimeDelta::minutes(16)).await;
    app.settle().await;
    let anna = anna.back().await;
    // The application's runner may have taken the task before this test did: wait for its effect, not for a time.
    app.until(&anna, &order, "CANCELLED").await;
    assert_eq!(anna.view(&other).await["status"], "CREATED");
    assert_eq!(app.on_hand(&stall).await, 4);
    app.end().await;
}

impl TestApp {
    async fn until(&self, who: &Person, order: &Value, status: &str) {
        for _ in 0..1000 {
            if who.view(order).await["status"] == status {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the order never became {status}: {}", who.view(order).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_gives_money_and_goods_back() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(5).await, rich(&app).await);
    let order = anna.buys(&stall, 2).await;
    let cancelled = anna.act_on(&order, "cancel", json!({ "reason": "changed my mind" })).await.ok();
    assert_eq!((&cancelled["status"], &cancelled["payment_status"]), (&json!("CANCELLED"), &json!("RELEASED")));
    anna.act_on(&order, "cancel", json!({})).await.refused(409, "invalid_transition");
    assert_eq!(anna.wallet().await, ("100.00".into(), "0.00".into()));
    assert_eq!(app.on_hand(&stall).await, 5);
    let again = anna.buys(&stall, 1).await;
    app.staff().await.act_on(&again, "cancel", json!({})).await.ok();
    stall.owner.act_on(&again, "ready", json!({})).await.refused(409, "invalid_transition");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn three_days_after_delivery_everybody_is_paid() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(5).await, rich(&app).await, app.person(Role::Crew).await);
    let order = anna.buys(&stall, 2).await;
    anna.act_on(&order, "complete", json!({})).await.refused(409, "invalid_transition");
    app.carry(&order, &crew).await;
    anna.act_on(&order, "cancel", json!({})).await.refused(409, "invalid_transition");
    let early = anna.act_on(&order, "complete", json!({})).await.refused(409, "too_early");
    assert_eq!(early["completable_at"], anna.view(&order).await["completable_at"]);
    assert_eq!(anna.wallet().await, ("77.50".into(), "22.50".into()), "delivered is not yet paid out");

    app.pass(TimeDelta::days(3)).await;
    app.settle().await;
    let (anna, seller, crew) = (anna.back().await, stall.owner.back().await, crew.back().await);
    app.until(&anna, &order, "COMPLETED").await;
    anna.act_on(&order, "complete", json!({})).await.ok();
    assert_eq!(anna.wallet().await, ("77.50".into(), "0.00".into()));
    assert_eq!(seller.get("/api/wallet/").await.ok()["payable"], "20.00");
    assert_eq!(crew.get("/api/wallet/").await.ok()["payable"], "2.50");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_collected_on_delivery_is_the_crews_to_hand_in() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(5).await, app.customer().await, app.person(Role::Crew).await);
    anna.wants(stall.product, 2).await;
    let order = anna.checkout().await.ok();
    app.carry(&order, &crew).await;
    let mut conn = app.app.read(wassally::ids::Region::FIRST).await.expect("a connection");
    let usd = "USD".parse().expect("a currency");
    let cash = wassally::domain::wallet::cash_in_hand(&mut conn, crew.id, usd).await.expect("reads");
    assert_eq!(cash.to_string(), "22.50 USD");
    drop(conn);
    app.pass(TimeDelta::days(3)).await;
    anna.back().await.act_on(&order, "complete", json!({})).await.ok();
    assert_eq!(stall.owner.back().await.get("/api/wallet/").await.ok()["payable"], "20.00");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_that_fails_and_comes_back_gives_all_back() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(5).await, rich(&app).await, app.person(Role::Crew).await);
    let order = anna.buys(&stall, 2).await;
    app.step(&order, async |tx, order, now| {
        orders::assign(tx, order, Some((crew.id, "Amal".into())), now).await?;
        orders::pick_up(tx, order, None, now).await?;
        orders::fail(tx, order, now).await?;
        orders::returned(tx, order, now).await
    })
    .await;
    assert_eq!(anna.view(&order).await["status"], "RETURNED_TO_SHOP");
    assert_eq!(anna.wallet().await, ("100.00".into(), "0.00".into()));
    assert_eq!(app.on_hand(&stall).await, 5);
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_commands_neither_deadlocks_nor_loses_a_cent_or_a_piece() {
    let app = TestApp::start().await;
    let (one, two) = (app.stall(1000).await, app.stall(1000).await);
    let customers: Vec<_> = {
        let mut customers = vec![];
        for n in 0..8 {
            let customer = rich(&app).await;
            // Crosswise, so that locks taken in the cart's order would meet.
            let (first, second) = if n % 2 == 0 { (one.clone(), two.clone()) } else { (two.clone(), one.clone()) };
            customers.push((customer, first, second));
        }
        customers
    };
    let stories: Vec<_> =
        customers.iter().cloned().map(|(anna, first, second)| tokio::spawn(story(anna, first, second))).collect();
    for story in stories {
        story.await.expect("no panic");
    }
    let deadlocks: i64 = sqlx::query_scalar("select deadlocks from pg_stat_database where datname = current_database()")
        .fetch_one(&app.app.pools().background)
        .await
        .expect("statistics");
    assert_eq!(deadlocks, 0);
    assert_eq!((app.on_hand(&one).await, app.on_hand(&two).await), (1000, 1000), "every order was cancelled");
    for (anna, ..) in &customers {
        assert_eq!(anna.wallet().await, ("100.00".into(), "0.00".into()));
    }
    app.check_ledger().await;
    app.end().await;
}

/// Orders of two shops, again and again, while both shops and the customer act on each at once.
async fn story(anna: Person, first: Stall, second: Stall) {
    for _ in 0..4 {
        anna.wants(first.product, 1).await;
        let order = anna.buys(&second, 1).await;
        let (accepted, ready, rejected, cancelled) = tokio::join!(
            first.owner.act_on(&order, "accept", json!({})),
            second.owner.act_on(&order, "ready", json!({})),
            second.owner.act_on(&order, "reject", json!({ "reason": "sold out" })),
            anna.act_on(&order, "cancel", json!({})),
        );
        assert_eq!(cancelled.status, 200, "{}", cancelled.body);
        for answer in [accepted, ready, rejected] {
            assert!(matches!(answer.status, 200 | 409), "{}", answer.body);
        }
    }
}
