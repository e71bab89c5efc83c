//! The customer or staff cancel an order until it is SHIPPED.
use super::{By, InvalidTransition, Order, OrderStatus, OrderView, PaymentStatus, events::OrderCancelled, lock_as, store};
use crate::{
    App,
    actor::{Customer, Either, Staff},
    db::{Committed, Tx},
    domain::{inventory, wallet},
    ids::OrderId,
    problem::Result,
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Cancels an order: the held money and the goods are given back, and a crew that had claimed it is free.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelOrder {
    pub order_id: OrderId,
    pub reason: Option<String>,
}

/// Cancels an order that is CREATED or PROCESSING.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn cancel(
    app: App,
    caller: Either<Customer, Staff>,
    input: CancelOrder,
) -> Result<Committed<OrderView>, InvalidTransition> {
    let reason = text::reason(input.reason.as_deref())?;
    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, _) = lock_as(&mut tx, &caller, input.order_id).await?;
    let now = tx.now().await?;
    if !matches!(order.status, OrderStatus::Created | OrderStatus::Processing) {
        return Err(InvalidTransition::from(order.status).into());
    }
    order.status = OrderStatus::Cancelled;
    undo(&mut tx, &mut order).await?;
    store::save(&mut tx, &order, now).await?;
    tx.emit(OrderCancelled::new(&order, order.crew_id, reason, now, By::from(&*caller)));
    let answer = OrderView::of(&mut tx, &caller, &order).await?;
    tx.commit(answer).await
}

/// Gives back the customer's held money and the goods of all parts that were not rejected.
pub(super) async fn undo(tx: &mut Tx, order: &mut Order) -> Result<()> {
    if order.payment_status == PaymentStatus::Held {
        wallet::release(tx, order.subject());
        order.payment_status = PaymentStatus::Released;
    }
    let live: Vec<_> = order.live_parts().map(|part| part.id).collect();
    let lines = store::lines(tx, order.id).await?;
    let goods: Vec<_> = lines
        .into_iter()
        .filter(|line| live.contains(&line.shop_order_id))
        .map(|line| (line.product_id, line.quantity))
        .collect();
    inventory::give_back(tx, &goods).await
}
