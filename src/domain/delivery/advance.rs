//! A crew advances an order: goods picked up, handed over, or brought back.
use super::{
    events::{OrderDelivered, OrderDeliveryFailed, OrderPickedUp, OrderReturned, OrderShipped},
    job::Job,
    proof, proof_required, store,
};
use crate::{
    App,
    actor::Crew,
    clock::Timestamp,
    db::{Committed, Tx},
    domain::orders::{self, By, InvalidTransition, Order, OrderStatus},
    ids::{OrderId, ShopId, UserId},
    problem::{ApiError, Checked, Problem, Result},
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Takes an own order one step further: goods picked up, handed over, or brought back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvanceOrder {
    pub order_id: OrderId,
    /// By default the next state: SHIPPED, and after a failure RETURNED_TO_SHOP. DELIVERED and DELIVERY_FAILED must be named.
    pub to: Option<OrderStatus>,
    /// The stop that was picked up; by default all remaining ones.
    pub shop_id: Option<ShopId>,
    /// Needed for DELIVERY_FAILED and RETURNED_TO_SHOP.
    pub reason: Option<String>,
}

#[derive(Debug, ApiError)]
pub enum AdvanceError {
    /// Delivering needs the customer's PIN or code: confirm it.
    #[api(409, "proof_required")]
    ProofRequired,
    #[api(inherit)]
    State(InvalidTransition),
}

/// The default next state. Never DELIVERED: a second tap at the shop would deliver what was just picked up.
fn next(status: OrderStatus, needs_proof: bool) -> Checked<OrderStatus, AdvanceError> {
    match status {
        OrderStatus::Processing => Ok(OrderStatus::Shipped),
        OrderStatus::Shipped if needs_proof => Err(AdvanceError::ProofRequired),
        OrderStatus::DeliveryFailed => Ok(OrderStatus::ReturnedToShop),
        status => Err(AdvanceError::State(status.into())),
    }
}

/// After the last stop the order is SHIPPED, and its proof is minted.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id, crew.id = %crew.id))]
pub async fn advance(app: App, crew: Crew, input: AdvanceOrder) -> Result<Committed<Job>, AdvanceError> {
    let reason = text::reason(input.reason.as_deref())?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &crew, input.order_id).await?;
    store::lock_crews(&mut tx, region, &[crew.id]).await?;
    let now = tx.now().await?;
    let (by, needs_proof) = (By::from(&*crew), proof_required(&app, order.payment_mode));
    let to = match input.to {
        Some(to) => to,
        None => next(order.status, needs_proof)?,
    };
    if matches!(to, OrderStatus::DeliveryFailed | OrderStatus::ReturnedToShop) && reason.is_empty() {
        return Err(Problem::invalid("reason", "required").into());
    }
    match to {
        OrderStatus::Shipped => {
            orders::pick_up(&mut tx, &mut order, input.shop_id, now).await?;
            emit_pick_up(&app, &mut tx, &order, crew.id, input.shop_id, now, by).await?;
        }
        OrderStatus::Delivered if order.status == OrderStatus::Shipped && needs_proof => {
            return Err(AdvanceError::ProofRequired.into());
        }
        OrderStatus::Delivered => {
            let proven = store::Proven { by: crew.id, means: "none", place: None, distance_m: None, is_late: false };
            hand_over(&app, &mut tx, &mut order, proven, by, now).await?;
        }
        OrderStatus::DeliveryFailed => {
            orders::fail(&mut tx, &mut order, now).await?;
            tx.emit(OrderDeliveryFailed::new(&order, reason, &Job::of(&order, needs_proof), now, by));
        }
        OrderStatus::ReturnedToShop => {
            orders::returned(&mut tx, &mut order, now).await?;
            store::end_job(&mut tx, order.id, "returned", now).await?;
            tx.emit(OrderReturned::new(&order, reason, &Job::of(&order, needs_proof), now, by));
        }
        _ => return Err(AdvanceError::State(order.status.into()).into()),
    }
    let job = Job::of(&order, needs_proof);
    tx.commit(job).await
}

/// Emits what was picked up; with the last stop the proof is minted.
async fn emit_pick_up(
    app: &App,
    tx: &mut Tx,
    order: &Order,
    crew: UserId,
    shop: Option<ShopId>,
    now: Timestamp,
    by: By,
) -> Result<()> {
    let job = Job::of(order, proof_required(app, order.payment_mode));
    if order.status == OrderStatus::Shipped {
        proof::mint(app, tx, order.id, now).await?;
        tx.emit(OrderShipped::new(order, crew, &job, now, by));
    } else {
        tx.emit(OrderPickedUp::new(order, crew, shop, &job, now, by));
    }
    Ok(())
}

/// The customer has the goods: the order is delivered, its proof confirmed, and its job ended.
pub(super) async fn hand_over(
    app: &App,
    tx: &mut Tx,
    order: &mut Order,
    proven: store::Proven<'_>,
    by: By,
    now: Timestamp,
) -> Result<()> {
    orders::deliver(tx, order, now).await?;
    store::prove(tx, order.id, proven, &app.random.bytes::<16>(), now).await?;
    store::end_job(tx, order.id, "delivered", now).await?;
    let job = Job::of(order, proof_required(app, order.payment_mode));
    tx.emit(OrderDelivered::new(order, proven.means, &job, now, by));
    Ok(())
}
