//! Pickup: a customer collects what they ordered, shop by shop.
use super::{advance::hand_over, events::OrderPickedUp, store};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::orders::{self, By, Fulfilment, InvalidTransition, Order, OrderCancelled, OrderRejected, OrderStatus},
    ids::ShopId,
    problem::Result,
};
use futures_util::future::BoxFuture;

/// Marks the parts of these shops as collected. True: nothing is left at any counter, and the caller delivers the order, which emits its own event.
pub(super) async fn collect(tx: &mut Tx, order: &mut Order, at: &[ShopId], now: Timestamp, by: By) -> Result<bool> {
    // The state machine picks up parts of PROCESSING orders. This order is PROCESSING only inside this transaction.
    order.status = OrderStatus::Processing;
    for shop in at {
        orders::pick_up(tx, order, Some(*shop), now).await?;
    }
    if order.status == OrderStatus::Shipped {
        order.status = OrderStatus::Created;
        return Ok(true);
    }
    orders::assign(tx, order, None, now).await?;
    for shop in at {
        tx.emit(OrderPickedUp::collected(order, *shop, now, by));
    }
    Ok(false)
}

/// An order of which some parts were collected cannot be cancelled: the money for all of it would go back.
pub fn refuse_after_collection<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let order = orders::lock(tx, event.order_id()).await?;
        if order.fulfilment == Fulfilment::Pickup && order.live_parts().any(|part| part.picked_up_at.is_some()) {
            return Err(InvalidTransition::from(OrderStatus::Created).into());
        }
        Ok(())
    })
}

/// The rejected part was the last one not collected: the order is delivered with the parts that the customer has.
pub fn deliver_collected<'a>(tx: &'a mut Tx, event: &'a OrderRejected) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        if event.order.fulfilment != Fulfilment::Pickup || event.order.status != OrderStatus::Created {
            return Ok(());
        }
        let mut order = orders::lock(tx, event.order.id).await?;
        let Some(seller) = order.live_parts().next().map(|part| part.seller_id).filter(|_| order.is_all_picked_up()) else {
            return Ok(());
        };
        let (app, now) = (tx.app().clone(), tx.now().await?);
        let proven = store::Proven { by: seller, means: "none", place: None, distance_m: None, is_late: false };
        hand_over(&app, tx, &mut order, proven, By::SYSTEM, now).await
    })
}
