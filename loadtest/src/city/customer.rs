//! A customer: fills a cart, checks out, follows the order to the door, tells the PIN, completes later.

use super::City;
use super::addresses::ask_pin;
use super::decisions::Purchase;
use super::tally::Tally;
use crate::client::{Happening, Live, Person, Trouble, fresh_key};
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
    heard: mpsc::Receiver<Happening>,
}

/// Longest time that one order is followed.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Without a word for so long the customer looks for themselves.
const LOOK_EVERY: Duration = Duration::from_secs(60);

impl Customer {
    pub async fn play(city: Arc<City>, username: String, purchases: Option<u64>) {
        let Some(person) = city.arrive(&username).await else { return };
        city.doors.enter(person.clone()).await;
        let (live, heard) = Live::open(person.clone(), city.tally.heard.clone());
        let mut customer = Self { city, person, live, heard };
        customer.resume().await;
        let mut placed = 0;
        while purchases.is_none_or(|most| placed < most) {
            let plan = customer.city.decide_purchase(&username);
            customer.rest(customer.city.scaled(plan.pause * customer.city.mean_pause_s)).await;
            match customer.place(&plan).await {
                Ok(Some(order)) => customer.follow(&order, &plan).await,
                Ok(None) => {}
                Err(trouble) => customer.city.tally.trouble(&username, "checkout", &trouble),
            }
            placed += 1;
        }
    }

    /// Sleeps, and lets what is heard meanwhile pass by.
    async fn rest(&mut self, pause: Duration) {
        let end = Instant::now() + pause;
        while tokio::time::timeout_at(end, self.heard.recv()).await.is_ok_and(|heard| heard.is_some()) {}
    }

    /// Orders of an earlier run become the city's own again; the crews that carry them ring at the door.
    async fn resume(&mut self) {
        for status in ["CREATED", "PROCESSING", "SHIPPED"] {
            match self.person.list(&format!("/api/orders/?status={status}"), 100).await {
                Ok(orders) => orders.iter().filter_map(|order| order["id"].as_str()).for_each(|id| self.city.doors.own(id)),
                Err(trouble) => self.city.tally.trouble(&self.person.username, "orders", &trouble),
            }
        }
    }

    async fn place(&self, plan: &Purchase) -> Result<Option<String>, Trouble> {
        match self.person.delete("/api/cart/").await {
            Err(trouble) if trouble.is_away() => return Err(trouble),
            _ => {}
        }
        let mut lines = 0;
        for (shop, goods) in &plan.shops {
            let shop = &self.city.shops[*shop];
            for (product, quantity) in goods {
                let body = json!({ "product_id": shop.products[*product], "quantity": quantity });
                match self.person.post("/api/cart/items/", &fresh_key(), &body).await {
                    Ok(_) => lines += 1,
                    Err(trouble) if trouble.is_away() => return Err(trouble),
                    Err(trouble) => self.city.tally.trouble(&self.person.username, "cart item", &trouble),
                }
            }
        }
        if lines == 0 {
            return Ok(None);
        }
        let order = match self.check_out(if plan.pays_by_wallet { "WALLET" } else { "COD" }).await {
            Err(Trouble::Refused { status, .. }) if status == StatusCode::PAYMENT_REQUIRED.as_u16() => {
                self.top_up().await;
                self.check_out("COD").await?
            }
            // A shop that is closed at this hour is taken out of the cart, the rest is bought.
            Err(trouble) if trouble.code() == "cart_invalid" => {
                self.drop_problems().await?;
                self.check_out("COD").await?
            }
            result => result?,
        };
        let Some(id) = order["id"].as_str() else { return Ok(None) };
        self.city.doors.own(id);
        Tally::add(&self.city.tally.ordered);
        Ok(Some(id.to_owned()))
    }

    async fn check_out(&self, payment_mode: &str) -> Result<Value, Trouble> {
        let body = json!({ "fulfilment": "delivery", "payment_mode": payment_mode });
        self.person.post("/api/orders/checkout/", &fresh_key(), &body).await
    }

    async fn top_up(&self) {
        let body = json!({ "amount": "200.00", "currency": "USD", "gateway": "demo" });
        if let Err(trouble) = self.person.post("/api/wallet/topup/", &fresh_key(), &body).await {
            self.city.tally.trouble(&self.person.username, "top up", &trouble);
        }
    }

    async fn drop_problems(&self) -> Result<(), Trouble> {
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

    /// Watches the order until its story is over.
    async fn follow(&mut self, order: &str, plan: &Purchase) {
        let channel = format!("order:{order}");
        self.live.subscribe(&channel).await;
        let track = format!("track:{order}");
        let start = Instant::now();
        let gives_up_at = plan.gives_up_after_s.map(|after| start + self.city.scaled(after));
        let mut told_pin = false;
        let mut status = String::from("CREATED");
        while start.elapsed() < PATIENCE {
            let waits_for_crew = status == "CREATED";
            let wake = gives_up_at
                .filter(|_| waits_for_crew)
                .map_or(LOOK_EVERY, |at| at.saturating_duration_since(Instant::now()).min(LOOK_EVERY));
            let news = match timeout(wake, self.heard.recv()).await {
                Ok(Some(Happening::Subscribed { channel: of, data: Some(data) } | Happening::Said { channel: of, data }))
                    if of == channel =>
                {
                    state(&data)
                }
                Ok(Some(_)) => None,
                Ok(None) => return,
                Err(_) => self.look(order, &status).await,
            };
            if let Some(now) = news {
                if now == "PROCESSING" && status == "CREATED" {
                    self.live.subscribe(&track).await;
                }
                status = now;
            }
            if status == "SHIPPED" && !told_pin {
                told_pin = self.tell_pin(order).await;
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
            "CANCELLED" => Tally::add(&self.city.tally.cancelled),
            _ => {}
        }
        self.city.doors.forget(order);
    }

    /// Asks for the state; when it had changed without a word, that is counted.
    async fn look(&self, order: &str, known: &str) -> Option<String> {
        match self.person.get(&format!("/api/orders/{order}/")).await {
            Ok(answer) => {
                let now = answer["status"].as_str()?.to_owned();
                if now != known {
                    Tally::add(&self.city.tally.unheard);
                    tracing::debug!("{order}: {known} is {now} unheard");
                }
                Some(now)
            }
            Err(trouble) => {
                self.city.tally.trouble(&self.person.username, "order", &trouble);
                None
            }
        }
    }

    async fn tell_pin(&self, order: &str) -> bool {
        match ask_pin(&self.person, order).await {
            Ok(pin) => {
                self.city.doors.tell_pin(order, &pin);
                true
            }
            Err(trouble) => {
                self.city.tally.trouble(&self.person.username, "proof", &trouble);
                // Away: asked again at the next word or look. Refused: the crew will ring.
                !trouble.is_away()
            }
        }
    }

    async fn cancel(&self, order: &str) {
        let body = json!({ "reason": "changed my mind" });
        if let Err(trouble) = self.person.post(&format!("/api/orders/{order}/cancel/"), &fresh_key(), &body).await
            && trouble.code() != "invalid_transition"
        {
            self.city.tally.trouble(&self.person.username, "cancel", &trouble);
        }
    }

    async fn complete(&mut self, order: &str, after_s: f64) {
        self.rest(self.city.scaled(after_s)).await;
        match self.person.post(&format!("/api/orders/{order}/complete/"), &fresh_key(), &json!({})).await {
            Ok(_) => Tally::add(&self.city.tally.completed),
            // The house completes it by itself in time.
            Err(trouble) if trouble.code() == "too_early" => {}
            Err(trouble) => self.city.tally.trouble(&self.person.username, "complete", &trouble),
        }
    }
}

/// The order's state in a snapshot or an event of its channel.
pub fn state(data: &Value) -> Option<String> {
    data["order"]["status"].as_str().or_else(|| data["status"].as_str()).map(str::to_owned)
}
