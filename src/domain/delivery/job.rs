//! A crew's work on an order, as the crew sees it.
use crate::{
    clock::Timestamp,
    domain::orders::{Dropoff, Order, OrderStatus, PaymentMode, PrepStatus, ShopOrder},
    ids::{OrderId, ShopId},
    money::{Amount, Currency},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An order as its crew sees it: its stops, its drop-off and the cash to collect.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Job {
    pub order_id: OrderId,
    pub code: String,
    pub status: OrderStatus,
    pub payment_mode: PaymentMode,
    pub stops: Vec<Stop>,
    /// `null` once the crew no longer carries the order.
    pub dropoff: Option<Dropoff>,
    pub customer: Option<Recipient>,
    pub note: Option<String>,
    /// What the crew earns, tip included.
    pub fee: Amount,
    /// Cash to collect on delivery; `null` when everything is paid.
    pub cash_to_collect: Option<Amount>,
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Whether the delivery needs the customer's PIN or code.
    pub proof_required: bool,
}

/// The customer, as the crew addresses them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Recipient {
    pub name: String,
    pub phone_number: Option<String>,
}

/// A shop to pick up goods from. The crew skips a REJECTED one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Stop {
    pub shop_id: ShopId,
    pub name: String,
    pub address: String,
    pub lat: f64,
    pub lng: f64,
    pub prep_status: PrepStatus,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
}

impl Job {
    /// The job of `order`. It has address and customer only while a crew carries the order.
    pub fn of(order: &Order, proof_required: bool) -> Self {
        let is_carried = order.status.is_carried();
        let cash = order.cash_to_collect();
        Self {
            order_id: order.id,
            code: order.code.clone(),
            status: order.status,
            payment_mode: order.payment_mode,
            stops: order.shop_orders.iter().map(Stop::of).collect(),
            dropoff: order.dropoff.clone().filter(|_| is_carried),
            customer: is_carried
                .then(|| Recipient { name: order.customer_name.clone(), phone_number: order.customer_phone.clone() }),
            note: order.note.clone().filter(|_| is_carried),
            fee: order.crew_fee().amount(),
            cash_to_collect: (!cash.is_zero()).then(|| cash.amount()),
            currency: order.currency,
            proof_required,
        }
    }
}

impl Stop {
    fn of(part: &ShopOrder) -> Self {
        Self {
            shop_id: part.shop_id,
            name: part.name.clone(),
            address: part.address.clone(),
            lat: part.lat,
            lng: part.lng,
            prep_status: part.prep_status,
            ready_at: part.ready_at,
            picked_up_at: part.picked_up_at,
        }
    }
}
