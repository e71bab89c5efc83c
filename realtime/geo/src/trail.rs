//! Trails: which of a way's points are needed to draw it.

use crate::plane::DEGREE_M;
use crate::point::Point;
use crate::zone::unwrapped;
use geo::{AffineOps, AffineTransform, Coord, LineString, SimplifyIdx};

/// Indices of the points that draw the way over `points` so that none of the others lies farther than `tolerance_m` metres from the line. The first
/// and the last point are always among them.
pub fn simplified(points: &[Point], tolerance_m: f64) -> Vec<usize> {
    let Some(first) = points.first() else { return Vec::new() };
    let way = LineString::from_iter(points.iter().map(|at| Coord { x: unwrapped(at.lng(), first.lng()), y: at.lat() }));
    // The tolerance is in metres, so the way is scaled from degrees to metres; a day's trail is small enough for one scale.
    let origin = Coord { x: first.lng(), y: first.lat() };
    let east_m = DEGREE_M * first.lat().to_radians().cos();
    way.affine_transform(&AffineTransform::scale(east_m, DEGREE_M, origin)).simplify_idx(tolerance_m)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_stretch_is_two_points_and_a_corner_stays() {
        for lng in [13.405, 179.999] {
            let start = Point::new(52.52, lng).unwrap();
            let corner = start.at(90.0, 1000.0);
            let mut way: Vec<Point> = (0..100).map(|n| start.at(90.0, f64::from(n) * 10.0)).collect();
            way.extend((0..50).map(|n| corner.at(0.0, f64::from(n) * 10.0)));
            assert_eq!(simplified(&way, 3.0), [0, 100, 149]);
            assert_eq!(simplified(&way, 0.0).len(), 150);
        }
        assert_eq!(simplified(&[], 3.0), Vec::<usize>::new());
        assert_eq!(simplified(&[Point::ORIGIN], 3.0), [0]);
    }
}
