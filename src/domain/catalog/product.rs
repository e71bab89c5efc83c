//! `GET /api/product/products/` and `{id}/`.
use super::{
    ProductCategoryId,
    store::{self, ProductRow, Sorting, Wanted},
};
use crate::{
    App,
    actor::{Actor, OptionalActor},
    clock::Timestamp,
    domain::shops,
    ids::{ProductId, Region, ShopId},
    money::{Amount, Currency},
    page::{Listing, Page},
    problem::{Problem, Result},
};
use serde::{Deserialize, Serialize};

/// A product. Only members of its shop and admins see its cost.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Product {
    pub id: ProductId,
    pub shop_id: ShopId,
    pub name: String,
    pub name_ar: Option<String>,
    pub description: String,
    pub sku: String,
    pub price: Amount,
    /// After the best offer.
    pub final_price: Amount,
    #[schema(value_type = String, example = "USD")]
    pub currency: Currency,
    /// Pieces on hand.
    pub stock: i32,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    pub category_id: Option<ProductCategoryId>,
    pub brand_id: Option<uuid::Uuid>,
    #[schema(value_type = Vec<Object>)]
    pub images: serde_json::Value,
    #[schema(value_type = Option<Object>)]
    pub offer: Option<serde_json::Value>,
    pub is_active: bool,
    #[schema(example = "APPROVED")]
    pub approval_status: String,
    #[schema(value_type = Option<String>)]
    pub avg_rating: Option<rust_decimal::Decimal>,
    pub ratings_count: i32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_price: Option<Amount>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub low_stock_threshold: Option<i32>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl Product {
    fn new(row: ProductRow, is_own: bool) -> Self {
        let amount = |amount: Amount| amount.of_currency(row.currency).amount();
        Self {
            price: amount(row.price),
            final_price: amount(row.price),
            cost_price: row.cost_price.filter(|_| is_own).map(amount),
            low_stock_threshold: is_own.then_some(row.low_stock_threshold),
            id: row.id,
            shop_id: row.shop_id,
            name: row.name,
            name_ar: row.name_ar,
            description: row.description,
            sku: row.sku,
            currency: row.currency,
            stock: row.stock,
            min_quantity: row.min_quantity,
            max_quantity: row.max_quantity,
            category_id: row.category_id,
            brand_id: row.brand_id,
            images: row.images,
            offer: None,
            is_active: row.is_active,
            approval_status: row.approval_status,
            avg_rating: row.avg_rating,
            ratings_count: row.ratings_count,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

/// Lists the products that are sold.
///
/// `ordering`: `-created_at` (the default), `price`, `-price`, `name`, `-rating`.
#[derive(Debug, Clone, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    in_stock: Option<bool>,
    shop: Option<ShopId>,
    category: Option<ProductCategoryId>,
    brand: Option<uuid::Uuid>,
    min_price: Option<Amount>,
    max_price: Option<Amount>,
    on_offer: Option<bool>,
}

/// A page of the products that are sold.
pub async fn list(app: App, OptionalActor(actor): OptionalActor, input: Listing<Filters>) -> Result<Page<Product>> {
    let sorting = match input.ordering.as_deref() {
        None | Some("-created_at") => Sorting::Newest,
        Some("price") => Sorting::Price,
        Some("-price") => Sorting::PriceDown,
        Some("name") => Sorting::Name,
        Some("-rating") => Sorting::RatingDown,
        Some(_) => return Err(Problem::invalid("ordering", "invalid").into()),
    };
    let filters = &input.filters;
    let region = filters.shop.map_or(Region::FIRST, ShopId::region);
    // There are no offers yet, so no product is on offer.
    if filters.on_offer == Some(true) {
        return Ok(Page { items: vec![], next: None });
    }
    let wanted = Wanted {
        in_stock: filters.in_stock,
        shop: filters.shop,
        category: filters.category,
        brand: filters.brand,
        min_price: filters.min_price,
        max_price: filters.max_price,
        pattern: input.pattern(),
        after: input.after.map(ProductId),
        sorting,
        at_most: input.rows(),
    };
    let mut conn = app.read_stale(region).await?;
    let own = own_shops(&mut conn, region, actor.as_ref()).await?;
    let rows = store::find(&mut conn, region, &wanted).await?;
    let items = rows.into_iter().map(|row| {
        let is_own = own.covers(row.shop_id);
        Product::new(row, is_own)
    });
    Ok(input.page(items.collect(), |product| product.id.uuid()))
}

/// Reads a product.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadProduct {
    id: ProductId,
}

/// One product. Members of its shop and admins also see it while it is not sold.
pub async fn one(app: App, OptionalActor(actor): OptionalActor, input: ReadProduct) -> Result<Product> {
    let region = input.id.region();
    let mut conn = app.read_stale(region).await?;
    let row = store::by_id(&mut conn, input.id).await?.ok_or_else(Problem::not_found)?;
    let is_own = own_shops(&mut conn, region, actor.as_ref()).await?.covers(row.shop_id);
    if !row.is_sold && !is_own {
        return Err(Problem::not_found().into());
    }
    Ok(Product::new(row, is_own))
}

/// The shops whose products the caller sees with cost and threshold.
enum Own {
    All,
    Of(Vec<ShopId>),
}

impl Own {
    fn covers(&self, shop: ShopId) -> bool {
        match self {
            Self::All => true,
            Self::Of(shops) => shops.contains(&shop),
        }
    }
}

async fn own_shops(conn: &mut sqlx::PgConnection, region: Region, actor: Option<&Actor>) -> Result<Own> {
    match actor {
        None => Ok(Own::Of(vec![])),
        Some(actor) if actor.is_admin() => Ok(Own::All),
        Some(actor) => Ok(Own::Of(shops::shops_of(conn, region, actor).await?)),
    }
}
