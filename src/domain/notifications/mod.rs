//! Notifications: no slice calls this one, it only handles events. Each is written in the transaction of its event.
//!
//! What is stored is a kind and its parameters. Title and message are rendered from the catalogue when somebody reads them, in the language
//! of that request; the message on `user:{id}` is in the language its owner is written to in.
//!
//! It also owns `user:{id}`, the channel of everything private to a person, whose snapshot gathers what the slices before it know.
mod event_handlers;
mod kind;
mod notify;
mod read;
mod store;
mod user_channel;

pub use kind::NotificationMessage;

use crate::{
    domain::{delivery, orders},
    operations::{Slice, channel, delete, get, post},
};
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    let user = channel::<NotificationMessage>(Retention::Durable)
        .may_watch("its owner", user_channel::may_watch)
        .snapshot(user_channel::snapshot)
        .server_side(|_| true);
    Slice::new("notifications")
        .query(get("/api/notifications/", read::list))
        .command(post("/api/notifications/{id}/read/", read::mark_read))
        .command(post("/api/notifications/read-all/", read::mark_all_read))
        .command(delete("/api/notifications/{id}/", read::delete))
        .channel(user)
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
