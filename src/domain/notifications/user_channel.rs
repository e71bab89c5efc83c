//! `user:{id}`: everything private to a person. Only that person may watch it.
use super::store;
use crate::{
    App, Problem,
    actor::{Actor, Role},
    domain::wallet::{self, WalletView},
    ids::UserId,
    operations::Snapshot,
    problem::Result,
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

/// What a screen of this person begins with.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserSnapshot {
    pub unread_count: i64,
    pub wallet: WalletView,
    /// 0 before the first change of the cart.
    pub cart_version: i64,
    pub role: Role,
}

/// The owner alone; for anybody else there is no such channel.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, user: UserId) -> BoxFuture<'a, Result<()>> {
    let is_own = actor.id == user;
    Box::pin(async move { if is_own { Ok(()) } else { Err(Problem::not_found().into()) } })
}

/// The person's state, and the position it belongs to.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, user: UserId) -> BoxFuture<'a, Result<Snapshot<UserSnapshot>>> {
    Box::pin(async move {
        let mut view = app.read_whole(user.region()).await?;
        let unread_count = store::unread(&mut view, user).await?;
        let wallet = wallet::standing(&mut view, user, app.config.currency).await?;
        let (offset, cart_version) = store::standing(&mut view, user).await?;
        view.rollback().await?;
        Ok(Snapshot { offset, data: UserSnapshot { unread_count, wallet, cart_version, role: actor.role } })
    })
}
