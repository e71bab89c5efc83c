//! Checks the cart before a checkout: `POST /api/cart/validate/`.
//!
//! The customer has seen what it answers: changed prices are listed once more, and after that they are no longer a problem.
use super::{CartView, home, store};
use crate::{
    App,
    actor::Customer,
    db::Committed,
    problem::{ApiError, Result},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Checks the cart before a checkout. Changed prices count as seen from now on.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidateCart {
    /// The version that the caller has; if it is not the present one, 409 `cart_changed`.
    pub cart_version: Option<i64>,
}

#[derive(Debug, ApiError)]
pub enum ValidateError {
    /// The present cart, which has another version.
    #[api(409, "cart_changed")]
    CartChanged { cart: CartView },
}

/// The cart with its problems. Changed prices count as seen from now on.
pub async fn validate(app: App, customer: Customer, input: ValidateCart) -> Result<Committed<CartView>, ValidateError> {
    let mut tx = app.begin(home(customer.id)).await?;
    let cart = super::lock(&mut tx, customer.id).await?;
    if input.cart_version.is_some_and(|version| version != cart.version) {
        return Err(ValidateError::CartChanged { cart: cart.view(app.config.currency) }.into());
    }
    let items = cart.groups.iter().flat_map(|group| &group.items);
    let changed: Vec<_> = items.filter(|item| item.price != item.price_seen).map(|item| (item.id, item.price)).collect();
    let mut view = cart.view(app.config.currency);
    if !changed.is_empty() {
        store::set_prices_seen(&mut tx, &changed).await?;
        view.version = super::changed(&mut tx, customer.id).await?.version;
    }
    tx.commit(view).await
}
