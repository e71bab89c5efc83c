//! Sets the quantity of a line or removes it: `PATCH, DELETE /api/cart/items/{id}/`.
use super::{
    CartItemId, CartView,
    add::CartError,
    cart::is_in_range,
    changed, home,
    store::{self, Line},
};
use crate::{
    App,
    actor::Customer,
    db::{Committed, Tx},
    domain::catalog,
    http::json::{Json, Path},
    operations::{Answer, RequestContext},
    problem::Result,
};
use serde::{Deserialize, Serialize};

/// The new quantity of a line.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetQuantity {
    #[schema(minimum = 1)]
    pub quantity: i32,
}

/// Sets a line's quantity.
///
/// Errors: 404, 409 `product_gone`, 422 `quantity_out_of_range`.
pub async fn set_quantity(app: App, customer: Customer, (id, input): (CartItemId, SetQuantity)) -> Result<Committed<CartView>> {
    let mut tx = app.begin(home(customer.id)).await?;
    let line = lock_line(&mut tx, &customer, id).await?;
    let terms = catalog::terms(&mut tx, line.product_id).await?.filter(|terms| terms.is_sold).ok_or(CartError::ProductGone)?;
    if !is_in_range(input.quantity, terms.min_quantity, terms.max_quantity) {
        return Err(CartError::Quantity { min: terms.min_quantity, max: terms.max_quantity }.into());
    }
    store::set_quantity(&mut tx, id, input.quantity, terms.price).await?;
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(cart.view(app.config.currency)).await
}

/// Removes a line. Errors: 404.
pub async fn remove(app: App, customer: Customer, id: CartItemId) -> Result<Committed<CartView>> {
    let mut tx = app.begin(home(customer.id)).await?;
    lock_line(&mut tx, &customer, id).await?;
    store::remove_item(&mut tx, id).await?;
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(cart.view(app.config.currency)).await
}

async fn lock_line(tx: &mut Tx, customer: &Customer, id: CartItemId) -> Result<Line> {
    store::lock(tx, customer.id).await?;
    let line = store::lines(tx, customer.id).await?.into_iter().find(|line| line.id == id);
    Ok(line.ok_or(CartError::NotFound)?)
}
