//! `crew:{id}`: the channel of a crew's own duty and jobs.
use super::{crew::ACTIVE_LIMIT, jobs, store};
use crate::{
    App,
    actor::{Actor, Role},
    db,
    domain::Snapshot,
    ids::{Region, UserId},
    problem::{Problem, Result},
};
use futures_util::future::BoxFuture;
use serde_json::json;

/// The channel to which the server subscribes every socket of a crew.
pub fn own(actor: &Actor) -> Option<String> {
    (actor.role == Role::Crew).then(|| format!("crew:{}", actor.id))
}

/// The crew itself, and staff.
pub fn may_watch<'a>(app: &'a App, actor: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        let id: UserId = id.parse().map_err(|_| Problem::not_found())?;
        if actor.role == Role::Crew && actor.id == id {
            return Ok(());
        }
        let mut conn = app.pools.live.acquire().await?;
        let is_there = actor.is_staff() && store::crew(&mut conn, Region::FIRST, id).await?.is_some();
        if is_there { Ok(()) } else { Err(Problem::not_found().into()) }
    })
}

/// `{ on_duty, duty_no, active, active_limit }` with the channel's position.
pub fn snapshot<'a>(app: &'a App, _: &'a Actor, id: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    Box::pin(async move {
        let id: UserId = id.parse().map_err(|_| Problem::not_found())?;
        let region = Region::FIRST;
        let mut view = app.read_whole(region).await?;
        let offset = db::top(&mut view, &format!("crew:{id}")).await?;
        let row = store::crew(&mut view, region, id).await?;
        let active = jobs(app, &mut view, region, &[id]).await?.remove(&id).unwrap_or_default();
        let body = json!({
            "on_duty": row.as_ref().is_some_and(|row| row.on_duty), "duty_no": row.map_or(0, |row| row.duty_no),
            "active": active, "active_limit": ACTIVE_LIMIT,
        });
        Ok(Snapshot { offset, data: serde_json::to_vec(&body)?.into() })
    })
}
