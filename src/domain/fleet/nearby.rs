//! Claimable orders near a crew: as one answer, or as a standing list of which only changes are sent.
use super::replica::{LIST_MAX, RADIUS_M, Replica, Rider};
use crate::{
    App,
    actor::{Actor, Crew, Role},
    db::Live,
    domain::{
        Snapshot,
        orders::{ClaimableOrder, ClaimableStop, PaymentMode},
    },
    http::json::Query,
    ids::{OrderId, UserId},
    money::{Amount, Currency},
    operations::{Answer, RequestContext},
    problem::{Problem, Result},
};
use axum::extract::State;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::sync::Arc;
use utoipa::ToSchema;
use wassally_geo::{Delta, Near, Point, RADIUS_MAX_M, Range, STALE_MS};

/// In milliseconds: a position older than this is no start for a list.
const FORGOTTEN_MS: i64 = 5 * STALE_MS;

/// The centre, radius and length of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    lat: Option<f64>,
    lng: Option<f64>,
    radius_m: Option<f64>,
    limit: Option<usize>,
}

/// The input by RPC: always around the crew itself.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NearbyInput {
    radius_m: Option<f64>,
    limit: Option<usize>,
}

/// Claimable orders, nearest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct Available {
    pub items: Vec<AvailableOrder>,
    /// Always `null`: the list has one page.
    pub next: Option<String>,
    /// The channel of the standing list. It has no offset: its snapshot is the whole list.
    pub live: Vec<Live>,
}

/// A claimable order. Of its customer it shows only the distance to the drop-off.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailableOrder {
    pub id: OrderId,
    pub order_id: OrderId,
    pub code: String,
    /// Of the first stop.
    pub lat: f64,
    pub lng: f64,
    pub distance_m: i64,
    pub pickup: Vec<ClaimableStop>,
    pub fee: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    pub dropoff_distance_m: i64,
    pub payment_mode: PaymentMode,
}

impl From<Near<OrderId, Arc<ClaimableOrder>>> for AvailableOrder {
    fn from(near: Near<OrderId, Arc<ClaimableOrder>>) -> Self {
        let order = &near.listing.payload;
        Self {
            id: order.order_id,
            order_id: order.order_id,
            code: order.code.clone(),
            lat: near.listing.at.lat(),
            lng: near.listing.at.lng(),
            distance_m: metres(near.distance_m),
            pickup: order.stops.clone(),
            fee: order.fee,
            currency: order.currency,
            dropoff_distance_m: order.dropoff_distance_m,
            payment_mode: order.payment_mode,
        }
    }
}

#[allow(clippy::cast_possible_truncation, reason = "distances on earth fit")]
fn metres(distance_m: f64) -> i64 {
    distance_m.round() as i64
}

/// Orders around a point, the crew's last ping, or the centre of its area.
///
/// Errors: 409 `no_position` without any of these; 422 `out_of_range`.
async fn around(app: &App, crew: UserId, filter: Filter) -> Result<Available> {
    let replica = app.state::<Replica>();
    let radius_m = filter.radius_m.filter(|radius| !radius.is_finite() || !(0.0..=RADIUS_MAX_M).contains(radius));
    if radius_m.is_some() {
        return Err(Problem::invalid("radius_m", "out_of_range").into());
    }
    let limit = filter.limit.unwrap_or(LIST_MAX);
    if !(1..=LIST_MAX).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range").into());
    }
    let known = replica.rider(crew).map(|rider| {
        let rider = rider.lock();
        (rider.state.dot().map(|dot| dot.at), rider.area, rider.radius_m)
    });
    let (dot, area, own_radius_m) = known.unwrap_or_default();
    let at = match (filter.lat, filter.lng) {
        (Some(lat), Some(lng)) => Some(Point::new(lat, lng).map_err(|_| Problem::invalid("lat", "out_of_range"))?),
        (None, None) => dot.or_else(|| replica.crews.sight(&crew, now_ms(app)).map(|sight| sight.at)).or(area),
        _ => return Err(Problem::invalid("lng", "required").into()),
    };
    let at = at.ok_or_else(|| Problem::new(409, "no_position"))?;
    let radius_m = filter.radius_m.or(own_radius_m).unwrap_or(RADIUS_M);
    let items = replica.nearby.around(at, Range { radius_m, limit }).into_iter().map(Into::into).collect();
    let live = vec![Live { channel: format!("nearby:{crew}"), offset: 0, epoch: String::new() }];
    Ok(Available { items, next: None, live })
}

/// Claimable orders nearby
pub async fn get(State(app): State<App>, crew: Crew, Query(filter): Query<Filter>) -> Result<axum::Json<Available>> {
    around(&app, crew.id, filter).await.map(axum::Json)
}

//KEEP pub async fn  call(context: RequestContext, crew: Crew, filter: NearbyInput) -> Result<Answer> {
    let filter = Filter { radius_m: filter.radius_m, limit: filter.limit, ..Filter::default() };
    let body = serde_json::to_value(around(&context.app, crew.id, filter).await?)?;
    Ok(Answer { status: 200, body })
}

fn now_ms(app: &App) -> i64 {
    app.clock.now().timestamp_millis()
}

/// Sends a crew the changes of its list.
pub fn publish(app: &App, crew: UserId, delta: &Delta<OrderId, Arc<ClaimableOrder>>) {
    app.hub().publish_ephemeral(&format!("nearby:{crew}"), frame(delta));
}

fn frame(delta: &Delta<OrderId, Arc<ClaimableOrder>>) -> Bytes {
    let added: Vec<Value> = delta.added.iter().map(row).collect();
    let removed: Vec<String> = delta.removed.iter().map(|(order, _)| order.to_string()).collect();
    let why: Map<String, Value> = delta.removed.iter().map(|(order, why)| (order.to_string(), why.as_str().into())).collect();
    let mut body = json!({ "type": "nearby", "seq": delta.seq, "added": added, "removed": removed, "why": why });
    if delta.full {
        body["full"] = true.into();
    }
    if delta.no_position {
        body["no_position"] = true.into();
    }
    body.to_string().into()
}

fn row(near: &Near<OrderId, Arc<ClaimableOrder>>) -> Value {
    let mut row = json!(*near.listing.payload);
    row["lat"] = near.listing.at.lat().into();
    row["lng"] = near.listing.at.lng().into();
    row["distance_m"] = metres(near.distance_m).into();
    row
}

/// The crew itself.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<()>> {
    let is_own = actor.role == Role::Crew && id.parse() == Ok(actor.id);
    Box::pin(std::future::ready(if is_own { Ok(()) } else { Err(Problem::not_found().into()) }))
}

/// The whole list, whose changes are sent from now on. It is empty for a crew off duty.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, _: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    Box::pin(async move {
        let (replica, crew) = (app.state::<Replica>(), actor.id);
        let rider = replica.rider_or_new(crew);
        // The lock is held to the end, so that a change of duty comes either before or after.
        let rider = rider.lock();
        let mut watching = replica.watching.lock();
        watching.insert(crew);
        let data = if rider.on_duty { start_watch(app, &replica, crew, &rider) } else { frame(&empty_list()) };
        Ok(Snapshot { offset: 0, data })
    })
}

/// Fills or empties a watched list after a change of duty, which `rider` already shows.
pub fn duty_changed(app: &App, replica: &Replica, crew: UserId, rider: &Rider) {
    let watching = replica.watching.lock();
    if !watching.contains(&crew) {
        return;
    }
    let list = if rider.on_duty {
        start_watch(app, replica, crew, rider)
    } else {
        replica.nearby.unwatch(&crew);
        frame(&empty_list())
    };
    app.hub().publish_ephemeral(&format!("nearby:{crew}"), list);
}

/// Starts the watch of a crew on duty at its last position, and returns the whole list. A watch that already runs keeps its position.
fn start_watch(app: &App, replica: &Replica, crew: UserId, rider: &Rider) -> Bytes {
    let now_ms = now_ms(app);
    let seen = replica.crews.sight(&crew, now_ms).filter(|sight| sight.silent_ms < FORGOTTEN_MS);
    let last = rider.state.dot().filter(|dot| now_ms - dot.at_ms < FORGOTTEN_MS).map(|dot| (dot.at, dot.accuracy_m));
    let last = last.or(seen.map(|sight| (sight.at, 0.0))).or(rider.area.map(|at| (at, 0.0)));
    let is_placed = replica.nearby.full(&crew, |list| !list.no_position);
    let last = last.filter(|_| is_placed != Some(true));
    replica.nearby.watch(crew, rider.range(), last, |delta| {
        // A new watch gets the whole list below instead.
        if is_placed.is_some() {
            publish(app, crew, &delta);
        }
    });
    replica.nearby.full(&crew, |list| frame(&list)).unwrap_or_else(|| frame(&empty_list()))
}

/// The list of a crew off duty.
fn empty_list() -> Delta<OrderId, Arc<ClaimableOrder>> {
    Delta { seq: 0, full: true, no_position: false, added: vec![], removed: vec![] }
}

/// Ends the watch of crews whose last reader has gone.
pub fn drop_unread_lists(app: &App, replica: &Replica) {
    let mut watching = replica.watching.lock();
    watching.retain(|crew| {
        let is_read = app.hub().subscriber_count(&format!("nearby:{crew}")) > 0;
        if !is_read {
            replica.nearby.unwatch(crew);
        }
        is_read
    });
}
