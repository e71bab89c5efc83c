//! Delivery: crews on duty take orders that wait, fetch the goods, and hand them over against the customer's proof.
//!
//! A crew carries at most five orders; its row counts them, so the count holds across devices. The first claim to commit has the order. It may go
//! back until goods are picked up; after the last stop it is SHIPPED and its proof is minted: a PIN and a code, derived and never stored, five wrong
//! tries at most. Where a crew is, is known in memory on every node; who may see it, and how exactly, follows the order.
mod advance;
mod claim;
mod confirm;
mod crew;
mod duty;
mod events;
mod job;
mod overrule;
mod places;
mod problem;
mod proof;
mod react;
mod reassign;
mod release;
mod replica;
mod store;

pub use claim::{ClaimOrder, claim};
pub use duty::{SetDuty, set_duty};
pub use events::{
    DutyChanged, OrderClaimed, OrderDelivered, OrderDeliveryFailed, OrderPickedUp, OrderReassigned, OrderReleased, OrderReturned,
    OrderShipped, ProofLocked, ProofUnlocked,
};
pub use job::Job;

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
};
use utoipa_axum::routes;

/// Longest reason or note, in characters.
const REASON_MAX: usize = 500;

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
        .routes(routes!(overrule::post))
        .call("delivery.duty", duty::call)
        .call("delivery.claim", claim::call)
        .call("delivery.release", release::call)
        .call("delivery.advance", advance::call)
        .call("delivery.confirm", confirm::call)
        .on(react::free_the_job)
        .on(react::drop_the_stop)
        .on(react::be_ready)
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

/// A reason without the spaces around it. Errors: 422 `too_long`.
fn reason(reason: Option<&str>) -> Result<&str> {
    let reason = reason.unwrap_or_default().trim();
    if reason.chars().count() > REASON_MAX {
        return Err(Problem::invalid("reason", "too_long").into());
    }
    Ok(reason)
}

/// A reason that must be there. Errors: 422 `reason_required`, `too_long`.
fn needed_reason(text: Option<&str>) -> Result<&str> {
    let reason = reason(text)?;
    if reason.is_empty() { Err(Problem::new(422, "reason_required").into()) } else { Ok(reason) }
}
