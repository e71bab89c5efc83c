//! Notifications: nobody calls this slice, it only handles events. Each is written in the transaction of what it tells about.
//!
//! What is stored is a kind and its parameters. Title and message are rendered from the catalogue when somebody reads them, in the language
//! of that request; the message on `user:{id}` is in the language its owner is written to in.
//!
//! It also owns `user:{id}`, the channel of everything private to a person, whose snapshot gathers what the slices before it know.
mod channel;
mod event_handlers;
mod kind;
mod notify;
mod read;
mod store;

use crate::domain::{Slice, delivery, orders};
use utoipa_axum::routes;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("notifications")
        .routes(routes!(read::list))
        .routes(routes!(read::mark))
        .routes(routes!(read::mark_all))
        .routes(routes!(read::delete))
        .channel("user", channel::may_watch, Retention::Durable)
        .snapshot("user", channel::snapshot)
        .own(|actor| Some(format!("user:{}", actor.id)))
        .on::<orders::OrderCreated>(event_handlers::order_created)
        .on::<orders::OrderCancelled>(event_handlers::order_cancelled)
        .on::<orders::OrderCompleted>(event_handlers::order_completed)
        .on::<delivery::OrderClaimed>(event_handlers::order_claimed)
        .on::<delivery::OrderReleased>(event_handlers::order_released)
        .on::<delivery::OrderReassigned>(event_handlers::order_reassigned)
        .on::<delivery::OrderShipped>(event_handlers::order_shipped)
        .on::<delivery::OrderDelivered>(event_handlers::order_delivered)
        .on::<delivery::OrderDeliveryFailed>(event_handlers::order_delivery_failed)
}
