//! Delivery: claims, proofs, standing lists and the positions of crews.
mod claims;
mod lists;
mod places;
mod proofs;

use crate::kit::{Person, Socket, Stall, TestApp};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

impl Person {
    /// The channel of orders near this crew.
    fn nearby(&self) -> String {
        format!("nearby:{}", self.id)
    }

    async fn release(&self, order: &str) -> crate::kit::Answer {
        self.post(&format!("/api/delivery/orders/{order}/release/"), json!({ "reason": "a flat tyre" })).await
    }

    async fn confirm(&self, order: &str, body: Value) -> crate::kit::Answer {
        self.post(&format!("/api/orders/{order}/proof/confirm/"), body).await
    }

    async fn proof(&self, order: &str) -> Value {
        self.get(&format!("/api/orders/{order}/proof/")).await.ok()
    }

    /// Sends pings that need no reply, as phones do, and returns once they are taken.
    async fn streams(&self, socket: &mut Socket, pings: Value) {
        socket.send(&json!({ "send": { "data": { "method": "delivery.ping", "data": pings } } }).to_string()).await;
        socket.so_far("").await;
    }

    async fn carries(&self) -> Vec<String> {
        let me = self.get("/api/delivery/me/").await.ok();
        let jobs = me["active"].as_array().expect("jobs");
        jobs.iter().map(|job| job["order_id"].as_str().expect("an id").to_owned()).collect()
    }
}

/// The instant so many seconds ago.
fn on_the_clock(app: &Arc<TestApp>, seconds_ago: i64) -> Value {
    json!(app.app.clock.now() - TimeDelta::seconds(seconds_ago))
}

/// An application with a shop and a customer.
async fn town() -> (Arc<TestApp>, Stall, Person) {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(99).await, app.customer().await);
    (app, stall, anna)
}

/// An order that this crew has brought to the customer's address.
async fn at_the_address(stall: &Stall, customer: &Person, crew: &Person) -> String {
    let order = customer.order_from(stall, 1).await;
    crew.claim(&order).await.ok();
    assert_eq!(crew.advance(&order).await.ok()["status"], "SHIPPED");
    order
}

/// The messages of a channel so far.
async fn published(app: &TestApp, channel: &str) -> Vec<Value> {
    app.log(channel).await.into_iter().map(|(_, body)| serde_json::from_str(&body).expect("JSON")).collect()
}

fn ids(rows: &Value) -> Vec<String> {
    let id = |row: &Value| row["order_id"].as_str().or_else(|| row.as_str()).expect("an id").to_owned();
    rows.as_array().expect("rows").iter().map(id).collect()
}
