//! The events of orders. Claiming, releasing, shipping, delivering and the like are events of the delivery slice.
use super::{
    order::{By, ClaimableOrder, Line, Order, OrderState},
    view::OrderView,
};
use crate::{
    actor::Role,
    clock::Timestamp,
    db::Message,
    domain::Event,
    i18n::Language,
    ids::{OrderId, ShopId, UserId},
    money::{Amount, Currency},
};
use serde::Serialize;
use serde_json::json;

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub struct $name {
            pub order: OrderState,
            pub customer_id: UserId,
            $(pub $field: $type,)*
            #[serde(skip)]
            said: Vec<Message>,
        }

        impl Event for $name {
            const TYPE: &'static str = $kind;
            fn to(&self) -> Vec<Message> {
                self.said.clone()
            }
        }
    )+};
}

events! {
    /// A customer ordered. `listing` is what crews may see; `None` for pickup.
    OrderCreated = "order_created" { listing: Option<ClaimableOrder>, shops: Vec<(ShopId, UserId)> }
    /// A shop will prepare its part.
    OrderAccepted = "order_accepted" { shop_id: ShopId }
    /// A shop's part is ready at its counter.
    OrderReady = "order_ready" { shop_id: ShopId }
    /// A shop rejected its part. The rejection of the last part cancels the order.
    OrderRejected = "order_rejected" { shop_id: ShopId, reason: String }
    /// The order was cancelled; its crew, if it had one, is free.
    OrderCancelled = "order_cancelled" { crew_id: Option<UserId>, sellers: Vec<UserId>, reason: String }
    /// Sellers and crew were paid.
    OrderCompleted = "order_completed" { crew_id: Option<UserId>, paid: Vec<Paid> }
}

impl OrderCreated {
    /// Each shop gets its own lines, and the customer the whole order in the language of their notifications.
    pub fn new(order: &Order, lines: &[Line], language: Language, now: Timestamp, by: By) -> Self {
        let listing = ClaimableOrder::of(order);
        let mut said = order.said(Self::TYPE, now, by, &json!({ "listing": listing }));
        for (said, part) in said.iter_mut().skip(1).zip(&order.shop_orders) {
            let mut body = json!({ "type": Self::TYPE, "at": now, "by": by, "order": order.state() });
            body["shop_order"] = super::view::part_for_shop(order, part, lines);
            *said = Message::new(format!("shop:{}", part.shop_id), &body);
        }
        let whole = OrderView::whole(order, lines, language);
        said.push(Message::new(format!("user:{}", order.customer_id), &json!({ "type": Self::TYPE, "at": now, "order": whole })));
        let shops = order.shop_orders.iter().map(|part| (part.shop_id, part.seller_id)).collect();
        Self { order: order.state(), customer_id: order.customer_id, listing, shops, said }
    }
}

impl OrderAccepted {
    pub fn new(order: &Order, shop_id: ShopId, now: Timestamp, by: By) -> Self {
        let said = order.said(Self::TYPE, now, by, &json!({ "shop_id": shop_id }));
        Self { order: order.state(), customer_id: order.customer_id, shop_id, said }
    }
}

impl OrderReady {
    pub fn new(order: &Order, shop_id: ShopId, now: Timestamp, by: By) -> Self {
        let said = order.said(Self::TYPE, now, by, &json!({ "shop_id": shop_id }));
        Self { order: order.state(), customer_id: order.customer_id, shop_id, said }
    }
}

impl OrderRejected {
    pub fn new(order: &Order, shop_id: ShopId, reason: &str, now: Timestamp, by: By) -> Self {
        let said = order.said(Self::TYPE, now, by, &json!({ "shop_id": shop_id, "reason": reason, "listing": relisted(order) }));
        Self { order: order.state(), customer_id: order.customer_id, shop_id, reason: reason.to_owned(), said }
    }
}

/// What a seller or crew was paid.
#[derive(Debug, Clone, Serialize)]
pub struct Paid {
    pub user_id: UserId,
    /// The role in which they were paid: a seller may also have carried the order.
    pub role: Role,
    pub amount: Amount,
    pub currency: Currency,
}

/// What crews see of an order that lost a stop while it was claimable.
fn relisted(order: &Order) -> Option<ClaimableOrder> {
    order.is_claimable().then(|| ClaimableOrder::of(order)).flatten()
}

impl OrderCancelled {
    /// `crew_id`: the crew that had claimed it.
    pub fn new(order: &Order, crew_id: Option<UserId>, reason: &str, now: Timestamp, by: By) -> Self {
        let mut said = order.said(Self::TYPE, now, by, &json!({ "reason": reason }));
        if let (Some(crew), false) = (crew_id, said.is_empty()) {
            // The first message is the order's own channel: its crew gets this one and no later one.
            let own = said.remove(0);
            said.insert(0, own.revokes(crew, true));
        }
        // A part that its shop rejected was over for that shop before.
        let sellers = order.live_parts().map(|part| part.seller_id).collect();
        Self { order: order.state(), customer_id: order.customer_id, crew_id, sellers, reason: reason.to_owned(), said }
    }

    /// The order it was about.
    pub fn order_id(&self) -> OrderId {
        self.order.id
    }
}

impl OrderCompleted {
    /// `paid`: what each seller and the crew were paid.
    pub fn new(order: &Order, paid: Vec<Paid>, now: Timestamp, by: By) -> Self {
        let said = order.said(Self::TYPE, now, by, &json!({}));
        Self { order: order.state(), customer_id: order.customer_id, crew_id: order.crew_id, paid, said }
    }
}
