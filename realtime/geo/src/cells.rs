//! H3 cells: of the staff map, of the topics between nodes, and of coarse positions.

use crate::point::Point;
use crate::zone::Zone;
use h3o::{CellIndex, LatLng, Resolution};
use std::fmt;
use std::str::FromStr;

/// Radius in metres that goes with a coarse position: it covers any cell of resolution 8.
pub const COARSE_RADIUS_M: f64 = 600.0;

/// An H3 cell; prints and parses as its hexadecimal id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cell(CellIndex);

/// The text is not the id of an H3 cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidCellId;

impl Cell {
    /// The cell of `resolution` that holds `at`.
    pub fn of(at: Point, resolution: Resolution) -> Self {
        Self(at.to_h3().to_cell(resolution))
    }

    /// The cell of the channel `map:{cell}` that shows `at`: resolution 5, about 250 km².
    pub fn map(at: Point) -> Self {
        Self::of(at, Resolution::Five)
    }

    /// The cell of the topic `geo:{cell}` that carries positions around `at` between nodes: resolution 4.
    pub fn topic(at: Point) -> Self {
        Self::of(at, Resolution::Four)
    }

    /// Its resolution, 0 to 15.
    pub fn resolution(self) -> Resolution {
        self.0.resolution()
    }

    /// Its centre.
    pub fn centre(self) -> Point {
        Point::from_h3(LatLng::from(self.0))
    }

    /// Its corners in order, counterclockwise, the first not repeated.
    pub fn boundary(self) -> Vec<Point> {
        self.0.boundary().iter().map(|corner| Point::from_h3(*corner)).collect()
    }

    /// Its corners in order as `[lng, lat]`, the first not repeated; their longitudes run on beyond ±180 where it crosses the antimeridian.
    pub fn ring(self) -> Vec<[f64; 2]> {
        let zone = Zone::from(self);
        let mut ring: Vec<[f64; 2]> = zone.polygon().exterior().coords().map(|corner| [corner.x, corner.y]).collect();
        ring.pop();
        ring
    }

    /// Itself and every cell within `rings` steps: what a map view around it covers.
    pub fn disk(self, rings: u32) -> Vec<Self> {
        self.0.grid_disk::<Vec<_>>(rings).into_iter().map(Self).collect()
    }
}

/// The position for readers who may know it only roughly: the centre of its resolution 8 cell; its radius is [`COARSE_RADIUS_M`].
pub fn coarse(at: Point) -> Point {
    Cell::of(at, Resolution::Eight).centre()
}

impl From<CellIndex> for Cell {
    fn from(cell: CellIndex) -> Self {
        Self(cell)
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}", u64::from(self.0))
    }
}

impl FromStr for Cell {
    type Err = InvalidCellId;

    /// Only the form that [`fmt::Display`] prints: one cell has one channel name.
    fn from_str(text: &str) -> Result<Self, InvalidCellId> {
        let cell =
            u64::from_str_radix(text, 16).ok().and_then(|bits| CellIndex::try_from(bits).ok()).map(Self).ok_or(InvalidCellId)?;
        if cell.to_string() == text { Ok(cell) } else { Err(InvalidCellId) }
    }
}

impl fmt::Display for InvalidCellId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not the id of an H3 cell")
    }
}

impl std::error::Error for InvalidCellId {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_has_one_name() {
        let cell = Cell::map(Point::new(52.52, 13.405).unwrap());
        assert_eq!(cell.to_string().parse(), Ok(cell));
        assert_eq!(cell.resolution(), Resolution::Five);
        for wrong in
            ["", "berlin", "FFFFFFFFFFFFFFF", "0", &cell.to_string().to_uppercase(), &format!("0{cell}"), &format!("+{cell}")]
        {
            assert_eq!(wrong.parse::<Cell>(), Err(InvalidCellId), "{wrong}");
        }
    }

    #[test]
    fn a_ring_over_the_antimeridian_is_whole() {
        for lng in [179.999, -179.999] {
            let ring = Cell::of(Point::new(-17.0, lng).unwrap(), Resolution::Seven).ring();
            let (west, east) = ring.iter().fold((f64::MAX, f64::MIN), |(west, east), [lng, _]| (west.min(*lng), east.max(*lng)));
            assert!(ring.len() >= 6 && east - west < 0.1 && ring[0] != ring[ring.len() - 1], "{ring:?}");
        }
    }

    #[test]
    fn a_coarse_position_hides_where_in_the_cell_and_its_radius_holds() {
        for (lat, lng) in [(52.52, 13.405), (-0.01, 179.9999), (89.9999, 3.0), (31.95, 35.93)] {
            let at = Point::new(lat, lng).unwrap();
            assert!(coarse(at).distance_m(at) <= COARSE_RADIUS_M);
            let cell = Cell::of(at, Resolution::Eight);
            assert!(cell.boundary().iter().all(|corner| coarse(at).distance_m(*corner) <= COARSE_RADIUS_M));
            assert_eq!(coarse(cell.centre()), coarse(at));
        }
    }
}
