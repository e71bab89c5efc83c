//! What a crew knows: the list of orders nearby, and its own jobs.

use crate::client::fresh_key;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;
use tokio::time::Instant;
use wassally_geo::Point;

/// An order on the list.
pub struct Near {
    pub distance_m: f64,
    pub seen_at: Instant,
    pub delay: Duration,
    /// Every try to claim it is the same command.
    pub key: String,
}

#[derive(Default)]
pub struct Nearby(HashMap<String, Near>);

impl Nearby {
    /// Applies a message of `nearby:`; `full` replaces the list.
    pub fn take(&mut self, data: &Value, mut delay: impl FnMut() -> Duration) {
        let added: Vec<&Value> = data["added"].as_array().into_iter().flatten().collect();
        if data["full"] == true {
            self.0.retain(|order, _| added.iter().any(|entry| entry["order_id"] == order.as_str()));
        }
        for order in data["removed"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            self.0.remove(order);
        }
        for entry in added {
            let Some(order) = entry["order_id"].as_str() else { continue };
            let distance_m = entry["distance_m"].as_f64().unwrap_or_default();
            self.0
                .entry(order.to_owned())
                .or_insert_with(|| Near { distance_m, seen_at: Instant::now(), delay: delay(), key: fresh_key() })
                .distance_m = distance_m;
        }
    }

    pub fn nearest(&self, is_ripe: impl Fn(&str, &Near) -> bool) -> Option<(String, &Near)> {
        let ripe = self.0.iter().filter(|(order, near)| is_ripe(order, near));
        ripe.min_by(|a, b| a.1.distance_m.total_cmp(&b.1.distance_m)).map(|(order, near)| (order.clone(), near))
    }

    pub fn remove(&mut self, order: &str) {
        self.0.remove(order);
    }
}

#[derive(Clone)]
struct Stop {
    shop: String,
    place: Point,
    is_ready: bool,
    is_over: bool,
}

#[derive(Default, Clone)]
pub struct Job {
    stops: Vec<Stop>,
    dropoff: Option<Point>,
    /// Nobody opened: the goods are returned.
    pub has_failed: bool,
    /// One idempotency key for each command still to send.
    keys: HashMap<String, String>,
}

impl Job {
    pub fn read(job: &Value) -> Self {
        let mut read = Self::default();
        read.refresh(job);
        read
    }

    fn refresh(&mut self, job: &Value) {
        if let Some(stops) = job["stops"].as_array() {
            self.stops = stops
                .iter()
                .filter_map(|stop| {
                    let prep = stop["prep_status"].as_str().unwrap_or_default();
                    Some(Stop {
                        shop: stop["shop_id"].as_str()?.to_owned(),
                        place: place_of(stop)?,
                        is_ready: prep == "READY",
                        is_over: prep == "REJECTED" || !stop["picked_up_at"].is_null(),
                    })
                })
                .collect();
        }
        self.has_failed = job["status"] == "DELIVERY_FAILED";
        if let Some(dropoff) = place_of(&job["dropoff"]) {
            self.dropoff = Some(dropoff);
        }
    }

    /// Whether the shop has packed this job's goods.
    pub fn is_ready(&self, shop: &str) -> bool {
        self.stops.iter().any(|stop| stop.shop == shop && (stop.is_ready || stop.is_over))
    }

    pub fn picked_up(&mut self, shop: &str) {
        self.stops.iter_mut().filter(|stop| stop.shop == shop).for_each(|stop| stop.is_over = true);
    }

    pub fn key_for(&mut self, command: &str) -> String {
        self.keys.entry(command.to_owned()).or_insert_with(fresh_key).clone()
    }
}

/// The place that a JSON object names by `lat` and `lng`.
pub fn place_of(of: &Value) -> Option<Point> {
    Point::new(of["lat"].as_f64()?, of["lng"].as_f64()?).ok()
}

/// The crew's jobs by order, oldest id first.
#[derive(Default)]
pub struct Jobs(BTreeMap<String, Job>);

impl Jobs {
    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn has(&self, order: &str) -> bool {
        self.0.contains_key(order)
    }

    pub fn get(&self, order: &str) -> Option<&Job> {
        self.0.get(order)
    }

    pub fn get_mut(&mut self, order: &str) -> Option<&mut Job> {
        self.0.get_mut(order)
    }

    pub fn insert(&mut self, order: &str, job: Job) {
        self.0.insert(order.to_owned(), job);
    }

    pub fn remove(&mut self, order: &str) {
        self.0.remove(order);
    }

    pub fn orders(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Applies a job as a command returned it.
    pub fn take(&mut self, job: &Value) {
        if let Some(known) = job["order_id"].as_str().and_then(|order| self.0.get_mut(order)) {
            known.refresh(job);
        }
    }

    /// Replaces the list by the server's; true when it had jobs more or fewer, although no message announced that.
    pub fn replace(&mut self, active: &Value) -> bool {
        let Some(active) = active.as_array() else { return false };
        let listed = |order: &str| active.iter().any(|job| job["order_id"] == order);
        let before = self.0.len();
        self.0.retain(|order, _| listed(order));
        let mut has_changed = self.0.len() != before;
        for job in active {
            let Some(order) = job["order_id"].as_str() else { continue };
            has_changed |= !self.has(order);
            self.0.entry(order.to_owned()).or_default().refresh(job);
        }
        has_changed
    }

    /// Applies a message of an order's channel: its snapshot, or an event with the order as it is afterwards.
    pub fn apply(&mut self, order: &str, data: &Value, crew: &str) {
        let now = if data["order"].is_object() { &data["order"] } else { data };
        let is_mine =
            now["crew"]["id"] == crew && matches!(now["status"].as_str(), Some("PROCESSING" | "SHIPPED" | "DELIVERY_FAILED"));
        if !is_mine {
            self.remove(order);
            return;
        }
        let Some(job) = self.0.get_mut(order) else { return };
        for part in now["prep"].as_array().into_iter().flatten() {
            for stop in job.stops.iter_mut().filter(|stop| part["shop_id"] == stop.shop.as_str()) {
                stop.is_ready = part["prep_status"] == "READY";
                stop.is_over |= part["prep_status"] == "REJECTED" || !part["picked_up_at"].is_null();
            }
        }
    }

    /// The nearest shop where something waits: order, shop and place.
    pub fn next_stop(&self, here: Point) -> Option<(String, String, Point)> {
        let open =
            self.0.iter().flat_map(|(order, job)| job.stops.iter().filter(|stop| !stop.is_over).map(move |stop| (order, stop)));
        let nearest = open.min_by(|a, b| here.distance_m(a.1.place).total_cmp(&here.distance_m(b.1.place)));
        nearest.map(|(order, stop)| (order.clone(), stop.shop.clone(), stop.place))
    }

    /// The nearest drop-off of an order that is wholly picked up.
    pub fn next_dropoff(&self, here: Point) -> Option<(String, Point)> {
        let loaded = self.0.iter().filter(|(_, job)| !job.stops.is_empty() && job.stops.iter().all(|stop| stop.is_over));
        let dropoffs = loaded.filter_map(|(order, job)| Some((order, job.dropoff?)));
        dropoffs.min_by(|a, b| here.distance_m(a.1).total_cmp(&here.distance_m(b.1))).map(|(order, place)| (order.clone(), place))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(order: &str) -> Value {
        json!({ "order_id": order, "status": "PROCESSING", "dropoff": { "lat": 28.51, "lng": 26.5 }, "stops": [
            { "shop_id": "a", "lat": 28.501, "lng": 26.5, "prep_status": "ACCEPTED", "picked_up_at": null },
            { "shop_id": "b", "lat": 28.505, "lng": 26.5, "prep_status": "READY", "picked_up_at": null } ] })
    }

    #[test]
    fn stops_come_before_drop_offs_and_rejected_ones_are_skipped() {
        let here = Point::new(28.5, 26.5).unwrap();
        let mut jobs = Jobs::default();
        jobs.insert("o", Job::read(&job("o")));
        assert_eq!(jobs.next_stop(here).unwrap().1, "a");
        assert!(!jobs.get("o").unwrap().is_ready("a") && jobs.get("o").unwrap().is_ready("b"));
        let prep = json!([{ "shop_id": "a", "prep_status": "REJECTED" }, { "shop_id": "b", "prep_status": "READY", "picked_up_at": null }]);
        jobs.apply(
            "o",
            &json!({ "type": "order_rejected", "order": { "status": "PROCESSING", "crew": { "id": "me" }, "prep": prep } }),
            "me",
        );
        assert_eq!(jobs.next_stop(here).unwrap().1, "b");
        assert!(jobs.next_dropoff(here).is_none());
        jobs.get_mut("o").unwrap().picked_up("b");
        assert_eq!(jobs.next_dropoff(here).unwrap().0, "o");
    }

    #[test]
    fn a_job_that_is_no_longer_ours_is_dropped() {
        let mut jobs = Jobs::default();
        jobs.insert("o", Job::read(&job("o")));
        jobs.apply("o", &json!({ "id": "o", "status": "CANCELLED", "crew": null }), "me");
        assert_eq!(jobs.len(), 0);
        assert!(jobs.replace(&json!([job("p")])) && jobs.has("p"));
        assert!(!jobs.replace(&json!([job("p")])));
    }

    #[test]
    fn a_full_list_replaces_and_keeps_what_was_seen_before() {
        let mut nearby = Nearby::default();
        let entry = |order: &str, distance_m: f64| json!({ "order_id": order, "distance_m": distance_m });
        nearby.take(&json!({ "added": [entry("a", 10.0), entry("b", 5.0)], "removed": [] }), || Duration::ZERO);
        let key = nearby.0["a"].key.clone();
        nearby.take(&json!({ "full": true, "added": [entry("a", 7.0), entry("c", 9.0)] }), || Duration::ZERO);
        assert_eq!((nearby.0.len(), nearby.0["a"].key == key), (2, true));
        nearby.take(&json!({ "added": [], "removed": ["a"], "why": { "a": "claimed" } }), || Duration::ZERO);
        assert_eq!(nearby.nearest(|_, _| true).unwrap().0, "c");
    }
}
