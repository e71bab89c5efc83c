//! The order as commands hold it, and what others see of it.
use crate::{
    actor::{Actor, Role},
    clock::Timestamp,
    db::Message,
    i18n::{self, Language},
    ids::{OrderId, ProductId, ShopId, ShopOrderId, UserId},
    money::{Amount, Currency, Money},
};
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use wassally_geo::Point;

// A word is a token tree: as a `literal` it would come to utoipa in an invisible group, and the document would show the variant instead.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($variant:ident = $word:tt),+ $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, sqlx::Type, ToSchema)]
        #[sqlx(type_name = "text")]
        pub enum $name { $(#[serde(rename = $word)] #[sqlx(rename = $word)] $variant),+ }

        impl $name {
            /// The word in SQL and JSON.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }
    )+};
}

words! {
    /// The state of an order.
    OrderStatus {
        Created = "CREATED", Processing = "PROCESSING", Shipped = "SHIPPED", Delivered = "DELIVERED", Completed = "COMPLETED",
        Cancelled = "CANCELLED", DeliveryFailed = "DELIVERY_FAILED", ReturnedToShop = "RETURNED_TO_SHOP",
    }
    /// The state of a shop's part at its shop.
    PrepStatus { New = "NEW", Accepted = "ACCEPTED", Ready = "READY", Rejected = "REJECTED" }
    /// How the goods reach the customer.
    Fulfilment { Delivery = "delivery", Pickup = "pickup" }
    /// How the customer pays: cash on delivery, cash on pickup, wallet, gateway.
    PaymentMode { Wallet = "WALLET", Cod = "COD", Cop = "COP", Gateway = "GATEWAY" }
    /// The state of the payment. `RELEASED`: the hold was given back.
    PaymentStatus { Unpaid = "UNPAID", Held = "HELD", Paid = "PAID", Released = "RELEASED", Refunded = "REFUNDED" }
}

impl OrderStatus {
    /// The label for people.
    pub fn label(self, language: Language) -> &'static str {
        i18n::text(language, &format!("order_status.{self}")).unwrap_or(self.name())
    }
}

/// An order with its shop orders, as [`super::lock`] reads it.
#[derive(Debug, Clone)]
pub struct Order {
    pub id: OrderId,
    /// For people: `K7Q-204`.
    pub code: String,
    pub customer_id: UserId,
    pub customer_name: String,
    pub customer_phone: Option<String>,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub payment_mode: PaymentMode,
    pub payment_status: PaymentStatus,
    /// `None` for pickup.
    pub dropoff: Option<Dropoff>,
    pub delivery_fee: Decimal,
    pub tip: Decimal,
    pub tax: Decimal,
    pub discount: Decimal,
    pub total: Decimal,
    pub currency: Currency,
    pub crew_id: Option<UserId>,
    /// First name only.
    pub crew_name: Option<String>,
    pub note: Option<String>,
    pub placed_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    pub completable_at: Option<Timestamp>,
    /// By position: the order of the customer's cart.
    pub shop_orders: Vec<ShopOrder>,
}

/// The destination of a delivery, as it was at checkout.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Dropoff {
    pub address: String,
    pub lat: f64,
    pub lng: f64,
}

/// An order's part for one shop; for the crew it is a stop.
#[derive(Debug, Clone)]
pub struct ShopOrder {
    pub id: ShopOrderId,
    pub shop_id: ShopId,
    pub seller_id: UserId,
    pub name: String,
    pub address: String,
    pub lat: f64,
    pub lng: f64,
    pub prep_status: PrepStatus,
    pub prep_minutes: i32,
    pub accept_by: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
    pub reason: Option<String>,
    pub subtotal: Decimal,
    /// Its share of the order's fee.
    pub delivery_fee: Decimal,
}

/// One product of a shop order.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Line {
    #[schema(value_type = uuid::Uuid)]
    pub id: uuid::Uuid,
    #[serde(skip)]
    pub shop_order_id: ShopOrderId,
    pub product_id: ProductId,
    pub name: String,
    pub quantity: i32,
    pub price: Amount,
}

/// The actor behind an event, as far as every reader of a channel may know them.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct By {
    pub role: &'static str,
    /// Only of sellers and crews: customers and staff stay unnamed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
}

impl By {
    /// A deadline or a rule acted, not a person.
    pub const SYSTEM: Self = Self { role: "system", id: None };
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        if actor.id.uuid().is_nil() {
            return Self::SYSTEM;
        }
        Self { role: actor.role.name(), id: matches!(actor.role, Role::Seller | Role::Crew).then_some(actor.id) }
    }
}

/// The snapshot of `order:` and the member `order` of its events: what every reader may know.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OrderState {
    pub id: OrderId,
    pub code: String,
    pub status: OrderStatus,
    pub fulfilment: Fulfilment,
    pub payment_mode: PaymentMode,
    pub prep: Vec<Prep>,
    pub crew: Option<CrewName>,
    pub placed_at: Timestamp,
    pub delivered_at: Option<Timestamp>,
    pub completable_at: Option<Timestamp>,
}

/// A stop's progress.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Prep {
    pub shop_id: ShopId,
    pub prep_status: PrepStatus,
    pub accept_by: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
}

/// The crew as the customer sees them.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CrewName {
    pub id: UserId,
    pub first_name: String,
}

/// What crews see of a claimable order, before they claim it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClaimableOrder {
    pub order_id: OrderId,
    pub code: String,
    pub stops: Vec<ClaimableStop>,
    /// What the crew earns, tip included.
    pub fee: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Metres from the last stop to the drop-off, in a straight line.
    pub dropoff_distance_m: i64,
    pub payment_mode: PaymentMode,
}

/// A shop to fetch goods from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ClaimableStop {
    pub shop_id: ShopId,
    pub name: String,
    pub lat: f64,
    pub lng: f64,
}

impl Order {
    /// What every reader of `order:` may know.
    pub fn state(&self) -> OrderState {
        OrderState {
            id: self.id,
            code: self.code.clone(),
            status: self.status,
            fulfilment: self.fulfilment,
            payment_mode: self.payment_mode,
            prep: self.shop_orders.iter().map(ShopOrder::prep).collect(),
            crew: self.crew_id.map(|id| CrewName { id, first_name: self.crew_name.clone().unwrap_or_default() }),
            placed_at: self.placed_at,
            delivered_at: self.delivered_at,
            completable_at: self.completable_at,
        }
    }

    /// The messages of `kind` for `order:` and for each of its shops: `{ type, at, by, order, …extra }`, and for a shop its own part as `shop_order`.
    ///
    /// `extra` is an object whose members every reader may know, or `json!({})`.
    pub fn said(&self, kind: &str, now: Timestamp, by: By, extra: &Value) -> Vec<Message> {
        let mut body = json!({ "type": kind, "at": now, "by": by, "order": self.state() });
        if let (Value::Object(body), Value::Object(extra)) = (&mut body, extra) {
            body.extend(extra.clone());
        }
        let mut said = vec![Message::new(format!("order:{}", self.id), &body)];
        for part in &self.shop_orders {
            // A rejected part is over for its shop: the rejection is the last message about it.
            if part.prep_status == PrepStatus::Rejected && kind != "order_rejected" {
                continue;
            }
            body["shop_order"] = json!(part.brief(self));
            said.push(Message::new(format!("shop:{}", part.shop_id), &body));
        }
        said
    }

    /// Whether a crew can claim it: it is a delivery, no crew has it, and no payment at a gateway is outstanding.
    pub fn is_claimable(&self) -> bool {
        self.status == OrderStatus::Created
            && self.fulfilment == Fulfilment::Delivery
            && !(self.payment_mode == PaymentMode::Gateway && self.payment_status == PaymentStatus::Unpaid)
    }

    /// The parts that were not rejected.
    pub fn live_parts(&self) -> impl Iterator<Item = &ShopOrder> {
        self.shop_orders.iter().filter(|part| part.prep_status != PrepStatus::Rejected)
    }

    /// Whether nothing is left at a shop.
    pub fn is_all_picked_up(&self) -> bool {
        self.live_parts().all(|part| part.picked_up_at.is_some())
    }

    /// The cash that the crew, or the shop at its counter, collects.
    pub fn cash_to_collect(&self) -> Money {
        let amount = if matches!(self.payment_mode, PaymentMode::Cod | PaymentMode::Cop) { self.total } else { Decimal::ZERO };
        Money::new(amount, self.currency).rounded()
    }

    /// `amount` in this order's currency.
    pub fn amount(&self, amount: Decimal) -> Amount {
        Amount::of(amount, self.currency)
    }
}

impl ShopOrder {
    /// Its progress.
    pub fn prep(&self) -> Prep {
        Prep {
            shop_id: self.shop_id,
            prep_status: self.prep_status,
            accept_by: self.accept_by,
            ready_at: self.ready_at,
            picked_up_at: self.picked_up_at,
        }
    }

    /// The short form for its shop, without the lines.
    fn brief(&self, order: &Order) -> Value {
        json!({
            "id": self.id, "order_id": order.id, "shop_id": self.shop_id, "code": order.code, "prep_status": self.prep_status,
            "prep_minutes": self.prep_minutes, "accept_by": self.accept_by, "ready_at": self.ready_at, "picked_up_at": self.picked_up_at,
            "subtotal": order.amount(self.subtotal), "currency": order.currency,
        })
    }
}

impl ClaimableOrder {
    /// What crews see of `order`. `None` for pickup.
    pub fn of(order: &Order) -> Option<Self> {
        let dropoff = order.dropoff.as_ref()?;
        let last = order.live_parts().last()?;
        let from = Point::new(last.lat, last.lng).ok()?;
        let to = Point::new(dropoff.lat, dropoff.lng).ok()?;
        #[allow(clippy::cast_possible_truncation, reason = "distances on earth fit")]
        let dropoff_distance_m = from.distance_m(to).round() as i64;
        let stops = order.live_parts().map(|part| ClaimableStop {
            shop_id: part.shop_id,
            name: part.name.clone(),
            lat: part.lat,
            lng: part.lng,
        });
        Some(Self {
            order_id: order.id,
            code: order.code.clone(),
            stops: stops.collect(),
            fee: order.amount(order.delivery_fee + order.tip),
            currency: order.currency,
            dropoff_distance_m,
            payment_mode: order.payment_mode,
        })
    }

    /// Where the crews' lists look for it: its first stop.
    pub fn first_stop(&self) -> Option<Point> {
        let first = self.stops.first()?;
        Point::new(first.lat, first.lng).ok()
    }
}
