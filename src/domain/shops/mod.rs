//! Shops: a seller's stores, where they stand, when they are open, and on what terms they deliver.
//!
//! Only an APPROVED shop is seen by others. A shop is open when its own wall clock says so and no closure covers the moment; hours may run over
//! midnight. It delivers within `radius_m` of itself, for the fee of the first band that reaches the customer; beyond the last band it does not.
//! Its channel `shop:{id}` belongs to the orders slice, which knows what happens there.
mod categories;
mod hours;
mod list;
mod membership;
mod register;
mod store;
mod terms;

pub use hours::{Closure, Day, OpeningHours};
pub use membership::{Membership, membership, shops_of};
pub use register::{NewShop, category_named, register};
pub use terms::{FeeBand, Location, ShopTerms, delivery_fee};

use crate::{
    clock::Timestamp,
    ids::{Region, ShopId, UserId},
    operations::{Slice, get},
    problem::Result,
};
use sqlx::PgConnection;

crate::id!(
    /// A kind of shop, such as a bakery.
    ShopCategoryId
);

pub fn slice() -> Slice {
    Slice::new("shops")
        .query(get("/api/shops/", list::list))
        .query(get("/api/shops/categories/", categories::list).summary("Lists the kinds of shops."))
        .query(get("/api/shops/{id}/", list::one))
        .query(get("/api/shops/{id}/hours/", hours::hours))
}

/// Everybody who owns or works in one of `shops` of `region`.
pub async fn members(conn: &mut PgConnection, region: Region, shops: &[ShopId]) -> Result<Vec<(ShopId, UserId)>> {
    store::members(conn, region, shops).await
}

/// On what terms these shops of one region sell at `now`, in the order of `ids`; unknown ones are missing.
pub async fn terms(conn: &mut PgConnection, region: Region, ids: &[ShopId], now: Timestamp) -> Result<Vec<ShopTerms>> {
    let rows = store::by_ids(conn, region, ids).await?;
    let mut schedules = store::schedules(conn, region, ids).await?;
    let terms = |id: &ShopId| {
        let row = rows.iter().find(|row| row.id == *id)?;
        Some(row.terms(&schedules.remove(id).unwrap_or_default(), now))
    };
    Ok(ids.iter().filter_map(terms).collect())
}

/// The shop of `region` that `owner` calls `name`.
pub async fn named(conn: &mut PgConnection, region: Region, owner: UserId, name: &str) -> Result<Option<ShopId>> {
    store::named(conn, region, owner, name).await
}
