//! Claimable orders near a crew: as one answer, or as a standing list of which only changes are sent.
use super::replica::{LIST_MAX, RADIUS_M, Replica, Rider};
use crate::{
    App,
    actor::{Actor, Crew, Role},
    db::Live,
    domain::orders::{ClaimableOrder, ClaimableStop, PaymentMode},
    event::ChannelMessage,
    ids::{OrderId, UserId},
    money::{Amount, Currency},
    operations::Snapshot,
    problem::{ApiError, Problem, Result},
};
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};
use utoipa::ToSchema;
use wassally_geo::{Delta, Near, Point, RADIUS_MAX_M, Range, STALE_MS};

/// In milliseconds: a position older than this is no start for a list.
const FORGOTTEN_MS: i64 = 5 * STALE_MS;

/// Lists the claimable orders around a point, nearest first: the given point, the crew's last ping, or the centre of its area.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FindNearby {
    /// Degrees, WGS84; with `lng`.
    lat: Option<f64>,
    lng: Option<f64>,
    /// Metres; the crew's own radius by default.
    radius_m: Option<f64>,
    /// 1 to 100.
    limit: Option<usize>,
}

#[derive(Debug, ApiError)]
pub enum NearbyError {
    /// No point was given, and the crew's position is not known.
    #[api(409, "no_position")]
    NoPosition,
}

/// The same by RPC: always around the crew itself.
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
        let order = &near.pending.payload;
        Self {
            id: order.order_id,
            order_id: order.order_id,
            code: order.code.clone(),
            lat: near.pending.at.lat(),
            lng: near.pending.at.lng(),
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

pub async fn nearby(app: App, crew: Crew, input: FindNearby) -> Result<Available, NearbyError> {
    let crew = crew.id;
    let replica = app.state::<Replica>();
    let radius_m = input.radius_m.filter(|radius| !radius.is_finite() || !(0.0..=RADIUS_MAX_M).contains(radius));
    if radius_m.is_some() {
        return Err(Problem::invalid("radius_m", "out_of_range").into());
    }
    let limit = input.limit.unwrap_or(LIST_MAX);
    if !(1..=LIST_MAX).contains(&limit) {
        return Err(Problem::invalid("limit", "out_of_range").into());
    }
    let known = replica.rider(crew).map(|rider| {
        let rider = rider.lock();
        (rider.state.dot().map(|dot| dot.at), rider.area, rider.radius_m)
    });
    let (dot, area, own_radius_m) = known.unwrap_or_default();
    let at = match (input.lat, input.lng) {
        (Some(lat), Some(lng)) => Some(Point::new(lat, lng).map_err(|_| Problem::invalid("lat", "out_of_range"))?),
        (None, None) => dot.or_else(|| replica.crews.last_seen(&crew, now_ms(&app)).map(|seen| seen.at)).or(area),
        _ => return Err(Problem::invalid("lng", "required").into()),
    };
    let at = at.ok_or(NearbyError::NoPosition)?;
    let radius_m = input.radius_m.or(own_radius_m).unwrap_or(RADIUS_M);
    let items = replica.nearby.around(at, Range { radius_m, limit }).into_iter().map(Into::into).collect();
    let live = vec![Live { channel: format!("nearby:{crew}"), offset: 0, epoch: String::new() }];
    Ok(Available { items, next: None, live })
}

impl From<NearbyInput> for FindNearby {
    fn from(input: NearbyInput) -> Self {
        Self { radius_m: input.radius_m, limit: input.limit, ..Self::default() }
    }
}

fn now_ms(app: &App) -> i64 {
    app.clock.now().timestamp_millis()
}

/// Sends a crew the changes of its list.
pub fn publish(app: &App, crew: UserId, delta: &Delta<OrderId, Arc<ClaimableOrder>>) {
    app.publish_ephemeral(&crew, &frame(delta));
}

/// What `nearby:` carries: orders that came and went, or the whole list.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NearbyMessage {
    Nearby {
        /// Grows by one with each message of one node.
        seq: u64,
        added: Vec<NearbyOrder>,
        removed: Vec<OrderId>,
        /// Why each order was removed: `claimed`, `cancelled`, `out_of_range`, `shop_closed`.
        why: BTreeMap<OrderId, String>,
        /// Replaces the list that the reader has.
        #[serde(skip_serializing_if = "is_false")]
        #[schema(required = false)]
        full: bool,
        /// The crew's position is not known yet.
        #[serde(skip_serializing_if = "is_false")]
        #[schema(required = false)]
        no_position: bool,
    },
}

/// A claimable order near the crew.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct NearbyOrder {
    #[serde(flatten)]
    pub order: ClaimableOrder,
    /// Of the first stop.
    pub lat: f64,
    pub lng: f64,
    pub distance_m: i64,
}

impl ChannelMessage for NearbyMessage {
    const NAMESPACE: &'static str = "nearby";
    type Id = UserId;
}

fn is_false(value: &bool) -> bool {
    !value
}

fn frame(delta: &Delta<OrderId, Arc<ClaimableOrder>>) -> NearbyMessage {
    NearbyMessage::Nearby {
        seq: delta.seq,
        added: delta.added.iter().map(row).collect(),
        removed: delta.removed.iter().map(|(order, _)| *order).collect(),
        why: delta.removed.iter().map(|(order, why)| (*order, why.as_str().to_owned())).collect(),
        full: delta.full,
        no_position: delta.no_position,
    }
}

fn row(near: &Near<OrderId, Arc<ClaimableOrder>>) -> NearbyOrder {
    NearbyOrder {
        order: ClaimableOrder::clone(&near.pending.payload),
        lat: near.pending.at.lat(),
        lng: near.pending.at.lng(),
        distance_m: metres(near.distance_m),
    }
}

/// The crew itself.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, id: UserId) -> BoxFuture<'a, Result<()>> {
    let is_own = actor.role == Role::Crew && id == actor.id;
    Box::pin(std::future::ready(if is_own { Ok(()) } else { Err(Problem::not_found().into()) }))
}

/// The whole list, whose changes are sent from now on. It is empty for a crew off duty.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, _: UserId) -> BoxFuture<'a, Result<Snapshot<NearbyMessage>>> {
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
    app.publish_ephemeral(&crew, &list);
}

/// Starts the watch of a crew on duty at its last position, and returns the whole list. A watch that already runs keeps its position.
fn start_watch(app: &App, replica: &Replica, crew: UserId, rider: &Rider) -> NearbyMessage {
    let now_ms = now_ms(app);
    let seen = replica.crews.last_seen(&crew, now_ms).filter(|seen| seen.silent_ms < FORGOTTEN_MS);
    let last = rider.state.dot().filter(|dot| now_ms - dot.at_ms < FORGOTTEN_MS).map(|dot| (dot.at, dot.accuracy_m));
    let last = last.or(seen.map(|seen| (seen.at, 0.0))).or(rider.area.map(|at| (at, 0.0)));
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
        let is_read = app.has_subscribers::<NearbyMessage>(crew);
        if !is_read {
            replica.nearby.unwatch(crew);
        }
        is_read
    });
}
