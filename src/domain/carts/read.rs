//! `GET /api/cart/`.
use super::{CartMessage, CartView, cart, home};
use crate::{App, actor::Customer, event::channel_of, operations::NoInput, problem::Result};

/// The caller's cart with present prices, fees and problems, and the position it was read at.
pub async fn cart(app: App, customer: Customer, _: NoInput) -> Result<CartView> {
    let region = home(customer.id);
    let mut view = app.read_whole(region).await?;
    let cart = cart::read(&mut view, region, customer.id, app.clock.now()).await?;
    let live = vec![app.position(&mut view, channel_of::<CartMessage>(&customer.id)).await?];
    Ok(CartView { live, ..cart.view(app.config.currency) })
}
