//! The order as commands hold it, and what others see of it.
use super::messages::{About, Fact, ShopOrderBrief};
use crate::{
    actor::{Actor, Role},
    clock::Timestamp,
    event::Message,
    i18n::{self, Language},
    ids::{OrderId, ProductId, ShopId, ShopOrderId, UserId},
    money::{Amount, Currency, Money},
    subject::Subject,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wassally_geo::Point;

/// The kind of subject that an order is.
pub(super) const SUBJECT: &str = "order";

/// An order as the subject of holds, ledger transactions, notifications and audit entries.
pub fn subject(id: OrderId) -> Subject {
    Subject::new(SUBJECT, id)
}

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
    pub delivery_fee: Money,
    pub tip: Money,
    pub tax: Money,
    pub discount: Money,
    pub total: Money,
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
    pub subtotal: Money,
    /// Its share of the order's fee.
    pub delivery_fee: Money,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct By {
    pub role: ByRole,
    /// Only of sellers and crews: customers and staff stay unnamed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<UserId>,
}

/// The role of the actor behind an event; a deadline or a rule is `system`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ByRole {
    System,
    Customer,
    Seller,
    Crew,
    Staff,
    Admin,
    Superadmin,
}

impl By {
    /// A deadline or a rule acted, not a person.
    pub const SYSTEM: Self = Self { role: ByRole::System, id: None };
}

impl From<Role> for ByRole {
    fn from(role: Role) -> Self {
        match role {
            Role::Customer => Self::Customer,
            Role::Seller => Self::Seller,
            Role::Crew => Self::Crew,
            Role::Staff => Self::Staff,
            Role::Admin => Self::Admin,
            Role::Superadmin => Self::Superadmin,
        }
    }
}

impl From<&Actor> for By {
    fn from(actor: &Actor) -> Self {
        if actor.id.uuid().is_nil() {
            return Self::SYSTEM;
        }
        Self { role: actor.role.into(), id: matches!(actor.role, Role::Seller | Role::Crew).then_some(actor.id) }
    }
}

/// The snapshot of `order:` and the member `order` of its events: what every reader may know.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Prep {
    pub shop_id: ShopId,
    pub prep_status: PrepStatus,
    pub accept_by: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
}

/// The crew as the customer sees them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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

/// A shop to pick up goods from.
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

    /// When something happened, by whom, and the order afterwards.
    pub fn about(&self, at: Timestamp, by: By) -> About {
        About { at, by, order: self.state() }
    }

    /// The messages of `fact`: the first on `order:`, the others on `shop:` of each shop, with its own part.
    pub fn announce<F: Fact + Clone>(&self, now: Timestamp, by: By, fact: F) -> Vec<Message> {
        let about = self.about(now, by);
        let mut messages = vec![Message::new(self.id, &fact.clone().to_order(about.clone()))];
        // A rejected part is over for its shop: the rejection is its last message.
        let is_concerned = |part: &&ShopOrder| part.prep_status != PrepStatus::Rejected || fact.reaches_rejected();
        messages.extend(self.shop_orders.iter().filter(is_concerned).map(|part| {
            let message = fact.clone().to_shop(about.clone(), part.brief(self));
            Message::new(part.shop_id, &message)
        }));
        messages
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
        if matches!(self.payment_mode, PaymentMode::Cod | PaymentMode::Cop) { self.total } else { Money::zero(self.currency) }
    }

    /// What the crew earns, tip included.
    pub fn crew_fee(&self) -> Money {
        self.delivery_fee + self.tip
    }

    /// What the order's hold and postings are about.
    pub fn subject(&self) -> Subject {
        subject(self.id)
    }
}

/// The order's own message is the last that `crew` gets of it.
pub fn ending(mut messages: Vec<Message>, crew: Option<UserId>) -> Vec<Message> {
    if let (Some(crew), Some(own)) = (crew, messages.first_mut()) {
        *own = own.clone().revokes(crew, true);
    }
    messages
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
    fn brief(&self, order: &Order) -> ShopOrderBrief {
        ShopOrderBrief {
            id: self.id,
            order_id: order.id,
            shop_id: self.shop_id,
            code: order.code.clone(),
            prep_status: self.prep_status,
            prep_minutes: self.prep_minutes,
            accept_by: self.accept_by,
            ready_at: self.ready_at,
            picked_up_at: self.picked_up_at,
            subtotal: self.subtotal.amount(),
            currency: order.currency,
        }
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
            fee: order.crew_fee().amount(),
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
