//! Orders: what a customer bought from one to three shops, from checkout to completion.
//!
//! CREATED ⇄ PROCESSING → SHIPPED → DELIVERED → COMPLETED; pickup CREATED → DELIVERED → COMPLETED; CANCELLED from CREATED and PROCESSING;
//! SHIPPED → DELIVERY_FAILED → RETURNED_TO_SHOP. Each part has its `prep_status` at its shop. A wallet's money is held at checkout and paid
//! out at completion, three days after delivery. An order copies names, places and prices, so that it stays true when they change. What an actor
//! is to an order, and so what they may see and do, is `relation`'s answer alone.
mod accept;
mod cancel;
mod channels;
mod checkout;
mod complete;
mod events;
mod history;
mod machine;
mod order;
mod prep;
mod read;
mod relation;
mod store;
mod view;

pub use checkout::{Checkout, checkout};
pub use events::{OrderAccepted, OrderCancelled, OrderCompleted, OrderCreated, OrderReady, OrderRejected, Paid};
pub use machine::{COMPLETION, assign, deliver, fail, pick_up, returned};
pub use order::{
    By, ClaimableOrder, ClaimableStop, CrewName, Dropoff, Fulfilment, Line, Order, OrderState, OrderStatus, PaymentMode,
    PaymentStatus, Prep, PrepStatus, ShopOrder,
};
pub use relation::{Relation, find_as, lock_as, relation};
pub use store::{claimable, lock};
pub use view::OrderView;

use crate::domain::Slice;
use utoipa_axum::routes;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("orders")
        .routes(routes!(checkout::post))
        .routes(routes!(read::list))
        .routes(routes!(read::get))
        .routes(routes!(history::get))
        .routes(routes!(accept::post))
        .routes(routes!(prep::ready))
        .routes(routes!(prep::post_reject))
        .routes(routes!(cancel::post))
        .routes(routes!(complete::post))
        .call("orders.checkout", checkout::call)
        .call("orders.accept", accept::call)
        .call("orders.ready", prep::call_ready)
        .call("orders.reject", prep::call_reject)
        .call("orders.cancel", cancel::call)
        .call("orders.complete", complete::call)
        .channel("order", channels::may_watch_order, Retention::Durable)
        .snapshot("order", channels::order)
        .channel("shop", channels::may_watch_shop, Retention::Durable)
        .snapshot("shop", channels::shop)
        .task::<complete::Complete>()
        .task::<accept::AcceptBy>()
}
