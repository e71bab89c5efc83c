//! The rows of products.
use super::{ProductCategoryId, add::NewProduct};
use crate::{
    categories::CategoryRow,
    clock::Timestamp,
    db::Tx,
    ids::{ProductId, Region, ShopId},
    money::{Amount, Currency, Money},
    problem::Result,
};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::HashMap;

/// The terms on which a product is sold.
#[derive(Debug, Clone)]
pub struct ProductTerms {
    pub shop_id: ShopId,
    /// The price of one piece.
    pub price: Money,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    /// Active, approved, not deleted, in an approved shop.
    pub is_sold: bool,
}

pub(super) async fn terms(conn: &mut PgConnection, product: ProductId) -> Result<Option<ProductTerms>> {
    let row = sqlx::query!(
        r#"select p.shop_id as "shop_id: ShopId", p.price, p.currency, p.min_quantity, p.max_quantity,
            (p.is_active and p.approval_status = 'APPROVED' and p.deleted_at is null and s.status = 'APPROVED') as "is_sold!"
        from product p
        join shop s on s.region = $1 and s.id = p.shop_id
        where p.region = $1 and p.id = $2"#,
        product.region().number(),
        product.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(row.map(|row| ProductTerms {
        shop_id: row.shop_id,
        price: Money::new(row.price, row.currency.into()),
        min_quantity: row.min_quantity,
        max_quantity: row.max_quantity,
        is_sold: row.is_sold,
    }))
}

/// A product as it is stored, with what is on hand.
#[derive(Debug)]
pub(super) struct ProductRow {
    pub id: ProductId,
    pub shop_id: ShopId,
    pub name: String,
    pub name_ar: Option<String>,
    pub description: String,
    pub sku: String,
    pub price: Amount,
    pub currency: Currency,
    pub cost_price: Option<Amount>,
    pub stock: i32,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    pub low_stock_threshold: i32,
    pub category_id: Option<ProductCategoryId>,
    pub brand_id: Option<uuid::Uuid>,
    pub images: serde_json::Value,
    pub is_active: bool,
    pub approval_status: String,
    pub is_sold: bool,
    pub avg_rating: Option<Decimal>,
    pub ratings_count: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// The order of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sorting {
    Newest,
    Price,
    PriceDown,
    Name,
    RatingDown,
}

/// The filters and order of a list.
#[derive(Debug)]
pub(super) struct Wanted {
    pub in_stock: Option<bool>,
    pub shop: Option<ShopId>,
    pub category: Option<ProductCategoryId>,
    pub brand: Option<uuid::Uuid>,
    pub min_price: Option<Amount>,
    pub max_price: Option<Amount>,
    pub pattern: Option<String>,
    pub after: Option<ProductId>,
    pub sorting: Sorting,
    pub at_most: i64,
}

/// A page of the products that are sold and `wanted`; it begins after the last row of the previous page.
///
/// One statement serves every order and filter: the planner sees the values, drops the conditions that they rule out, and uses the index of the order.
pub(super) async fn find(conn: &mut PgConnection, region: Region, wanted: &Wanted) -> Result<Vec<ProductRow>> {
    let by = match wanted.sorting {
        Sorting::Newest => "newest",
        Sorting::Price => "price",
        Sorting::PriceDown => "-price",
        Sorting::Name => "name",
        Sorting::RatingDown => "-rating",
    };
    let rows = sqlx::query_as!(
        ProductRow,
        r#"select p.id as "id: ProductId", p.shop_id as "shop_id: ShopId", p.name, p.name_ar, p.description, p.sku, p.price, p.currency,
            p.cost_price as "cost_price: Amount", coalesce(s.on_hand, 0) as "stock!", p.min_quantity, p.max_quantity, p.low_stock_threshold,
            p.category_id as "category_id: ProductCategoryId", p.brand_id, p.images, p.is_active, p.approval_status, true as "is_sold!",
            p.avg_rating, p.ratings_count, p.created_at, p.updated_at
        from product p
        join shop h on h.region = $1 and h.id = p.shop_id and h.status = 'APPROVED'
        left join stock s on s.region = $1 and s.product_id = p.id
        where p.region = $1 and p.is_active and p.approval_status = 'APPROVED' and p.deleted_at is null
            and ($2::boolean is null or (coalesce(s.on_hand, 0) > 0) = $2)
            and ($3::uuid is null or p.shop_id = $3)
            and ($4::uuid is null or p.category_id in (select id from product_category where id = $4 or parent_id = $4))
            and ($5::uuid is null or p.brand_id = $5)
            and ($6::numeric is null or p.price >= $6)
            and ($7::numeric is null or p.price <= $7)
            and ($8::text is null or p.name ilike $8 or p.name_ar ilike $8 or p.description ilike $8 or p.sku ilike $8)
            and ($9::uuid is null or case $10::text
                when 'price' then (p.price, p.id) > ((select price from product where region = $1 and id = $9), $9)
                when '-price' then (p.price, p.id) < ((select price from product where region = $1 and id = $9), $9)
                when 'name' then (lower(p.name), p.id) > ((select lower(name) from product where region = $1 and id = $9), $9)
                when '-rating' then (coalesce(p.avg_rating, 0), p.id)
                    < ((select coalesce(avg_rating, 0) from product where region = $1 and id = $9), $9)
                else p.id < $9 end)
        order by case $10 when 'price' then p.price end,
            case $10 when '-price' then p.price when '-rating' then coalesce(p.avg_rating, 0) end desc,
            case $10 when 'name' then lower(p.name) end,
            case when $10 in ('price', 'name') then p.id end,
            p.id desc
        limit $11"#,
        region.number(),
        wanted.in_stock,
        wanted.shop.map(ShopId::uuid),
        wanted.category.map(ProductCategoryId::uuid),
        wanted.brand,
        wanted.min_price.map(Amount::decimal),
        wanted.max_price.map(Amount::decimal),
        wanted.pattern.as_deref(),
        wanted.after.map(ProductId::uuid),
        by,
        wanted.at_most,
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows)
}

pub(super) async fn by_id(conn: &mut PgConnection, id: ProductId) -> Result<Option<ProductRow>> {
    let row = sqlx::query_as!(
        ProductRow,
        r#"select p.id as "id: ProductId", p.shop_id as "shop_id: ShopId", p.name, p.name_ar, p.description, p.sku, p.price, p.currency,
            p.cost_price as "cost_price: Amount", coalesce(s.on_hand, 0) as "stock!", p.min_quantity, p.max_quantity, p.low_stock_threshold,
            p.category_id as "category_id: ProductCategoryId", p.brand_id, p.images, p.is_active, p.approval_status,
            (p.is_active and p.approval_status = 'APPROVED' and h.status = 'APPROVED') as "is_sold!", p.avg_rating, p.ratings_count,
            p.created_at, p.updated_at
        from product p
        join shop h on h.region = $1 and h.id = p.shop_id
        left join stock s on s.region = $1 and s.product_id = p.id
        where p.region = $1 and p.id = $2 and p.deleted_at is null"#,
        id.region().number(),
        id.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(row)
}

pub(super) async fn by_sku(conn: &mut PgConnection, region: Region, shop: ShopId) -> Result<HashMap<String, ProductId>> {
    let rows = sqlx::query!(
        r#"select sku, id as "id: ProductId" from product where region = $1 and shop_id = $2"#,
        region.number(),
        shop.uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.sku, row.id)).collect())
}

pub(super) async fn categories(conn: &mut PgConnection) -> Result<Vec<CategoryRow>> {
    let rows = sqlx::query_as!(
        CategoryRow,
        "select id, parent_id, name, name_ar, position, created_at, updated_at from product_category order by position, name"
    );
    Ok(rows.fetch_all(&mut *conn).await?)
}

/// The category with this name, inserted as `new` if it is missing.
pub(super) async fn category_named(
    conn: &mut PgConnection,
    new: ProductCategoryId,
    name: &str,
    name_ar: Option<&str>,
    now: Timestamp,
) -> Result<ProductCategoryId> {
    let id = sqlx::query_scalar!(
        r#"with created as (
            insert into product_category (id, name, name_ar, created_at, updated_at) values ($1, $2, $3, $4, $4)
            on conflict (name) do nothing
            returning id)
        select id as "id!: ProductCategoryId" from created
        union all
        select id from product_category where name = $2
        limit 1"#,
        new.uuid(),
        name,
        name_ar,
        now,
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(id)
}

pub(super) async fn insert(
    tx: &mut Tx,
    shop: ShopId,
    ids: &[ProductId],
    products: &[NewProduct],
    now: Timestamp,
) -> sqlx::Result<()> {
    let ids: Vec<_> = ids.iter().map(|id| id.uuid()).collect();
    let names: Vec<_> = products.iter().map(|p| p.name.clone()).collect();
    let names_ar: Vec<_> = products.iter().map(|p| p.name_ar.clone()).collect();
    let descriptions: Vec<_> = products.iter().map(|p| p.description.clone()).collect();
    let skus: Vec<_> = products.iter().map(|p| p.sku.clone()).collect();
    let prices: Vec<_> = products.iter().map(|p| p.price.decimal()).collect();
    let costs: Vec<_> = products.iter().map(|p| p.cost_price.map(Money::decimal)).collect();
    let currencies: Vec<_> = products.iter().map(|p| p.price.currency().code().to_owned()).collect();
    let mins: Vec<_> = products.iter().map(|p| p.min_quantity).collect();
    let maxes: Vec<_> = products.iter().map(|p| p.max_quantity).collect();
    let thresholds: Vec<_> = products.iter().map(|p| p.low_stock_threshold).collect();
    let categories: Vec<_> = products.iter().map(|p| p.category_id.map(ProductCategoryId::uuid)).collect();
    sqlx::query!(
        "insert into product (region, shop_id, created_at, updated_at, id, name, name_ar, description, sku, price, cost_price, currency,
            min_quantity, max_quantity, low_stock_threshold, category_id)
        select $1, $2, $3, $3, n.*
        from unnest($4::uuid[], $5::text[], $6::text[], $7::text[], $8::text[], $9::numeric[], $10::numeric[], $11::text[], $12::int[],
            $13::int[], $14::int[], $15::uuid[])
            n(id, name, name_ar, description, sku, price, cost_price, currency, min_quantity, max_quantity, low_stock_threshold, category_id)",
        tx.region().number(),
        shop.uuid(),
        now,
        &ids,
        &names,
        &names_ar as &[Option<String>],
        &descriptions,
        &skus,
        &prices,
        &costs as &[Option<Decimal>],
        &currencies,
        &mins,
        &maxes as &[Option<i32>],
        &thresholds,
        &categories as &[Option<uuid::Uuid>],
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
