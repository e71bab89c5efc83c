//! An order on the wire, as far as its reader may see it.
use super::{
    order::{CrewName, Dropoff, Fulfilment, Line, Order, OrderStatus, PaymentMode, PaymentStatus, PrepStatus, ShopOrder},
    relation::{Relation, relation},
    store,
};
use crate::{
    actor::Actor,
    clock::Timestamp,
    db::Live,
    i18n::Language,
    ids::{OrderId, ShopId, ShopOrderId},
    money::{Amount, Currency, Money},
    problem::{Problem, Result},
};
use serde::Serialize;
use sqlx::PgConnection;
use utoipa::ToSchema;

/// An order. A seller sees only the parts of their own shops, and `subtotal` and `total` of these.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView {
    pub id: OrderId,
    pub code: String,
    pub status: OrderStatus,
    /// In the reader's language.
    pub status_label: &'static str,
    pub fulfilment: Fulfilment,
    pub payment_mode: PaymentMode,
    pub payment_status: PaymentStatus,
    pub shop_orders: Vec<ShopOrderView>,
    pub subtotal: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_fee: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tip: Option<Amount>,
    pub tax: Amount,
    pub discount: Amount,
    pub total: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    /// `null` for sellers, and for the crew once they no longer carry it.
    pub dropoff: Option<Dropoff>,
    pub customer: CustomerView,
    pub crew: Option<CrewName>,
    pub note: Option<String>,
    pub placed_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    pub completable_at: Option<Timestamp>,
    pub created_at: Timestamp,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Live>,
}

/// The customer, as shop and crew address them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CustomerView {
    pub name: String,
    /// Left out for sellers, and for the crew once they no longer carry the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<String>,
}

/// An order's part for one shop.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ShopOrder)]
pub struct ShopOrderView {
    pub id: ShopOrderId,
    pub shop_id: ShopId,
    pub name: String,
    pub address: String,
    pub lat: f64,
    pub lng: f64,
    pub prep_status: PrepStatus,
    pub prep_minutes: i32,
    pub accept_by: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub lines: Vec<Line>,
    pub subtotal: Amount,
}

impl OrderView {
    /// The whole order, as its customer sees it, for a reader of `language`.
    pub fn whole(order: &Order, lines: &[Line], language: Language) -> Self {
        Self::seen(order, lines, &Relation::Customer, language)
    }

    /// What an actor with this relation sees of it, for a reader of `language`.
    pub fn seen(order: &Order, lines: &[Line], relation: &Relation, language: Language) -> Self {
        let may_see_customer = relation.may_see_customer();
        let has_all_parts = !matches!(relation, Relation::Shops(_));
        let parts: Vec<&ShopOrder> = order.shop_orders.iter().filter(|part| relation.may_see_part(part.shop_id)).collect();
        let sold = parts.iter().filter(|part| part.prep_status != PrepStatus::Rejected);
        let subtotal = Money::sum(order.currency, sold.map(|part| part.subtotal));
        Self {
            id: order.id,
            code: order.code.clone(),
            status: order.status,
            status_label: order.status.label(language),
            fulfilment: order.fulfilment,
            payment_mode: order.payment_mode,
            payment_status: order.payment_status,
            shop_orders: parts.into_iter().map(|part| ShopOrderView::new(part, lines)).collect(),
            subtotal: subtotal.amount(),
            delivery_fee: has_all_parts.then(|| order.delivery_fee.amount()),
            tip: has_all_parts.then(|| order.tip.amount()),
            tax: order.tax.amount(),
            discount: order.discount.amount(),
            total: if has_all_parts { order.total } else { subtotal }.amount(),
            currency: order.currency,
            dropoff: order.dropoff.clone().filter(|_| may_see_customer),
            customer: CustomerView {
                name: order.customer_name.clone(),
                phone_number: order.customer_phone.clone().filter(|_| may_see_customer),
            },
            crew: order.state().crew,
            note: order.note.clone(),
            placed_at: order.placed_at,
            delivered_at: order.delivered_at,
            completable_at: order.completable_at,
            created_at: order.placed_at,
            live: vec![],
        }
    }

    /// The order as `actor` sees it after a command of theirs. Errors: 404 for those it does not concern.
    pub async fn of(conn: &mut PgConnection, actor: &Actor, order: &Order) -> Result<Self> {
        let relation = relation(conn, actor, order).await?.ok_or_else(Problem::not_found)?;
        let lines = store::lines(conn, order.id).await?;
        Ok(Self::seen(order, &lines, &relation, actor.language))
    }
}

impl ShopOrderView {
    fn new(part: &ShopOrder, lines: &[Line]) -> Self {
        Self {
            id: part.id,
            shop_id: part.shop_id,
            name: part.name.clone(),
            address: part.address.clone(),
            lat: part.lat,
            lng: part.lng,
            prep_status: part.prep_status,
            prep_minutes: part.prep_minutes,
            accept_by: part.accept_by,
            ready_at: part.ready_at,
            picked_up_at: part.picked_up_at,
            reason: part.reason.clone(),
            lines: lines.iter().filter(|line| line.shop_order_id == part.id).cloned().collect(),
            subtotal: part.subtotal.amount(),
        }
    }
}

/// A part as its shop's board shows it, with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BoardOrder {
    #[serde(flatten)]
    pub part: ShopOrderView,
    pub order_id: OrderId,
    pub code: String,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub payment_mode: PaymentMode,
    #[schema(value_type = String)]
    pub currency: Currency,
    pub customer_name: String,
    pub crew: Option<CrewName>,
    pub note: Option<String>,
    pub placed_at: Timestamp,
}

/// The snapshot of `shop:`: what the shop still has to do with.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ShopBoard {
    pub open: Vec<BoardOrder>,
}

impl BoardOrder {
    pub fn new(order: &Order, part: &ShopOrder, lines: &[Line]) -> Self {
        Self {
            part: ShopOrderView::new(part, lines),
            order_id: order.id,
            code: order.code.clone(),
            status: order.status,
            fulfilment: order.fulfilment,
            payment_mode: order.payment_mode,
            currency: order.currency,
            customer_name: order.customer_name.clone(),
            crew: order.state().crew,
            note: order.note.clone(),
            placed_at: order.placed_at,
        }
    }
}
