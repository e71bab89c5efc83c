//! Who is told what of an order's life.
use super::told::tell;
use crate::{
    db::Tx,
    domain::orders::{OrderCancelled, OrderCompleted, OrderCreated},
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
