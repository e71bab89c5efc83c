//! A crew takes an order: the first to commit has it.
use super::{
    crew::{ClaimError, check_order, is_cash},
    events::OrderClaimed,
    job::Job,
    proof_required, store,
};
use crate::{
    App,
    actor::Crew,
    db::Committed,
    domain::{
        orders::{self, By},
        wallet,
    },
    ids::OrderId,
    problem::Result,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes an order that waits; a crew carries at most five.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClaimOrder {
    pub order_id: OrderId,
}

/// The first claim to commit has the order.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id, crew.id = %crew.id))]
pub async fn claim(app: App, crew: Crew, input: ClaimOrder) -> Result<Committed<Job>, ClaimError> {
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let mut order = orders::lock(&mut tx, input.order_id).await?;
    check_order(&order)?;
    let row = store::lock_crews(&mut tx, region, &[crew.id]).await?.pop().ok_or(ClaimError::OffDuty)?;
    let now = tx.now().await?;
    let cash = if is_cash(&order) { Some(wallet::cash_in_hand(&mut tx, crew.id, order.currency).await?) } else { None };
    row.check(cash)?;

    orders::assign(&mut tx, &mut order, Some((crew.id, row.name)), now).await?;
    store::begin_job(&mut tx, &order, crew.id, now).await?;
    let job = Job::of(&order, proof_required(&app, order.payment_mode));
    tx.emit(OrderClaimed::new(&order, crew.id, &job, now, By::from(&*crew)));
    tx.commit(job).await
}
