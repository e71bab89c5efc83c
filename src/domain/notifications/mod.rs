//! Notifications: nobody calls this slice, it only reacts. Each is written in the transaction of what it tells about.
//!
//! It also owns `user:{id}`, the channel of everything private to a person, whose snapshot gathers what the slices before it know.
mod channel;
mod reactions;
mod read;
mod store;
mod told;

use crate::domain::{Slice, delivery, orders};
use utoipa_axum::routes;
use wassally_realtime::host::Keep;

pub fn slice() -> Slice {
    Slice::new("notifications")
        .routes(routes!(read::list))
        .routes(routes!(read::mark))
        .routes(routes!(read::mark_all))
        .routes(routes!(read::delete))
        .channel("user", channel::may_watch, Keep::Kept)
        .snapshot("user", channel::snapshot)
        .own(|actor| Some(format!("user:{}", actor.id)))
        .on::<orders::OrderCreated>(reactions::order_created)
        .on::<orders::OrderCancelled>(reactions::order_cancelled)
        .on::<orders::OrderCompleted>(reactions::order_completed)
        .on::<delivery::OrderClaimed>(reactions::order_claimed)
        .on::<delivery::OrderReleased>(reactions::order_released)
        .on::<delivery::OrderReassigned>(reactions::order_reassigned)
        .on::<delivery::OrderShipped>(reactions::order_shipped)
        .on::<delivery::OrderDelivered>(reactions::order_delivered)
        .on::<delivery::OrderDeliveryFailed>(reactions::order_delivery_failed)
}
