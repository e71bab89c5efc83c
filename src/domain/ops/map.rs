//! `GET /api/staff/crews/map/`: the crews on the map, and the city in hexes.
use super::hexes::{self, CityCell};
use crate::{
    App,
    actor::Staff,
    db::Live,
    domain::fleet::{self, CrewDot},
    problem::{Checked, Problem, Result},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use wassally_geo::{Bounds, Cell, Point};

#[derive(Debug, Serialize, ToSchema)]
pub struct CrewsMap {
    pub crews: Vec<CrewDot>,
    /// The same as counts per hex, with the claimable orders.
    pub cells: Vec<CityCell>,
    /// The channels of the cells in use. They have no offsets: a snapshot is the whole cell.
    pub live: Vec<Live>,
}

/// Reads the crews on the map, and the city in hexes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReadMap {
    /// `west,south,east,north` in degrees.
    bbox: Option<String>,
}

/// Reads the bounding box of a query. Errors: 422.
fn bbox(text: &str) -> Result<Bounds> {
    let wrong = || Problem::invalid("bbox", "invalid");
    let degrees: Vec<f64> = text.split(',').map(|part| part.trim().parse().map_err(|_| wrong())).collect::<Checked<_>>()?;
    let [west, south, east, north] = degrees[..] else { return Err(wrong().into()) };
    Ok(Bounds::new(west, south, east, north).map_err(|_| wrong())?)
}

pub async fn crews_map(app: App, _: Staff, input: ReadMap) -> Result<CrewsMap> {
    let within = input.bbox.as_deref().map(bbox).transpose()?;
    let now_ms = app.clock.now().timestamp_millis();
    let is_shown = |at: Point| within.is_none_or(|within| within.contains(at));
    let at = |dot: &CrewDot| Point::new(dot.position.lat, dot.position.lng);
    let shown: Vec<_> = fleet::crews_on_map(&app).into_iter().filter(|(_, dot)| at(dot).is_ok_and(is_shown)).collect();
    let waiting = fleet::unclaimed_orders(&app).into_iter().filter(|(_, at)| is_shown(*at));
    let far = hexes::from_afar(shown.iter().map(|(_, dot)| dot), waiting, now_ms);
    let cells: BTreeSet<Cell> = shown.iter().map(|(cell, _)| *cell).collect();
    let live = |cell: Cell| Live { channel: format!("map:{cell}"), offset: 0, epoch: String::new() };
    let crews = shown.into_iter().map(|(_, dot)| dot).collect();
    Ok(CrewsMap { crews, cells: far, live: cells.into_iter().map(live).collect() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_has_four_numbers_on_the_globe() {
        assert_eq!(bbox("179, -10,-179,10").expect("a box"), Bounds { west: 179.0, south: -10.0, east: -179.0, north: 10.0 });
        for wrong in ["", "1,2,3", "a,b,c,d", "0,0,0,NaN", "0,-91,0,0"] {
            assert!(bbox(wrong).is_err(), "{wrong}");
        }
    }
}
