//! Keeps the replica up to date from durable publications: claimable orders, crews on duty, and jobs.
use super::{
    map, nearby,
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

/// The part of an `order:` message that the replica needs.
#[derive(Deserialize)]
struct OrderMessage {
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

/// The same of a `crew:` message.
#[derive(Deserialize)]
struct CrewMessage {
    #[serde(rename = "type")]
    kind: String,
    order_id: Option<OrderId>,
    job: Option<JobPart>,
    on_duty: Option<bool>,
    duty_no: Option<u64>,
    name: Option<String>,
    vehicle: Option<String>,
    radius_m: Option<f64>,
}

#[derive(Deserialize)]
struct JobPart {
    status: OrderStatus,
    stops: Vec<StopPart>,
    dropoff: Option<DropoffPart>,
}

#[derive(Deserialize)]
struct StopPart {
    lat: f64,
    lng: f64,
    prep_status: PrepStatus,
    picked_up_at: Option<String>,
}

#[derive(Deserialize)]
struct DropoffPart {
    lat: f64,
    lng: f64,
}

impl JobPart {
    fn carried(&self) -> Carried {
        let is_left = |stop: &&StopPart| stop.picked_up_at.is_none() && stop.prep_status != PrepStatus::Rejected;
        Carried {
            status: self.status,
            stops: self.stops.iter().filter(is_left).filter_map(|stop| Point::new(stop.lat, stop.lng).ok()).collect(),
            dropoff: self.dropoff.as_ref().and_then(|place| Point::new(place.lat, place.lng).ok()),
            last_coarse: None,
        }
    }
}

/// Applies a durable publication of an order or a crew to the replica.
pub fn observe(app: &App, publication: &Observed<'_>) {
    match publication.channel.split_once(':') {
        Some(("order", _)) => match serde_json::from_slice::<OrderMessage>(publication.body) {
            Ok(order) => order_changed(app, publication.offset, order),
            Err(error) => tracing::error!(%error, channel = publication.channel, "a message of an order could not be read"),
        },
        Some(("crew", id)) => match (id.parse(), serde_json::from_slice::<CrewMessage>(publication.body)) {
            (Ok(crew), Ok(event)) => crew_changed(app, crew, publication.offset, event),
            (_, Err(error)) => tracing::error!(%error, channel = publication.channel, "a message of a crew could not be read"),
            _ => {}
        },
        _ => {}
    }
}

fn order_changed(app: &App, offset: u64, message: OrderMessage) {
    let replica = app.state::<Replica>();
    let now_ms = app.clock.unix_ms();
    let OrderShort { id, status, fulfilment } = message.order;
    let claimable = message.listing.and_then(|order| Some((order.first_stop()?, order)));
    if let Some((at, order)) = claimable {
        let listing = wassally_geo::Listing { order: id, version: offset, at, payload: Arc::new(order) };
        replica.nearby.listed(listing, now_ms, |crew, delta| nearby::publish(app, *crew, &delta));
    } else if status != OrderStatus::Created && fulfilment == Fulfilment::Delivery {
        let why = why(status, &message.by.role);
        replica.nearby.unlisted(&id, offset, why, now_ms, |crew, delta| nearby::publish(app, *crew, &delta));
    }
    track::changed(app, &replica, id, status);
}

/// Why an order in this state left the lists. `by`: the role whose command changed it.
fn why(status: OrderStatus, by: &str) -> Why {
    match (status, by) {
        (OrderStatus::Cancelled, "seller" | "system") => Why::ShopClosed,
        (OrderStatus::Cancelled, _) => Why::Cancelled,
        _ => Why::Claimed,
    }
}

fn crew_changed(app: &App, crew: UserId, offset: u64, message: CrewMessage) {
    let replica = app.state::<Replica>();
    let rider = replica.rider_or_new(crew);
    let mut rider = rider.lock();
    // A reconcile may already have read this change.
    if offset <= rider.offset {
        return;
    }
    rider.offset = offset;
    let now_ms = app.clock.now().timestamp_millis();
    if let Some(on_duty) = message.on_duty {
        let was_on_duty = std::mem::replace(&mut rider.on_duty, on_duty);
        rider.name = message.name.unwrap_or_default();
        rider.vehicle = message.vehicle.as_deref().and_then(Vehicle::named).unwrap_or_default();
        rider.radius_m = message.radius_m;
        if let Some(duty_no) = message.duty_no.filter(|no| *no > rider.duty_no) {
            // A new duty may be on another phone, with another clock.
            rider.duty_no = duty_no;
            rider.state = rider.state.takes_duty(duty_no);
            rider.skew = Skew::default();
        }
        if was_on_duty != on_duty {
            nearby::duty_changed(app, &replica, crew, &rider);
        }
    }
    if let Some(order) = message.order_id {
        match message.job {
            Some(job) if job.status.is_carried() => {
                rider.jobs.insert(order, job.carried());
                replica.carriers.insert(order, crew);
            }
            // A problem report changes no job.
            None if message.kind == "job_problem" => {}
            _ => {
                rider.jobs.remove(&order);
                replica.carriers.remove_if(&order, |_, carrier| *carrier == crew);
            }
        }
    }
    replica.crews.set(crew, rider.on_duty, !rider.jobs.is_empty(), 0, now_ms);
    map::moved(&replica, crew);
    // A change of one order also changes how exactly the crew is shown to the others.
    if let Some(dot) = rider.state.dot() {
        let orders: Vec<OrderId> = rider.jobs.keys().copied().collect();
        for order in orders {
            track::publish(app, &mut rider, order, &dot, now_ms, message.order_id == Some(order));
        }
    }
}
