//! Boxes of degrees: what a map shows, and what encloses a disk.

use crate::point::{BadCoordinates, EARTH_RADIUS_M, Point};
use geo::{Coord, Intersects, Rect};

/// A box between two meridians and two parallels. One whose west lies east of its east crosses the antimeridian.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds {
    /// Degrees.
    pub west: f64,
    /// Degrees.
    pub south: f64,
    /// Degrees.
    pub east: f64,
    /// Degrees.
    pub north: f64,
}

impl Bounds {
    /// Everything.
    pub const GLOBE: Self = Self { west: -180.0, south: -90.0, east: 180.0, north: 90.0 };

    /// A box from degrees. Errors: NaN, infinite or outside ±90 / ±180.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Result<Self, BadCoordinates> {
        Point::new(south, west).and(Point::new(north, east))?;
        Ok(Self { west, south, east, north })
    }

    /// The smallest box around everything within `radius_m` of `centre`; all longitudes where that includes a pole or crosses the antimeridian.
    pub fn around(centre: Point, radius_m: f64) -> Self {
        let reach = radius_m / EARTH_RADIUS_M;
        let (lat, lng) = (centre.lat(), centre.lng());
        let (south, north) = ((lat - reach.to_degrees()).max(-90.0), (lat + reach.to_degrees()).min(90.0));
        // A disk is widest beside its centre, nearer to the pole. When it includes the pole, the sine is above 1 and its arc is not a number.
        let half_width = (reach.sin() / lat.to_radians().cos()).asin().to_degrees();
        let (west, east) = (lng - half_width, lng + half_width);
        if west >= -180.0 && east <= 180.0 { Self { west, south, east, north } } else { Self { south, north, ..Self::GLOBE } }
    }

    /// Whether `at` lies inside or on the border.
    pub fn contains(&self, at: Point) -> bool {
        self.rects().into_iter().flatten().any(|rect| rect.intersects(&Coord::from(at)))
    }

    /// As rectangles: two when it crosses the antimeridian, none when its south lies north of its north.
    fn rects(&self) -> [Option<Rect>; 2] {
        let rect = |west: f64, east: f64| Some(Rect::new((west, self.south), (east, self.north)));
        match *self {
            Self { south, north, .. } if south > north => [None, None],
            Self { west, east, .. } if west > east => [rect(west, 180.0), rect(-180.0, east)],
            Self { west, east, .. } => [rect(west, east), None],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_box_may_cross_the_antimeridian() {
        let at = |lat, lng| Point::new(lat, lng).unwrap();
        let town = Bounds::new(13.0, 52.0, 14.0, 53.0).unwrap();
        assert!(town.contains(at(52.5, 13.4)) && town.contains(at(53.0, 14.0)));
        assert!(!town.contains(at(52.5, 14.4)) && !town.contains(at(51.0, 13.4)));
        let pacific = Bounds::new(179.0, -10.0, -179.0, 10.0).unwrap();
        assert!(pacific.contains(at(0.0, 179.5)) && pacific.contains(at(0.0, -179.5)) && !pacific.contains(at(0.0, 0.0)));
        assert!(!Bounds::new(13.0, 53.0, 14.0, 52.0).unwrap().contains(at(52.5, 13.4)));
        assert_eq!(Bounds::new(0.0, -91.0, 0.0, 0.0), Err(BadCoordinates));
        assert_eq!(Bounds::new(0.0, 0.0, 0.0, f64::NAN), Err(BadCoordinates));
    }
}
