//! Places as unit vectors: what the index compares while it searches.
//!
//! Of our own because a search looks at some hundred entries: a squared chord takes 2 ns, `geo`'s haversine 22 ns, its geodesic 430 ns (one run of
//! `cargo run --release -p wassally-geo --example bench -- geometry`). All other distances are `geo`'s, and a test holds the two together.

use crate::point::{EARTH_RADIUS_M, Point};

/// A place as a unit vector: poles and the antimeridian are ordinary places here.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Unit([f64; 3]);

impl Unit {
    pub(crate) const fn new(x: f64, y: f64, z: f64) -> Self {
        Self([x, y, z])
    }

    pub(crate) fn of(point: Point) -> Self {
        let (sin_lat, cos_lat) = point.lat().to_radians().sin_cos();
        let (sin_lng, cos_lng) = point.lng().to_radians().sin_cos();
        Self([cos_lat * cos_lng, cos_lat * sin_lng, sin_lat])
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
    fn a_chord_gives_the_haversine_distance() {
        let mut rng = fastrand::Rng::with_seed(5);
        for _ in 0..10_000 {
            let from = Point::new(rng.f64() * 180.0 - 90.0, rng.f64() * 360.0 - 180.0).unwrap();
            let to = from.at(rng.f64() * 360.0, 10f64.powf(rng.f64() * 6.0));
            assert!((from.unit().distance_m(to.unit()) - from.distance_m(to)).abs() < 1e-6, "{from:?} {to:?}");
        }
        assert!((chord2_to_m(m_to_chord2(1234.5)) - 1234.5).abs() < 1e-6);
    }
}
