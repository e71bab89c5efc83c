//! The catalogue: what shops sell, in which categories, at what price.
//!
//! A product is sold while it is active, approved and not deleted, in an approved shop. Its price is in its shop's currency; a stock-keeping unit
//! (`sku`) is unique in its shop. How much there is of it belongs to the inventory.
mod add;
mod categories;
mod product;
mod store;

pub use add::{NewProduct, add_products, category_named};
pub use store::ProductTerms;

use crate::{
    ids::{ProductId, Region, ShopId},
    operations::{Slice, get},
    problem::Result,
};
use sqlx::PgConnection;
use std::collections::HashMap;

crate::id!(
    /// A kind of product, such as bread.
    ProductCategoryId
);

pub fn slice() -> Slice {
    Slice::new("catalog")
        .query(get("/api/product/products/", product::list))
        .query(get("/api/product/products/{id}/", product::one))
        .query(get("/api/product/categories/", categories::list).summary("Lists the kinds of products."))
}

/// On what terms a product is sold now; `None` for one that never was.
pub async fn terms(conn: &mut PgConnection, product: ProductId) -> Result<Option<ProductTerms>> {
    store::terms(conn, product).await
}

/// The products of a shop by their stock-keeping units.
pub async fn by_sku(conn: &mut PgConnection, region: Region, shop: ShopId) -> Result<HashMap<String, ProductId>> {
    store::by_sku(conn, region, shop).await
}
