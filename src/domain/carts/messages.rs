//! What `user:` carries of the cart, for the other devices of its customer.
use super::Cart;
use crate::{
    clock::Timestamp,
    event::{ChannelMessage, Event, Message},
    ids::UserId,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CartMessage {
    /// The cart changed.
    CartChanged {
        at: Timestamp,
        version: i64,
        /// How many lines it has now.
        items: usize,
    },
}

impl ChannelMessage for CartMessage {
    const NAMESPACE: &'static str = "user";
    type Id = UserId;
}

/// A customer's cart was changed.
#[derive(Debug)]
pub struct CartChanged {
    pub at: Timestamp,
    pub customer: UserId,
    pub version: i64,
    pub items: usize,
}

impl CartChanged {
    pub(super) fn new(cart: &Cart, at: Timestamp) -> Self {
        let items = cart.groups.iter().map(|group| group.items.len()).sum();
        Self { at, customer: cart.customer, version: cart.version, items }
    }
}

impl Event for CartChanged {
    fn messages(&self) -> Vec<Message> {
        let Self { at, customer, version, items } = *self;
        vec![Message::new(customer, &CartMessage::CartChanged { at, version, items })]
    }
}
