//! Sets the quantity of a line or removes it: `PATCH, DELETE /api/cart/items/{id}/`.
use super::{
    CartItemId, CartView,
    add::LineError,
    changed, home,
    store::{self, Line},
};
use crate::{
    App, Problem,
    actor::Customer,
    db::{Committed, Tx},
    domain::catalog,
    problem::Result,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Sets the quantity of a line.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantity {
    pub item_id: CartItemId,
    #[schema(minimum = 1)]
    pub quantity: i32,
}

/// Removes a line from the cart.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RemoveItem {
    pub item_id: CartItemId,
}

/// Sets a line's quantity. Its present price counts as seen.
pub async fn set_quantity(app: App, customer: Customer, input: SetQuantity) -> Result<Committed<CartView>, LineError> {
    let mut tx = app.begin(home(customer.id)).await?;
    let line = lock_line(&mut tx, &customer, input.item_id).await?;
    let terms = catalog::terms(&mut tx, line.product_id).await?.filter(|terms| terms.is_sold).ok_or(LineError::ProductGone)?;
    LineError::check(input.quantity, &terms)?;
    store::set_quantity(&mut tx, line.id, input.quantity, terms.price).await?;
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(cart.view(app.config.currency)).await
}

/// Removes a line.
pub async fn remove(app: App, customer: Customer, input: RemoveItem) -> Result<Committed<CartView>> {
    let mut tx = app.begin(home(customer.id)).await?;
    let line = lock_line(&mut tx, &customer, input.item_id).await?;
    store::remove_item(&mut tx, line.id).await?;
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(cart.view(app.config.currency)).await
}

async fn lock_line(tx: &mut Tx, customer: &Customer, id: CartItemId) -> Result<Line> {
    store::lock(tx, customer.id).await?;
    let line = store::lines(tx, customer.id).await?.into_iter().find(|line| line.id == id);
    Ok(line.ok_or_else(Problem::not_found)?)
}
