//! `map:{cell}`: the staff's map of crews, a frame every quarter of a second with the latest of each that changed.
use super::{
    cells::{self, CityCell},
    duty::Position,
    replica::{Replica, time},
};
use crate::{
    App,
    actor::{Actor, Staff},
    db::Live,
    domain::Snapshot,
    http::json::Query,
    ids::UserId,
    problem::{Problem, Result},
};
use axum::extract::State;
use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use utoipa::ToSchema;
use wassally_geo::{Cell, Point, Resolution, Status};

/// Who went off duty stays on the map so long, in milliseconds.
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
    /// How many orders they carry.
    pub active: usize,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CrewsMap {
    pub crews: Vec<CrewDot>,
    /// The same from afar, with the orders that wait.
    pub cells: Vec<CityCell>,
    /// The cells in use. They have no offsets: subscribing brings each cell's whole.
    pub live: Vec<Live>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Filter {
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
}

/// A crew's dot or status changed: the next frame tells.
pub fn moved(replica: &Replica, crew: UserId) {
    replica.moved.lock().insert(crew);
}

/// A crew as the map shows them, and the cell that does.
fn dot(replica: &Replica, crew: UserId, now_ms: i64) -> Option<(Cell, CrewDot)> {
    let sight = replica.crews.sight(&crew, now_ms)?;
    if sight.status == Status::OffDuty && sight.silent_ms > OFF_DUTY_MS {
        return None;
    }
    let rider = replica.rider(crew)?;
    let rider = rider.lock();
    let position = Position { lat: sight.at.lat(), lng: sight.at.lng(), at: time(sight.at_ms) };
    let dot = CrewDot { id: crew, name: rider.name.clone(), position, status: sight.status.as_str(), active: rider.jobs.len() };
    Some((Cell::map(sight.at), dot))
}

fn all(replica: &Replica, now_ms: i64) -> Vec<(Cell, CrewDot)> {
    let mut crews: Vec<UserId> = replica.crews.all(now_ms).into_iter().map(|(crew, _)| crew).collect();
    crews.sort_unstable();
    crews.into_iter().filter_map(|crew| dot(replica, crew, now_ms)).collect()
}

/// Tells each watched cell what changed in it since the last frame, and the cell a crew left where it went.
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
        let channel = format!("map:{cell}");
        if app.hub().subscriber_count(&channel) > 0 {
            app.hub().publish_ephemeral(&channel, json!({ "type": "positions", "crews": crews }).to_string().into());
        }
    }
}

/// Staff; a cell of the map's resolution.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, cell: &'a str) -> BoxFuture<'a, Result<()>> {
    let may = if !actor.is_staff() {
        Err(Problem::forbidden().into())
    } else if cell.parse::<Cell>().is_ok_and(|cell| cell.resolution() == Resolution::Five) {
        Ok(())
    } else {
        Err(Problem::not_found().into())
    };
    Box::pin(std::future::ready(may))
}

/// Everybody in the cell.
pub fn snapshot<'a>(app: &'a App, _: &'a Actor, cell: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    let here = cell.parse::<Cell>();
    let all = all(&app.state::<Replica>(), app.clock.now().timestamp_millis());
    let crews: Vec<CrewDot> = all.into_iter().filter(|(cell, _)| here == Ok(*cell)).map(|(_, dot)| dot).collect();
    let body = json!({ "type": "positions", "full": true, "crews": crews });
    Box::pin(std::future::ready(Ok(Snapshot { offset: 0, data: body.to_string().into() })))
}

/// The box of a query. Errors: 422.
fn bbox(text: &str) -> Result<[f64; 4]> {
    let wrong = || Problem::invalid("bbox", "invalid");
    let degrees: Vec<f64> = text.split(',').map(|part| part.trim().parse().map_err(|_| wrong())).collect::<Result<_, _>>()?;
    let [west, south, east, north] = degrees[..] else { return Err(wrong().into()) };
    Point::new(south, west).and(Point::new(north, east)).map_err(|_| wrong())?;
    Ok([west, south, east, north])
}

fn is_in([west, south, east, north]: [f64; 4], lat: f64, lng: f64) -> bool {
    // A box whose west lies east of its east goes over the antimeridian.
    let is_between = if west <= east { (west..=east).contains(&lng) } else { lng >= west || lng <= east };
    is_between && (south..=north).contains(&lat)
}

/// Where the crews are
#[utoipa::path(get, path = "/api/staff/crews/map/", tag = "staff", params(("bbox" = Option<String>, Query, description = "west,south,east,north")),
    responses((status = 200, body = CrewsMap)), security(("bearer" = [])))]
pub async fn get(State(app): State<App>, _: Staff, Query(filter): Query<Filter>) -> Result<axum::Json<CrewsMap>> {
    let within = filter.bbox.as_deref().map(bbox).transpose()?;
    let (replica, now_ms) = (app.state::<Replica>(), app.clock.now().timestamp_millis());
    let is_shown = |lat, lng| within.is_none_or(|within| is_in(within, lat, lng));
    let all = all(&replica, now_ms).into_iter();
    let shown: Vec<_> = all.filter(|(_, dot)| is_shown(dot.position.lat, dot.position.lng)).collect();
    let waiting = replica.nearby.places().into_iter().filter(|(_, at)| is_shown(at.lat(), at.lng()));
    let far = cells::from_afar(shown.iter().map(|(_, dot)| dot), waiting, now_ms);
    let cells: BTreeSet<Cell> = shown.iter().map(|(cell, _)| *cell).collect();
    let live = |cell: Cell| Live { channel: format!("map:{cell}"), offset: 0, epoch: String::new() };
    let crews = shown.into_iter().map(|(_, dot)| dot).collect();
    Ok(axum::Json(CrewsMap { crews, cells: far, live: cells.into_iter().map(live).collect() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_may_go_over_the_antimeridian() {
        let town = bbox("13.0,52.0,14.0,53.0").expect("a box");
        assert!(is_in(town, 52.5, 13.4) && !is_in(town, 52.5, 14.4) && !is_in(town, 51.0, 13.4));
        let far = bbox("179,-10,-179,10").expect("a box");
        assert!(is_in(far, 0.0, 179.5) && is_in(far, 0.0, -179.5) && !is_in(far, 0.0, 0.0));
        for wrong in ["", "1,2,3", "a,b,c,d", "0,0,0,NaN", "0,-91,0,0"] {
            assert!(bbox(wrong).is_err(), "{wrong}");
        }
    }
}
