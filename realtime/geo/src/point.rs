//! Places on the globe: checked coordinates; distances, bearings and ways by `geo` on the mean sphere.

use crate::unit::{Unit, m_to_chord2};
use geo::{Bearing, Destination, Distance, Haversine, Length};
use std::fmt;

/// Mean radius of the earth in metres; every distance of this crate is `geo`'s haversine on this sphere.
pub const EARTH_RADIUS_M: f64 = Haversine.radius();

/// A checked place in degrees: both finite, latitude within ±90, longitude within ±180.
#[derive(Clone, Copy, PartialEq)]
pub struct Point {
    lat: f64,
    lng: f64,
}

/// The coordinates are not finite or lie outside the globe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadCoordinates;

impl fmt::Display for BadCoordinates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("latitude must lie within ±90 and longitude within ±180 degrees")
    }
}

impl std::error::Error for BadCoordinates {}

impl Point {
    pub(crate) const ORIGIN: Self = Self { lat: 0.0, lng: 0.0 };

    /// A place from degrees. Errors: NaN, infinite or outside ±90 / ±180.
    pub fn new(lat: f64, lng: f64) -> Result<Self, BadCoordinates> {
        // The comparisons are false for NaN, so NaN is refused by them too.
        if lat.abs() <= 90.0 && lng.abs() <= 180.0 { Ok(Self { lat, lng }) } else { Err(BadCoordinates) }
    }

    /// Latitude in degrees.
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude in degrees.
    pub fn lng(self) -> f64 {
        self.lng
    }

    /// Haversine distance to `other` in metres.
    pub fn distance_m(self, other: Self) -> f64 {
        // Between antipodes `geo` takes the arc sine of a number that rounding may lift above 1.
        let metres: f64 = Haversine.distance(self.into(), other.into());
        if metres.is_nan() { EARTH_RADIUS_M * std::f64::consts::PI } else { metres }
    }

    /// Whether `other` lies within `radius_m` metres, by the very comparison the index makes.
    pub fn is_within(self, other: Self, radius_m: f64) -> bool {
        self.unit().chord2(other.unit()) <= m_to_chord2(radius_m)
    }

    /// Initial bearing towards `other`, in degrees clockwise from north, 0 up to 360.
    pub fn bearing_deg(self, other: Self) -> f64 {
        Haversine.bearing(self.into(), other.into())
    }

    /// The place `distance_m` metres away in the direction `bearing_deg`.
    pub fn at(self, bearing_deg: f64, distance_m: f64) -> Self {
        let there = Haversine.destination(self.into(), bearing_deg, distance_m);
        if there.y().is_nan() {
            // Exactly at a pole `geo` takes the arc sine of a number that rounding may lift above 1.
            return Self { lat: 90f64.copysign(bearing_deg.to_radians().cos()), ..self };
        }
        Self { lat: there.y(), lng: there.x() }
    }

    /// The place after `share` (0 to 1) of the way to `other`.
    pub fn between(self, other: Self, share: f64) -> Self {
        self.at(self.bearing_deg(other), self.distance_m(other) * share)
    }

    /// The same place as a unit vector.
    pub(crate) fn unit(self) -> Unit {
        Unit::of(self)
    }

    pub(crate) fn to_h3(self) -> h3o::LatLng {
        h3o::LatLng::new(self.lat, self.lng).expect("a point's coordinates are finite")
    }

    pub(crate) fn from_h3(at: h3o::LatLng) -> Self {
        Self { lat: at.lat().clamp(-90.0, 90.0), lng: (at.lng() + 540.0).rem_euclid(360.0) - 180.0 }
    }
}

/// Length of the way over all `points` in metres.
pub fn length_m(points: impl IntoIterator<Item = Point>) -> f64 {
    Haversine.length(&geo::LineString::from_iter(points.into_iter().map(geo::Point::from)))
}

impl From<Point> for geo::Point {
    fn from(point: Point) -> Self {
        Self::new(point.lng, point.lat)
    }
}

impl From<Point> for geo::Coord {
    fn from(point: Point) -> Self {
        Self { x: point.lng, y: point.lat }
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:.7}, {:.7})", self.lat, self.lng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_walk_ends_at_its_distance_and_bearing() {
        for (lat, lng) in [(52.0, 13.0), (0.1, 179.999), (-33.0, -70.0), (89.9, 10.0)] {
            let from = Point::new(lat, lng).unwrap();
            let to = from.at(77.0, 1500.0);
            assert!((from.distance_m(to) - 1500.0).abs() < 1e-3, "{from:?} {to:?}");
            assert!((from.bearing_deg(to) - 77.0).abs() < 0.01, "{from:?} {to:?}");
            assert!(from.between(to, 0.4).distance_m(from.at(77.0, 600.0)) < 1e-3);
            assert!((length_m([from, to, from]) - 3000.0).abs() < 1e-2);
        }
    }

    #[test]
    fn poles_and_antipodes_have_distances_and_bearings() {
        let mut rng = fastrand::Rng::with_seed(3);
        for _ in 0..20_000 {
            let from = Point::new(rng.f64() * 180.0 - 90.0, rng.f64() * 360.0 - 180.0).unwrap();
            let opposite = Point::new(-from.lat, from.lng - 180f64.copysign(from.lng)).unwrap();
            assert!((from.distance_m(opposite) - EARTH_RADIUS_M * std::f64::consts::PI).abs() < 1.0, "{from:?}");
            let to_pole_m = (90.0 - from.lat).to_radians() * EARTH_RADIUS_M;
            for (start, metres) in [(from, to_pole_m), (Point::new(90.0, from.lng).unwrap(), 700.0)] {
                let there = start.at(if start == from { 0.0 } else { rng.f64() * 360.0 }, metres);
                assert!((start.distance_m(there) - metres).abs() < 0.2, "{start:?} {there:?}");
                assert!(Point::new(there.lat, there.lng).is_ok(), "{there:?}");
            }
        }
    }

    #[test]
    fn what_is_not_on_the_globe_is_refused() {
        for (lat, lng) in [(f64::NAN, 0.0), (0.0, f64::INFINITY), (90.1, 0.0), (0.0, -180.1)] {
            assert_eq!(Point::new(lat, lng), Err(BadCoordinates));
        }
        assert!(Point::new(-90.0, 180.0).is_ok());
    }
}
