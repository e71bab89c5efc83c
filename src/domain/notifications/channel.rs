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
        let row = sqlx::query!(
            r#"select (select top from channel_head where region = $1 and channel = $2) as top,
                (select version from cart where region = $1 and user_id = $3) as cart_version"#,
            user.region().number(),
            format!("user:{user}"),
            user.uuid(),
        )
        .fetch_one(&mut *view)
        .await?;
        view.rollback().await?;
        let data = json!({
            "unread_count": unread_count,
            "wallet": wallet,
            "cart_version": row.cart_version.unwrap_or_default(),
            "role": actor.role,
        });
        Ok(Snapshot { offset: row.top.unwrap_or_default().unsigned_abs(), data: data.to_string().into() })
    })
}
