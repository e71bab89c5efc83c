//! A crew releases an order before it has picked up goods.
use super::{events::OrderReleased, job::Job, proof_required, store};
use crate::{
    App,
    actor::Crew,
    db::Committed,
    domain::orders::{self, By, Order, OrderStatus},
    ids::OrderId,
    problem::{ApiError, Checked, Result},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Releases an own order before any of its goods were picked up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseOrder {
    pub order_id: OrderId,
    pub reason: Option<String>,
}

#[derive(Debug, ApiError)]
pub enum ReleaseError {
    /// Goods of this order were already picked up.
    #[api(409, "already_picked_up")]
    AlreadyPickedUp,
    #[api(inherit)]
    State(orders::InvalidTransition),
}

/// Whether the order can be released.
pub(super) fn check(order: &Order) -> Checked<(), ReleaseError> {
    let has_goods = order.shop_orders.iter().any(|part| part.picked_up_at.is_some());
    match order.status {
        OrderStatus::Processing if !has_goods => Ok(()),
        OrderStatus::Processing | OrderStatus::Shipped => Err(ReleaseError::AlreadyPickedUp),
        status => Err(ReleaseError::State(status.into())),
    }
}

/// The order is on the lists of all crews again.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id, crew.id = %crew.id))]
pub async fn release(app: App, crew: Crew, input: ReleaseOrder) -> Result<Committed<Job>, ReleaseError> {
    let reason = text::reason(input.reason.as_deref())?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &crew, input.order_id).await?;
    check(&order)?;
    store::lock_crews(&mut tx, region, &[crew.id]).await?;
    let now = tx.now().await?;

    orders::assign(&mut tx, &mut order, None, now).await?;
    store::end_job(&mut tx, order.id, "released", now).await?;
    let job = Job::of(&order, proof_required(&app, order.payment_mode));
    tx.emit(OrderReleased::new(&order, crew.id, reason, now, By::from(&*crew)));
    tx.commit(job).await
}
