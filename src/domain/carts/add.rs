//! Adds a product to the cart: `POST /api/cart/items/`.
use super::{
    CartItemId, CartView, ITEMS_MAX, SHOPS_MAX,
    cart::is_in_range,
    changed, home,
    store::{self, Line},
};
use crate::{
    App,
    actor::Customer,
    db::Committed,
    domain::catalog,
    ids::ProductId,
    problem::{ApiError, Checked, Result},
    reply::Created,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;

/// Adds a product to the cart. If the cart already contains it, the quantities add up.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AddItem {
    pub product_id: ProductId,
    #[schema(minimum = 1)]
    pub quantity: i32,
}

#[derive(Debug, ApiError)]
pub enum AddError {
    /// The product is unknown.
    #[api(404, "not_found")]
    NotFound,
    /// The cart already has the largest number of shops.
    #[api(409, "cart_shop_limit")]
    ShopLimit { limit: usize },
    /// The cart already has the largest number of lines.
    #[api(409, "cart_item_limit")]
    ItemLimit { limit: usize },
    /// The shop is in another region than the cart.
    #[api(422, "shops_in_two_regions")]
    TwoRegions,
    /// The shop sells in another currency than the cart's shops.
    #[api(422, "shops_in_two_currencies")]
    TwoCurrencies,
    #[api(inherit)]
    Line(LineError),
}

/// Why a line cannot be in a cart.
#[derive(Debug, ApiError)]
pub enum LineError {
    /// The product is no longer sold.
    #[api(409, "product_gone")]
    ProductGone,
    /// This quantity cannot be ordered.
    #[api(422, "quantity_out_of_range")]
    Quantity { min_quantity: i32, max_quantity: Option<i32> },
}

impl LineError {
    /// Whether `quantity` pieces can be ordered at once on these terms.
    pub(super) fn check(quantity: i32, terms: &catalog::ProductTerms) -> Checked<(), Self> {
        if is_in_range(quantity, terms.min_quantity, terms.max_quantity) { Ok(()) } else { Err(Self::out_of_range(terms)) }
    }

    fn out_of_range(terms: &catalog::ProductTerms) -> Self {
        Self::Quantity { min_quantity: terms.min_quantity, max_quantity: terms.max_quantity }
    }
}

/// Adds a product to the cart, or more of it.
pub async fn add(app: App, customer: Customer, input: AddItem) -> Result<Committed<Created<CartView>>, AddError> {
    if input.product_id.region() != home(customer.id) {
        return Err(elsewhere(&app, input.product_id).await?.into());
    }
    let mut tx = app.begin(home(customer.id)).await?;
    store::lock(&mut tx, customer.id).await?;
    let terms = catalog::terms(&mut tx, input.product_id).await?.ok_or(AddError::NotFound)?;
    if !terms.is_sold {
        return Err(AddError::Line(LineError::ProductGone).into());
    }
    let lines = store::lines(&mut tx, customer.id).await?;
    let present = lines.iter().find(|line| line.product_id == input.product_id);
    if input.quantity < 1 {
        return Err(AddError::Line(LineError::out_of_range(&terms)).into());
    }
    let quantity = input.quantity.saturating_add(present.map_or(0, |line| line.quantity));
    LineError::check(quantity, &terms).map_err(AddError::from)?;
    if let Some(line) = present {
        store::set_quantity(&mut tx, line.id, quantity, terms.price).await?;
    } else {
        fits(&lines, &terms)?;
        if store::has_other_currency(&mut tx, customer.id, terms.price.currency()).await? {
            return Err(AddError::TwoCurrencies.into());
        }
        let id = CartItemId::fresh(&app, tx.region());
        let line = Line { id, product_id: input.product_id, shop_id: terms.shop_id, quantity };
        let now = tx.now().await?;
        store::insert_item(&mut tx, customer.id, &line, terms.price, now).await?;
    }
    let cart = changed(&mut tx, customer.id).await?;
    tx.commit(Created(cart.view(app.config.currency))).await
}

/// Whether a new line with these terms fits beside `lines`.
fn fits(lines: &[Line], terms: &catalog::ProductTerms) -> Checked<(), AddError> {
    let mut shops: BTreeSet<_> = lines.iter().map(|line| line.shop_id).collect();
    shops.insert(terms.shop_id);
    if shops.len() > SHOPS_MAX {
        return Err(AddError::ShopLimit { limit: SHOPS_MAX });
    }
    if lines.len() >= ITEMS_MAX { Err(AddError::ItemLimit { limit: ITEMS_MAX }) } else { Ok(()) }
}

/// The error for a product of another region than the cart's: it exists there, or not at all.
async fn elsewhere(app: &App, product: ProductId) -> Result<AddError> {
    let mut conn = app.read(product.region()).await?;
    let terms = catalog::terms(&mut conn, product).await?;
    Ok(terms.map_or(AddError::NotFound, |_| AddError::TwoRegions))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ids::ShopId, money::Money};
    use uuid::Uuid;

    fn line(shop: u128, product: u128) -> Line {
        Line {
            id: CartItemId(Uuid::from_u128(product)),
            product_id: ProductId(Uuid::from_u128(product)),
            shop_id: ShopId(Uuid::from_u128(shop)),
            quantity: 1,
        }
    }

    fn terms(shop: u128) -> catalog::ProductTerms {
        catalog::ProductTerms {
            shop_id: ShopId(Uuid::from_u128(shop)),
            price: Money::of_minor(100, "USD".parse().expect("a currency")),
            min_quantity: 1,
            max_quantity: None,
            is_sold: true,
        }
    }

    #[test]
    fn a_fourth_shop_does_not_fit_but_more_of_the_third_does() {
        let lines = [line(1, 1), line(2, 2), line(3, 3)];
        assert!(matches!(fits(&lines, &terms(4)), Err(AddError::ShopLimit { limit: 3 })));
        assert!(fits(&lines, &terms(3)).is_ok());
        assert!(fits(&lines[..2], &terms(4)).is_ok());
    }

    #[test]
    fn a_cart_has_a_bound() {
        let lines: Vec<_> = (0..100).map(|product| line(1, product)).collect();
        assert!(matches!(fits(&lines, &terms(1)), Err(AddError::ItemLimit { limit: 100 })));
    }
}
