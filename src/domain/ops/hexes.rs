//! The city in hexes (H3 resolution 7): the crews and the claimable orders in each.
use crate::{
    domain::fleet::CrewDot,
    ids::{OrderId, made_ms},
};
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use wassally_geo::{Cell, Point, Resolution, Status};

/// About 5 km² of the city.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CityCell {
    /// Its H3 id.
    pub cell: String,
    /// Its corners in order as `[lng, lat]`, the first not repeated. Across the antimeridian the longitudes continue beyond 180.
    pub boundary: Vec<[f64; 2]>,
    /// Crews on duty, including those without recent pings.
    pub crews: usize,
    pub free: usize,
    /// Claimable orders, by their first stop.
    pub waiting: usize,
    /// Seconds since the oldest of them was placed.
    pub oldest_wait_s: Option<i64>,
}

impl CityCell {
    fn empty(cell: Cell) -> Self {
        Self { cell: cell.to_string(), boundary: cell.ring(), crews: 0, free: 0, waiting: 0, oldest_wait_s: None }
    }
}

/// Every cell with a crew on duty or a claimable order.
pub fn from_afar<'a>(
    crews: impl Iterator<Item = &'a CrewDot>,
    waiting: impl Iterator<Item = (OrderId, Point)>,
    now_ms: i64,
) -> Vec<CityCell> {
    let mut cells: BTreeMap<Cell, CityCell> = BTreeMap::new();
    let mut at = |point: Point, change: &dyn Fn(&mut CityCell)| {
        let cell = Cell::of(point, Resolution::Seven);
        change(cells.entry(cell).or_insert_with(|| CityCell::empty(cell)));
    };
    for dot in crews.filter(|dot| dot.status != Status::OffDuty.as_str()) {
        let Ok(point) = Point::new(dot.position.lat, dot.position.lng) else { continue };
        at(point, &|cell| {
            cell.crews += 1;
            cell.free += usize::from(dot.status == Status::Free.as_str());
        });
    }
    for (order, point) in waiting {
        let waits_s = (now_ms - i64::try_from(made_ms(order.uuid())).unwrap_or(now_ms)).max(0) / 1000;
        at(point, &|cell| {
            cell.waiting += 1;
            cell.oldest_wait_s = cell.oldest_wait_s.max(Some(waits_s));
        });
    }
    cells.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, domain::fleet::Position, ids::UserId};
    use uuid::Uuid;

    fn dot(lat: f64, lng: f64, status: &'static str) -> CrewDot {
        let position = Position { lat, lng, at: Timestamp::UNIX_EPOCH };
        CrewDot { id: UserId(Uuid::nil()), name: String::new(), position, status, active: 0 }
    }

    fn order(made_ms: u64) -> OrderId {
        OrderId(Uuid::from_u64_pair(made_ms << 16 | 0x7001, 1 << 63))
    }

    #[test]
    fn a_cell_counts_who_is_there_and_what_waits() {
        let here = Point::new(52.52, 13.405).expect("a point");
        let crews =
            [dot(52.52, 13.405, "free"), dot(52.52, 13.405, "stale"), dot(52.52, 13.405, "off_duty"), dot(48.0, 11.0, "busy")];
        let waiting = [(order(1_000), here), (order(61_000), here)];
        let cells = from_afar(crews.iter(), waiting.into_iter(), 121_000);
        assert_eq!(cells.len(), 2);
        let here = cells.iter().find(|cell| cell.waiting > 0).expect("the cell of the orders");
        assert_eq!((here.crews, here.free, here.waiting, here.oldest_wait_s), (2, 1, 2, Some(120)));
        let far = cells.iter().find(|cell| cell.waiting == 0).expect("the other cell");
        assert_eq!((far.crews, far.free, far.oldest_wait_s), (1, 0, None));
    }

    #[test]
    fn a_cell_over_the_antimeridian_is_whole() {
        for lng in [179.999, -179.999] {
            let cells = from_afar([dot(-17.0, lng, "free")].iter(), std::iter::empty(), 0);
            let lngs: Vec<f64> = cells[0].boundary.iter().map(|corner| corner[0]).collect();
            let (west, east) = lngs.iter().fold((f64::MAX, f64::MIN), |(low, high), lng| (low.min(*lng), high.max(*lng)));
            assert!(lngs.len() >= 6 && east - west < 0.1, "{lngs:?}");
        }
    }
}
