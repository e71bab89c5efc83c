//! Delivery: crews on duty claim orders, pick up the goods, and hand them over against the customer's proof.
//!
//! A crew carries at most five orders; its row counts them, so the count holds across devices. The first claim to commit gets the order. The crew can
//! release it until goods are picked up; after the last stop it is SHIPPED and its proof is minted: a PIN and a code, derived and never stored, with
//! five wrong tries at most. The crew's row, which a claim locks, also says whether they are on duty. Where crews are belongs to the fleet slice.
mod advance;
mod channels;
mod claim;
mod confirm;
mod crew;
mod duty;
mod event_handlers;
mod events;
mod job;
mod override_status;
mod pickup;
mod problem;
mod proof;
mod reassign;
mod release;
mod store;

pub use claim::{ClaimOrder, claim};
pub use crew::{ACTIVE_LIMIT, CrewRow};
pub use duty::set_duty;
pub use events::{
    DutyChanged, OrderClaimed, OrderDelivered, OrderDeliveryFailed, OrderPickedUp, OrderReassigned, OrderReleased, OrderReturned,
    OrderShipped, ProofLocked, ProofUnlocked,
};
pub use job::{Job, Stop};
pub use proof::proof_for;
pub use store::{crew, earnings};

use crate::{
    App,
    config::ProofRequired,
    domain::{Slice, orders::PaymentMode},
    ids::{Region, UserId},
    problem::{Problem, Result},
    text,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use utoipa_axum::routes;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("delivery")
        .routes(routes!(claim::post))
        .routes(routes!(release::post))
        .routes(routes!(advance::post))
        .routes(routes!(problem::post))
        .routes(routes!(proof::get))
        .routes(routes!(confirm::post))
        .routes(routes!(reassign::post))
        .routes(routes!(override_status::post))
        .call("delivery.claim", claim::call)
        .call("delivery.release", release::call)
        .call("delivery.advance", advance::call)
        .call("delivery.confirm", confirm::call)
        .channel("crew", channels::may_watch, Retention::Durable)
        .snapshot("crew", channels::snapshot)
        .own(channels::own)
        .on(event_handlers::end_job)
        .on(event_handlers::remove_stop)
        .on(event_handlers::mint_when_ready)
        .on(pickup::refuse_after_collection)
        .on(pickup::deliver_collected)
}

/// The open jobs of crews, each crew's in the order of claiming.
pub async fn jobs(app: &App, conn: &mut PgConnection, region: Region, crews: &[UserId]) -> Result<HashMap<UserId, Vec<Job>>> {
    store::jobs(conn, region, crews, |mode| proof_required(app, mode)).await
}

/// Whether the delivery of an order with this payment mode needs the customer's proof.
fn proof_required(app: &App, mode: PaymentMode) -> bool {
    match app.config.proof_required {
        ProofRequired::Always => true,
        ProofRequired::Wallet => mode == PaymentMode::Wallet,
        ProofRequired::Never => false,
    }
}

/// A required reason. Errors: 422 `reason_required`, and those of [`text::reason`].
fn required_reason(reason: Option<&str>) -> Result<&str> {
    let reason = text::reason(reason)?;
    if reason.is_empty() { Err(Problem::new(422, "reason_required").into()) } else { Ok(reason) }
}
