//! A crew: rides the streets, streams its position, races for orders nearby, picks up and hands over at the address.

use super::City;
use super::jobs::{Job, Jobs, Near, Nearby, place_of};
use super::stats::Stats;
use crate::client::{CallError, Live, Person, Update, fresh_key, now};
use crate::streets::Ride;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};
use wassally_geo::Point;

pub struct Crew {
    city: Arc<City>,
    person: Arc<Person>,
    live: Live,
    updates: mpsc::Receiver<Update>,
    ride: Ride,
    is_riding: bool,
    goal: Goal,
    jobs: Jobs,
    nearby: Nearby,
    pinged_at: Option<Instant>,
    seq: u64,
    claims_again_at: Instant,
}

enum Goal {
    Stroll { until: Instant },
    Shop { order: String, shop: String, since: Option<Instant> },
    Dropoff { order: String, since: Option<Instant>, has_searched_pin: bool },
}

const TICK: Duration = Duration::from_secs(1);
const PING_RIDING: Duration = Duration::from_secs(2);
const PING_RESTING: Duration = Duration::from_secs(6);
/// How many orders one crew carries at once; the server allows five.
const CAPACITY: usize = 2;
/// A visitor has this long to claim a visitor's order before the city does.
const COURTESY: Duration = Duration::from_secs(20);
const RELOAD: Duration = Duration::from_secs(90);

impl Crew {
    pub async fn play(city: Arc<City>, username: String) {
        let Some(person) = city.arrive(&username).await else { return };
        let (live, updates) = Live::open(person.clone(), city.stats.deliveries.clone());
        let start = city.places.get(&username).copied().unwrap_or_else(|| city.streets.corner(0));
        let mut crew = Self {
            city,
            person,
            live,
            updates,
            ride: Ride::along(vec![start]),
            is_riding: false,
            goal: Goal::Stroll { until: Instant::now() },
            jobs: Jobs::default(),
            nearby: Nearby::default(),
            pinged_at: None,
            seq: 0,
            claims_again_at: Instant::now(),
        };
        crew.start().await;
        let (mut tick, mut reload) = (interval(TICK), interval(RELOAD));
        // After a pause the crew continues from where it is, without a jump.
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        reload.reset();
        loop {
            tokio::select! {
                update = crew.updates.recv() => match update {
                    Some(update) => crew.receive(update).await,
                    None => return,
                },
                _ = tick.tick() => crew.tick().await,
                _ = reload.tick() => crew.reload().await,
            }
        }
    }

    async fn start(&mut self) {
        if let Err(error) = self.person.patch("/api/delivery/me/", &json!({ "on_duty": true })).await {
            self.failed("duty", &error);
        }
        match self.person.get("/api/delivery/me/").await {
            Ok(me) => {
                // A crew of an earlier run continues where it was last.
                if let Some(place) = place_of(&me["position"]) {
                    self.ride = Ride::along(vec![place]);
                }
                self.jobs.replace(&me["active"]);
            }
            Err(error) => self.failed("own jobs", &error),
        }
        self.live.subscribe(&format!("nearby:{}", self.person.id)).await;
        self.follow_jobs().await;
    }

    async fn follow_jobs(&self) {
        for order in self.jobs.orders() {
            self.live.subscribe(&format!("order:{order}")).await;
        }
    }

    async fn reload(&mut self) {
        match self.person.get("/api/delivery/me/").await {
            Ok(me) => {
                // At most two pings and half a minute of silence apart.
                let seen = place_of(&me["position"]);
                if seen.is_some_and(|seen| seen.distance_m(self.ride.place()) > 30.0 * self.city.speed_mps()) {
                    Stats::add(&self.city.stats.astray);
                }
                if self.jobs.replace(&me["active"]) {
                    Stats::add(&self.city.stats.missed);
                }
                if me["on_duty"] == false
                    && let Err(error) = self.person.patch("/api/delivery/me/", &json!({ "on_duty": true })).await
                {
                    self.failed("duty", &error);
                }
                self.follow_jobs().await;
            }
            Err(error) => self.failed("own jobs", &error),
        }
    }

    async fn receive(&mut self, update: Update) {
        let (channel, data) = match update {
            Update::Subscribed { channel, data: Some(data) } | Update::Published { channel, data } => (channel, data),
            Update::Ended { channel, code } => {
                tracing::debug!("{}: {channel} ended with {code}", self.person.username);
                // The right to an order ends when it is no longer this crew's.
                if let Some(order) = channel.strip_prefix("order:") {
                    self.jobs.remove(order);
                }
                return;
            }
            Update::Subscribed { .. } | Update::Down => return,
        };
        if channel.starts_with("nearby:") {
            let (city, name) = (&self.city, &self.person.username);
            self.nearby.take(&data, || city.scaled(city.decisions.claim_delay(name).delay_s));
        } else if let Some(order) = channel.strip_prefix("order:") {
            self.jobs.apply(order, &data, &self.person.id);
        } else if matches!(data["type"].as_str(), Some("job_assigned" | "job_released" | "job_cancelled" | "order_reassigned")) {
            // Own claims come back here too; only unknown jobs are read.
            let is_new =
                data["order"]["id"].as_str().or_else(|| data["order_id"].as_str()).is_some_and(|order| !self.jobs.has(order));
            if is_new || data["type"] != "job_assigned" {
                self.reload().await;
            }
        }
    }

    async fn tick(&mut self) {
        if self.is_riding {
            self.is_riding = !self.ride.advance(self.city.speed_mps() * TICK.as_secs_f64());
        }
        self.ping();
        if !self.is_riding {
            self.arrive().await;
        }
        self.claim().await;
        self.choose_goal();
    }

    fn ping(&mut self) {
        let every = if self.is_riding { PING_RIDING } else { PING_RESTING };
        // Ticks come a little early or late; a ping that is due within half a tick is sent now.
        if self.pinged_at.is_some_and(|at| at.elapsed() + TICK / 2 < every) {
            return;
        }
        self.pinged_at = Some(Instant::now());
        self.seq += 1;
        let place = self.ride.place();
        let speed = if self.is_riding { self.city.speed_mps() } else { 0.0 };
        let ping = json!({
            "lat": (place.lat() * 1e6).round() / 1e6,
            "lng": (place.lng() * 1e6).round() / 1e6,
            "at": now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
            "accuracy_m": 5,
            "heading_deg": self.ride.heading_deg().round(),
            "speed_mps": speed,
            "seq": self.seq,
        });
        if self.live.send("delivery.ping", &ping) {
            Stats::add(&self.city.stats.pings);
        }
    }

    /// What the crew does at the end of a ride.
    async fn arrive(&mut self) {
        match &mut self.goal {
            Goal::Stroll { .. } => {}
            Goal::Shop { order, shop, since } => {
                let waited = since.get_or_insert_with(Instant::now).elapsed();
                let (order, shop) = (order.clone(), shop.clone());
                let Some(job) = self.jobs.get(&order) else { return self.idle() };
                // The wait for a late shop is limited: picking up makes the stop ready.
                if job.is_ready(&shop) || waited > self.city.scaled(120.0) {
                    self.pick_up(&order, &shop).await;
                }
            }
            Goal::Dropoff { order, since, .. } => {
                let waited = since.get_or_insert_with(Instant::now).elapsed();
                let order = order.clone();
                let Some(job) = self.jobs.get(&order) else { return self.idle() };
                if job.has_failed {
                    return self.bring_back(&order).await;
                }
                if waited >= self.city.scaled(6.0) {
                    self.hand_over(&order, waited).await;
                }
            }
        }
    }

    async fn pick_up(&mut self, order: &str, shop: &str) {
        let Some(job) = self.jobs.get_mut(order) else { return };
        let body = json!({ "order_id": order, "shop_id": shop, "idempotency_key": job.key_for(shop) });
        match self.live.call("delivery.advance", &body).await {
            Ok(answer) => {
                Stats::add(&self.city.stats.picked_up);
                self.jobs.take(&answer);
                if let Some(job) = self.jobs.get_mut(order) {
                    job.picked_up(shop);
                }
                self.idle();
            }
            Err(error) if error.is_unavailable() => {}
            Err(error) => {
                self.failed("pick up", &error);
                self.reload().await;
                self.idle();
            }
        }
    }

    async fn hand_over(&mut self, order: &str, waited: Duration) {
        let own = self.city.handovers.is_own(order);
        let mut pin = self.city.handovers.pin(order);
        // A visitor sees the crew at the address for a while first, and may show the PIN to a visitor who plays the crew.
        let rings_after = if own { 20.0 } else { 15.0 };
        if pin.is_none() && waited > self.city.scaled(rings_after) {
            if let Goal::Dropoff { has_searched_pin, .. } = &mut self.goal
                && std::mem::replace(has_searched_pin, true)
            {
                return self.give_up(order, waited).await;
            }
            pin = match self.city.handovers.find_pin(order).await {
                Ok(pin) => pin,
                Err(error) => {
                    if let Goal::Dropoff { has_searched_pin, .. } = &mut self.goal {
                        *has_searched_pin = false;
                    }
                    return self.failed("ring", &error);
                }
            };
        }
        let Some(pin) = pin else { return };
        let place = self.ride.place();
        let Some(job) = self.jobs.get_mut(order) else { return };
        let body = json!({ "order_id": order, "pin": pin, "lat": place.lat(), "lng": place.lng(), "idempotency_key": job.key_for("dropoff") });
        match self.live.call("delivery.confirm", &body).await {
            Ok(_) => {
                Stats::add(&self.city.stats.delivered);
                self.done(order).await;
            }
            Err(error) if error.is_unavailable() => {}
            Err(error) => {
                self.failed("hand over", &error);
                self.reload().await;
                self.idle();
            }
        }
    }

    /// Nobody opens: after some minutes the order is returned.
    async fn give_up(&mut self, order: &str, waited: Duration) {
        if waited < self.city.scaled(180.0) {
            return;
        }
        let body =
            json!({ "order_id": order, "to": "DELIVERY_FAILED", "reason": "nobody opened", "idempotency_key": fresh_key() });
        match self.live.call("delivery.advance", &body).await {
            Ok(_) => self.bring_back(order).await,
            Err(error) => self.failed("give up", &error),
        }
    }

    async fn bring_back(&mut self, order: &str) {
        let body =
            json!({ "order_id": order, "to": "RETURNED_TO_SHOP", "reason": "nobody opened", "idempotency_key": fresh_key() });
        match self.live.call("delivery.advance", &body).await {
            Err(error) if error.is_unavailable() => {}
            Err(error) => {
                self.failed("bring back", &error);
                self.reload().await;
                self.idle();
            }
            Ok(_) => self.done(order).await,
        }
    }

    async fn done(&mut self, order: &str) {
        self.jobs.remove(order);
        self.live.unsubscribe(&format!("order:{order}")).await;
        self.idle();
    }

    fn idle(&mut self) {
        self.goal = Goal::Stroll { until: Instant::now() };
        self.is_riding = false;
    }

    async fn claim(&mut self) {
        let start = Instant::now();
        if self.jobs.len() >= CAPACITY || start < self.claims_again_at {
            return;
        }
        let handovers = &self.city.handovers;
        let courtesy = self.city.scaled(COURTESY.as_secs_f64()).max(COURTESY);
        let Some((order, near)) = self.nearby.nearest(|order, near: &Near| {
            let patience = if handovers.is_own(order) { near.delay } else { near.delay + courtesy };
            near.seen_at.elapsed() >= patience
        }) else {
            return;
        };
        let body = json!({ "order_id": order, "idempotency_key": near.key });
        match self.live.call("delivery.claim", &body).await {
            Ok(answer) => {
                Stats::add(&self.city.stats.claimed);
                self.nearby.remove(&order);
                self.jobs.insert(&order, Job::read(&answer));
                self.live.subscribe(&format!("order:{order}")).await;
                if matches!(self.goal, Goal::Stroll { .. }) {
                    self.idle();
                }
            }
            Err(error) if error.is_unavailable() => self.claims_again_at = start + Duration::from_secs(2),
            Err(error) => {
                self.nearby.remove(&order);
                match error.code() {
                    "already_claimed" => Stats::add(&self.city.stats.races_lost),
                    // The customer or the shop was faster.
                    "order_cancelled" | "not_found" | "invalid_transition" => {}
                    code => {
                        if matches!(code, "active_limit" | "off_duty" | "cash_cap") {
                            self.claims_again_at = start + Duration::from_secs(30);
                            self.reload().await;
                        }
                        self.failed("claim", &error);
                    }
                }
            }
        }
    }

    /// First the pickups, nearest first, then the drop-offs, then a stroll.
    fn choose_goal(&mut self) {
        let here = self.ride.place();
        let strolls = matches!(self.goal, Goal::Stroll { .. });
        if !strolls {
            return;
        }
        if let Some((order, shop, place)) = self.jobs.next_stop(here) {
            self.goal = Goal::Shop { order, shop, since: None };
            return self.ride_to(place);
        }
        if let Some((order, place)) = self.jobs.next_dropoff(here) {
            self.goal = Goal::Dropoff { order, since: None, has_searched_pin: false };
            return self.ride_to(place);
        }
        let Goal::Stroll { until } = self.goal else { return };
        if !self.is_riding && Instant::now() >= until {
            let stroll = self.city.decisions.stroll(&self.person.username);
            // Only a part of a long way across town is ridden; the next stroll starts from there.
            let mut way = self.city.streets.way(here, self.city.streets.corner(stroll.corner));
            way.truncate(40);
            self.ride = Ride::along(way);
            self.is_riding = true;
            self.goal = Goal::Stroll { until: Instant::now() + self.city.scaled(stroll.rest_s + 30.0) };
        }
    }

    fn ride_to(&mut self, place: Point) {
        self.ride = Ride::along(self.city.streets.way(self.ride.place(), place));
        self.is_riding = true;
    }

    fn failed(&self, command: &str, error: &CallError) {
        self.city.stats.failed(&self.person.username, command, error);
    }
}
