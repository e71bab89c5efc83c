//! Staff reassign an order to another crew, or put it back on the list.
use super::{
    ReasonError,
    crew::{ClaimError, check_order},
    events::{OrderClaimed, OrderReassigned, OrderReleased},
    job::Job,
    proof_required,
    release::{self, ReleaseError},
    store,
};
use crate::{
    App,
    actor::Staff,
    db::Committed,
    domain::orders::{self, By, OrderStatus},
    ids::{OrderId, UserId},
    problem::{ApiError, Inherit, Problem, Result},
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// Assigns an order without picked up goods to another crew, or puts it back on the list; an unclaimed order is assigned to a crew.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reassign {
    pub order_id: OrderId,
    /// `null`: back to the list. Required, so that a forgotten member does not take an order from its crew.
    #[serde(deserialize_with = "named")]
    #[schema(required = true)]
    pub crew_id: Option<UserId>,
    pub reason: Option<String>,
}

/// With a deserializer of its own, serde does not read an absent member as `null`.
fn named<'de, D: Deserializer<'de>>(reader: D) -> std::result::Result<Option<UserId>, D::Error> {
    Option::deserialize(reader)
}

#[derive(Debug, ApiError)]
pub enum ReassignError {
    #[api(inherit)]
    Reason(ReasonError),
    #[api(inherit)]
    Claim(ClaimError),
    #[api(inherit)]
    Release(ReleaseError),
}

#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn reassign(app: App, staff: Staff, input: Reassign) -> Result<Committed<Job>, ReassignError> {
    let reason = super::required_reason(input.reason.as_deref()).inherit::<ReassignError>()?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &staff, input.order_id).await?;
    let before = order.crew_id;
    match order.status {
        OrderStatus::Created if input.crew_id.is_some() => check_order(&order).map_err(ReassignError::Claim)?,
        _ => release::check(&order).map_err(ReassignError::Release)?,
    }
    if before == input.crew_id {
        return Err(Problem::invalid("crew_id", "invalid").into());
    }
    let crews: Vec<UserId> = before.into_iter().chain(input.crew_id).collect();
    let rows = store::lock_crews(&mut tx, region, &crews).await?;
    let now = tx.now().await?;
    let to = match input.crew_id {
        Some(to) => {
            let row = rows.into_iter().find(|row| row.crew_id == to).ok_or(ReassignError::Claim(ClaimError::OffDuty))?;
            row.check(None).map_err(ReassignError::Claim)?;
            Some((to, row.name))
        }
        None => None,
    };

    let to_id = input.crew_id;
    orders::assign(&mut tx, &mut order, to, now).await?;
    let outcome = if to_id.is_some() { "reassigned" } else { "released" };
    store::end_job(&mut tx, order.id, outcome, now).await?;
    let job = Job::of(&order, proof_required(&app, order.payment_mode));
    let by = By::from(&*staff);
    if let Some(to) = to_id {
        store::begin_job(&mut tx, &order, to, now).await?;
    }
    match (before, to_id) {
        (Some(from), Some(to)) => tx.emit(OrderReassigned::new(&order, from, to, &job, now, by)),
        (None, Some(to)) => tx.emit(OrderClaimed::new(&order, to, &job, now, by)),
        (Some(from), None) => tx.emit(OrderReleased::new(&order, from, reason, now, by)),
        (None, None) => {}
    }
    tx.audit(order.subject(), json!({ "crew_id": before }), json!({ "crew_id": to_id }), reason);
    tx.commit(job).await
}
