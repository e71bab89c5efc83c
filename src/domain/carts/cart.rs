//! A cart with its shops' present terms, and the rule that finds its problems. The rule is free of IO.
use super::{CartItemId, store};
use crate::{
    clock::Timestamp,
    domain::shops::{self, Location, ShopTerms},
    ids::{ProductId, Region, ShopId, UserId},
    money::Money,
    problem::Result,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

/// A customer's cart.
#[derive(Debug, Clone)]
pub struct Cart {
    pub customer: UserId,
    pub region: Region,
    pub version: i64,
    /// One per shop, in the order in which the shops were added.
    pub groups: Vec<Group>,
    /// The customer's saved location; without one, fee and radius are not checked.
    pub location: Option<Location>,
}

/// The lines of one shop in a cart.
#[derive(Debug, Clone)]
pub struct Group {
    pub shop: ShopTerms,
    pub items: Vec<Item>,
    pub problems: Vec<Problem>,
    /// Metres from the shop to the saved location.
    pub distance_m: Option<f64>,
    /// In the shop's currency; `None` without a saved location, or where the shop does not deliver.
    pub delivery_fee: Option<Money>,
}

/// One line.
#[derive(Debug, Clone)]
pub struct Item {
    pub id: CartItemId,
    pub product_id: ProductId,
    pub name: String,
    pub sku: String,
    pub image_url: Option<String>,
    pub quantity: i32,
    /// The present price of one piece.
    pub price: Money,
    /// The price that the customer was last shown.
    pub price_seen: Money,
    pub on_hand: i32,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    /// Active, approved and not deleted.
    pub is_sold: bool,
    pub added_at: Timestamp,
}

impl Item {
    /// Price times quantity.
    pub fn subtotal(&self) -> Money {
        self.price * self.quantity
    }
}

/// Why a group cannot be ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemCode {
    ShopClosed,
    OutOfRadius,
    BelowMinimum,
    OutOfStock,
    QuantityOutOfRange,
    ProductGone,
    PriceChanged,
    /// The shop offers no pickup.
    NoPickup,
    /// The shop sells in another currency than the first one.
    OtherCurrency,
}

impl From<ProblemCode> for Problem {
    /// A problem of the whole group.
    fn from(code: ProblemCode) -> Self {
        Self { code, product_id: None }
    }
}

/// A problem of a group, or of the line of one product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = CartProblem)]
pub struct Problem {
    pub code: ProblemCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_id: Option<ProductId>,
}

impl Problem {
    /// Whether it also prevents an order for pickup.
    pub fn concerns_pickup(&self) -> bool {
        self.code != ProblemCode::OutOfRadius
    }
}

impl Group {
    /// A group with its problems for a customer at `location`.
    pub fn new(shop: ShopTerms, mut items: Vec<Item>, location: Option<&Location>) -> Self {
        for item in &mut items {
            // A shop that changed its currency sells only what it has priced in it.
            item.is_sold &= item.price.currency() == shop.currency;
        }
        let distance_m = location.and_then(|location| shop.distance_m(location));
        let delivery_fee = distance_m.and_then(|distance_m| shops::delivery_fee(&shop, distance_m));
        let mut group = Self { shop, items, problems: vec![], distance_m, delivery_fee };
        group.problems = group.check();
        group
    }

    /// The sum of its lines in the shop's currency; one in another currency is not for sale and adds nothing.
    pub fn subtotal(&self) -> Money {
        let lines = self.items.iter().filter(|item| item.price.currency() == self.shop.currency);
        Money::sum(self.shop.currency, lines.map(Item::subtotal))
    }

    fn check(&self) -> Vec<Problem> {
        let of_shop = |code| Problem { code, product_id: None };
        let mut problems = vec![];
        if !self.shop.is_open {
            problems.push(of_shop(ProblemCode::ShopClosed));
        }
        if self.distance_m.is_some() && self.delivery_fee.is_none() {
            problems.push(of_shop(ProblemCode::OutOfRadius));
        }
        if self.subtotal() < self.shop.minimum_order {
            problems.push(of_shop(ProblemCode::BelowMinimum));
        }
        for item in &self.items {
            problems.extend(item.check().map(|code| Problem { code, product_id: Some(item.product_id) }));
        }
        problems
    }
}

impl Item {
    /// The most serious problem of a line; a product that is gone has no other.
    fn check(&self) -> Option<ProblemCode> {
        if !self.is_sold {
            Some(ProblemCode::ProductGone)
        } else if !is_in_range(self.quantity, self.min_quantity, self.max_quantity) {
            Some(ProblemCode::QuantityOutOfRange)
        } else if self.on_hand < self.quantity {
            Some(ProblemCode::OutOfStock)
        } else if self.price != self.price_seen {
            Some(ProblemCode::PriceChanged)
        } else {
            None
        }
    }
}

/// Whether this quantity can be ordered at once.
pub(super) fn is_in_range(quantity: i32, min: i32, max: Option<i32>) -> bool {
    quantity >= min && max.is_none_or(|max| quantity <= max)
}

/// Reads a cart with the terms, prices and stock at `now`.
pub(super) async fn read(conn: &mut PgConnection, region: Region, customer: UserId, now: Timestamp) -> Result<Cart> {
    let version = store::version(conn, region, customer).await?;
    let location = store::location(conn, customer).await?;
    let lines = store::items(conn, region, customer).await?;
    let mut ids: Vec<ShopId> = vec![];
    for (shop, _) in &lines {
        if !ids.contains(shop) {
            ids.push(*shop);
        }
    }
    let terms = shops::terms(conn, region, &ids, now).await?;
    let mut groups: Vec<(ShopTerms, Vec<Item>)> = terms.into_iter().map(|shop| (shop, vec![])).collect();
    for (shop, item) in lines {
        if let Some((_, items)) = groups.iter_mut().find(|(terms, _)| terms.id == shop) {
            items.push(item);
        }
    }
    let groups = groups.into_iter().map(|(shop, items)| Group::new(shop, items, location.as_ref())).collect();
    Ok(Cart { customer, region, version, groups, location })
}
