//! Completion, three days after delivery: sellers and crew are paid, when the customer confirms or else by a task.
use super::{
    By, InvalidTransition, Order, OrderStatus, OrderView, PaymentMode, PaymentStatus,
    events::{OrderCompleted, Paid},
    lock_as, store,
};
use crate::{
    App,
    actor::{Admin, Customer, Either, Role},
    clock::Timestamp,
    db::{Committed, Tx},
    domain::wallet::{self, Account},
    ids::OrderId,
    money::Money,
    problem::{ApiError, Checked, Result},
    tasks::{Task, TaskResult},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Completes a delivered order: sellers and crew are paid. One that is already COMPLETED stays as it is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CompleteOrder {
    pub order_id: OrderId,
}

#[derive(Debug, ApiError)]
pub enum CompleteError {
    /// The customer may still object.
    #[api(409, "too_early")]
    TooEarly { completable_at: Timestamp },
    #[api(inherit)]
    State(InvalidTransition),
}

/// Pays sellers and crew.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn complete(
    app: App,
    caller: Either<Customer, Admin>,
    input: CompleteOrder,
) -> Result<Committed<OrderView>, CompleteError> {
    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, _) = lock_as(&mut tx, &caller, input.order_id).await?;
    let now = tx.now().await?;
    if order.status != OrderStatus::Completed {
        check(&order, now)?;
        pay_out(&mut tx, &mut order, By::from(&*caller), now).await?;
    }
    let answer = OrderView::of(&mut tx, &caller, &order).await?;
    tx.commit(answer).await
}

fn check(order: &Order, now: Timestamp) -> Checked<(), CompleteError> {
    match order.completable_at {
        Some(completable_at) if order.status == OrderStatus::Delivered && completable_at > now => {
            Err(CompleteError::TooEarly { completable_at })
        }
        Some(_) if order.status == OrderStatus::Delivered => Ok(()),
        _ => Err(CompleteError::State(order.status.into())),
    }
}

async fn pay_out(tx: &mut Tx, order: &mut Order, by: By, now: Timestamp) -> Result<()> {
    let shares = shares(order);
    if order.payment_mode == PaymentMode::Wallet {
        wallet::capture(tx, order.subject(), shares.clone());
    } else {
        for (to, money) in &shares {
            wallet::pay_for(tx, Account::Escrow, *to, *money, wallet::Kind::Payment, order.subject());
        }
    }
    order.status = OrderStatus::Completed;
    order.payment_status = PaymentStatus::Paid;
    store::save(tx, order, now).await?;
    let paid = |(to, money): &(Account, Money)| {
        let (user_id, role) = match to {
            Account::SellerPayable(seller) => (*seller, Role::Seller),
            Account::CrewPayable(crew) => (*crew, Role::Crew),
            _ => return None,
        };
        Some(Paid { user_id, role, amount: money.amount(), currency: money.currency() })
    };
    let paid = shares.iter().filter_map(paid).collect();
    tx.emit(OrderCompleted::new(order, paid, now, by));
    Ok(())
}

/// The shares of an order: each seller's part, fee and tip for the crew, and the tax. The platform bears a discount.
///
/// The shares add up to the total: what remains, such as a fee that no crew earned, goes to the platform.
fn shares(order: &Order) -> Vec<(Account, Money)> {
    let mut shares: Vec<(Account, Money)> = vec![];
    let mut add = |to: Account, money: Money| match shares.iter_mut().find(|(account, _)| *account == to) {
        Some((_, sum)) => *sum += money,
        None => shares.push((to, money)),
    };
    for part in order.live_parts() {
        add(Account::SellerPayable(part.seller_id), part.subtotal);
    }
    if let Some(crew) = order.crew_id {
        add(Account::CrewPayable(crew), order.crew_fee());
    }
    add(Account::Tax, order.tax);
    let rest = order.total - Money::sum(order.currency, shares.iter().map(|(_, money)| *money));
    if !rest.is_negative() {
        shares.push((Account::PlatformFee, rest));
    }
    shares.retain(|(_, money)| !money.is_zero());
    shares
}

/// Completes a delivered order when its time has come and the customer has not confirmed it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Complete {
    pub order_id: OrderId,
}

impl Task for Complete {
    const KIND: &'static str = "orders.complete";

    fn key(&self) -> String {
        format!("orders.complete:{}", self.order_id)
    }

    async fn run(self, app: &App) -> TaskResult {
        let mut tx = app.begin(self.order_id.region()).await?;
        let mut order = store::lock(&mut tx, self.order_id).await?;
        let now = tx.now().await?;
        if order.status != OrderStatus::Delivered {
            return Ok(());
        }
        check(&order, now)?;
        pay_out(&mut tx, &mut order, By::SYSTEM, now).await?;
        tx.end(()).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        domain::orders::{Fulfilment, PrepStatus, ShopOrder},
        ids::UserId,
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn usd(cents: i64) -> Money {
        Money::of_minor(cents, "USD".parse().expect("a currency"))
    }

    fn part(seller: u128, cents: i64, prep_status: PrepStatus) -> ShopOrder {
        ShopOrder {
            id: Uuid::nil().into(),
            shop_id: Uuid::nil().into(),
            seller_id: UserId(Uuid::from_u128(seller)),
            name: String::new(),
            address: String::new(),
            lat: 0.0,
            lng: 0.0,
            prep_status,
            prep_minutes: 0,
            accept_by: Timestamp::UNIX_EPOCH,
            ready_at: None,
            picked_up_at: None,
            reason: None,
            subtotal: usd(cents),
            delivery_fee: usd(0),
        }
    }

    fn order(parts: Vec<ShopOrder>, fee: i64, tip: i64, crew: Option<u128>) -> Order {
        let (delivery_fee, tip) = (usd(fee), usd(tip));
        let sold = parts.iter().filter(|part| part.prep_status != PrepStatus::Rejected);
        let goods = Money::sum(tip.currency(), sold.map(|part| part.subtotal));
        Order {
            id: Uuid::nil().into(),
            code: String::new(),
            customer_id: UserId(Uuid::nil()),
            customer_name: String::new(),
            customer_phone: None,
            status: OrderStatus::Delivered,
            fulfilment: Fulfilment::Delivery,
            payment_mode: PaymentMode::Wallet,
            payment_status: PaymentStatus::Held,
            dropoff: None,
            delivery_fee,
            tip,
            tax: usd(0),
            discount: usd(0),
            total: goods + delivery_fee + tip,
            currency: tip.currency(),
            crew_id: crew.map(|id| UserId(Uuid::from_u128(id))),
            crew_name: None,
            note: None,
            placed_at: Timestamp::UNIX_EPOCH,
            delivered_at: None,
            completable_at: Some(Timestamp::UNIX_EPOCH),
            shop_orders: parts,
        }
    }

    #[test]
    fn a_seller_of_two_shops_is_paid_once_and_a_rejected_part_not_at_all() {
        let parts = vec![part(1, 500, PrepStatus::Ready), part(1, 700, PrepStatus::Ready), part(2, 900, PrepStatus::Rejected)];
        let shares: Vec<_> =
            shares(&order(parts, 250, 100, Some(9))).into_iter().map(|(to, money)| (to, money.to_string())).collect();
        let user = |id| UserId(Uuid::from_u128(id));
        assert_eq!(
            shares,
            [(Account::SellerPayable(user(1)), "12.00 USD".to_owned()), (Account::CrewPayable(user(9)), "3.50 USD".to_owned())]
        );
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_total(cents in prop::collection::vec((1u128..4, 0i64..100_000, any::<bool>()), 1..4), fee in 0i64..5000, tip in 0i64..5000, has_crew: bool) {
            let status = |is_rejected| if is_rejected { PrepStatus::Rejected } else { PrepStatus::Ready };
            let parts = cents.into_iter().map(|(seller, cents, is_rejected)| part(seller, cents, status(is_rejected))).collect();
            let order = order(parts, fee, tip, has_crew.then_some(9));
            let shares = shares(&order);
            prop_assert_eq!(Money::sum(order.currency, shares.iter().map(|(_, money)| *money)), order.total);
            prop_assert!(shares.iter().all(|(_, money)| *money > usd(0)));
        }
    }
}
