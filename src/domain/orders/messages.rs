//! What `order:`, `shop:` and `user:` carry of orders. The documents and the pages' types are made from these enums.
use super::{
    order::{By, ClaimableOrder, OrderState},
    view::{BoardOrder, OrderView},
};
use crate::{
    clock::Timestamp,
    event::ChannelMessage,
    ids::{OrderId, ShopId, ShopOrderId, UserId},
    money::{Amount, Currency},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// When it happened, by whom, and the order afterwards.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct About {
    pub at: Timestamp,
    pub by: By,
    /// The order afterwards: the last message's is the state of the channel.
    pub order: OrderState,
}

/// A shop's own part in a message, without its lines.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ShopOrderBrief {
    pub id: ShopOrderId,
    pub order_id: OrderId,
    pub shop_id: ShopId,
    pub code: String,
    pub prep_status: super::PrepStatus,
    pub prep_minutes: i32,
    pub accept_by: Timestamp,
    pub ready_at: Option<Timestamp>,
    pub picked_up_at: Option<Timestamp>,
    pub subtotal: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// What happened to an order, as messages on its own channel and on those of its shops.
pub trait Fact: Sized {
    type Order: ChannelMessage<Id = OrderId>;
    type Shop: ChannelMessage<Id = ShopId>;

    /// The message on `order:`.
    fn to_order(self, about: About) -> Self::Order;

    /// The message on `shop:`, with the shop's own part.
    fn to_shop(self, about: About, shop_order: ShopOrderBrief) -> Self::Shop;

    /// Whether the shop of a rejected part still gets it: the rejection is its last message.
    fn reaches_rejected(&self) -> bool {
        false
    }
}

/// Declares a slice's facts about orders with their forms on `order:` and `shop:`.
#[macro_export]
macro_rules! order_facts {
    ($fact:ident => $order:ident, $shop:ident {
        $($(#[doc = $doc:literal])* $variant:ident { $($(#[doc = $field_doc:literal])* $field:ident: $type:ty),* $(,)? })+
    }) => {
        // Each variant is named as its message is on the wire.
        #[allow(clippy::enum_variant_names)]
        #[derive(Debug, Clone)]
        pub enum $fact {
            $($(#[doc = $doc])* $variant { $($field: $type),* },)+
        }

        #[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum $order {
            $($(#[doc = $doc])* $variant {
                #[serde(flatten)]
                about: $crate::domain::orders::About,
                $($(#[doc = $field_doc])* $field: $type),*
            },)+
        }

        #[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum $shop {
            $($(#[doc = $doc])* $variant {
                #[serde(flatten)]
                about: $crate::domain::orders::About,
                shop_order: $crate::domain::orders::ShopOrderBrief,
                $($(#[doc = $field_doc])* $field: $type),*
            },)+
        }

        impl $crate::event::ChannelMessage for $order {
            const NAMESPACE: &'static str = "order";
            type Id = $crate::ids::OrderId;
        }

        impl $crate::event::ChannelMessage for $shop {
            const NAMESPACE: &'static str = "shop";
            type Id = $crate::ids::ShopId;
        }

        impl $order {
            /// The members of every message about an order.
            pub fn about(&self) -> &$crate::domain::orders::About {
                match self { $(Self::$variant { about, .. } => about,)+ }
            }
        }

        impl $fact {
            fn order_message(self, about: $crate::domain::orders::About) -> $order {
                match self { $(Self::$variant { $($field),* } => $order::$variant { about, $($field),* },)+ }
            }

            fn shop_message(
                self,
                about: $crate::domain::orders::About,
                shop_order: $crate::domain::orders::ShopOrderBrief,
            ) -> $shop {
                match self { $(Self::$variant { $($field),* } => $shop::$variant { about, shop_order, $($field),* },)+ }
            }
        }
    };
}

order_facts! {
    OrderFact => OrderMessage, ShopMessage {
        /// A shop accepted its part.
        OrderAccepted { shop_id: ShopId }
        /// A shop's part is ready at its counter.
        OrderReady { shop_id: ShopId }
        /// A shop rejected its part. The rejection of the last part cancels the order.
        OrderRejected {
            shop_id: ShopId,
            reason: String,
            /// What crews see from now on of an order that lost a stop while it was claimable.
            listing: Option<ClaimableOrder>,
        }
        /// The order was cancelled; its crew, if it had one, is free.
        OrderCancelled { reason: String }
        /// Sellers and crew were paid.
        OrderCompleted {}
    }
}

impl Fact for OrderFact {
    type Order = OrderMessage;
    type Shop = ShopMessage;

    fn to_order(self, about: About) -> OrderMessage {
        self.order_message(about)
    }

    fn to_shop(self, about: About, shop_order: ShopOrderBrief) -> ShopMessage {
        self.shop_message(about, shop_order)
    }

    fn reaches_rejected(&self) -> bool {
        matches!(self, Self::OrderRejected { .. })
    }
}

/// The first message of an order, on its own channel.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NewOrderMessage {
    /// A customer ordered. `listing` is what crews may see; `null` for pickup.
    OrderCreated {
        #[serde(flatten)]
        about: About,
        listing: Option<ClaimableOrder>,
    },
}

/// The first message of an order on its shops' channels: the part with its lines.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum NewShopOrderMessage {
    /// A customer ordered here.
    OrderCreated {
        #[serde(flatten)]
        about: About,
        shop_order: BoardOrder,
    },
}

/// The messages about their orders that only customers get.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CustomerMessage {
    /// The own order, whole. Its notification is `order_created`.
    OrderPlaced { at: Timestamp, order: OrderView },
}

impl ChannelMessage for NewOrderMessage {
    const NAMESPACE: &'static str = "order";
    type Id = OrderId;
}

impl ChannelMessage for NewShopOrderMessage {
    const NAMESPACE: &'static str = "shop";
    type Id = ShopId;
}

impl ChannelMessage for CustomerMessage {
    const NAMESPACE: &'static str = "user";
    type Id = UserId;
}
