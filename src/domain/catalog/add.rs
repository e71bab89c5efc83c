//! Adds products to a shop, many at once.
use super::{ProductCategoryId, store};
use crate::{
    App,
    db::Tx,
    ids::{ProductId, Region, ShopId},
    money::Money,
    problem::{ApiError, OnConstraint, Problem, Result},
    text,
};

/// A product to add.
#[derive(Debug, Clone)]
pub struct NewProduct {
    pub name: String,
    pub name_ar: Option<String>,
    pub description: String,
    pub sku: String,
    /// In the shop's currency, as the cost is.
    pub price: Money,
    pub cost_price: Option<Money>,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    pub low_stock_threshold: i32,
    pub category_id: Option<ProductCategoryId>,
}

#[derive(Debug, ApiError)]
enum AddProductError {
    /// The shop has a product of this SKU.
    #[api(409, "sku_taken")]
    SkuTaken,
}

impl NewProduct {
    /// The faults of its texts by field; `number` is its index among the products.
    fn faults(&self, number: usize) -> impl Iterator<Item = (String, String)> {
        let words = [
            ("name", text::line(&self.name, 200)),
            ("name_ar", text::line(self.name_ar.as_deref().unwrap_or_default(), 200)),
            ("description", text::lines(&self.description, 5000)),
            ("sku", text::line(&self.sku, 100)),
        ];
        words.into_iter().filter_map(move |(field, checked)| Some((format!("[{number}].{field}"), checked.err()?.to_owned())))
    }
}

/// Adds approved products to a shop of the transaction's region; their ids are in the order of `products`.
///
/// Errors: 409 `sku_taken`; 422 with the fields.
pub async fn add_products(tx: &mut Tx, shop: ShopId, products: &[NewProduct]) -> Result<Vec<ProductId>> {
    let faults: Vec<_> = products.iter().enumerate().flat_map(|(number, product)| product.faults(number)).collect();
    if !faults.is_empty() {
        return Err(Problem::invalids(faults).into());
    }
    let ids: Vec<_> = products.iter().map(|_| ProductId::fresh(tx.app(), tx.region())).collect();
    let now = tx.now().await?;
    store::insert(tx, shop, &ids, products, now)
        .await
        .on_constraint("product_region_shop_id_sku_key", AddProductError::SkuTaken)?;
    Ok(ids)
}

/// The category with this name, inserted if it is missing. Categories are global, so no regional transaction writes them.
pub async fn category_named(app: &App, name: &str, name_ar: Option<&str>) -> Result<ProductCategoryId> {
    let mut conn = app.read(Region::GLOBAL).await?;
    store::category_named(&mut conn, ProductCategoryId::fresh(app, Region::GLOBAL), name, name_ar, app.clock.now()).await
}
