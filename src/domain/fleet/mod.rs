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

use crate::{
    App,
    ids::OrderId,
    operations::{Slice, channel, get, patch, post},
};
use map::MapMessage;
use nearby::NearbyMessage;
use track::TrackMessage;
use wassally_geo::Point;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("fleet")
        .query(get("/api/delivery/me/", duty::read).summary("Reads the own state, with the channel to follow it on"))
        .command(patch("/api/delivery/me/", duty::set_duty).rpc("delivery.duty"))
        .command(post("/api/delivery/pings/", pings::send_pings).rpc("delivery.ping").rpc_input::<pings::Pings>())
        .query(get("/api/delivery/orders/available/", nearby::nearby).rpc("delivery.nearby").rpc_input::<nearby::NearbyInput>())
        .query(get("/api/staff/crews/", crews::list))
        .query(get("/api/staff/crews/{id}/trail/", crews::trail).id("crew_id"))
        .send("delivery.ping", pings::send)
        .channel(channel::<NearbyMessage>(Retention::Deltas).may_watch("that crew", nearby::may_watch).snapshot(nearby::snapshot))
        .channel(
            channel::<TrackMessage>(Retention::Latest)
                .may_watch("its customer and its shops while somebody is on the way, staff", track::may_watch)
                .snapshot(track::snapshot),
        )
        .channel(channel::<MapMessage>(Retention::Deltas).may_watch("staff", map::may_watch).snapshot(map::snapshot))
        .observe(projection::order_created)
        .observe(projection::order_prepared)
        .observe(projection::order_delivered)
        .observe(projection::crew_changed)
        .sweep("fleet.frame", periodic::FRAME, periodic::frame)
        .sweep("fleet.flush", periodic::FLUSH, periodic::flush)
        .sweep("fleet.reconcile", periodic::RECONCILE, periodic::reconcile)
        .start(periodic::reconcile)
        .state(replica::Replica::default())
}

/// All claimable orders, each at its first stop.
pub fn unclaimed_orders(app: &App) -> Vec<(OrderId, Point)> {
    app.state::<replica::Replica>().nearby.positions()
}
