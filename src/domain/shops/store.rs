//! The rows of shops.
use super::{
    ShopCategoryId,
    hours::{Closure, Opening, Schedule},
    register::NewShop,
    terms::{FeeBand, ShopTerms},
};
use crate::{
    categories::CategoryRow,
    clock::Timestamp,
    db::Tx,
    ids::{Region, ShopId, UserId},
    money::{Amount, Currency},
    problem::Result,
};
use sqlx::{PgConnection, types::Json};
use std::collections::HashMap;
use wassally_geo::Bounds;

/// A shop as it is stored.
#[derive(Debug, Clone)]
pub(super) struct ShopRow {
    pub id: ShopId,
    pub owner_id: UserId,
    pub name: String,
    pub description: String,
    pub category_id: Option<ShopCategoryId>,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub address: String,
    pub lat: f64,
    pub lng: f64,
    pub logo_url: Option<String>,
    pub status: String,
    pub time_zone: String,
    pub currency: Currency,
    pub delivery: bool,
    pub pickup: bool,
    pub radius_m: i32,
    pub minimum_order: Amount,
    pub prep_minutes: i32,
    pub fee_bands: Json<Vec<FeeBand>>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

impl ShopRow {
    pub fn is_approved(&self) -> bool {
        self.status == "APPROVED"
    }

    pub fn terms(&self, schedule: &Schedule, now: Timestamp) -> ShopTerms {
        ShopTerms {
            id: self.id,
            owner_id: self.owner_id,
            name: self.name.clone(),
            phone_number: self.phone_number.clone(),
            currency: self.currency,
            lat: self.lat,
            lng: self.lng,
            address: self.address.clone(),
            delivery: self.delivery,
            pickup: self.pickup,
            radius_m: self.radius_m,
            minimum_order: self.minimum_order.of_currency(self.currency),
            prep_minutes: self.prep_minutes,
            fee_bands: self.fee_bands.0.clone(),
            is_open: self.is_approved() && schedule.is_open(&self.time_zone, now),
        }
    }
}

pub(super) async fn by_ids(conn: &mut PgConnection, region: Region, ids: &[ShopId]) -> Result<Vec<ShopRow>> {
    let rows = sqlx::query_as!(
        ShopRow,
        r#"select id as "id: ShopId", owner_id as "owner_id: UserId", name, description, category_id as "category_id: ShopCategoryId",
            phone_number, email, address, lat, lng, logo_url, status, time_zone, currency, delivery, pickup, radius_m,
            minimum_order,
            prep_minutes, fee_bands as "fee_bands: Json<Vec<FeeBand>>", created_at, updated_at
        from shop
        where region = $1 and id = any($2)"#,
        region.number(),
        &uuids(ids),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows)
}

/// The filters of a list of approved shops.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    pub bounds: Option<Bounds>,
    pub category: Option<ShopCategoryId>,
    pub pattern: Option<String>,
    /// Only shops older than this one.
    pub before: Option<ShopId>,
    pub at_most: i64,
}

/// Ids of the approved shops that are `wanted`, newest first.
pub(super) async fn find(conn: &mut PgConnection, region: Region, wanted: &Wanted) -> Result<Vec<ShopId>> {
    let Bounds { west, south, east, north } = wanted.bounds.unwrap_or(Bounds::GLOBE);
    let ids = sqlx::query_scalar!(
        r#"select id as "id: ShopId"
        from shop
        where region = $1 and status = 'APPROVED' and lat between $2 and $4 and lng between $3 and $5
            and ($6::uuid is null or category_id in (select id from shop_category where id = $6 or parent_id = $6))
            and ($7::text is null or name ilike $7 or name_ar ilike $7 or description ilike $7)
            and ($8::uuid is null or id < $8)
        order by id desc
        limit $9"#,
        region.number(),
        south,
        west,
        north,
        east,
        wanted.category.map(ShopCategoryId::uuid),
        wanted.pattern.as_deref(),
        wanted.before.map(ShopId::uuid),
        wanted.at_most,
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(ids)
}

/// The hours of these shops, and their closures that are not over.
pub(super) async fn schedules(conn: &mut PgConnection, region: Region, ids: &[ShopId]) -> Result<HashMap<ShopId, Schedule>> {
    let ids = uuids(ids);
    let mut schedules: HashMap<ShopId, Schedule> = HashMap::new();
    let hours = sqlx::query!(
        r#"select shop_id as "shop_id: ShopId", day, opens, closes
        from shop_hours
        where region = $1 and shop_id = any($2)
        order by shop_id, day, opens"#,
        region.number(),
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in hours {
        let opening = Opening { day: row.day, opens: row.opens, closes: row.closes };
        schedules.entry(row.shop_id).or_default().openings.push(opening);
    }
    let closures = sqlx::query!(
        r#"select shop_id as "shop_id: ShopId", starts_at, ends_at
        from shop_closure
        where region = $1 and shop_id = any($2) and ends_at > app_now()
        order by shop_id, starts_at"#,
        region.number(),
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    for row in closures {
        schedules.entry(row.shop_id).or_default().closures.push(Closure { from: row.starts_at, to: row.ends_at });
    }
    Ok(schedules)
}

pub(super) async fn is_member(conn: &mut PgConnection, shop: ShopId, user: UserId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from shop_member where region = $1 and shop_id = $2 and user_id = $3) as "found!""#,
        shop.region().number(),
        shop.uuid(),
        user.uuid(),
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(found)
}

pub(super) async fn shops_of(conn: &mut PgConnection, region: Region, user: UserId) -> Result<Vec<ShopId>> {
    let ids = sqlx::query_scalar!(
        r#"select shop_id as "id: ShopId"
        from shop_member
        where region = $1 and user_id = $2
        order by shop_id"#,
        region.number(),
        user.uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(ids)
}

pub(super) async fn named(conn: &mut PgConnection, region: Region, owner: UserId, name: &str) -> Result<Option<ShopId>> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: ShopId" from shop where region = $1 and owner_id = $2 and name = $3"#,
        region.number(),
        owner.uuid(),
        name,
    )
    .fetch_optional(&mut *conn)
    .await?;
    Ok(id)
}

pub(super) async fn members(conn: &mut PgConnection, region: Region, shops: &[ShopId]) -> Result<Vec<(ShopId, UserId)>> {
    let rows = sqlx::query!(
        r#"select shop_id as "shop_id: ShopId", user_id as "user_id: UserId"
        from shop_member
        where region = $1 and shop_id = any($2)
        order by shop_id, user_id"#,
        region.number(),
        &uuids(shops),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.shop_id, row.user_id)).collect())
}

pub(super) async fn categories(conn: &mut PgConnection) -> Result<Vec<CategoryRow>> {
    let rows = sqlx::query_as!(
        CategoryRow,
        "select id, parent_id, name, name_ar, position, created_at, updated_at from shop_category order by position, name"
    );
    Ok(rows.fetch_all(&mut *conn).await?)
}

/// The category with this name, inserted as `new` if it is missing.
pub(super) async fn category_named(
    conn: &mut PgConnection,
    new: ShopCategoryId,
    name: &str,
    name_ar: Option<&str>,
    now: Timestamp,
) -> Result<ShopCategoryId> {
    let id = sqlx::query_scalar!(
        r#"with created as (
            insert into shop_category (id, name, name_ar, created_at, updated_at) values ($1, $2, $3, $4, $4)
            on conflict (name) do nothing
            returning id)
        select id as "id!: ShopCategoryId" from created
        union all
        select id from shop_category where name = $2
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

pub(super) async fn insert(tx: &mut Tx, id: ShopId, shop: &NewShop, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "insert into shop (region, id, owner_id, name, name_ar, description, category_id, phone_number, email, address, lat, lng, status,
            time_zone, currency, delivery, pickup, radius_m, minimum_order, prep_minutes, fee_bands, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'APPROVED', $13, $14, $15, $16, $17, $18, $19, $20, $21, $21)",
        id.region().number(),
        id.uuid(),
        shop.owner.uuid(),
        shop.name,
        shop.name_ar,
        shop.description,
        shop.category_id.map(ShopCategoryId::uuid),
        shop.phone_number,
        shop.email,
        shop.location.address,
        shop.location.lat,
        shop.location.lng,
        shop.time_zone,
        shop.currency.code(),
        shop.delivery,
        shop.pickup,
        shop.radius_m,
        shop.minimum_order.decimal(),
        shop.prep_minutes,
        Json(&shop.fee_bands) as _,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn insert_hours(tx: &mut Tx, id: ShopId, openings: &[Opening]) -> Result<()> {
    let days: Vec<_> = openings.iter().map(|opening| opening.day).collect();
    let opens: Vec<_> = openings.iter().map(|opening| opening.opens).collect();
    let closes: Vec<_> = openings.iter().map(|opening| opening.closes).collect();
    sqlx::query!(
        "insert into shop_hours (region, shop_id, day, opens, closes)
        select $1, $2, h.* from unnest($3::smallint[], $4::smallint[], $5::smallint[]) h(day, opens, closes)",
        id.region().number(),
        id.uuid(),
        &days,
        &opens,
        &closes,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn insert_member(tx: &mut Tx, id: ShopId, user: UserId, role: &str, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into shop_member (region, shop_id, user_id, role, created_at) values ($1, $2, $3, $4, $5)",
        id.region().number(),
        id.uuid(),
        user.uuid(),
        role,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

fn uuids(ids: &[ShopId]) -> Vec<uuid::Uuid> {
    ids.iter().map(|id| id.uuid()).collect()
}
