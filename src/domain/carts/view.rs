//! A cart on the wire.
use super::{Cart, CartItemId, Problem, cart::Group};
use crate::{
    clock::Timestamp,
    db::Live,
    ids::{ProductId, ShopId},
    money::{Amount, Currency, Money},
};
use serde::Serialize;

/// A cart as its customer sees it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Cart)]
pub struct CartView {
    pub shops: Vec<GroupView>,
    /// Of all lines.
    pub subtotal: Amount,
    /// The sum over all shops that deliver to the saved location.
    pub delivery_fee: Amount,
    /// The sum of both.
    pub total: Amount,
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Grows with every change; a checkout can name the version that it saw.
    pub version: i64,
    /// The position of `user:{id}`, which carries `cart_changed`.
    pub live: Vec<Live>,
}

/// The lines of one shop in a cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CartGroup)]
pub struct GroupView {
    pub shop_id: ShopId,
    pub name: String,
    pub is_open: bool,
    pub items: Vec<ItemView>,
    pub subtotal: Amount,
    pub minimum_order: Amount,
    /// To the saved location; `null` without one, or where the shop does not deliver.
    pub delivery_fee: Option<Amount>,
    pub distance_m: Option<f64>,
    pub prep_minutes: i32,
    pub delivery: bool,
    pub pickup: bool,
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// The problems that prevent the order of this group.
    pub problems: Vec<Problem>,
}

/// A line of a cart.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = CartItem)]
pub struct ItemView {
    pub id: CartItemId,
    pub product_id: ProductId,
    pub name: String,
    pub sku: String,
    pub image_url: Option<String>,
    pub quantity: i32,
    /// The present price of one piece.
    pub price: Amount,
    /// The price that was last shown, if it differs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price_seen: Option<Amount>,
    pub subtotal: Amount,
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    pub stock: i32,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    pub added_at: Timestamp,
}

impl Cart {
    /// The cart on the wire; an empty one is in `fallback`. `live` is added by the read, or by the dispatch of the command.
    pub fn view(&self, fallback: Currency) -> CartView {
        let currency = self.groups.first().map_or(fallback, |group| group.shop.currency);
        // A group of another currency than the first cannot be ordered with it, so it adds nothing.
        let groups = || self.groups.iter().filter(|group| group.shop.currency == currency);
        let subtotal = Money::sum(currency, groups().map(Group::subtotal));
        let delivery_fee = Money::sum(currency, groups().filter_map(|group| group.delivery_fee));
        CartView {
            shops: self.groups.iter().map(GroupView::new).collect(),
            subtotal: subtotal.amount(),
            delivery_fee: delivery_fee.amount(),
            total: (subtotal + delivery_fee).amount(),
            currency,
            version: self.version,
            live: vec![],
        }
    }
}

impl GroupView {
    fn new(group: &Group) -> Self {
        let shop = &group.shop;
        let items = group.items.iter().map(|item| ItemView {
            id: item.id,
            product_id: item.product_id,
            name: item.name.clone(),
            sku: item.sku.clone(),
            image_url: item.image_url.clone(),
            quantity: item.quantity,
            price: item.price.amount(),
            price_seen: (item.price_seen != item.price).then(|| item.price_seen.amount()),
            subtotal: item.subtotal().amount(),
            currency: item.price.currency(),
            stock: item.on_hand,
            min_quantity: item.min_quantity,
            max_quantity: item.max_quantity,
            added_at: item.added_at,
        });
        Self {
            shop_id: shop.id,
            name: shop.name.clone(),
            is_open: shop.is_open,
            items: items.collect(),
            subtotal: group.subtotal().amount(),
            minimum_order: shop.minimum_order.amount(),
            delivery_fee: group.delivery_fee.map(Money::amount),
            distance_m: group.distance_m.map(|m| (m * 10.0).round() / 10.0),
            prep_minutes: shop.prep_minutes,
            delivery: shop.delivery,
            pickup: shop.pickup,
            currency: shop.currency,
            problems: group.problems.clone(),
        }
    }
}
