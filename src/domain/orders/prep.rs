//! A shop reports its part as ready, or rejects it.
use super::{
    By, Order, OrderStatus, OrderView, PaymentStatus, PrepStatus, ShopOrder,
    accept::{PrepError, own_part},
    cancel,
    events::{OrderReady, OrderRejected},
    lock_as, store,
};
use crate::{
    App,
    actor::Seller,
    clock::Timestamp,
    db::{Committed, Tx},
    domain::{inventory, wallet},
    ids::{OrderId, ShopId},
    problem::{Problem, Result},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Reports that a shop's part of an order is ready at its counter.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadyOrder {
    pub order_id: OrderId,
    /// Required when the order has parts of several of the seller's shops.
    pub shop_id: Option<ShopId>,
}

/// Rejects a shop's part of an order: its money and goods go back, and the last rejection cancels the order.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RejectOrder {
    pub order_id: OrderId,
    pub reason: String,
    /// Required when the order has parts of several of the seller's shops.
    pub shop_id: Option<ShopId>,
}

/// The part, which must be NEW or ACCEPTED, waits at the counter.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn mark_ready(app: App, seller: Seller, input: ReadyOrder) -> Result<Committed<OrderView>, PrepError> {
    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, relation) = lock_as(&mut tx, &seller, input.order_id).await?;
    let now = tx.now().await?;
    let part = own_part(&mut order, &relation, input.shop_id)?;
    if !matches!(part.prep_status, PrepStatus::New | PrepStatus::Accepted) {
        return Err(PrepError::State(part.prep_status.into()).into());
    }
    part.prep_status = PrepStatus::Ready;
    part.ready_at = Some(now);
    let shop = part.shop_id;
    store::save_parts(&mut tx, &order).await?;
    store::save(&mut tx, &order, now).await?;
    tx.emit(OrderReady::new(&order, shop, now, By::from(&*seller)));
    let answer = OrderView::of(&mut tx, &seller, &order).await?;
    tx.commit(answer).await
}

/// The shop will not do its part, which must neither be rejected nor picked up.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn reject(app: App, seller: Seller, input: RejectOrder) -> Result<Committed<OrderView>, PrepError> {
    let reason = text::reason(Some(&input.reason))?;
    if reason.is_empty() {
        return Err(Problem::invalid("reason", "required").into());
    }
    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, relation) = lock_as(&mut tx, &seller, input.order_id).await?;
    let now = tx.now().await?;
    let part = own_part(&mut order, &relation, input.shop_id)?;
    if part.prep_status == PrepStatus::Rejected || part.picked_up_at.is_some() {
        return Err(PrepError::State(part.prep_status.into()).into());
    }
    let shop = part.shop_id;
    reject_part(&mut tx, &mut order, shop, reason, By::from(&*seller), now).await?;
    let answer = OrderView::of(&mut tx, &seller, &order).await?;
    tx.commit(answer).await
}

/// Takes a shop's part, not yet picked up, out of a locked order. When the crew already has all remaining parts, the order becomes SHIPPED, and
/// delivery emits that event.
pub(super) async fn reject_part(
    tx: &mut Tx,
    order: &mut Order,
    shop: ShopId,
    reason: &str,
    by: By,
    now: Timestamp,
) -> Result<()> {
    let is_last = order.live_parts().all(|part| part.shop_id == shop);
    if is_last {
        let crew = order.crew_id;
        cancel::undo(tx, order).await?;
        mark(order, shop, reason);
        order.status = OrderStatus::Cancelled;
        store::save_parts(tx, order).await?;
        store::save(tx, order, now).await?;
        tx.emit(OrderRejected::new(order, shop, reason, now, by));
        tx.emit(super::OrderCancelled::new(order, crew, "all_shops_rejected", now, by));
        return Ok(());
    }
    let Some(part) = mark(order, shop, reason).cloned() else { return Ok(()) };
    let back = part.subtotal + part.delivery_fee;
    order.delivery_fee -= part.delivery_fee;
    order.total -= back;
    if order.payment_status == PaymentStatus::Held {
        wallet::reduce(tx, order.subject(), back);
    }
    let lines = store::lines(tx, order.id).await?;
    let goods: Vec<_> =
        lines.into_iter().filter(|line| line.shop_order_id == part.id).map(|line| (line.product_id, line.quantity)).collect();
    inventory::give_back(tx, &goods).await?;
    if order.status == OrderStatus::Processing && order.is_all_picked_up() {
        order.status = OrderStatus::Shipped;
    }
    store::save_parts(tx, order).await?;
    store::save(tx, order, now).await?;
    tx.emit(OrderRejected::new(order, shop, reason, now, by));
    Ok(())
}

fn mark<'a>(order: &'a mut Order, shop: ShopId, reason: &str) -> Option<&'a ShopOrder> {
    let part = order.shop_orders.iter_mut().find(|part| part.shop_id == shop)?;
    part.prep_status = PrepStatus::Rejected;
    part.reason = Some(reason.to_owned());
    Some(part)
}
