//! The events of orders. Claiming, releasing, shipping, delivering and the like are events of the delivery slice.
use super::{
    messages::{CustomerMessage, NewOrderMessage, NewShopOrderMessage, OrderFact},
    order::{By, ClaimableOrder, Line, Order, OrderState},
    view::{BoardOrder, OrderView},
};
use crate::{
    actor::Role,
    clock::Timestamp,
    event::{Event, Message},
    i18n::Language,
    ids::{OrderId, ShopId, UserId},
    money::{Amount, Currency},
};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            pub order: OrderState,
            pub customer_id: UserId,
            $(pub $field: $type,)*
            messages: Vec<Message>,
        }

        impl Event for $name {
            fn messages(&self) -> Vec<Message> {
                self.messages.clone()
            }
        }
    )+};
}

events! {
    /// A customer ordered. `listing` is what crews may see; `None` for pickup.
    OrderCreated { listing: Option<ClaimableOrder>, shops: Vec<(ShopId, UserId)> }
    /// A shop accepted its part.
    OrderAccepted { shop_id: ShopId }
    /// A shop's part is ready at its counter.
    OrderReady { shop_id: ShopId }
    /// A shop rejected its part. The rejection of the last part cancels the order.
    OrderRejected { shop_id: ShopId, reason: String }
    /// The order was cancelled; its crew, if it had one, is free.
    OrderCancelled { crew_id: Option<UserId>, sellers: Vec<UserId>, reason: String }
    /// Sellers and crew were paid.
    OrderCompleted { crew_id: Option<UserId>, paid: Vec<Paid> }
}

impl OrderCreated {
    /// Each shop gets its own lines, and the customer the whole order in the language of their notifications.
    pub fn new(order: &Order, lines: &[Line], language: Language, now: Timestamp, by: By) -> Self {
        let listing = ClaimableOrder::of(order);
        let about = order.about(now, by);
        let own = NewOrderMessage::OrderCreated { about: about.clone(), listing: listing.clone() };
        let mut messages = vec![Message::new(order.id, &own)];
        messages.extend(order.shop_orders.iter().map(|part| {
            let shop_order = BoardOrder::new(order, part, lines);
            Message::new(part.shop_id, &NewShopOrderMessage::OrderCreated { about: about.clone(), shop_order })
        }));
        let whole = OrderView::whole(order, lines, language);
        messages.push(Message::new(order.customer_id, &CustomerMessage::OrderPlaced { at: now, order: whole }));
        let shops = order.shop_orders.iter().map(|part| (part.shop_id, part.seller_id)).collect();
        Self { order: order.state(), customer_id: order.customer_id, listing, shops, messages }
    }
}

impl OrderAccepted {
    pub fn new(order: &Order, shop_id: ShopId, now: Timestamp, by: By) -> Self {
        let messages = order.announce(now, by, OrderFact::OrderAccepted { shop_id });
        Self { order: order.state(), customer_id: order.customer_id, shop_id, messages }
    }
}

impl OrderReady {
    pub fn new(order: &Order, shop_id: ShopId, now: Timestamp, by: By) -> Self {
        let messages = order.announce(now, by, OrderFact::OrderReady { shop_id });
        Self { order: order.state(), customer_id: order.customer_id, shop_id, messages }
    }
}

impl OrderRejected {
    pub fn new(order: &Order, shop_id: ShopId, reason: &str, now: Timestamp, by: By) -> Self {
        let fact = OrderFact::OrderRejected { shop_id, reason: reason.to_owned(), listing: relisted(order) };
        let messages = order.announce(now, by, fact);
        Self { order: order.state(), customer_id: order.customer_id, shop_id, reason: reason.to_owned(), messages }
    }
}

/// What a seller or crew was paid.
#[derive(Debug, Clone)]
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
        let messages = order.announce(now, by, OrderFact::OrderCancelled { reason: reason.to_owned() });
        let messages = super::order::ending(messages, crew_id);
        // A part that its shop had rejected was already over for that shop.
        let sellers = order.live_parts().map(|part| part.seller_id).collect();
        Self { order: order.state(), customer_id: order.customer_id, crew_id, sellers, reason: reason.to_owned(), messages }
    }

    /// The order it was about.
    pub fn order_id(&self) -> OrderId {
        self.order.id
    }
}

impl OrderCompleted {
    /// `paid`: what each seller and the crew were paid.
    pub fn new(order: &Order, paid: Vec<Paid>, now: Timestamp, by: By) -> Self {
        let messages = order.announce(now, by, OrderFact::OrderCompleted {});
        Self { order: order.state(), customer_id: order.customer_id, crew_id: order.crew_id, paid, messages }
    }
}
