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
mod messages;
mod override_status;
mod pickup;
mod problem;
mod proof;
mod reassign;
mod release;
mod store;

pub use claim::{ClaimOrder, claim};
pub use crew::{ACTIVE_LIMIT, CrewRow};
pub use duty::{DutyError, set_duty};
pub use events::{
    DutyChanged, OrderClaimed, OrderDelivered, OrderDeliveryFailed, OrderPickedUp, OrderReassigned, OrderReleased, OrderReturned,
    OrderShipped, ProofLocked, ProofUnlocked,
};
pub use job::{Job, Stop};
pub use messages::{CrewMessage, DeliveryMessage, DeliveryShopMessage};
pub use proof::proof_for;
pub use store::{crew, earnings};

use crate::{
    App,
    config::ProofRequired,
    domain::orders::PaymentMode,
    ids::{Region, UserId},
    operations::{Slice, channel, get, post},
    problem::{ApiError, Result},
    text,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use wassally_realtime::host::Retention;

pub fn slice() -> Slice {
    Slice::new("delivery")
        .command(post("/api/delivery/orders/{id}/claim/", claim::claim).id("order_id").rpc("delivery.claim"))
        .command(post("/api/delivery/orders/{id}/release/", release::release).id("order_id").rpc("delivery.release"))
        .command(post("/api/delivery/orders/{id}/advance/", advance::advance).id("order_id").rpc("delivery.advance"))
        .command(post("/api/delivery/orders/{id}/problem/", problem::report).id("order_id"))
        .query(get("/api/orders/{id}/proof/", proof::read).id("order_id"))
        .command(post("/api/orders/{id}/proof/confirm/", confirm::confirm).id("order_id").rpc("delivery.confirm"))
        .command(post("/api/staff/orders/{id}/reassign/", reassign::reassign).id("order_id"))
        .command(post("/api/staff/orders/{id}/override/", override_status::override_status).id("order_id"))
        .publishes::<DeliveryMessage>()
        .publishes::<DeliveryShopMessage>()
        .channel(
            channel::<CrewMessage>(Retention::Durable)
                .may_watch("the crew, staff", channels::may_watch)
                .snapshot(channels::snapshot)
                .server_side(channels::is_crew),
        )
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

#[derive(Debug, ApiError)]
pub enum ReasonError {
    /// A reason is required.
    #[api(422, "reason_required")]
    Required,
}

/// A required reason. Errors: [`ReasonError`], and those of [`text::reason`].
fn required_reason(reason: Option<&str>) -> Result<&str, ReasonError> {
    let reason = text::reason(reason)?;
    if reason.is_empty() { Err(ReasonError::Required.into()) } else { Ok(reason) }
}
