//! The fleet: who is on duty, where they are, and what waits near them.
//!
//! Where a crew is, is known in memory on every node; who may see it, and how exactly, follows the order. The database gets the last position of each
//! crew and their trails by the minute, never a row per ping. Duty itself is a column of the row that a claim locks, so delivery changes it.
//!
//! `track:` is refused with 404 while nobody is on the way, also to the customer of an order that is still CREATED, and it ends when the order is
//! delivered or given back: a page subscribes again when `order:` says `order_claimed`. `nearby:` is never refused to its crew, but it is empty while
//! they are off duty.
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

/// The orders that no crew has claimed, each at its first stop.
pub fn unclaimed_orders(app: &App) -> Vec<(OrderId, Point)> {
    app.state::<replica::Replica>().nearby.places()
}
