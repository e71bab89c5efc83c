//! Shops: a seller's stores, with location, opening hours and delivery terms.
//!
//! Only an APPROVED shop is visible to others. A shop is open by the hours in its own time zone, unless a closure covers the moment; hours may run past
//! midnight. It delivers within `radius_m` of itself, for the fee of the first band that reaches the customer; beyond the last band it does not.
//! Its channel `shop:{id}` belongs to the orders slice. What an actor is to a shop is `membership`'s answer alone.
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
    /// A category of shops, such as bakeries.
    ShopCategoryId
);

pub fn slice() -> Slice {
    Slice::new("shops")
        .query(get("/api/shops/", list::list))
        .query(get("/api/shops/categories/", categories::list).summary("Lists the kinds of shops."))
        .query(get("/api/shops/{id}/", list::one))
        .query(get("/api/shops/{id}/hours/", hours::hours))
}

/// All members of `shops` of `region`.
pub async fn members(conn: &mut PgConnection, region: Region, shops: &[ShopId]) -> Result<Vec<(ShopId, UserId)>> {
    store::members(conn, region, shops).await
}

/// The terms of these shops of one region at `now`, in the order of `ids`; unknown shops are missing.
pub async fn terms(conn: &mut PgConnection, region: Region, ids: &[ShopId], now: Timestamp) -> Result<Vec<ShopTerms>> {
    let rows = store::by_ids(conn, region, ids).await?;
    let mut schedules = store::schedules(conn, region, ids).await?;
    let terms = |id: &ShopId| {
        let row = rows.iter().find(|row| row.id == *id)?;
        Some(row.terms(&schedules.remove(id).unwrap_or_default(), now))
    };
    Ok(ids.iter().filter_map(terms).collect())
}

/// The shop of `owner` with this name in `region`.
pub async fn named(conn: &mut PgConnection, region: Region, owner: UserId, name: &str) -> Result<Option<ShopId>> {
    store::named(conn, region, owner, name).await
}
