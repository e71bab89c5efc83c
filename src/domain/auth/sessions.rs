//! Who am I, and where am I signed in.
use super::{logout, store};
use crate::{
    App, Problem,
    actor::Actor,
    clock::Timestamp,
    domain::users::{self, User},
    http::Path,
    ids::{Region, SessionId},
    operations::{Answer, RequestContext},
    page::{Keys, Listing, NoFilters, Page},
    problem::Result,
};
use axum::extract::State;
use futures_util::future::BoxFuture;
use serde::Serialize;

/// One sign-in.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Session {
    pub id: SessionId,
    pub device: String,
    pub ip: String,
    pub created_at: Timestamp,
    pub last_seen_at: Timestamp,
    /// The one that asks.
    pub current: bool,
}

/// Who am I
pub async fn whoami(State(app): State<App>, actor: Actor) -> Result<axum::Json<User>> {
    let mut sql = app.read(Region::GLOBAL).await?;
    let user = users::find(&mut sql, actor.id).await?.ok_or_else(Problem::not_found)?;
    Ok(axum::Json(User { role: actor.role, ..user }))
}

/// The own sessions
pub async fn list(State(app): State<App>, actor: Actor, listing: Listing<NoFilters>) -> Result<axum::Json<Page<Session>>> {
    let mut sql = app.read_stale(Region::GLOBAL).await?;
    let rows = store::sessions(&mut sql, &actor, listing.after, listing.rows()).await?;
    Ok(axum::Json(listing.page(rows, |session| session.id.uuid())))
}

/// Forgets refresh tokens that ran out.
pub fn forget_old(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let mut sql = app.pools.background.acquire().await?;
        store::forget_tokens(&mut sql, app.clock.now()).await
    })
}
