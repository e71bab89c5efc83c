//! The notifications of an order's steps: their receivers and their languages.
mod languages;

use crate::kit::{Person, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};

impl Person {
    /// From now on this person is written to in `language`.
    async fn is_written_to_in(&self, language: &str) {
        let done = sqlx::query("update users set language = $2 where id = $1")
            .bind(self.id.uuid())
            .bind(language)
            .execute(&self.app.app.pools().background)
            .await
            .expect("a language");
        assert_eq!(done.rows_affected(), 1);
    }

    /// A GET with this `Accept-Language`.
    async fn reads(&self, path: &str, language: &str) -> Value {
        self.ask(reqwest::Method::GET, path, None, &[("accept-language", language)]).await.ok()
    }

    /// The own notifications in `language`, oldest first.
    async fn notifications(&self, language: &str) -> Vec<Value> {
        let page = self.reads("/api/notifications/?limit=100", language).await;
        page["items"].as_array().expect("items").iter().rev().cloned().collect()
    }

    /// The kinds of the own notifications, oldest first.
    async fn notified(&self) -> Vec<String> {
        let kind = |notification: &Value| notification["kind"].as_str().expect("a kind").to_owned();
        self.notifications("en").await.iter().map(kind).collect()
    }

    /// The messages of this kind on the own channel, out of the log.
    async fn messages(&self, kind: &str) -> Vec<Value> {
        let log = self.app.log(&format!("user:{}", self.id)).await;
        let bodies = log.iter().map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
        bodies.filter(|body| body["type"] == kind && body["notification"].is_object()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_step_of_a_delivery_notifies_whom_it_concerns() {
    let app = TestApp::start().await;
    let (stall, anna, staff) = (app.stall(9).await, app.customer().await, app.staff().await);
    let (one, two) = (app.crew().await, app.crew().await);
    let order = anna.order_from(&stall, 1).await;
    assert_eq!(stall.owner.notified().await, ["order_created"]);
    stall.owner.act(&order, "accept", json!({})).await.ok();
    one.claim(&order).await.ok();
    one.post(&format!("/api/delivery/orders/{order}/release/"), json!({ "reason": "a flat tyre" })).await.ok();
    one.claim(&order).await.ok();
    let to_two = json!({ "crew_id": two.id, "reason": "too far" });
    staff.post(&format!("/api/staff/orders/{order}/reassign/"), to_two).await.ok();
    two.advance(&order).await.ok();
    let on_its_way = ["order_claimed", "order_released", "order_claimed", "order_reassigned", "order_shipped"];
    assert_eq!(anna.notified().await, on_its_way);

    // The proof is derived while the order is on its way, for its customer alone; neither row nor log holds it.
    let proof = anna.get(&format!("/api/orders/{order}/proof/")).await.ok();
    let shipped = anna.notifications("en").await.pop().expect("the last");
    assert_eq!(shipped["extra_data"]["proof"]["pin"], proof["pin"]);
    assert_eq!(anna.messages("order_shipped").await[0]["notification"]["extra_data"].get("proof"), None);

    two.act(&order, "proof/confirm", json!({ "pin": proof["pin"] })).await.ok();
    app.pass(TimeDelta::days(3)).await;
    app.settle().await;
    let (anna, owner, two) = (anna.sign_in_again().await, stall.owner.sign_in_again().await, two.sign_in_again().await);
    let one = one.sign_in_again().await;
    assert_eq!(anna.notified().await, [&on_its_way[..], &["order_delivered", "order_completed"]].concat());
    assert_eq!(owner.notified().await, ["order_created", "seller_payment"]);
    assert_eq!(two.notified().await, ["crew_payment"]);
    assert!(one.notified().await.is_empty(), "a crew that did not deliver is not paid");
    for (who, amount) in [(&owner, "10.00"), (&two, "2.50")] {
        let paid = who.notifications("en").await.pop().expect("paid");
        assert_eq!(paid["content_object"], json!({ "type": "order", "id": order }));
        assert_eq!((&paid["extra_data"]["amount"], &paid["extra_data"]["currency"]), (&json!(amount), &json!("USD")));
        assert!(paid["message"].as_str().is_some_and(|text| text.contains(&format!("{amount} USD"))), "{paid}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_delivery_notifies_with_its_reason() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    crew.advance(&order).await.ok();
    let failed = json!({ "to": "DELIVERY_FAILED", "reason": "Nobody opened" });
    crew.post(&format!("/api/delivery/orders/{order}/advance/"), failed).await.ok();
    assert_eq!(anna.notified().await, ["order_claimed", "order_shipped", "order_delivery_failed"]);
    for (language, sentence) in [("en", "Reason: Nobody opened"), ("fr", "Motif : Nobody opened"), ("ar", "السبب: Nobody opened")]
    {
        let message = anna.notifications(language).await.pop().expect("the last")["message"].clone();
        assert!(message.as_str().is_some_and(|text| text.ends_with(sentence)), "{message}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_notifies_customer_sellers_and_crew_once_each() {
    let app = TestApp::start().await;
    let (bakery, grill, fruit) = (app.stall(9).await, app.stall(9).await, app.stall(9).await);
    let (anna, crew) = (app.customer().await, app.crew().await);
    for stall in [&bakery, &grill, &fruit] {
        anna.wants(stall.product, 1).await;
    }
    let order = anna.checkout().await.ok()["id"].as_str().expect("an id").to_owned();
    // Two of the parts are one seller's.
    sqlx::query("update shop_order set seller_id = $1 where shop_id = $2")
        .bind(bakery.owner.id.uuid())
        .bind(grill.id)
        .execute(&app.app.pools().background)
        .await
        .expect("one seller for two");
    crew.claim(&order).await.ok();
    fruit.owner.act(&order, "reject", json!({ "reason": "sold out" })).await.ok();
    anna.act(&order, "cancel", json!({ "reason": "Ordered twice" })).await.ok();
    let cancelled = async |who: &Person| who.notified().await.iter().filter(|kind| *kind == "order_cancelled").count();
    for who in [&anna, &bakery.owner, &crew] {
        assert_eq!(cancelled(who).await, 1, "{}", who.username);
        let text = who.notifications("en").await.pop().expect("the last");
        assert_eq!(text["extra_data"]["reason"], "Ordered twice");
        assert!(text["message"].as_str().is_some_and(|text| text.ends_with("was cancelled. Reason: Ordered twice")), "{text}");
    }
    // The part of the shop that rejected was over before.
    assert_eq!(cancelled(&fruit.owner).await, 0);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_rejection_gives_the_customer_and_the_crew_its_reason() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    stall.owner.act(&order, "reject", json!({ "reason": "sold out" })).await.ok();
    assert_eq!(anna.notified().await, ["order_claimed", "order_cancelled"]);
    assert_eq!(crew.notified().await, ["order_cancelled"]);
    assert_eq!(stall.owner.notified().await, ["order_created"]);
    let last = crew.notifications("fr").await.pop().expect("the last");
    // The reason of a rule is a slug among the parameters and a sentence in the text.
    assert_eq!(last["extra_data"]["reason"], "all_shops_rejected");
    assert!(
        last["message"].as_str().is_some_and(|text| text.ends_with("Toutes les boutiques ont refusé leur part de la commande."))
    );
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_cancelled_without_a_reason_names_none() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    anna.act(&order, "cancel", json!({})).await.ok();
    assert_eq!(anna.notified().await, ["order_cancelled"]);
    let seller = stall.owner.notifications("en").await;
    let message = seller.last().expect("the last")["message"].as_str().expect("a text");
    assert!(message.starts_with("Order ") && message.ends_with(" was cancelled."), "{message}");
    app.end().await;
}
