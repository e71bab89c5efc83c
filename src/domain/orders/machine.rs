//! The state machine of an order. Each step checks and writes; its caller emits the event.
use super::{
    cancel,
    complete::Complete,
    order::{Fulfilment, Order, OrderStatus, PaymentMode, PaymentStatus, PrepStatus},
    store,
};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::wallet,
    ids::{ShopId, UserId},
    problem::{ApiError, Problem, Result},
    tasks::Task,
};
use chrono::TimeDelta;

/// The order, or its part, is in a state from which there is no such transition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ApiError)]
pub enum InvalidTransition {
    /// There is no such transition from this state.
    #[api(409, "invalid_transition")]
    From { state: &'static str },
}

impl From<OrderStatus> for InvalidTransition {
    fn from(status: OrderStatus) -> Self {
        Self::From { state: status.name() }
    }
}

impl From<PrepStatus> for InvalidTransition {
    fn from(status: PrepStatus) -> Self {
        Self::From { state: status.name() }
    }
}

/// From delivery until the sellers are paid.
pub const COMPLETION: TimeDelta = TimeDelta::days(3);

/// Assigns the order to a crew (id, first name), or with `None` puts it back on the list.
///
/// Errors: 409 `invalid_transition` unless CREATED (assigning) or PROCESSING (reassigning, putting back).
pub async fn assign(tx: &mut Tx, order: &mut Order, crew: Option<(UserId, String)>, now: Timestamp) -> Result<()> {
    let may = match order.status {
        OrderStatus::Created => crew.is_some() && order.is_claimable(),
        OrderStatus::Processing => true,
        _ => false,
    };
    if !may {
        return Err(InvalidTransition::from(order.status).into());
    }
    order.status = if crew.is_some() { OrderStatus::Processing } else { OrderStatus::Created };
    (order.crew_id, order.crew_name) = crew.unzip();
    store::save(tx, order, now).await
}

/// Marks one stop, or with `None` all remaining ones, as picked up: the part is READY, and after the last one the order is SHIPPED.
///
/// A stop that is already marked stays as it is. Errors: 409 `invalid_transition` unless PROCESSING; 404 for a shop that is not a stop.
pub async fn pick_up(tx: &mut Tx, order: &mut Order, at: Option<ShopId>, now: Timestamp) -> Result<()> {
    if order.status != OrderStatus::Processing {
        return Err(InvalidTransition::from(order.status).into());
    }
    if at.is_some_and(|shop| !order.live_parts().any(|part| part.shop_id == shop)) {
        return Err(Problem::not_found().into());
    }
    for part in &mut order.shop_orders {
        let is_meant = part.prep_status != PrepStatus::Rejected && at.is_none_or(|shop| part.shop_id == shop);
        if is_meant && part.picked_up_at.is_none() {
            part.prep_status = PrepStatus::Ready;
            part.ready_at = part.ready_at.filter(|at| *at <= now).or(Some(now));
            part.picked_up_at = Some(now);
        }
    }
    if order.is_all_picked_up() {
        order.status = OrderStatus::Shipped;
    }
    store::save_parts(tx, order).await?;
    store::save(tx, order, now).await
}

/// The customer has the goods. Cash that was collected is booked, and completion is scheduled.
///
/// Errors: 409 `invalid_transition` unless SHIPPED, or CREATED with all parts READY for pickup.
pub async fn deliver(tx: &mut Tx, order: &mut Order, now: Timestamp) -> Result<()> {
    let may = match order.fulfilment {
        Fulfilment::Delivery => order.status == OrderStatus::Shipped,
        Fulfilment::Pickup => {
            order.status == OrderStatus::Created && order.live_parts().all(|part| part.prep_status == PrepStatus::Ready)
        }
    };
    if !may {
        return Err(InvalidTransition::from(order.status).into());
    }
    order.status = OrderStatus::Delivered;
    order.delivered_at = Some(now);
    order.completable_at = Some(now + COMPLETION);
    record_cash(tx, order);
    tx.enqueue(Complete { order_id: order.id }.at(now + COMPLETION));
    store::save(tx, order, now).await
}

/// The crew, or each shop, owes the cash it collected. The amount stays in escrow until completion distributes it.
fn record_cash(tx: &mut Tx, order: &mut Order) {
    match (order.payment_mode, order.crew_id) {
        (PaymentMode::Cod, Some(crew)) => {
            let (from, to) = (wallet::Account::CrewCash(crew), wallet::Account::Escrow);
            wallet::pay_for(tx, from, to, order.total, wallet::Kind::Payment, order.subject());
        }
        (PaymentMode::Cod | PaymentMode::Cop, _) => {
            for part in order.live_parts() {
                let (from, to) = (wallet::Account::SellerCash(part.seller_id), wallet::Account::Escrow);
                wallet::pay_for(tx, from, to, part.subtotal, wallet::Kind::Payment, order.subject());
            }
        }
        _ => return,
    }
    order.payment_status = PaymentStatus::Paid;
}

/// The delivery failed: the customer was absent or refused the goods.
///
/// Errors: 409 `invalid_transition` unless SHIPPED.
pub async fn fail(tx: &mut Tx, order: &mut Order, now: Timestamp) -> Result<()> {
    if order.status != OrderStatus::Shipped {
        return Err(InvalidTransition::from(order.status).into());
    }
    order.status = OrderStatus::DeliveryFailed;
    store::save(tx, order, now).await
}

/// The goods are back at their shops: the held money returns to the customer, and the goods to the stock.
///
/// Errors: 409 `invalid_transition` unless DELIVERY_FAILED.
pub async fn returned(tx: &mut Tx, order: &mut Order, now: Timestamp) -> Result<()> {
    if order.status != OrderStatus::DeliveryFailed {
        return Err(InvalidTransition::from(order.status).into());
    }
    order.status = OrderStatus::ReturnedToShop;
    cancel::undo(tx, order).await?;
    store::save(tx, order, now).await
}
