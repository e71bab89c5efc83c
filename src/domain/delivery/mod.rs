//! Delivery: crews on duty take orders that wait, fetch the goods, and hand them over against the customer's proof.
//!
//! A crew carries at most five orders; its row counts them, so the count holds across devices. The first claim to commit has the order. It may go
//! back until goods are picked up; after the last stop it is SHIPPED and its proof is minted: a PIN and a code, derived and never stored, five wrong
//! tries at most. Where a crew is, is known in memory on every node; who may see it, and how exactly, follows the order.
//!
//! `track:` is refused with 404 while nobody is on the way, also to the customer of an order that is still CREATED, and it ends when the order is
//! delivered or given back: a page subscribes again when `order:` says `order_claimed`. `nearby:` is never refused to its crew, but it is empty while
//! they are off duty.
mod advance;
mod cells;
mod claim;
mod confirm;
mod crew;
mod crews;
mod duty;
mod event_handlers;
mod events;
mod job;
mod map;
mod nearby;
mod ops;
mod override_status;
mod periodic;
mod pickup;
mod pings;
mod problem;
mod projection;
mod proof;
mod reassign;
mod release;
mod replica;
mod store;
mod track;
mod visibility;

pub use claim::{ClaimOrder, claim};
pub use duty::{SetDuty, set_duty};
pub use events::{
    DutyChanged, OrderClaimed, OrderDelivered, OrderDeliveryFailed, OrderPickedUp, OrderReassigned, OrderReleased, OrderReturned,
    OrderShipped, ProofLocked, ProofUnlocked,
};
pub use job::Job;
pub use pings::{Ping, Taken, take as take_pings};
pub use proof::proof_for;

use crate::{
    App,
    actor::Crew,
    config::ProofRequired,
    db::Tx,
    domain::{
        Slice,
        orders::{self, Order, PaymentMode},
    },
    ids::{OrderId, Region},
    problem::{Problem, Result},
    text,
};
use utoipa_axum::routes;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("delivery")
        .routes(routes!(duty::get, duty::patch))
        .routes(routes!(claim::post))
        .routes(routes!(release::post))
        .routes(routes!(advance::post))
        .routes(routes!(problem::post))
        .routes(routes!(proof::get))
        .routes(routes!(confirm::post))
        .routes(routes!(reassign::post))
        .routes(routes!(override_status::post))
        .routes(routes!(pings::post))
        .routes(routes!(nearby::get))
        .routes(routes!(crews::list))
        .routes(routes!(map::get))
        .routes(routes!(crews::trail))
        .call("delivery.duty", duty::call)
        .call("delivery.claim", claim::call)
        .call("delivery.release", release::call)
        .call("delivery.advance", advance::call)
        .call("delivery.confirm", confirm::call)
        .call("delivery.nearby", nearby::call)
        .call("delivery.ping", pings::call)
        .send("delivery.ping", pings::send)
        .channel("crew", crews::may_watch, Retention::Durable)
        .snapshot("crew", crews::snapshot)
        .own(crews::own)
        .channel("nearby", nearby::may_watch, Retention::Deltas)
        .snapshot("nearby", nearby::snapshot)
        .channel("track", track::may_watch, Retention::Latest)
        .snapshot("track", track::snapshot)
        .channel("map", map::may_watch, Retention::Deltas)
        .snapshot("map", map::snapshot)
        .channel("staff", ops::may_watch, Retention::Ring(ops::RING))
        .snapshot("staff", ops::snapshot)
        .on(event_handlers::free_the_job)
        .on(event_handlers::drop_the_stop)
        .on(event_handlers::mark_ready)
        .on(pickup::keep_what_was_fetched)
        .on(pickup::deliver_what_was_fetched)
        .observe(projection::observe)
        .observe(ops::observe)
        .sweep("delivery.frame", periodic::FRAME, periodic::frame)
        .sweep("delivery.flush", periodic::FLUSH, periodic::flush)
        .sweep("delivery.reconcile", periodic::RECONCILE, periodic::reconcile)
        .start(periodic::reconcile)
        .state(replica::Replica::default())
}

/// Whether delivering an order paid so needs the customer's proof.
fn proof_required(app: &App, mode: PaymentMode) -> bool {
    match app.config.proof_required {
        ProofRequired::Always => true,
        ProofRequired::Wallet => mode == PaymentMode::Wallet,
        ProofRequired::Never => false,
    }
}

/// The order, locked, of the crew who carries or last carried it. Errors: 404 for others.
async fn own_order(tx: &mut Tx, crew: &Crew, id: OrderId) -> Result<Order> {
    let order = orders::lock(tx, id).await?;
    if order.crew_id == Some(crew.id) { Ok(order) } else { Err(Problem::not_found().into()) }
}

/// A reason that must be there. Errors: 422 `reason_required`, and those of [`text::reason`].
fn needed_reason(reason: Option<&str>) -> Result<&str> {
    let reason = text::reason(reason)?;
    if reason.is_empty() { Err(Problem::new(422, "reason_required").into()) } else { Ok(reason) }
}
