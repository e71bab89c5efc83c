//! A seller: accepts the orders of the own shops and marks them ready.

use super::City;
use super::stats::Stats;
use crate::client::{Live, Person, Update, fresh_key};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval};

pub struct Seller {
    city: Arc<City>,
    person: Arc<Person>,
    shops: Vec<(String, String)>,
    updates: mpsc::Receiver<Update>,
    /// What is to be done, by order and shop.
    work: BTreeMap<(String, String), Preparing>,
    _live: Live,
}

struct Preparing {
    due: Instant,
    is_accepted: bool,
    ready_after_s: f64,
    key: String,
}

const SWEEP: Duration = Duration::from_secs(30);

impl Seller {
    pub async fn play(city: Arc<City>, username: String) {
        let Some(person) = city.arrive(&username).await else { return };
        let (live, updates) = Live::open(person.clone(), city.stats.deliveries.clone());
        let shops: Vec<(String, String)> =
            city.shops.iter().filter(|shop| shop.owner == username).map(|shop| (shop.id.clone(), shop.key.clone())).collect();
        for (id, _) in &shops {
            live.subscribe(&format!("shop:{id}")).await;
        }
        let mut seller = Self { city, person, shops, updates, work: BTreeMap::new(), _live: live };
        seller.sweep().await;
        let (mut tick, mut sweep) = (interval(Duration::from_millis(500)), interval(SWEEP));
        loop {
            tokio::select! {
                update = seller.updates.recv() => match update {
                    Some(Update::Published { data, .. }) => seller.apply(&data["order"]),
                    Some(Update::Subscribed { .. }) => seller.sweep().await,
                    Some(_) => {}
                    None => return,
                },
                _ = tick.tick() => seller.work().await,
                _ = sweep.tick() => seller.sweep().await,
            }
        }
    }

    /// Updates the work that an order makes for the own shops. Reads the short form of events (`prep`) and the full one (`shop_orders`).
    fn apply(&mut self, order: &Value) {
        let Some(id) = order["id"].as_str() else { return };
        let parts = order["prep"].as_array().or_else(|| order["shop_orders"].as_array());
        for part in parts.into_iter().flatten() {
            let Some((shop, key)) = self.shops.iter().find(|(shop, _)| part["shop_id"] == shop.as_str()) else { continue };
            let entry = (id.to_owned(), shop.clone());
            let is_open = matches!(order["status"].as_str(), Some("CREATED" | "PROCESSING"));
            match part["prep_status"].as_str() {
                Some(prep @ ("NEW" | "ACCEPTED")) if is_open => {
                    if !self.work.contains_key(&entry) {
                        let plan = self.city.decisions.preparation(key);
                        let is_accepted = prep == "ACCEPTED";
                        let after_s = if is_accepted { plan.ready_after_s } else { plan.accepts_after_s };
                        let due = Instant::now() + self.city.scaled(after_s);
                        self.work
                            .insert(entry, Preparing { due, is_accepted, ready_after_s: plan.ready_after_s, key: fresh_key() });
                    }
                }
                _ => {
                    self.work.remove(&entry);
                }
            }
        }
    }

    /// Reads the open orders, for what was missed while the city was stopped.
    async fn sweep(&mut self) {
        for (shop, _) in self.shops.clone() {
            for status in ["CREATED", "PROCESSING"] {
                match self.person.list(&format!("/api/orders/?shop={shop}&status={status}"), 200).await {
                    Ok(orders) => orders.iter().for_each(|order| self.apply(order)),
                    Err(error) => self.city.stats.failed(&self.person.username, "shop's orders", &error),
                }
            }
        }
    }

    async fn work(&mut self) {
        let now = Instant::now();
        let due: Vec<(String, String)> =
            self.work.iter().filter(|(_, task)| task.due <= now).map(|(entry, _)| entry.clone()).collect();
        for entry in due {
            let Some(task) = self.work.get_mut(&entry) else { continue };
            let command = if task.is_accepted { "ready" } else { "accept" };
            let path = format!("/api/orders/{}/{command}/", entry.0);
            let result = self.person.post(&path, &task.key, &json!({ "shop_id": entry.1 })).await;
            match result {
                Ok(_) if task.is_accepted => {
                    Stats::add(&self.city.stats.ready);
                    self.work.remove(&entry);
                }
                Ok(_) => {
                    Stats::add(&self.city.stats.accepted);
                    task.is_accepted = true;
                    task.due = Instant::now() + self.city.scaled(task.ready_after_s);
                    task.key = fresh_key();
                }
                Err(error) if error.is_unavailable() => task.due = Instant::now() + Duration::from_secs(3),
                Err(error) => {
                    // Picked up or cancelled meanwhile: nothing left to do.
                    if error.code() != "invalid_transition" {
                        self.city.stats.failed(&self.person.username, command, &error);
                    }
                    self.work.remove(&entry);
                }
            }
        }
    }
}
