//! Polygons on the globe: zones that somebody drew, and the outlines of cells.

use crate::cells::Cell;
use crate::point::Point;
use geo::{BoundingRect, ChamberlainDuquetteArea, Closest, Coord, Distance, Haversine, HaversineClosestPoint, Intersects};
use geo::{LineString, Polygon, Rect, Validation};
use std::fmt;

/// An area with straight borders, on a map in degrees. It may cross the antimeridian, but not include a pole.
#[derive(Debug, Clone, PartialEq)]
pub struct Zone {
    /// Its longitudes run on beyond ±180 where it crosses the antimeridian.
    polygon: Polygon,
    bounds: Rect,
}

/// The corners do not enclose an area: fewer than three, or borders that cross each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadZone;

impl fmt::Display for BadZone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a zone needs three corners or more, and borders that do not cross each other")
    }
}

impl std::error::Error for BadZone {}

impl Zone {
    /// The area inside `corners`, given in order. Errors: [`BadZone`].
    pub fn new(corners: impl IntoIterator<Item = Point>) -> Result<Self, BadZone> {
        let polygon = outline(corners);
        let bounds = polygon.bounding_rect().ok_or(BadZone)?;
        if polygon.is_valid() { Ok(Self { polygon, bounds }) } else { Err(BadZone) }
    }

    /// Whether `at` lies inside or on the border.
    pub fn contains(&self, at: Point) -> bool {
        let at = self.beside(at);
        // Most points are far away, and the box is four comparisons.
        self.bounds.intersects(&at) && self.polygon.intersects(&at)
    }

    /// Metres from `at` to the zone; 0 inside.
    pub fn distance_m(&self, at: Point) -> f64 {
        if self.contains(at) {
            return 0.0;
        }
        let at = geo::Point::from(self.beside(at));
        match self.polygon.exterior().haversine_closest_point(&at) {
            Closest::Intersection(_) => 0.0,
            Closest::SinglePoint(nearest) => Haversine.distance(at, nearest),
            Closest::Indeterminate => f64::INFINITY,
        }
    }

    /// Its area in square metres.
    pub fn area_m2(&self) -> f64 {
        self.polygon.chamberlain_duquette_unsigned_area()
    }

    /// The polygon, its longitudes beyond ±180 where it crosses the antimeridian.
    pub fn polygon(&self) -> &Polygon {
        &self.polygon
    }

    /// `at` with the longitude that is nearest to the polygon's.
    fn beside(&self, at: Point) -> Coord {
        Coord { x: unwrapped(at.lng(), self.bounds.center().x), y: at.lat() }
    }
}

impl From<Cell> for Zone {
    fn from(cell: Cell) -> Self {
        let polygon = outline(cell.boundary());
        let bounds = polygon.bounding_rect().expect("a cell has corners");
        Self { polygon, bounds }
    }
}

fn outline(corners: impl IntoIterator<Item = Point>) -> Polygon {
    let mut corners = corners.into_iter().map(Coord::from).peekable();
    let first_lng = corners.peek().map_or(0.0, |corner| corner.x);
    let corners = corners.map(|corner| Coord { x: unwrapped(corner.x, first_lng), ..corner });
    Polygon::new(LineString::from_iter(corners), Vec::new())
}

/// The longitude plus or minus whole turns, so that it lies within 180 degrees of another.
pub(crate) fn unwrapped(lng: f64, near: f64) -> f64 {
    lng - 360.0 * ((lng - near) / 360.0).round()
}

#[cfg(test)]
mod tests {
    use super::*;
    use h3o::Resolution;

    fn square(centre: Point) -> Zone {
        Zone::new([45.0, 135.0, 225.0, 315.0].map(|bearing_deg| centre.at(bearing_deg, 1000.0))).unwrap()
    }

    #[test]
    fn a_zone_is_the_same_on_both_sides_of_the_antimeridian() {
        for lng in [13.4, 180.0, -180.0, 179.999, -179.995] {
            let centre = Point::new(-17.0, lng).unwrap();
            let zone = square(centre);
            assert!((zone.area_m2() - 2e6).abs() < 1e4, "{}", zone.area_m2());
            for bearing_deg in [0.0, 90.0, 180.0, 270.0] {
                assert!(zone.contains(centre.at(bearing_deg, 700.0)), "{lng} {bearing_deg}");
                let outside = centre.at(bearing_deg, 1707.1);
                assert!(!zone.contains(outside), "{lng} {bearing_deg}");
                assert!((zone.distance_m(outside) - 1000.0).abs() < 2.0, "{}", zone.distance_m(outside));
            }
        }
    }

    #[test]
    fn what_encloses_no_area_is_refused() {
        let [a, b, c, d] = [0.0, 90.0, 180.0, 270.0].map(|bearing_deg| Point::new(52.5, 13.4).unwrap().at(bearing_deg, 500.0));
        for corners in [vec![], vec![a], vec![a, b], vec![a, c, b, d]] {
            assert_eq!(Zone::new(corners.clone()).err(), Some(BadZone), "{corners:?}");
        }
        assert!(Zone::new([a, b, c, d]).is_ok());
    }

    #[test]
    fn a_cell_is_a_zone() {
        for (lat, lng) in [(52.52, 13.405), (-17.0, 179.9999), (-17.0, -179.9999), (31.95, 35.93)] {
            let at = Point::new(lat, lng).unwrap();
            let cell = Cell::of(at, Resolution::Eight);
            let zone = Zone::from(cell);
            assert!(zone.contains(at) && zone.contains(cell.centre()));
            assert!(zone.contains(cell.centre().at(at.bearing_deg(cell.centre()), 200.0)));
            assert!(zone.distance_m(cell.centre().at(90.0, 5000.0)) > 4000.0);
        }
    }
}
