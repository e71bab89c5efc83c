//! Keeps the replica up to date from durable publications: claimable orders, crews on duty, and jobs.
use super::{
    map, nearby,
    replica::{Carried, Replica, Rider},
    track,
};
use crate::{
    App,
    domain::{
        delivery::{CrewMessage, DeliveryMessage, Job},
        orders::{About, ByRole, ClaimableOrder, Fulfilment, NewOrderMessage, OrderMessage, OrderStatus, PrepStatus},
    },
    event::Observed,
    ids::{OrderId, UserId},
};
use std::sync::Arc;
use wassally_geo::{Point, RemovalReason, Skew, Vehicle};

/// The rest of the route of a job.
fn carried(job: &Job) -> Carried {
    let left = job.stops.iter().filter(|stop| stop.picked_up_at.is_none() && stop.prep_status != PrepStatus::Rejected);
    Carried {
        status: job.status,
        stops: left.filter_map(|stop| Point::new(stop.lat, stop.lng).ok()).collect(),
        dropoff: job.dropoff.as_ref().and_then(|place| Point::new(place.lat, place.lng).ok()),
        last_coarse: None,
    }
}

pub fn order_created(app: &App, observed: &Observed<'_, NewOrderMessage>) {
    let NewOrderMessage::OrderCreated { about, listing } = observed.message;
    order_changed(app, observed.offset, about, listing.as_ref());
}

pub fn order_prepared(app: &App, observed: &Observed<'_, OrderMessage>) {
    let listing = match observed.message {
        OrderMessage::OrderRejected { listing, .. } => listing.as_ref(),
        _ => None,
    };
    order_changed(app, observed.offset, observed.message.about(), listing);
}

pub fn order_delivered(app: &App, observed: &Observed<'_, DeliveryMessage>) {
    let listing = match observed.message {
        DeliveryMessage::OrderReleased { listing, .. } => listing.as_ref(),
        _ => None,
    };
    order_changed(app, observed.offset, observed.message.about(), listing);
}

fn order_changed(app: &App, offset: u64, about: &About, claimable: Option<&ClaimableOrder>) {
    let replica = app.state::<Replica>();
    let now_ms = app.clock.unix_ms();
    let (id, status) = (about.order.id, about.order.status);
    let claimable = claimable.and_then(|order| Some((order.first_stop()?, order.clone())));
    if let Some((at, order)) = claimable {
        let listing = wassally_geo::PendingOrder { order: id, version: offset, at, payload: Arc::new(order) };
        replica.nearby.listed(listing, now_ms, |crew, delta| nearby::publish(app, *crew, &delta));
    } else if status != OrderStatus::Created && about.order.fulfilment == Fulfilment::Delivery {
        let why = why(status, about.by.role);
        replica.nearby.unlisted(&id, offset, why, now_ms, |crew, delta| nearby::publish(app, *crew, &delta));
    }
    track::changed(app, &replica, id, status);
}

/// Why an order in this state left the lists. `by`: the role whose command changed it.
fn why(status: OrderStatus, by: ByRole) -> RemovalReason {
    match (status, by) {
        (OrderStatus::Cancelled, ByRole::Seller | ByRole::System) => RemovalReason::ShopClosed,
        (OrderStatus::Cancelled, _) => RemovalReason::Cancelled,
        _ => RemovalReason::Claimed,
    }
}

pub fn crew_changed(app: &App, observed: &Observed<'_, CrewMessage>) {
    let Some(crew) = observed.channel.split_once(':').and_then(|(_, id)| id.parse().ok()) else { return };
    let replica = app.state::<Replica>();
    let rider = replica.rider_or_new(crew);
    let mut rider = rider.lock();
    // A reconcile may already have read this change.
    if observed.offset <= rider.offset {
        return;
    }
    rider.offset = observed.offset;
    let now_ms = app.clock.now().timestamp_millis();
    let changed = apply(app, &replica, crew, &mut rider, observed.message);
    replica.crews.set(crew, rider.on_duty, !rider.jobs.is_empty(), 0, now_ms);
    map::moved(&replica, crew);
    // A change of one order also changes how exactly the crew is shown to the others.
    if let Some(dot) = rider.state.dot() {
        let orders: Vec<OrderId> = rider.jobs.keys().copied().collect();
        for order in orders {
            track::publish(app, &mut rider, order, &dot, now_ms, changed == Some(order));
        }
    }
}

/// Applies a crew's message to the replica; returns the order that it was about.
fn apply(app: &App, replica: &Replica, crew: UserId, rider: &mut Rider, message: &CrewMessage) -> Option<OrderId> {
    match message {
        CrewMessage::JobAssigned(now)
        | CrewMessage::JobPickedUp(now)
        | CrewMessage::JobShipped(now)
        | CrewMessage::JobDelivered(now)
        | CrewMessage::JobFailed(now)
        | CrewMessage::JobReturned(now)
        | CrewMessage::JobChanged(now) => {
            if now.job.status.is_carried() {
                rider.jobs.insert(now.order_id, carried(&now.job));
                replica.carriers.insert(now.order_id, crew);
            } else {
                drop_job(replica, crew, rider, now.order_id);
            }
            Some(now.order_id)
        }
        CrewMessage::JobReleased(gone) | CrewMessage::JobCancelled(gone) => {
            drop_job(replica, crew, rider, gone.order_id);
            Some(gone.order_id)
        }
        CrewMessage::DutyChanged { name, vehicle, on_duty, duty_no, radius_m, .. } => {
            let was_on_duty = std::mem::replace(&mut rider.on_duty, *on_duty);
            rider.name = name.clone();
            rider.vehicle = Vehicle::named(vehicle).unwrap_or_default();
            rider.radius_m = radius_m.map(f64::from);
            if let Some(duty_no) = u64::try_from(*duty_no).ok().filter(|no| *no > rider.duty_no) {
                // A new duty may be on another phone, with another clock.
                rider.duty_no = duty_no;
                rider.state = rider.state.takes_duty(duty_no);
                rider.skew = Skew::default();
            }
            if was_on_duty != *on_duty {
                nearby::duty_changed(app, replica, crew, rider);
            }
            None
        }
        // A problem report changes no job.
        CrewMessage::JobProblem { order_id, .. } => Some(*order_id),
    }
}

fn drop_job(replica: &Replica, crew: UserId, rider: &mut Rider, order: OrderId) {
    rider.jobs.remove(&order);
    replica.carriers.remove_if(&order, |_, carrier| *carrier == crew);
}
