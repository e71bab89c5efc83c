//! `track:{order}`: where the crew of one order is, as exactly as its readers may know.
use super::{
    replica::{Carried, Replica, Rider, time},
    store,
    visibility::{Relation, Sight, may_follow, shown, sight},
};
use crate::{
    App,
    actor::{Actor, Role},
    domain::{Snapshot, orders::OrderStatus, shops},
    ids::{OrderId, UserId},
    problem::{Problem, Result},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use wassally_geo::{COARSE_RADIUS_M, Dot, Point, coarse, eta};

/// A coarse place that did not change is told again after so long, in milliseconds.
const COARSE_EVERY_MS: i64 = 10_000;

/// Tells who follows where a crew is now.
pub fn moved(app: &App, rider: &mut Rider, dot: &Dot, now_ms: i64) {
    let orders: Vec<OrderId> = rider.jobs.keys().copied().collect();
    for order in orders {
        tell(app, rider, order, dot, now_ms, false);
    }
}

/// The same for one order; `anew` also when the coarse place is the one told last.
pub fn tell(app: &App, rider: &mut Rider, order: OrderId, dot: &Dot, now_ms: i64, anew: bool) {
    let is_nearest = rider.nearest_door(dot.at) == Some(order);
    let vehicle = rider.vehicle;
    let Some(job) = rider.jobs.get_mut(&order) else { return };
    let sight = sight(job.status, is_nearest);
    if sight == Sight::Exact {
        // The next coarse place is news, also when it is the one told before.
        job.told = None;
    } else {
        let place = coarse(dot.at);
        let is_stale = job.told.is_none_or(|(at, at_ms)| at != place || now_ms - at_ms >= COARSE_EVERY_MS);
        if !anew && !is_stale {
            return;
        }
        job.told = Some((place, now_ms));
    }
    let channel = format!("track:{order}");
    if app.hub().subscriber_count(&channel) == 0 {
        return;
    }
    if let Some(body) = body(job, sight, dot, vehicle) {
        app.hub().publish_ephemeral(&channel, bytes(&body));
    }
}

/// What a reader with this sight gets to know. Coarsely: nothing that betrays more than the cell.
fn body(job: &Carried, sight: Sight, dot: &Dot, vehicle: wassally_geo::Vehicle) -> Option<Value> {
    let shown_at = match sight {
        Sight::Nothing => return None,
        Sight::Coarse | Sight::OtherStopFirst => coarse(dot.at),
        Sight::Exact => dot.at,
    };
    let way: Vec<Point> = job.stops.iter().copied().chain(job.dropoff).collect();
    let left = eta(shown_at, &way, vehicle);
    let mut body = json!({
        "type": "position", "lat": shown_at.lat(), "lng": shown_at.lng(), "at": time(dot.at_ms),
        "eta_s": left.eta_s, "eta_high_s": left.eta_high_s, "remaining_m": left.remaining_m,
    });
    if sight == Sight::Exact {
        body["heading_deg"] = json!(dot.heading_deg.map(f64::round));
        body["speed_mps"] = json!((dot.speed_mps * 10.0).round() / 10.0);
    } else {
        body["coarse"] = true.into();
        body["radius_m"] = COARSE_RADIUS_M.into();
    }
    if sight == Sight::OtherStopFirst {
        body["other_stop_first"] = true.into();
    }
    Some(body)
}

fn bytes(body: &Value) -> Bytes {
    body.to_string().into()
}

fn state(status: OrderStatus) -> Value {
    json!({ "type": "state", "status": status })
}

/// An order is in another state now: its followers hear it, and whose right that ended hears nothing after.
pub fn changed(app: &App, replica: &Replica, order: OrderId, status: OrderStatus) {
    let channel = format!("track:{order}");
    if app.hub().subscriber_count(&channel) > 0 {
        app.hub().publish_ephemeral(&channel, bytes(&state(status)));
    }
    if shown(status) {
        return;
    }
    let followers = replica.followers.lock().remove(&order).unwrap_or_default();
    for user in followers {
        app.hub().unsubscribe(&user.to_string(), None, &channel, 2000, "not to be followed now");
    }
}

/// What `actor` is to an order, and its state. Errors: 404.
async fn relation(app: &App, actor: &Actor, id: OrderId) -> Result<(Relation, OrderStatus)> {
    let mut conn = app.pools.live.acquire().await?;
    let order = store::brief(&mut conn, id).await?.ok_or_else(Problem::not_found)?;
    let relation = match actor.role {
        Role::Staff | Role::Admin | Role::Superadmin => Relation::Staff,
        Role::Customer if order.customer_id == actor.id => Relation::Customer,
        Role::Seller => {
            let mut is_shop = false;
            for shop in store::shops_of(&mut conn, id).await? {
                is_shop |= shops::is_member(&mut conn, shop, actor.id).await?;
            }
            if is_shop { Relation::Shop } else { Relation::Stranger }
        }
        _ => Relation::Stranger,
    };
    Ok((relation, order.status))
}

async fn check(app: &App, actor: &Actor, id: &str) -> Result<(OrderId, Relation, OrderStatus)> {
    let id: OrderId = id.parse().map_err(|_| Problem::not_found())?;
    let (relation, status) = relation(app, actor, id).await?;
    if may_follow(relation, status) { Ok((id, relation, status)) } else { Err(Problem::not_found().into()) }
}

/// Its customer and its shops while somebody is on the way; staff.
pub fn may_watch<'a>(app: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move { check(app, actor, id).await.map(drop) })
}

/// The latest position as this reader may know it, or only the state before there is one.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    Box::pin(async move {
        let replica = app.state::<Replica>();
        let order: OrderId = id.parse().map_err(|_| Problem::not_found())?;
        // Noted first, read after: an end that is not seen by the reading finds the note.
        replica.followers.lock().entry(order).or_default().insert(actor.id);
        let (_, relation, status) = check(app, actor, id).await?;
        if relation == Relation::Staff && !shown(status) {
            forget(&replica, order, actor.id);
        }
        let body = position(&replica, order).unwrap_or_else(|| state(status));
        Ok(Snapshot { offset: 0, data: bytes(&body) })
    })
}

/// Staff may stay when others must go.
fn forget(replica: &Replica, order: OrderId, user: UserId) {
    let mut followers = replica.followers.lock();
    if let Some(users) = followers.get_mut(&order) {
        users.remove(&user);
        if users.is_empty() {
            followers.remove(&order);
        }
    }
}

fn position(replica: &Replica, order: OrderId) -> Option<Value> {
    let crew = *replica.carriers.get(&order)?;
    let rider = replica.rider(crew)?;
    let rider = rider.lock();
    let dot = rider.state.dot()?;
    let job = rider.jobs.get(&order)?;
    body(job, sight(job.status, rider.nearest_door(dot.at) == Some(order)), &dot, rider.vehicle)
}
