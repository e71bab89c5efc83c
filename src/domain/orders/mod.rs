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
mod messages;
mod order;
mod prep;
mod read;
mod relation;
mod store;
mod view;

pub use checkout::{Checkout, checkout};
pub use events::{OrderAccepted, OrderCancelled, OrderCompleted, OrderCreated, OrderReady, OrderRejected, Paid};
pub use machine::{COMPLETION, InvalidTransition, assign, deliver, fail, pick_up, returned};
pub use messages::{
    About, CustomerMessage, Fact, NewOrderMessage, NewShopOrderMessage, OrderMessage, ShopMessage, ShopOrderBrief,
};
pub use order::{
    By, ByRole, ClaimableOrder, ClaimableStop, CrewName, Dropoff, Fulfilment, Line, Order, OrderState, OrderStatus, PaymentMode,
    PaymentStatus, Prep, PrepStatus, ShopOrder, ending, subject,
};
pub use relation::{Relation, find_as, lock_as, relation};
pub use store::{claimable, lock};
pub use view::OrderView;

use crate::operations::{Slice, channel, get, post};
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("orders")
        .command(post("/api/orders/checkout/", checkout::checkout).default_key(checkout::key_of_cart).rpc("orders.checkout"))
        .query(get("/api/orders/", read::list))
        .query(get("/api/orders/{id}/", read::one).id("order_id"))
        .query(get("/api/orders/{id}/history/", history::history).id("order_id"))
        .command(post("/api/orders/{id}/accept/", accept::accept).id("order_id").rpc("orders.accept"))
        .command(post("/api/orders/{id}/ready/", prep::mark_ready).id("order_id").rpc("orders.ready"))
        .command(post("/api/orders/{id}/reject/", prep::reject).id("order_id").rpc("orders.reject"))
        .command(post("/api/orders/{id}/cancel/", cancel::cancel).id("order_id").rpc("orders.cancel"))
        .command(post("/api/orders/{id}/complete/", complete::complete).id("order_id").rpc("orders.complete"))
        .channel(
            channel::<NewOrderMessage>(Retention::Durable)
                .may_watch("its customer, its shops, the crew while they carry it, staff", channels::may_watch_order)
                .snapshot(channels::order)
                .in_answers(),
        )
        .publishes::<OrderMessage>()
        .channel(
            channel::<NewShopOrderMessage>(Retention::Durable)
                .may_watch("the shop's owner and members, staff", channels::may_watch_shop)
                .snapshot(channels::shop),
        )
        .publishes::<ShopMessage>()
        .publishes::<CustomerMessage>()
        .subject(order::SUBJECT)
        .task::<complete::Complete>()
        .task::<accept::AcceptBy>()
}
