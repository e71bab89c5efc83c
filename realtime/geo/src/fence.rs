//! Fences around pickups, doors and zones: arrived and left, each once, without flapping.

use crate::point::Point;
use crate::track::Dot;

/// A circle somebody arrives in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fence {
    /// Its centre.
    pub centre: Point,
    /// Its radius in metres.
    pub radius_m: f64,
}

/// Fixes in a row that decide.
const FIXES: u8 = 3;

/// Or this long on the other side, in milliseconds.
const DWELL_MS: i64 = 20_000;

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

/// What passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Crossing {
    /// It came in, or was first seen inside.
    Arrived,
    /// It went out.
    Left,
}

impl Side {
    /// Whether the crew is inside; `None` until that is known.
    pub fn is_inside(&self) -> Option<bool> {
        self.is_inside
    }

    /// What a moved dot makes of it. Only dots that moved count, in their order; areas and fixes coarser than the fence decide nothing.
    #[must_use]
    pub fn step(self, fence: &Fence, dot: &Dot) -> (Self, Option<Crossing>) {
        if dot.is_area || dot.accuracy_m >= fence.radius_m {
            return (self, None);
        }
        let exit_m = fence.radius_m + (fence.radius_m * 0.1).max(20.0).max(dot.accuracy_m);
        let border_m = if self.is_inside == Some(true) { exit_m } else { fence.radius_m };
        let to_inside = fence.centre.is_within(dot.at, border_m);
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
