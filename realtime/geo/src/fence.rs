//! Fences around pickups, addresses and zones: arrived and left, each once, without flapping.

use crate::point::Point;
use crate::track::Dot;
use crate::zone::Zone;

/// What somebody arrives in.
#[derive(Debug, Clone, PartialEq)]
pub enum Fence {
    /// Everything within a radius.
    Circle {
        /// Its centre.
        centre: Point,
        /// Its radius in metres.
        radius_m: f64,
    },
    /// A polygon.
    Zone(Zone),
}

/// Fixes in a row that decide.
const FIXES: u8 = 3;

/// Or this long on the other side, in milliseconds.
const DWELL_MS: i64 = 20_000;

/// The exit is farther out than the entrance by a tenth of the radius, by the fix's accuracy and by this much at least, in metres.
const EXIT_MARGIN_M: f64 = 20.0;

/// Which side of a fence a crew is on. Unknown until fixes agree: no fix is not "outside".
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Side {
    is_inside: Option<bool>,
    turning: Option<Turning>,
}

/// Fixes in a row for the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Turning {
    to_inside: bool,
    fixes: u8,
    since_ms: i64,
}

/// What happened at the fence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// It came in, or was first seen inside.
    Arrived,
    /// It went out.
    Left,
}

impl Fence {
    /// Metres from `at` to the fence; 0 inside.
    fn distance_m(&self, at: Point) -> f64 {
        match self {
            Self::Circle { centre, radius_m } => (centre.distance_m(at) - radius_m).max(0.0),
            Self::Zone(zone) => zone.distance_m(at),
        }
    }

    /// The radius of a circle as large as it.
    fn radius_m(&self) -> f64 {
        match self {
            Self::Circle { radius_m, .. } => *radius_m,
            Self::Zone(zone) => (zone.area_m2() / std::f64::consts::PI).sqrt(),
        }
    }
}

impl Side {
    /// Whether the crew is inside; `None` until that is known.
    pub fn is_inside(&self) -> Option<bool> {
        self.is_inside
    }

    /// What a moved dot makes of it. Only dots that moved count, in their order; areas and fixes coarser than the fence decide nothing.
    #[must_use]
    pub fn step(self, fence: &Fence, dot: &Dot) -> (Self, Option<Crossing>) {
        let radius_m = fence.radius_m();
        if dot.is_area || dot.accuracy_m >= radius_m {
            return (self, None);
        }
        let exit_m = (radius_m * 0.1).max(EXIT_MARGIN_M).max(dot.accuracy_m);
        let border_m = if self.is_inside == Some(true) { exit_m } else { 0.0 };
        let to_inside = fence.distance_m(dot.at) <= border_m;
        if self.is_inside == Some(to_inside) {
            return (Self { turning: None, ..self }, None);
        }
        let turning = match self.turning.filter(|turning| turning.to_inside == to_inside) {
            Some(turning) => Turning { fixes: turning.fixes + 1, ..turning },
            None => Turning { to_inside, fixes: 1, since_ms: dot.at_ms },
        };
        if turning.fixes < FIXES && dot.at_ms - turning.since_ms < DWELL_MS {
            return (Self { turning: Some(turning), ..self }, None);
        }
        let crossing = if to_inside { Some(Crossing::Arrived) } else { self.is_inside.map(|_| Crossing::Left) };
        (Self { is_inside: Some(to_inside), turning: None }, crossing)
    }
}
