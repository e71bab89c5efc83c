//! A customer: fills a cart, checks out, follows the order until it arrives, shares the PIN, completes later.

use super::City;
use super::decisions::Purchase;
use super::handovers::read_pin;
use super::stats::Stats;
use crate::client::{CallError, Live, Person, Update, fresh_key};
use reqwest::StatusCode;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

pub struct Customer {
    city: Arc<City>,
    person: Arc<Person>,
    live: Live,
    updates: mpsc::Receiver<Update>,
}

/// The longest time that one order is followed.
const PATIENCE: Duration = Duration::from_secs(3600);
/// After this long without a message the customer reads the order's status.
const CHECK_EVERY: Duration = Duration::from_secs(60);

impl Customer {
    pub async fn play(city: Arc<City>, username: String, purchases: Option<u64>) {
        let Some(person) = city.arrive(&username).await else { return };
        city.handovers.enter(person.clone()).await;
        let (live, updates) = Live::open(person.clone(), city.stats.deliveries.clone());
        let mut customer = Self { city, person, live, updates };
        customer.resume().await;
        let mut placed = 0;
        while purchases.is_none_or(|most| placed < most) {
            let plan = customer.city.decide_purchase(&username);
            customer.rest(customer.city.scaled(plan.pause * customer.city.mean_pause_s)).await;
            match customer.place(&plan).await {
                Ok(Some(order)) => customer.follow(&order, &plan).await,
                Ok(None) => {}
                Err(error) => customer.city.stats.failed(&username, "checkout", &error),
            }
            placed += 1;
        }
    }

    /// Sleeps, and drops the updates that come meanwhile.
    async fn rest(&mut self, pause: Duration) {
        let end = Instant::now() + pause;
        while tokio::time::timeout_at(end, self.updates.recv()).await.is_ok_and(|update| update.is_some()) {}
    }

    /// Orders of an earlier run become the city's own again; the crews that carry them look for the PIN.
    async fn resume(&mut self) {
        for status in ["CREATED", "PROCESSING", "SHIPPED"] {
            match self.person.list(&format!("/api/orders/?status={status}"), 100).await {
                Ok(orders) => orders.iter().filter_map(|order| order["id"].as_str()).for_each(|id| self.city.handovers.own(id)),
                Err(error) => self.city.stats.failed(&self.person.username, "orders", &error),
            }
        }
    }

    async fn place(&self, plan: &Purchase) -> Result<Option<String>, CallError> {
        match self.person.delete("/api/cart/").await {
            Err(error) if error.is_unavailable() => return Err(error),
            _ => {}
        }
        let mut lines = 0;
        for (shop, goods) in &plan.shops {
            let shop = &self.city.shops[*shop];
            for (product, quantity) in goods {
                let body = json!({ "product_id": shop.products[*product], "quantity": quantity });
                match self.person.post("/api/cart/items/", &fresh_key(), &body).await {
                    Ok(_) => lines += 1,
                    Err(error) if error.is_unavailable() => return Err(error),
                    Err(error) => self.city.stats.failed(&self.person.username, "cart item", &error),
                }
            }
        }
        if lines == 0 {
            return Ok(None);
        }
        let order = match self.check_out(if plan.pays_by_wallet { "WALLET" } else { "COD" }).await {
            Err(CallError::Api { status, .. }) if status == StatusCode::PAYMENT_REQUIRED.as_u16() => {
                self.top_up().await;
                self.check_out("COD").await?
            }
            // A shop that is closed now is removed from the cart, the rest is bought.
            Err(error) if error.code() == "cart_invalid" => {
                self.drop_problems().await?;
                self.check_out("COD").await?
            }
            result => result?,
        };
        let Some(id) = order["id"].as_str() else { return Ok(None) };
        self.city.handovers.own(id);
        Stats::add(&self.city.stats.ordered);
        Ok(Some(id.to_owned()))
    }

    async fn check_out(&self, payment_mode: &str) -> Result<Value, CallError> {
        let body = json!({ "fulfilment": "delivery", "payment_mode": payment_mode });
        self.person.post("/api/orders/checkout/", &fresh_key(), &body).await
    }

    async fn top_up(&self) {
        let body = json!({ "amount": "200.00", "currency": "USD", "gateway": "demo" });
        if let Err(error) = self.person.post("/api/wallet/topup/", &fresh_key(), &body).await {
            self.city.stats.failed(&self.person.username, "top up", &error);
        }
    }

    async fn drop_problems(&self) -> Result<(), CallError> {
        let cart = self.person.get("/api/cart/").await?;
        let is_broken = |entry: &Value| entry["problems"].as_array().is_some_and(|problems| !problems.is_empty());
        for shop in cart["shops"].as_array().into_iter().flatten() {
            for item in shop["items"].as_array().into_iter().flatten() {
                if (is_broken(shop) || is_broken(item))
                    && let Some(id) = item["id"].as_str()
                {
                    self.person.delete(&format!("/api/cart/items/{id}/")).await?;
                }
            }
        }
        Ok(())
    }

    /// Watches the order until it is finished.
    async fn follow(&mut self, order: &str, plan: &Purchase) {
        let channel = format!("order:{order}");
        self.live.subscribe(&channel).await;
        let track = format!("track:{order}");
        let start = Instant::now();
        let gives_up_at = plan.gives_up_after_s.map(|after| start + self.city.scaled(after));
        let mut has_shared_pin = false;
        let mut status = String::from("CREATED");
        while start.elapsed() < PATIENCE {
            let waits_for_crew = status == "CREATED";
            let wake = gives_up_at
                .filter(|_| waits_for_crew)
                .map_or(CHECK_EVERY, |at| at.saturating_duration_since(Instant::now()).min(CHECK_EVERY));
            let status_now = match timeout(wake, self.updates.recv()).await {
                Ok(Some(Update::Subscribed { channel: of, data: Some(data) } | Update::Published { channel: of, data }))
                    if of == channel =>
                {
                    state(&data)
                }
                Ok(Some(_)) => None,
                Ok(None) => return,
                Err(_) => self.check_status(order, &status).await,
            };
            if let Some(now) = status_now {
                if now == "PROCESSING" && status == "CREATED" {
                    self.live.subscribe(&track).await;
                }
                status = now;
            }
            if status == "SHIPPED" && !has_shared_pin {
                has_shared_pin = self.share_pin(order).await;
            }
            if gives_up_at.is_some_and(|at| Instant::now() >= at) && status == "CREATED" {
                self.cancel(order).await;
            }
            if matches!(status.as_str(), "DELIVERED" | "COMPLETED" | "CANCELLED" | "DELIVERY_FAILED" | "RETURNED_TO_SHOP") {
                break;
            }
        }
        self.live.unsubscribe(&channel).await;
        self.live.unsubscribe(&track).await;
        match status.as_str() {
            "DELIVERED" => self.complete(order, plan.completes_after_s).await,
            "CANCELLED" => Stats::add(&self.city.stats.cancelled),
            _ => {}
        }
        self.city.handovers.forget(order);
    }

    /// Reads the status; a change that no message announced is counted.
    async fn check_status(&self, order: &str, known: &str) -> Option<String> {
        match self.person.get(&format!("/api/orders/{order}/")).await {
            Ok(answer) => {
                let now = answer["status"].as_str()?.to_owned();
                if now != known {
                    Stats::add(&self.city.stats.missed);
                    tracing::debug!("{order}: {known} is {now} missed");
                }
                Some(now)
            }
            Err(error) => {
                self.city.stats.failed(&self.person.username, "order", &error);
                None
            }
        }
    }

    async fn share_pin(&self, order: &str) -> bool {
        match read_pin(&self.person, order).await {
            Ok(pin) => {
                self.city.handovers.share_pin(order, &pin);
                true
            }
            Err(error) => {
                self.city.stats.failed(&self.person.username, "proof", &error);
                // Unavailable: tried again with the next update. Refused: the crew will look for the PIN.
                !error.is_unavailable()
            }
        }
    }

    async fn cancel(&self, order: &str) {
        let body = json!({ "reason": "changed my mind" });
        if let Err(error) = self.person.post(&format!("/api/orders/{order}/cancel/"), &fresh_key(), &body).await
            && error.code() != "invalid_transition"
        {
            self.city.stats.failed(&self.person.username, "cancel", &error);
        }
    }

    async fn complete(&mut self, order: &str, after_s: f64) {
        self.rest(self.city.scaled(after_s)).await;
        match self.person.post(&format!("/api/orders/{order}/complete/"), &fresh_key(), &json!({})).await {
            Ok(_) => Stats::add(&self.city.stats.completed),
            // The server completes it by itself later.
            Err(error) if error.code() == "too_early" => {}
            Err(error) => self.city.stats.failed(&self.person.username, "complete", &error),
        }
    }
}

/// The order's state in a snapshot or an event of its channel.
pub fn state(data: &Value) -> Option<String> {
    data["order"]["status"].as_str().or_else(|| data["status"].as_str()).map(str::to_owned)
}
