//! The rows of carts.
use super::{CartItemId, cart::Item};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::shops::Location,
    ids::{ProductId, Region, ShopId, UserId},
    money::{Currency, Money},
    problem::Result,
};
use sqlx::PgConnection;

/// Locks the customer's cart, inserted if it is missing.
pub(super) async fn lock(tx: &mut Tx, customer: UserId) -> Result<()> {
    let region = tx.region().number();
    let now = tx.app().clock.now();
    sqlx::query!(
        "insert into cart (region, user_id, updated_at) values ($1, $2, $3) on conflict (region, user_id) do nothing",
        region,
        customer.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!("select from cart where region = $1 and user_id = $2 for update", region, customer.uuid())
        .fetch_one(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn version(conn: &mut PgConnection, region: Region, customer: UserId) -> Result<i64> {
    let version =
        sqlx::query_scalar!("select version from cart where region = $1 and user_id = $2", region.number(), customer.uuid())
            .fetch_optional(&mut *conn)
            .await?;
    Ok(version.unwrap_or_default())
}

pub(super) async fn grow(tx: &mut Tx, customer: UserId, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update cart set version = version + 1, updated_at = $3 where region = $1 and user_id = $2",
        tx.region().number(),
        customer.uuid(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The customer's saved location.
pub(super) async fn location(conn: &mut PgConnection, customer: UserId) -> Result<Option<Location>> {
    let row = sqlx::query!(
        r#"select location_lat as "lat!", location_lng as "lng!", coalesce(location_address, '') as "address!"
        from users
        where id = $1 and location_lat is not null"#,
        customer.uuid(),
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(row.map(|row| Location { lat: row.lat, lng: row.lng, address: row.address }))
}

/// The lines of a cart, oldest first, with present prices and stock.
pub(super) async fn items(conn: &mut PgConnection, region: Region, customer: UserId) -> Result<Vec<(ShopId, Item)>> {
    let rows = sqlx::query!(
        r#"select i.id as "id: CartItemId", i.shop_id as "shop_id: ShopId", i.product_id as "product_id: ProductId", p.name, p.sku,
            p.images -> 0 ->> 'url' as image_url, i.quantity, p.price, p.currency, i.price_seen, coalesce(s.on_hand, 0) as "on_hand!",
            p.min_quantity, p.max_quantity,
            (p.is_active and p.approval_status = 'APPROVED' and p.deleted_at is null) as "is_sold!", i.added_at
        from cart_item i
        join product p on p.region = $1 and p.id = i.product_id
        left join stock s on s.region = $1 and s.product_id = i.product_id
        where i.region = $1 and i.user_id = $2
        order by i.added_at, i.id"#,
        region.number(),
        customer.uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let lines = rows.into_iter().map(|row| {
        let currency = Currency::from(row.currency);
        let item = Item {
            id: row.id,
            product_id: row.product_id,
            name: row.name,
            sku: row.sku,
            image_url: row.image_url,
            quantity: row.quantity,
            price: Money::new(row.price, currency),
            price_seen: Money::new(row.price_seen, currency),
            on_hand: row.on_hand,
            min_quantity: row.min_quantity,
            max_quantity: row.max_quantity,
            is_sold: row.is_sold,
            added_at: row.added_at,
        };
        (row.shop_id, item)
    });
    Ok(lines.collect())
}

/// A line of the cart as commands need it.
#[derive(Debug)]
pub(super) struct Line {
    pub id: CartItemId,
    pub product_id: ProductId,
    pub shop_id: ShopId,
    pub quantity: i32,
}

pub(super) async fn lines(tx: &mut Tx, customer: UserId) -> Result<Vec<Line>> {
    let lines = sqlx::query_as!(
        Line,
        r#"select id as "id: CartItemId", product_id as "product_id: ProductId", shop_id as "shop_id: ShopId", quantity
        from cart_item
        where region = $1 and user_id = $2"#,
        tx.region().number(),
        customer.uuid(),
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(lines)
}

pub(super) async fn insert_item(tx: &mut Tx, customer: UserId, line: &Line, price_seen: Money, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into cart_item (region, id, user_id, shop_id, product_id, quantity, price_seen, added_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)",
        tx.region().number(),
        line.id.uuid(),
        customer.uuid(),
        line.shop_id.uuid(),
        line.product_id.uuid(),
        line.quantity,
        price_seen.decimal(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn set_quantity(tx: &mut Tx, id: CartItemId, quantity: i32, price_seen: Money) -> Result<()> {
    sqlx::query!(
        "update cart_item set quantity = $3, price_seen = $4 where region = $1 and id = $2",
        tx.region().number(),
        id.uuid(),
        quantity,
        price_seen.decimal(),
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Records that the customer has seen these prices.
pub(super) async fn set_prices_seen(tx: &mut Tx, prices: &[(CartItemId, Money)]) -> Result<()> {
    let (ids, prices): (Vec<_>, Vec<_>) = prices.iter().map(|(id, price)| (id.uuid(), price.decimal())).unzip();
    sqlx::query!(
        "update cart_item i set price_seen = s.price
        from unnest($2::uuid[], $3::numeric[]) s(id, price)
        where i.region = $1 and i.id = s.id",
        tx.region().number(),
        &ids,
        &prices,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn remove_item(tx: &mut Tx, id: CartItemId) -> Result<()> {
    sqlx::query!("delete from cart_item where region = $1 and id = $2", tx.region().number(), id.uuid())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn remove_groups(tx: &mut Tx, customer: UserId, shops: &[ShopId]) -> Result<()> {
    let shops: Vec<_> = shops.iter().map(|shop| shop.uuid()).collect();
    sqlx::query!(
        "delete from cart_item where region = $1 and user_id = $2 and shop_id = any($3)",
        tx.region().number(),
        customer.uuid(),
        &shops,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether the cart contains a product in another currency.
pub(super) async fn has_other_currency(tx: &mut Tx, customer: UserId, currency: Currency) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (
            select from cart_item i
            join product p on p.region = $1 and p.id = i.product_id
            where i.region = $1 and i.user_id = $2 and p.currency <> $3
        ) as "found!""#,
        tx.region().number(),
        customer.uuid(),
        currency.code(),
    )
    .fetch_one(&mut **tx)
    .await?;
    Ok(found)
}
