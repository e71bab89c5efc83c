//! Operations: what staff watch, the staff room with everything that happens, and the map of the city.
//!
//! The room is ephemeral, and each node numbers its own: a message is the short form of a durable publication that this node has observed.
mod hexes;
mod map;
mod room;

use crate::domain::Slice;
use utoipa_axum::routes;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("ops")
        .routes(routes!(map::get))
        .channel("staff", room::may_watch, Retention::Ring(room::RING))
        .snapshot("staff", room::snapshot)
        .observe(room::observe)
        .sweep("ops.frame", room::FRAME, room::frame)
        .state(room::Room::default())
}
