//! The counter: a customer fetches what they ordered, shop by shop.
use super::{advance::hand_over, events::OrderPickedUp, store};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::orders::{self, By, Fulfilment, InvalidTransition, Order, OrderCancelled, OrderRejected, OrderStatus},
    ids::ShopId,
    problem::Result,
};
use futures_util::future::BoxFuture;

/// Marks the parts of these shops as fetched and tells so. True when nothing waits at a counter any more: the caller delivers, and that tells of it.
pub(super) async fn fetch(tx: &mut Tx, order: &mut Order, at: &[ShopId], now: Timestamp, by: By) -> Result<bool> {
    // The machine picks up what is under way; a pickup is so for the length of this transaction alone.
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
        tx.emit(OrderPickedUp::at_the_counter(order, *shop, now, by));
    }
    Ok(false)
}

/// Whose goods were fetched in part cannot have the order called off: its money would go back for all of it.
pub fn keep_what_was_fetched<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let order = orders::lock(tx, event.order_id()).await?;
        if order.fulfilment == Fulfilment::Pickup && order.live_parts().any(|part| part.picked_up_at.is_some()) {
            return Err(InvalidTransition::from(OrderStatus::Created).into());
        }
        Ok(())
    })
}

/// The part that fell away was the last that waited: what the customer has is all they get.
pub fn deliver_what_was_fetched<'a>(tx: &'a mut Tx, event: &'a OrderRejected) -> BoxFuture<'a, Result<()>> {
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
