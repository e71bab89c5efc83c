//! Empties the cart: `DELETE /api/cart/`.
use super::{CartView, changed, home, store};
use crate::{App, actor::Customer, db::Committed, ids::ShopId, operations::NoInput, problem::Result};

/// Removes all lines.
pub async fn clear(app: App, customer: Customer, _: NoInput) -> Result<Committed<CartView>> {
    let mut tx = app.begin(home(customer.id)).await?;
    store::lock(&mut tx, customer.id).await?;
    let lines = store::lines(&mut tx, customer.id).await?;
    let shops: Vec<ShopId> = lines.iter().map(|line| line.shop_id).collect();
    store::remove_groups(&mut tx, customer.id, &shops).await?;
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(cart.view(app.config.currency)).await
}
