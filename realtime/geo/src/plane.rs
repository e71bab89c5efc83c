//! Small steps on the plane that touches the globe: what the Kalman filter of the pings works on.
//!
//! Of our own because each ping takes them: an offset and a move take 20 ns here and 170 ns by `geo`'s bearing, distance and destination, while the
//! whole ping takes 130 ns (one run of `cargo run --release -p wassally-geo --example bench -- geometry`). Long steps, and those near the poles, are
//! `geo`'s.

use crate::point::{EARTH_RADIUS_M, Point};

/// A degree of latitude in metres.
pub(crate) const DEGREE_M: f64 = EARTH_RADIUS_M * std::f64::consts::PI / 180.0;

/// Nearer to the equator than this, and within so many degrees, the plane is off by less than a thousandth of the step.
const FLAT_LAT: f64 = 80.0;
const FLAT_DEG: f64 = 0.2;

/// Metres east and north from `from` to `to`.
pub(crate) fn offset(from: Point, to: Point) -> (f64, f64) {
    let (d_lat, d_lng) = (to.lat() - from.lat(), to.lng() - from.lng());
    if is_flat(from, d_lat, d_lng) {
        return (d_lng * DEGREE_M * (from.lat() + d_lat / 2.0).to_radians().cos(), d_lat * DEGREE_M);
    }
    let (sin, cos) = from.bearing_deg(to).to_radians().sin_cos();
    let distance_m = from.distance_m(to);
    (distance_m * sin, distance_m * cos)
}

/// The place so many metres east and north of `from`.
pub(crate) fn moved(from: Point, east_m: f64, north_m: f64) -> Point {
    let d_lat = north_m / DEGREE_M;
    let d_lng = east_m / DEGREE_M / (from.lat() + d_lat / 2.0).to_radians().cos();
    match Point::new(from.lat() + d_lat, from.lng() + d_lng) {
        Ok(there) if is_flat(from, d_lat, d_lng) => there,
        _ => from.at(east_m.atan2(north_m).to_degrees(), east_m.hypot(north_m)),
    }
}

fn is_flat(from: Point, d_lat: f64, d_lng: f64) -> bool {
    from.lat().abs() < FLAT_LAT && d_lat.abs() < FLAT_DEG && d_lng.abs() < FLAT_DEG
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_on_the_plane_agree_with_the_sphere() {
        for (lat, lng) in [(52.0, 13.0), (0.0, 179.999), (-79.0, -70.0), (85.0, 10.0), (89.99, -10.0), (-12.0, -179.9999)] {
            let from = Point::new(lat, lng).unwrap();
            for (bearing_deg, distance_m) in [(20.0, 5.0), (100.0, 800.0), (200.0, 15_000.0), (340.0, 60_000.0)] {
                let to = from.at(bearing_deg, distance_m);
                let (east_m, north_m) = offset(from, to);
                assert!((east_m.hypot(north_m) - distance_m).abs() < distance_m * 1e-3, "{from:?} {to:?}");
                assert!(moved(from, east_m, north_m).distance_m(to) < distance_m * 1e-3, "{from:?} {to:?}");
            }
        }
    }
}
