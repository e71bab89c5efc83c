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
use wassally_geo::{Cell, Point};

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
fn bbox(text: &str) -> Result<[f64; 4]> {
    let wrong = || Problem::invalid("bbox", "invalid");
    let degrees: Vec<f64> = text.split(',').map(|part| part.trim().parse().map_err(|_| wrong())).collect::<Checked<_>>()?;
    let [west, south, east, north] = degrees[..] else { return Err(wrong().into()) };
    Point::new(south, west).and(Point::new(north, east)).map_err(|_| wrong())?;
    Ok([west, south, east, north])
}

fn is_in([west, south, east, north]: [f64; 4], lat: f64, lng: f64) -> bool {
    // A box whose west is greater than its east crosses the antimeridian.
    let is_between = if west <= east { (west..=east).contains(&lng) } else { lng >= west || lng <= east };
    is_between && (south..=north).contains(&lat)
}

pub async fn crews_map(app: App, _: Staff, input: ReadMap) -> Result<CrewsMap> {
    let within = input.bbox.as_deref().map(bbox).transpose()?;
    let now_ms = app.clock.now().timestamp_millis();
    let is_shown = |lat, lng| within.is_none_or(|within| is_in(within, lat, lng));
    let shown: Vec<_> =
        fleet::crews_on_map(&app).into_iter().filter(|(_, dot)| is_shown(dot.position.lat, dot.position.lng)).collect();
    let waiting = fleet::unclaimed_orders(&app).into_iter().filter(|(_, at)| is_shown(at.lat(), at.lng()));
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
    fn a_box_may_cross_the_antimeridian() {
        let town = bbox("13.0,52.0,14.0,53.0").expect("a box");
        assert!(is_in(town, 52.5, 13.4) && !is_in(town, 52.5, 14.4) && !is_in(town, 51.0, 13.4));
        let far = bbox("179,-10,-179,10").expect("a box");
        assert!(is_in(far, 0.0, 179.5) && is_in(far, 0.0, -179.5) && !is_in(far, 0.0, 0.0));
        for wrong in ["", "1,2,3", "a,b,c,d", "0,0,0,NaN", "0,-91,0,0"] {
            assert!(bbox(wrong).is_err(), "{wrong}");
        }
    }
}
