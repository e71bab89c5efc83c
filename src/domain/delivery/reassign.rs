//! Staff reassign an order to another crew, or put it back on the list.
use super::{
    crew::{ClaimError, check_order},
    events::{OrderClaimed, OrderReassigned, OrderReleased},
    job::Job,
    proof_required, release, store,
};
use crate::{
    App,
    actor::Staff,
    db::Committed,
    domain::orders::{self, By, OrderStatus},
    http::json::{Json, Path},
    ids::{OrderId, UserId},
    operations::{Answer, RequestContext},
    problem::{Problem, Result},
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReassignBody {
    /// `null`: back to the list. Required, so that a forgotten member does not take an order from its crew.
    #[serde(deserialize_with = "required_or_null")]
    #[schema(required = true)]
    crew_id: Option<UserId>,
    reason: Option<String>,
}

/// With a deserializer of its own, serde does not read an absent member as `null`.
fn required_or_null<'de, D: Deserializer<'de>>(reader: D) -> Result<Option<UserId>, D::Error> {
    Option::deserialize(reader)
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Reassign {
    pub order_id: OrderId,
    pub crew_id: Option<UserId>,
    pub reason: Option<String>,
}

/// Assigns an order without picked up goods to another crew, or puts it back on the list; an unclaimed order is assigned to a crew.
///
/// Errors: 404; 422 `reason_required`; 409 `already_picked_up`, `invalid_transition`, `off_duty`, `active_limit`.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn reassign(app: App, staff: Staff, input: Reassign) -> Result<Committed<Job>> {
    let reason = super::required_reason(input.reason.as_deref())?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &staff, input.order_id).await?;
    let before = order.crew_id;
    match order.status {
        OrderStatus::Created if input.crew_id.is_some() => check_order(&order)?,
        _ => release::check(&order)?,
    }
    if before == input.crew_id {
        return Err(Problem::invalid("crew_id", "invalid").into());
    }
    let crews: Vec<UserId> = before.into_iter().chain(input.crew_id).collect();
    let rows = store::lock_crews(&mut tx, region, &crews).await?;
    let now = tx.now().await?;
    let to = match input.crew_id {
        Some(to) => {
            let row = rows.into_iter().find(|row| row.crew_id == to).ok_or(ClaimError::OffDuty)?;
            row.check(None)?;
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
    let id = crate::ids::new(region, &app.clock, &app.random);
    store::audit(&mut tx, id, order.id, staff.id, "reassign", reason, now).await?;
    tx.commit(job).await
}
