//! The event handlers that notify the people of an order.
use super::{
    kind::Kind,
    notify::{Notice, notify},
};
use crate::{
    actor::Role,
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
use std::collections::BTreeSet;

/// The owner of each shop, who has to accept it.
pub fn order_created<'a>(tx: &'a mut Tx, event: &'a OrderCreated) -> BoxFuture<'a, Result<()>> {
    let notice = |&(shop, seller): &_| Notice {
        recipient: seller,
        kind: Kind::OrderCreated,
        parameters: json!({ "code": event.order.code, "shop_id": shop }),
    };
    let notices = event.shops.iter().map(notice).collect();
    Box::pin(notify(tx, &event.order, notices))
}

/// Everybody who was still to do something for it, once each: the customer, the sellers whose part was not rejected, the crew.
pub fn order_cancelled<'a>(tx: &'a mut Tx, event: &'a OrderCancelled) -> BoxFuture<'a, Result<()>> {
    let people = [event.customer_id].into_iter().chain(event.sellers.iter().copied()).chain(event.crew_id);
    let notice = |recipient| Notice {
        recipient,
        kind: Kind::OrderCancelled,
        parameters: json!({ "code": event.order.code, "reason": event.reason }),
    };
    let notices = people.collect::<BTreeSet<_>>().into_iter().map(notice).collect();
    Box::pin(notify(tx, &event.order, notices))
}

/// The customer; and who was paid, with the amount.
pub fn order_completed<'a>(tx: &'a mut Tx, event: &'a OrderCompleted) -> BoxFuture<'a, Result<()>> {
    let code = &event.order.code;
    let mut notices =
        vec![Notice { recipient: event.customer_id, kind: Kind::OrderCompleted, parameters: json!({ "code": code }) }];
    notices.extend(event.paid.iter().map(|paid| Notice {
        recipient: paid.user_id,
        kind: if paid.role == Role::Crew { Kind::CrewPayment } else { Kind::SellerPayment },
        parameters: json!({ "code": code, "amount": paid.amount, "currency": paid.currency }),
    }));
    Box::pin(notify(tx, &event.order, notices))
}

fn notify_customer<'a>(tx: &'a mut Tx, customer: UserId, kind: Kind, order: &'a OrderState) -> BoxFuture<'a, Result<()>> {
    let parameters = json!({ "code": order.code });
    Box::pin(notify(tx, order, vec![Notice { recipient: customer, kind, parameters }]))
}

pub fn order_claimed<'a>(tx: &'a mut Tx, event: &'a OrderClaimed) -> BoxFuture<'a, Result<()>> {
    notify_customer(tx, event.customer_id, Kind::OrderClaimed, &event.order)
}

pub fn order_released<'a>(tx: &'a mut Tx, event: &'a OrderReleased) -> BoxFuture<'a, Result<()>> {
    notify_customer(tx, event.customer_id, Kind::OrderReleased, &event.order)
}

pub fn order_reassigned<'a>(tx: &'a mut Tx, event: &'a OrderReassigned) -> BoxFuture<'a, Result<()>> {
    notify_customer(tx, event.customer_id, Kind::OrderReassigned, &event.order)
}

/// Announces that the proof is ready, never the proof itself: that is derived when its customer reads the notification.
pub fn order_shipped<'a>(tx: &'a mut Tx, event: &'a OrderShipped) -> BoxFuture<'a, Result<()>> {
    notify_customer(tx, event.customer_id, Kind::OrderShipped, &event.order)
}

pub fn order_delivered<'a>(tx: &'a mut Tx, event: &'a OrderDelivered) -> BoxFuture<'a, Result<()>> {
    notify_customer(tx, event.customer_id, Kind::OrderDelivered, &event.order)
}

pub fn order_delivery_failed<'a>(tx: &'a mut Tx, event: &'a OrderDeliveryFailed) -> BoxFuture<'a, Result<()>> {
    let parameters = json!({ "code": event.order.code, "reason": event.reason });
    let notice = Notice { recipient: event.customer_id, kind: Kind::OrderDeliveryFailed, parameters };
    Box::pin(notify(tx, &event.order, vec![notice]))
}
