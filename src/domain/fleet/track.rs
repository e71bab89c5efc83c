//! `track:{order}`: where the crew of one order is, as exactly as its readers may know.
use super::{
    replica::{Carried, Replica, Rider, time},
    visibility::{Precision, may_follow, precision, shown},
};
use crate::{
    App,
    actor::Actor,
    clock::Timestamp,
    domain::orders::{self, Order, OrderStatus, Relation},
    event::{ChannelMessage, channel_of},
    ids::{OrderId, UserId},
    operations::Snapshot,
    problem::{Problem, Result},
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;
use wassally_geo::{COARSE_RADIUS_M, Dot, Point, coarse, eta};

/// In milliseconds: an unchanged coarse position is sent again after this time.
const COARSE_EVERY_MS: i64 = 10_000;

/// Publishes where a crew is now to the followers of its orders.
pub fn moved(app: &App, rider: &mut Rider, dot: &Dot, now_ms: i64) {
    let orders: Vec<OrderId> = rider.jobs.keys().copied().collect();
    for order in orders {
        publish(app, rider, order, dot, now_ms, false);
    }
}

/// The same for one order. `force` repeats a coarse position that has not changed.
pub fn publish(app: &App, rider: &mut Rider, order: OrderId, dot: &Dot, now_ms: i64, force: bool) {
    let is_nearest = rider.nearest_dropoff(dot.at) == Some(order);
    let vehicle = rider.vehicle;
    let Some(job) = rider.jobs.get_mut(&order) else { return };
    let precision = precision(job.status, is_nearest);
    if precision == Precision::Exact {
        // After an exact position the next coarse one is sent, also when it is the one sent before.
        job.last_coarse = None;
    } else {
        let at = coarse(dot.at);
        let is_stale = job.last_coarse.is_none_or(|(last, at_ms)| last != at || now_ms - at_ms >= COARSE_EVERY_MS);
        if !force && !is_stale {
            return;
        }
        job.last_coarse = Some((at, now_ms));
    }
    if !app.has_subscribers::<TrackMessage>(&order) {
        return;
    }
    if let Some(message) = position_as(job, precision, dot, vehicle) {
        app.publish_ephemeral(&order, &message);
    }
}

/// What `track:` carries. A coarse position is no more exact than its cell.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum TrackMessage {
    /// Where the crew is, as exactly as the reader may know.
    Position {
        /// Degrees, WGS84.
        lat: f64,
        lng: f64,
        at: Timestamp,
        eta_s: u32,
        /// A cautious estimate.
        eta_high_s: u32,
        remaining_m: u32,
        /// Only of exact positions; `null` if the phone does not report it.
        #[serde(skip_serializing_if = "Option::is_none")]
        heading_deg: Option<Option<f64>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        speed_mps: Option<f64>,
        /// The centre of the cell the crew is in; the crew is within `radius_m`.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        coarse: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        radius_m: Option<f64>,
        /// The crew delivers another order first.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        other_stop_first: bool,
    },
    /// The state of the order changed, or its crew has no known position yet.
    State { status: OrderStatus },
}

impl ChannelMessage for TrackMessage {
    const NAMESPACE: &'static str = "track";
    type Id = OrderId;
}

/// The position at this precision.
fn position_as(job: &Carried, precision: Precision, dot: &Dot, vehicle: wassally_geo::Vehicle) -> Option<TrackMessage> {
    let shown_at = match precision {
        Precision::Nothing => return None,
        Precision::Coarse | Precision::OtherStopFirst => coarse(dot.at),
        Precision::Exact => dot.at,
    };
    let route: Vec<Point> = job.stops.iter().copied().chain(job.dropoff).collect();
    let eta = eta(shown_at, &route, vehicle);
    let is_exact = precision == Precision::Exact;
    Some(TrackMessage::Position {
        lat: shown_at.lat(),
        lng: shown_at.lng(),
        at: time(dot.at_ms),
        eta_s: eta.eta_s,
        eta_high_s: eta.eta_high_s,
        remaining_m: eta.remaining_m,
        heading_deg: is_exact.then(|| dot.heading_deg.map(f64::round)),
        speed_mps: is_exact.then(|| (dot.speed_mps * 10.0).round() / 10.0),
        coarse: !is_exact,
        radius_m: (!is_exact).then_some(COARSE_RADIUS_M),
        other_stop_first: precision == Precision::OtherStopFirst,
    })
}

/// Publishes a new state of an order, and unsubscribes the followers whose right it ended.
pub fn changed(app: &App, replica: &Replica, order: OrderId, status: OrderStatus) {
    if app.has_subscribers::<TrackMessage>(&order) {
        app.publish_ephemeral(&order, &TrackMessage::State { status });
    }
    if shown(status) {
        return;
    }
    let channel = channel_of::<TrackMessage>(&order);
    let followers = replica.followers.lock().remove(&order).unwrap_or_default();
    for user in followers {
        app.hub().unsubscribe(&user.to_string(), None, &channel, 2000, "the order is not under way");
    }
}

/// The order, and what `actor` is to it. Errors: 404 for those who may not follow its crew now.
async fn check(app: &App, actor: &Actor, id: OrderId) -> Result<(Order, Relation)> {
    let mut conn = app.pools().live.acquire().await?;
    let (order, relation) = orders::find_as(&mut conn, actor, id).await?;
    if may_follow(&relation, order.status) { Ok((order, relation)) } else { Err(Problem::not_found().into()) }
}

/// The order's customer and its shops while a crew is on the way, and staff.
pub fn may_watch<'a>(app: &'a App, actor: &'a Actor, id: OrderId) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { check(app, actor, id).await.map(drop) })
}

/// The latest position at the precision of this order, or only its state before there is a position.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, id: OrderId) -> BoxFuture<'a, Result<Snapshot<TrackMessage>>> {
    Box::pin(async move {
        let replica = app.state::<Replica>();
        // The follower is added before the rights are read: an end that the read misses finds the follower in the list.
        replica.followers.lock().entry(id).or_default().insert(actor.id);
        let (order, relation) = check(app, actor, id).await?;
        if relation == Relation::Staff && !shown(order.status) {
            remove_follower(&replica, id, actor.id);
        }
        let data = position(&replica, id).unwrap_or(TrackMessage::State { status: order.status });
        Ok(Snapshot { offset: 0, data })
    })
}

/// Takes a follower off the list of those who are unsubscribed at the end: staff may stay.
fn remove_follower(replica: &Replica, order: OrderId, user: UserId) {
    let mut followers = replica.followers.lock();
    if let Some(users) = followers.get_mut(&order) {
        users.remove(&user);
        if users.is_empty() {
            followers.remove(&order);
        }
    }
}

fn position(replica: &Replica, order: OrderId) -> Option<TrackMessage> {
    let crew = *replica.carriers.get(&order)?;
    let rider = replica.rider(crew)?;
    let rider = rider.lock();
    let dot = rider.state.dot()?;
    let job = rider.jobs.get(&order)?;
    position_as(job, precision(job.status, rider.nearest_dropoff(dot.at) == Some(order)), &dot, rider.vehicle)
}
