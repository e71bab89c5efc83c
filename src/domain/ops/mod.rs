//! Operations: what staff watch. The room where everything that happens scrolls by, and the map of the city.
//!
//! The room is ephemeral and each node's own: a message for it is the short form of a durable publication that this node has seen.
mod hexes;
mod map;
mod room;

use crate::operations::{Slice, channel, get};
use room::StaffMessage;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("ops")
        .query(get("/api/staff/crews/map/", map::crews_map))
        .channel(
            channel::<StaffMessage>(Retention::Ring(room::RING)).may_watch("staff", room::may_watch).snapshot(room::snapshot),
        )
        .observe(room::order_created)
        .observe(room::order_prepared)
        .observe(room::order_delivered)
        .observe(room::crew_changed)
        .sweep("ops.frame", room::FRAME, room::frame)
        .state(room::Room::default())
}
