//! Places on the globe: checked coordinates, unit vectors, distances and bearings on the mean sphere.

use std::fmt;

/// Mean radius of the earth in metres; every distance of this crate is haversine on this sphere.
pub const EARTH_RADIUS_M: f64 = 6_371_008.77;

/// A degree of latitude in metres.
const DEGREE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

/// Nearer to the equator than this, and within so many degrees, a step is reckoned on a plane: off by less than a thousandth, and ten times quicker.
const FLAT_LAT: f64 = 80.0;
const FLAT_DEG: f64 = 0.2;

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
        self.unit().distance_m(other.unit())
    }

    /// Whether `other` lies within `radius_m` metres, by the very comparison the index makes.
    pub fn is_within(self, other: Self, radius_m: f64) -> bool {
        self.unit().chord2(other.unit()) <= m_to_chord2(radius_m)
    }

    /// Initial bearing towards `other`, in degrees clockwise from north, 0 up to 360.
    pub fn bearing_deg(self, other: Self) -> f64 {
        let (lat1, lat2) = (self.lat.to_radians(), other.lat.to_radians());
        let d_lng = (other.lng - self.lng).to_radians();
        let y = d_lng.sin() * lat2.cos();
        let x = lat1.cos() * lat2.sin() - lat1.sin() * lat2.cos() * d_lng.cos();
        y.atan2(x).to_degrees().rem_euclid(360.0)
    }

    /// The place `distance_m` metres away in the direction `bearing_deg`.
    pub fn at(self, bearing_deg: f64, distance_m: f64) -> Self {
        let (lat1, bearing, angle) = (self.lat.to_radians(), bearing_deg.to_radians(), distance_m / EARTH_RADIUS_M);
        let sin_lat = (lat1.sin() * angle.cos() + lat1.cos() * angle.sin() * bearing.cos()).clamp(-1.0, 1.0);
        let y = bearing.sin() * angle.sin() * lat1.cos();
        let x = angle.cos() - lat1.sin() * sin_lat;
        let lng = (self.lng + y.atan2(x).to_degrees() + 540.0).rem_euclid(360.0) - 180.0;
        Self { lat: sin_lat.asin().to_degrees(), lng }
    }

    /// Metres east and north from here to `other`.
    pub(crate) fn towards(self, other: Self) -> (f64, f64) {
        let (d_lat, d_lng) = (other.lat - self.lat, other.lng - self.lng);
        if self.lat.abs() < FLAT_LAT && d_lat.abs() < FLAT_DEG && d_lng.abs() < FLAT_DEG {
            return (d_lng * DEGREE_M * (self.lat + d_lat / 2.0).to_radians().cos(), d_lat * DEGREE_M);
        }
        let (sin, cos) = self.bearing_deg(other).to_radians().sin_cos();
        let distance_m = self.distance_m(other);
        (distance_m * sin, distance_m * cos)
    }

    /// The place so many metres east and north of here.
    pub(crate) fn moved_by(self, east_m: f64, north_m: f64) -> Self {
        let d_lat = north_m / DEGREE_M;
        let d_lng = east_m / DEGREE_M / (self.lat + d_lat / 2.0).to_radians().cos();
        let lng = self.lng + d_lng;
        if self.lat.abs() < FLAT_LAT && d_lat.abs() < FLAT_DEG && d_lng.abs() < FLAT_DEG && lng.abs() <= 180.0 {
            return Self { lat: self.lat + d_lat, lng };
        }
        self.at(east_m.atan2(north_m).to_degrees(), east_m.hypot(north_m))
    }

    /// The same place as a unit vector.
    pub(crate) fn unit(self) -> Unit {
        let (sin_lat, cos_lat) = self.lat.to_radians().sin_cos();
        let (sin_lng, cos_lng) = self.lng.to_radians().sin_cos();
        Unit([cos_lat * cos_lng, cos_lat * sin_lng, sin_lat])
    }

    pub(crate) fn to_h3(self) -> h3o::LatLng {
        h3o::LatLng::new(self.lat, self.lng).expect("a point's coordinates are finite")
    }

    pub(crate) fn from_h3(at: h3o::LatLng) -> Self {
        Self { lat: at.lat().clamp(-90.0, 90.0), lng: (at.lng() + 540.0).rem_euclid(360.0) - 180.0 }
    }
}

impl fmt::Debug for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "({:.7}, {:.7})", self.lat, self.lng)
    }
}

/// A place as a unit vector: poles and the antimeridian are ordinary places here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit([f64; 3]);

impl Unit {
    pub(crate) const fn new(x: f64, y: f64, z: f64) -> Self {
        Self([x, y, z])
    }

    /// Squared straight line through the globe; it orders places exactly as the distance along the sphere does.
    #[inline]
    pub(crate) fn chord2(self, other: Self) -> f64 {
        let [x, y, z] = [self.0[0] - other.0[0], self.0[1] - other.0[1], self.0[2] - other.0[2]];
        x * x + y * y + z * z
    }

    #[inline]
    pub(crate) fn dot(self, other: Self) -> f64 {
        self.0[0] * other.0[0] + self.0[1] * other.0[1] + self.0[2] * other.0[2]
    }

    pub(crate) fn distance_m(self, other: Self) -> f64 {
        chord2_to_m(self.chord2(other))
    }
}

/// Metres along the sphere for a squared chord.
pub(crate) fn chord2_to_m(chord2: f64) -> f64 {
    2.0 * EARTH_RADIUS_M * (chord2.sqrt() / 2.0).min(1.0).asin()
}

/// Squared chord for metres along the sphere; beyond half the globe it is the whole diameter.
pub(crate) fn m_to_chord2(m: f64) -> f64 {
    let half_angle = (m / (2.0 * EARTH_RADIUS_M)).clamp(0.0, std::f64::consts::FRAC_PI_2);
    (2.0 * half_angle.sin()).powi(2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_equal_the_textbook_haversine() {
        let (berlin, paris) = (Point::new(52.52, 13.405).unwrap(), Point::new(48.8566, 2.3522).unwrap());
        let expected_m = berlin.to_h3().distance_rads(paris.to_h3()) * EARTH_RADIUS_M;
        assert!((berlin.distance_m(paris) - expected_m).abs() < 1e-6);
        assert!((chord2_to_m(m_to_chord2(1234.5)) - 1234.5).abs() < 1e-6);
    }

    #[test]
    fn a_walk_ends_where_distance_and_bearing_say() {
        for (lat, lng) in [(52.0, 13.0), (0.1, 179.999), (-33.0, -70.0), (89.9, 10.0)] {
            let from = Point::new(lat, lng).unwrap();
            let to = from.at(77.0, 1500.0);
            assert!((from.distance_m(to) - 1500.0).abs() < 1e-3, "{from:?} {to:?}");
            assert!((from.bearing_deg(to) - 77.0).abs() < 0.01, "{from:?} {to:?}");
        }
    }

    #[test]
    fn steps_on_the_plane_agree_with_the_sphere() {
        for (lat, lng) in [(52.0, 13.0), (0.0, 179.999), (-79.0, -70.0), (85.0, 10.0), (89.99, -10.0), (-12.0, -179.9999)] {
            let from = Point::new(lat, lng).unwrap();
            for (bearing_deg, distance_m) in [(20.0, 5.0), (100.0, 800.0), (200.0, 15_000.0), (340.0, 60_000.0)] {
                let to = from.at(bearing_deg, distance_m);
                let (east_m, north_m) = from.towards(to);
                assert!((east_m.hypot(north_m) - distance_m).abs() < distance_m * 1e-3, "{from:?} {to:?}");
                assert!(from.moved_by(east_m, north_m).distance_m(to) < distance_m * 1e-3, "{from:?} {to:?}");
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
