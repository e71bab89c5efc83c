//! The fleet: crews on duty, their positions, and the claimable orders near them.
//!
//! Every node holds all positions in memory; who may see a crew, and how exactly, depends on the state of the order. The database stores the last
//! position of each crew and its trail by the minute, never a row per ping. Duty is a column of the row that a claim locks, so delivery changes it.
//!
//! `track:` is refused with 404 while no crew is on the way, also to the customer of an order that is still CREATED, and it ends when the order is
//! delivered or released: a page subscribes again at `order_claimed` on `order:`. `nearby:` is never refused to its crew, but it is empty while the
//! crew is off duty.
mod crews;
mod duty;
mod map;
mod nearby;
mod periodic;
mod pings;
mod projection;
mod replica;
mod store;
mod track;
mod visibility;

pub use duty::{Position, SetDuty, set_duty};
pub use map::{CrewDot, crews_on_map};
pub use pings::{Ping, Taken, take as take_pings};

use crate::{App, domain::Slice, ids::OrderId};
use utoipa_axum::routes;
use wassally_geo::Point;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("fleet")
        .routes(routes!(duty::get, duty::patch))
        .routes(routes!(pings::post))
        .routes(routes!(nearby::get))
        .routes(routes!(crews::list))
        .routes(routes!(crews::trail))
        .call("delivery.duty", duty::call)
        .call("delivery.nearby", nearby::call)
        .call("delivery.ping", pings::call)
        .send("delivery.ping", pings::send)
        .channel("nearby", nearby::may_watch, Retention::Deltas)
        .snapshot("nearby", nearby::snapshot)
        .channel("track", track::may_watch, Retention::Latest)
        .snapshot("track", track::snapshot)
        .channel("map", map::may_watch, Retention::Deltas)
        .snapshot("map", map::snapshot)
        .observe(projection::observe)
        .sweep("fleet.frame", periodic::FRAME, periodic::frame)
        .sweep("fleet.flush", periodic::FLUSH, periodic::flush)
        .sweep("fleet.reconcile", periodic::RECONCILE, periodic::reconcile)
        .start(periodic::reconcile)
        .state(replica::Replica::default())
}

/// All claimable orders, each at its first stop.
pub fn unclaimed_orders(app: &App) -> Vec<(OrderId, Point)> {
    app.state::<replica::Replica>().nearby.places()
}
