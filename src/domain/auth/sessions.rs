//! Where the caller is signed in.
use super::store;
use crate::{
    App,
    actor::Actor,
    clock::Timestamp,
    ids::{Region, SessionId},
    page::{Listing, NoFilters, Page},
    problem::Result,
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

/// One sign-in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub device: String,
    pub ip: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The one that this request belongs to.
    pub current: bool,
}

/// The caller's open sessions, the newest first.
pub async fn list(app: App, actor: Actor, listing: Listing<NoFilters>) -> Result<Page<Session>> {
    let mut sql = app.read_stale(Region::GLOBAL).await?;
    let rows = store::sessions(&mut sql, &actor, listing.after, listing.rows()).await?;
    Ok(listing.page(rows, |session| session.id.uuid()))
}

/// Forgets refresh tokens that ran out.
pub fn forget_old(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let mut sql = app.pools().background.acquire().await?;
        store::forget_tokens(&mut sql, app.clock.now()).await
    })
}
