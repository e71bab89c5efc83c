//! `GET /api/cart/`.
use super::{CartView, cart, home};
use crate::{App, actor::Customer, http::json::Query, problem::Result};
use axum::{Json, extract::State};
use serde::Deserialize;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// The caller's cart with present prices, fees and problems, and the position it was read at.
pub async fn get(
    State(app): State<App>,
    customer: Customer,
    Query(NoParameters {}): Query<NoParameters>,
) -> Result<Json<CartView>> {
    let region = home(customer.id);
    let mut view = app.read_whole(region).await?;
    let cart = cart::read(&mut view, region, customer.id, app.clock.now()).await?;
    let live = vec![app.position(&mut view, format!("user:{}", customer.id)).await?];
    Ok(Json(CartView { live, ..cart.view(app.config.currency) }))
}
