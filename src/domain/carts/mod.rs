//! Carts: what a customer wants to buy, from up to three shops of one region.
//!
//! A customer has one cart, in their own region, and it outlives their sessions. Its row is locked for every change, and its version grows with each,
//! so that a checkout can name the version it saw. A group contains the lines of one shop, and lists the problems that prevent its order. Prices are
//! the shops' present ones: a price that differs from the one the customer was last shown is a problem until they have seen it (by `validate`, or by
//! setting a quantity).
mod add;
mod cart;
mod change;
mod clear;
mod messages;
mod read;
mod store;
mod validate;
mod view;

pub use cart::{Cart, Group, Item, Problem, ProblemCode};
pub use messages::{CartChanged, CartMessage};
pub use view::{CartView, GroupView, ItemView};

use crate::{
    db::Tx,
    ids::{Region, ShopId, UserId},
    operations::{Slice, delete, get, patch, post},
    problem::Result,
};
use sqlx::PgConnection;

crate::id!(
    /// A line of a cart.
    CartItemId
);

/// Most shops in a cart.
pub const SHOPS_MAX: usize = 3;
/// Most lines in a cart.
pub const ITEMS_MAX: usize = 100;

pub fn slice() -> Slice {
    Slice::new("carts")
        .query(get("/api/cart/", read::cart).summary("Reads the own cart with present prices, fees and problems."))
        .command(delete("/api/cart/", clear::clear).summary("Empties the own cart."))
        .command(post("/api/cart/items/", add::add))
        .command(patch("/api/cart/items/{id}/", change::set_quantity).id("item_id"))
        .command(delete("/api/cart/items/{id}/", change::remove).id("item_id"))
        .command(post("/api/cart/validate/", validate::validate))
        .publishes::<CartMessage>()
}

/// The region of a customer's cart: that of their id.
pub fn home(customer: UserId) -> Region {
    match customer.region() {
        Region::GLOBAL => Region::FIRST,
        region => region,
    }
}

/// Locks the customer's cart and reads it with the shops' present terms, prices and stock. The transaction is of the cart's [`home`].
pub async fn lock(tx: &mut Tx, customer: UserId) -> Result<Cart> {
    store::lock(tx, customer).await?;
    let now = tx.now().await?;
    let region = tx.region();
    cart::read(tx, region, customer, now).await
}

/// Takes the groups of these shops out of the locked cart after they were ordered.
pub async fn take_out(tx: &mut Tx, customer: UserId, shops: &[ShopId]) -> Result<()> {
    store::remove_groups(tx, customer, shops).await?;
    changed(tx, customer).await?;
    Ok(())
}

/// The version of a customer's cart; 0 before the first change.
pub async fn version(conn: &mut PgConnection, customer: UserId) -> Result<i64> {
    store::version(conn, home(customer), customer).await
}

/// The cart as a change leaves it: its version has grown, and `cart_changed` is published.
async fn changed(tx: &mut Tx, customer: UserId) -> Result<Cart> {
    let now = tx.now().await?;
    store::grow(tx, customer, now).await?;
    let region = tx.region();
    let cart = cart::read(tx, region, customer, now).await?;
    tx.emit(CartChanged::new(&cart, now));
    Ok(cart)
}
