//! What an actor is to a shop. Every read, channel and command that is not for everybody asks here.
use super::store;
use crate::{
    actor::{Actor, Role},
    ids::{Region, ShopId},
    problem::Result,
};
use sqlx::PgConnection;

/// What an actor is to a shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Membership {
    /// A seller who owns the shop or works there.
    Member,
    /// Staff and above, for every shop.
    Staff,
}

/// What `actor` is to `shop`. `None`: they know of it what everybody knows, and the rest is 404.
pub async fn membership(conn: &mut PgConnection, actor: &Actor, shop: ShopId) -> Result<Option<Membership>> {
    if actor.is_staff() {
        return Ok(Some(Membership::Staff));
    }
    let is_member = actor.role == Role::Seller && store::is_member(conn, shop, actor.id).await?;
    Ok(is_member.then_some(Membership::Member))
}

/// The shops of `region` that a seller owns or works in, oldest first. Empty for every other role.
pub async fn shops_of(conn: &mut PgConnection, region: Region, actor: &Actor) -> Result<Vec<ShopId>> {
    if actor.role == Role::Seller { store::shops_of(conn, region, actor.id).await } else { Ok(vec![]) }
}
