//! `crew:{id}`: the channel of a crew's own duty and jobs.
use super::{CrewMessage, Job, crew::ACTIVE_LIMIT, jobs, store};
use crate::{
    App,
    actor::{Actor, Role},
    db,
    event::channel_of,
    ids::{Region, UserId},
    operations::Snapshot,
    problem::{Problem, Result},
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use utoipa::ToSchema;

/// What a crew's page begins with.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrewSnapshot {
    pub on_duty: bool,
    pub duty_no: i64,
    pub active: Vec<Job>,
    pub active_limit: i32,
}

/// Each socket of a crew has the channel of their own jobs.
pub fn is_crew(actor: &Actor) -> bool {
    actor.role == Role::Crew
}

/// The crew itself, and staff.
pub fn may_watch<'a>(app: &'a App, actor: &'a Actor, id: UserId) -> BoxFuture<'a, Result<()>> {
    Box::pin(async move {
        if is_crew(actor) && actor.id == id {
            return Ok(());
        }
        let mut conn = app.pools().live.acquire().await?;
        let is_there = actor.is_staff() && store::crew(&mut conn, Region::FIRST, id).await?.is_some();
        if is_there { Ok(()) } else { Err(Problem::not_found().into()) }
    })
}

/// Duty and open jobs, and where the channel stands.
pub fn snapshot<'a>(app: &'a App, _: &'a Actor, id: UserId) -> BoxFuture<'a, Result<Snapshot<CrewSnapshot>>> {
    Box::pin(async move {
        let region = Region::FIRST;
        let mut view = app.read_whole(region).await?;
        let offset = db::top(&mut view, &channel_of::<CrewMessage>(&id)).await?;
        let row = store::crew(&mut view, region, id).await?;
        let active = jobs(app, &mut view, region, &[id]).await?.remove(&id).unwrap_or_default();
        let data = CrewSnapshot {
            on_duty: row.as_ref().is_some_and(|row| row.on_duty),
            duty_no: row.map_or(0, |row| row.duty_no),
            active,
            active_limit: ACTIVE_LIMIT,
        };
        Ok(Snapshot { offset, data })
    })
}
