//! A shop accepts its part. A part that was not accepted within a quarter of an hour is rejected.
use super::{
    By, InvalidTransition, Order, OrderView, PrepStatus, Relation,
    events::OrderAccepted,
    lock_as,
    order::{OrderStatus, ShopOrder},
    prep, store,
};
use crate::{
    App,
    actor::Seller,
    db::Committed,
    ids::{OrderId, ShopId},
    problem::{ApiError, Problem, Result},
    tasks::{Task, TaskResult},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a shop may take to accept a new part.
pub const ACCEPT_WITHIN: TimeDelta = TimeDelta::minutes(15);
const PREP_MINUTES_MAX: i32 = 24 * 60;

/// Accepts a shop's part of an order: the shop will prepare it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptOrder {
    pub order_id: OrderId,
    /// Minutes until it is ready, up to a day; the shop's usual by default.
    pub prep_minutes: Option<i32>,
    /// Required when the order has parts of several of the seller's shops.
    pub shop_id: Option<ShopId>,
}

#[derive(Debug, ApiError)]
pub enum PrepError {
    /// The seller has several shops in this order: `shop_id` is required.
    #[api(422, "shop_id_required")]
    ShopIdRequired,
    #[api(inherit)]
    State(InvalidTransition),
}

/// The shop accepts its part, which must be NEW.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn accept(app: App, seller: Seller, input: AcceptOrder) -> Result<Committed<OrderView>, PrepError> {
    if input.prep_minutes.is_some_and(|minutes| !(0..=PREP_MINUTES_MAX).contains(&minutes)) {
        return Err(Problem::invalid("prep_minutes", "out_of_range").into());
    }
    let mut tx = app.begin(input.order_id.region()).await?;
    let (mut order, relation) = lock_as(&mut tx, &seller, input.order_id).await?;
    let now = tx.now().await?;
    let part = own_part(&mut order, &relation, input.shop_id)?;
    if part.prep_status != PrepStatus::New {
        return Err(PrepError::State(part.prep_status.into()).into());
    }
    part.prep_status = PrepStatus::Accepted;
    part.prep_minutes = input.prep_minutes.unwrap_or(part.prep_minutes);
    part.ready_at = Some(now + TimeDelta::minutes(part.prep_minutes.into()));
    let shop = part.shop_id;
    store::save_parts(&mut tx, &order).await?;
    store::save(&mut tx, &order, now).await?;
    tx.emit(OrderAccepted::new(&order, shop, now, By::from(&*seller)));
    let answer = OrderView::of(&mut tx, &seller, &order).await?;
    tx.commit(answer).await
}

/// The seller's own part of an order that has not left the shops yet.
///
/// Errors: 404 without one; 422 `shop_id_required` with several; 409 `invalid_transition` once it has left the shops.
pub(super) fn own_part<'a>(
    order: &'a mut Order,
    relation: &Relation,
    shop: Option<ShopId>,
) -> Result<&'a mut ShopOrder, PrepError> {
    let own = order.shop_orders.iter().filter(|part| relation.may_see_part(part.shop_id));
    let own = own.filter(|part| shop.is_none_or(|shop| shop == part.shop_id)).map(|part| part.id);
    let id = match own.collect::<Vec<_>>()[..] {
        [] => return Err(Problem::not_found().into()),
        [id] => id,
        _ => return Err(PrepError::ShopIdRequired.into()),
    };
    if !matches!(order.status, OrderStatus::Created | OrderStatus::Processing) {
        return Err(PrepError::State(order.status.into()).into());
    }
    Ok(order.shop_orders.iter_mut().find(|part| part.id == id).expect("the id was just taken from there"))
}

/// Rejects, at the deadline, the parts that no shop has accepted.
#[derive(Debug, Serialize, Deserialize)]
pub struct AcceptBy {
    pub order_id: OrderId,
}

impl Task for AcceptBy {
    const KIND: &'static str = "orders.accept_by";

    fn key(&self) -> String {
        format!("orders.accept_by:{}", self.order_id)
    }

    async fn run(self, app: &App) -> TaskResult {
        let mut tx = app.begin(self.order_id.region()).await?;
        let mut order = store::lock(&mut tx, self.order_id).await?;
        let now = tx.now().await?;
        if !matches!(order.status, OrderStatus::Created | OrderStatus::Processing) {
            return Ok(());
        }
        let late = |part: &&ShopOrder| part.prep_status == PrepStatus::New && part.accept_by <= now;
        let shops: Vec<ShopId> = order.shop_orders.iter().filter(late).map(|part| part.shop_id).collect();
        for shop in shops {
            prep::reject_part(&mut tx, &mut order, shop, "not_accepted_in_time", By::SYSTEM, now).await?;
        }
        tx.end(()).await.map(drop)
    }
}
