//! `user:{id}`: everything private to a person, for that person alone.
use super::store;
use crate::{
    App, Problem,
    actor::Actor,
    domain::{Snapshot, wallet},
    ids::UserId,
    problem::Result,
};
use futures_util::future::BoxFuture;
use serde_json::json;

/// Its owner alone; for anybody else there is no such channel.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<()>> {
    let is_own = actor.id.to_string() == id;
    Box::pin(async move { if is_own { Ok(()) } else { Err(Problem::not_found().into()) } })
}

/// What a screen of this person begins with, and the position it belongs to.
pub fn snapshot<'a>(app: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    Box::pin(async move {
        let user: UserId = id.parse().map_err(|_| Problem::not_found())?;
        let mut view = app.read_whole(user.region()).await?;
        let unread_count = store::unread(&mut view, user).await?;
        let wallet = wallet::standing(&mut view, user, app.config.currency).await?;
        let (top, cart_version) = store::standing(&mut view, user).await?;
        view.rollback().await?;
        let data = json!({
            "unread_count": unread_count,
            "wallet": wallet,
            "cart_version": cart_version,
            "role": actor.role,
        });
        Ok(Snapshot { offset: top, data: data.to_string().into() })
    })
}
