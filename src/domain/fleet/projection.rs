//! What this node learns from kept publications: which orders wait, who is on duty, who carries what.
use super::{
    map,
    nearby::{self, tell},
    replica::{Carried, Replica},
    track,
};
use crate::{
    App,
    domain::{
        Observed,
        orders::{ClaimableOrder, Fulfilment, OrderStatus, PrepStatus},
    },
    ids::{OrderId, UserId},
};
use serde::Deserialize;
use std::sync::Arc;
use wassally_geo::{Point, Skew, Vehicle, Why};

/// Of an `order:` event, what the replica needs.
#[derive(Deserialize)]
struct OrderHeard {
    order: OrderShort,
    #[serde(default)]
    by: By,
    listing: Option<ClaimableOrder>,
}

#[derive(Deserialize)]
struct OrderShort {
    id: OrderId,
    status: OrderStatus,
    fulfilment: Fulfilment,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct By {
    role: String,
}

/// Of a `crew:` event.
#[derive(Deserialize)]
struct CrewHeard {
    #[serde(rename = "type")]
    kind: String,
    order_id: Option<OrderId>,
    job: Option<JobHeard>,
    on_duty: Option<bool>,
    duty_no: Option<u64>,
    name: Option<String>,
    vehicle: Option<String>,
    radius_m: Option<f64>,
}

#[derive(Deserialize)]
struct JobHeard {
    status: OrderStatus,
    stops: Vec<StopHeard>,
    dropoff: Option<PlaceHeard>,
}

#[derive(Deserialize)]
struct StopHeard {
    lat: f64,
    lng: f64,
    prep_status: PrepStatus,
    picked_up_at: Option<String>,
}

#[derive(Deserialize)]
struct PlaceHeard {
    lat: f64,
    lng: f64,
}

impl JobHeard {
    fn carried(&self) -> Carried {
        let is_left = |stop: &&StopHeard| stop.picked_up_at.is_none() && stop.prep_status != PrepStatus::Rejected;
        Carried {
            status: self.status,
            stops: self.stops.iter().filter(is_left).filter_map(|stop| Point::new(stop.lat, stop.lng).ok()).collect(),
            dropoff: self.dropoff.as_ref().and_then(|place| Point::new(place.lat, place.lng).ok()),
            told: None,
        }
    }
}

/// Hears every kept publication; those of orders and crews count here.
pub fn observe(app: &App, heard: &Observed<'_>) {
    match heard.channel.split_once(':') {
        Some(("order", _)) => match serde_json::from_slice::<OrderHeard>(heard.body) {
            Ok(order) => order_changed(app, heard.offset, order),
            Err(error) => tracing::error!(%error, channel = heard.channel, "an event of an order is not understood"),
        },
        Some(("crew", id)) => match (id.parse(), serde_json::from_slice::<CrewHeard>(heard.body)) {
            (Ok(crew), Ok(event)) => crew_changed(app, crew, heard.offset, event),
            (_, Err(error)) => tracing::error!(%error, channel = heard.channel, "an event of a crew is not understood"),
            _ => {}
        },
        _ => {}
    }
}

fn order_changed(app: &App, offset: u64, heard: OrderHeard) {
    let replica = app.state::<Replica>();
    let now_ms = app.clock.unix_ms();
    let OrderShort { id, status, fulfilment } = heard.order;
    let claimable = heard.listing.and_then(|order| Some((order.first_stop()?, order)));
    if let Some((at, order)) = claimable {
        let listing = wassally_geo::Listing { order: id, version: offset, at, payload: Arc::new(order) };
        replica.nearby.listed(listing, now_ms, |crew, delta| tell(app, *crew, &delta));
    } else if status != OrderStatus::Created && fulfilment == Fulfilment::Delivery {
        let why = why(status, &heard.by.role);
        replica.nearby.unlisted(&id, offset, why, now_ms, |crew, delta| tell(app, *crew, &delta));
    }
    track::changed(app, &replica, id, status);
}

/// Why an order in this state is on no list; by whose command.
fn why(status: OrderStatus, by: &str) -> Why {
    match (status, by) {
        (OrderStatus::Cancelled, "seller" | "system") => Why::ShopClosed,
        (OrderStatus::Cancelled, _) => Why::Cancelled,
        _ => Why::Claimed,
    }
}

fn crew_changed(app: &App, crew: UserId, offset: u64, heard: CrewHeard) {
    let replica = app.state::<Replica>();
    let rider = replica.rider_or_new(crew);
    let mut rider = rider.lock();
    // A reconcile may have read what comes here now.
    if offset <= rider.heard {
        return;
    }
    rider.heard = offset;
    let now_ms = app.clock.now().timestamp_millis();
    if let Some(on_duty) = heard.on_duty {
        let was_on_duty = std::mem::replace(&mut rider.on_duty, on_duty);
        rider.name = heard.name.unwrap_or_default();
        rider.vehicle = heard.vehicle.as_deref().and_then(Vehicle::named).unwrap_or_default();
        rider.radius_m = heard.radius_m;
        if let Some(duty_no) = heard.duty_no.filter(|no| *no > rider.duty_no) {
            // Another duty, perhaps another phone with another clock.
            rider.duty_no = duty_no;
            rider.state = rider.state.takes_duty(duty_no);
            rider.skew = Skew::default();
        }
        if was_on_duty != on_duty {
            nearby::duty_changed(app, &replica, crew, &rider);
        }
    }
    if let Some(order) = heard.order_id {
        match heard.job {
            Some(job) if job.status.is_carried() => {
                rider.jobs.insert(order, job.carried());
                replica.carriers.insert(order, crew);
            }
            // A problem changes nothing.
            None if heard.kind == "job_problem" => {}
            _ => {
                rider.jobs.remove(&order);
                replica.carriers.remove_if(&order, |_, carrier| *carrier == crew);
            }
        }
    }
    replica.crews.set(crew, rider.on_duty, !rider.jobs.is_empty(), 0, now_ms);
    map::moved(&replica, crew);
    // What this changed for one order changes how exactly the others are shown.
    if let Some(dot) = rider.state.dot() {
        let orders: Vec<OrderId> = rider.jobs.keys().copied().collect();
        for order in orders {
            track::tell(app, &mut rider, order, &dot, now_ms, heard.order_id == Some(order));
        }
    }
}
