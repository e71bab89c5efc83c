//! Who is told what of an order's life.
use super::notify::tell;
use crate::{
    db::Tx,
    domain::{
        delivery::{OrderClaimed, OrderDelivered, OrderDeliveryFailed, OrderReassigned, OrderReleased, OrderShipped},
        orders::{OrderCancelled, OrderCompleted, OrderCreated, OrderState},
    },
    ids::UserId,
    problem::Result,
};
use futures_util::future::BoxFuture;
use serde_json::json;

/// Each shop's owner: somebody ordered.
pub fn order_created<'a>(tx: &'a mut Tx, event: &'a OrderCreated) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let code = &event.order.code;
        for (shop, owner) in &event.shops {
            let text = ("New order", format!("Order {code} waits for you to accept it."));
            tell(tx, *owner, "order_created", event.order.id, text, json!({ "code": code, "shop_id": shop })).await?;
        }
        Ok(())
    })
}

/// The customer: nothing comes of it, and why.
pub fn order_cancelled<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let code = &event.order.code;
        let text = ("Order cancelled", format!("Order {code} was cancelled: {}.", event.reason));
        tell(tx, event.customer_id, "order_cancelled", event.order.id, text, json!({ "code": code, "reason": event.reason }))
            .await
    })
}

/// The customer: closed. Who was paid: how much.
pub fn order_completed<'a>(tx: &'a mut Tx, event: &'a OrderCompleted) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let code = &event.order.code;
        let text = ("Order closed", format!("Order {code} is closed and paid."));
        tell(tx, event.customer_id, "order_completed", event.order.id, text, json!({ "code": code })).await?;
        for paid in &event.paid {
            let text = ("You were paid", format!("{} {} for order {code}.", paid.amount, paid.currency));
            let extra = json!({ "code": code, "amount": paid.amount, "currency": paid.currency });
            tell(tx, paid.user_id, "seller_payment", event.order.id, text, extra).await?;
        }
        Ok(())
    })
}

/// The customer: something on the order's way.
async fn tell_customer(
    tx: &mut Tx,
    customer: UserId,
    kind: &str,
    order: &OrderState,
    title: &str,
    message: String,
) -> Result<()> {
    tell(tx, customer, kind, order.id, (title, message), json!({ "code": order.code })).await
}

pub fn order_claimed<'a>(tx: &'a mut Tx, event: &'a OrderClaimed) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("A crew is on the way to the shop for order {}.", event.order.code);
        tell_customer(tx, event.customer_id, "order_claimed", &event.order, "A crew has your order", message).await
    })
}

pub fn order_released<'a>(tx: &'a mut Tx, event: &'a OrderReleased) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("Order {} waits for another crew.", event.order.code);
        tell_customer(tx, event.customer_id, "order_released", &event.order, "Looking for another crew", message).await
    })
}

pub fn order_reassigned<'a>(tx: &'a mut Tx, event: &'a OrderReassigned) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("Another crew carries order {}.", event.order.code);
        tell_customer(tx, event.customer_id, "order_reassigned", &event.order, "Another crew has your order", message).await
    })
}

/// Says that the proof is ready, never the proof: that is derived for its customer when they input.
pub fn order_shipped<'a>(tx: &'a mut Tx, event: &'a OrderShipped) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("Order {} is on its way. Your PIN is ready in the app.", event.order.code);
        tell_customer(tx, event.customer_id, "order_shipped", &event.order, "On the way", message).await
    })
}

pub fn order_delivered<'a>(tx: &'a mut Tx, event: &'a OrderDelivered) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("Order {} was handed over.", event.order.code);
        tell_customer(tx, event.customer_id, "order_delivered", &event.order, "Delivered", message).await
    })
}

pub fn order_delivery_failed<'a>(tx: &'a mut Tx, event: &'a OrderDeliveryFailed) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let message = format!("Order {} could not be delivered: {}.", event.order.code, event.reason);
        tell_customer(tx, event.customer_id, "order_delivery_failed", &event.order, "Could not be delivered", message).await
    })
}
