//! `map:{cell}`: the staff's map of crews. Every quarter of a second a frame carries the crews that changed.
use super::{
    duty::Position,
    replica::{Replica, time},
};
use crate::{
    App,
    actor::Actor,
    event::ChannelMessage,
    ids::UserId,
    operations::Snapshot,
    problem::{Problem, Result},
};
use futures_util::future::BoxFuture;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use wassally_geo::{Cell, Resolution, Status};

/// In milliseconds: how long a crew stays on the map after its duty ended.
const OFF_DUTY_MS: i64 = 3_600_000;

/// A crew on the map.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CrewDot {
    pub id: UserId,
    pub name: String,
    #[serde(flatten)]
    pub position: Position,
    /// `free`, `busy`, `stale`, `off_duty`.
    pub status: &'static str,
    /// How many orders the crew carries.
    pub active: usize,
}

/// Marks a crew whose position or status changed for the next frame.
pub fn moved(replica: &Replica, crew: UserId) {
    replica.moved.lock().insert(crew);
}

/// A crew as the map shows it, and its cell.
fn dot(replica: &Replica, crew: UserId, now_ms: i64) -> Option<(Cell, CrewDot)> {
    let seen = replica.crews.last_seen(&crew, now_ms)?;
    if seen.status == Status::OffDuty && seen.silent_ms > OFF_DUTY_MS {
        return None;
    }
    let rider = replica.rider(crew)?;
    let rider = rider.lock();
    let position = Position { lat: seen.at.lat(), lng: seen.at.lng(), at: time(seen.at_ms) };
    let dot = CrewDot { id: crew, name: rider.name.clone(), position, status: seen.status.as_str(), active: rider.jobs.len() };
    Some((Cell::map(seen.at), dot))
}

/// Every crew on the map, with its cell.
pub fn crews_on_map(app: &App) -> Vec<(Cell, CrewDot)> {
    all(&app.state::<Replica>(), app.clock.now().timestamp_millis())
}

fn all(replica: &Replica, now_ms: i64) -> Vec<(Cell, CrewDot)> {
    let mut crews: Vec<UserId> = replica.crews.all(now_ms).into_iter().map(|(crew, _)| crew).collect();
    crews.sort_unstable();
    crews.into_iter().filter_map(|crew| dot(replica, crew, now_ms)).collect()
}

/// Publishes to each watched cell the crews that changed in it since the last frame. The cell that a crew left gets its new position too.
pub fn frame(app: &App, replica: &Replica) {
    let now_ms = app.clock.now().timestamp_millis();
    for crew in replica.crews.sweep(now_ms) {
        moved(replica, crew);
    }
    let changed = std::mem::take(&mut *replica.moved.lock());
    let mut cells: BTreeMap<Cell, Vec<CrewDot>> = BTreeMap::new();
    for crew in changed {
        let Some((cell, dot)) = dot(replica, crew, now_ms) else { continue };
        let Some(rider) = replica.rider(crew) else { continue };
        let left = rider.lock().cell.replace(cell).filter(|before| *before != cell);
        for cell in left.into_iter().chain([cell]) {
            cells.entry(cell).or_default().push(dot.clone());
        }
    }
    for (cell, crews) in cells {
        if app.has_subscribers::<MapMessage>(&cell) {
            app.publish_ephemeral(&cell, &MapMessage::Positions { crews, full: false });
        }
    }
}

/// What `map:` carries: the crews of a cell that changed, or all of them.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum MapMessage {
    Positions {
        crews: Vec<CrewDot>,
        /// Replaces what the reader has of the cell.
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        #[schema(required = false)]
        full: bool,
    },
}

impl ChannelMessage for MapMessage {
    const NAMESPACE: &'static str = "map";
    type Id = Cell;
}

/// Staff. Errors: 404 unless `cell` is a cell of the map's resolution.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, cell: Cell) -> BoxFuture<'a, Result<()>> {
    let may = match cell.resolution() {
        _ if !actor.is_staff() => Err(Problem::forbidden().into()),
        Resolution::Five => Ok(()),
        _ => Err(Problem::not_found().into()),
    };
    Box::pin(std::future::ready(may))
}

/// All crews in the cell.
pub fn snapshot<'a>(app: &'a App, _: &'a Actor, here: Cell) -> BoxFuture<'a, Result<Snapshot<MapMessage>>> {
    let crews = crews_on_map(app).into_iter().filter(|(cell, _)| *cell == here).map(|(_, dot)| dot).collect();
    Box::pin(std::future::ready(Ok(Snapshot { offset: 0, data: MapMessage::Positions { crews, full: true } })))
}
