//! A constant-velocity Kalman filter on the tangent plane: weighs fixes by their accuracy and tells how far one is from the expectation.

use crate::{plane, point::Point};

/// How strongly a crew may speed up or turn, in (m/s²)² per Hz.
const AGILITY: f64 = 4.0;

/// Variance of an unknown speed, in (m/s)².
const UNKNOWN_SPEED_VAR: f64 = 100.0;

/// After this long the last speed means nothing any more, in seconds.
const MEMORY_S: f64 = 300.0;

/// Where something is and how it moves, with one variance for both axes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Filter {
    at: Point,
    east_mps: f64,
    north_mps: f64,
    /// Variance of the place, of place and speed together, of the speed.
    var: [f64; 3],
}

/// A fix beside what was expected.
pub(crate) struct Surprise {
    expected: Filter,
    east_m: f64,
    north_m: f64,
    fix_var: f64,
    /// Distance from the expectation in standard deviations.
    pub(crate) sigmas: f64,
}

impl Filter {
    pub(crate) fn new(at: Point, accuracy_m: f64) -> Self {
        Self { at, east_mps: 0.0, north_mps: 0.0, var: [accuracy_m * accuracy_m, 0.0, UNKNOWN_SPEED_VAR] }
    }

    pub(crate) fn at(&self) -> Point {
        self.at
    }

    pub(crate) fn speed_mps(&self) -> f64 {
        self.east_mps.hypot(self.north_mps)
    }

    /// Where it is going, in degrees clockwise from north.
    pub(crate) fn heading_deg(&self) -> f64 {
        self.east_mps.atan2(self.north_mps).to_degrees().rem_euclid(360.0)
    }

    /// How a fix at `at`, good to `accuracy_m`, compares with what is expected `dt_s` seconds later.
    pub(crate) fn expect(&self, dt_s: f64, at: Point, accuracy_m: f64) -> Surprise {
        let expected = self.later(dt_s);
        let (east_m, north_m) = plane::offset(expected.at, at);
        let fix_var = accuracy_m * accuracy_m;
        let sigmas = ((east_m * east_m + north_m * north_m) / (expected.var[0] + fix_var)).sqrt();
        Surprise { expected, east_m, north_m, fix_var, sigmas }
    }

    fn later(&self, dt_s: f64) -> Self {
        if dt_s > MEMORY_S {
            return Self {
                var: [self.var[0] + UNKNOWN_SPEED_VAR * dt_s * dt_s, 0.0, UNKNOWN_SPEED_VAR],
                ..Self::new(self.at, 0.0)
            };
        }
        let [place, both, speed] = self.var;
        Self {
            at: plane::moved(self.at, self.east_mps * dt_s, self.north_mps * dt_s),
            var: [
                place + 2.0 * dt_s * both + dt_s * dt_s * speed + AGILITY * dt_s.powi(3) / 3.0,
                both + dt_s * speed + AGILITY * dt_s * dt_s / 2.0,
                speed + AGILITY * dt_s,
            ],
            ..*self
        }
    }
}

impl Surprise {
    /// The filter after taking the fix in.
    pub(crate) fn accepted(&self) -> Filter {
        let [place, both, speed] = self.expected.var;
        let total = place + self.fix_var;
        let (gain, speed_gain) = (place / total, both / total);
        Filter {
            at: plane::moved(self.expected.at, gain * self.east_m, gain * self.north_m),
            east_mps: self.expected.east_mps + speed_gain * self.east_m,
            north_mps: self.expected.north_mps + speed_gain * self.north_m,
            var: [place * (1.0 - gain), both * (1.0 - gain), (speed - speed_gain * both).max(0.0)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_learns_the_speed_and_smooths_the_noise() {
        let start = Point::new(52.52, 13.405).unwrap();
        let mut rng = fastrand::Rng::with_seed(7);
        let mut filter = Filter::new(start, 10.0);
        let (mut filtered_m, mut raw_m) = (0.0, 0.0);
        for n in 1..200 {
            let truth = start.at(60.0, f64::from(n) * 20.0);
            let fix = truth.at(rng.f64() * 360.0, 15.0 * rng.f64());
            filter = filter.expect(4.0, fix, 10.0).accepted();
            if n > 20 {
                filtered_m += filter.at().distance_m(truth);
                raw_m += fix.distance_m(truth);
            }
        }
        assert!(filtered_m < raw_m, "{filtered_m} {raw_m}");
        assert!((filter.speed_mps() - 5.0).abs() < 2.0, "{}", filter.speed_mps());
        assert!((filter.heading_deg() - 60.0).abs() < 30.0, "{}", filter.heading_deg());
    }

    #[test]
    fn a_bad_fix_weighs_little() {
        let start = Point::new(52.52, 13.405).unwrap();
        let filter = (0..10).fold(Filter::new(start, 5.0), |filter, _| filter.expect(4.0, start, 5.0).accepted());
        let moved = filter.expect(4.0, start.at(90.0, 300.0), 400.0).accepted();
        assert!(moved.at().distance_m(start) < 20.0, "{:?}", moved.at());
    }
}
