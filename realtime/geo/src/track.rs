//! Event-time pings: how one GPS report changes what is known of a crew, as a pure function.
//!
//! Pings are ordered by duty number, the phone's own time and the phone's own sequence, whenever they arrive: a late ping fills the trail and never
//! moves the dot. The corrected time is only for display and for rejecting what is too old or in the future.

use crate::kalman::Filter;
use crate::skew::{FUTURE_MS, PAST_MS};
use crate::{plane, point::Point};
use std::cmp::Ordering;

/// One GPS report as it came in.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Fix {
    /// Latitude in degrees, unchecked.
    pub lat: f64,
    /// Longitude in degrees, unchecked.
    pub lng: f64,
    /// The phone's time of the fix, in milliseconds since 1970.
    pub device_ms: i64,
    /// The phone's own count of fixes.
    pub seq: Option<u64>,
    /// The duty it reports for; without one, the present duty. The host passes only numbers that it gave out.
    pub duty_no: Option<u64>,
    /// Radius of 68 % confidence in metres.
    pub accuracy_m: Option<f64>,
    /// Course in degrees clockwise from north.
    pub heading_deg: Option<f64>,
    /// Speed in m/s.
    pub speed_mps: Option<f64>,
    /// The phone says that an app invented this position.
    pub mock: bool,
    /// Our time of its arrival, in milliseconds since 1970.
    pub received_ms: i64,
    /// What to add to the phone's time to get ours; [`crate::Skew::offset_ms`], or 0.
    pub offset_ms: i64,
}

/// What counts as possible.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// No crew is faster, in m/s.
    pub speed_max_mps: f64,
    /// A fix farther from the expectation than this many standard deviations is implausible.
    pub gate_sigmas: f64,
    /// This many implausible fixes in a row are believed.
    pub reacquire_after: u8,
    /// A fix less accurate than this, in metres, is only an area.
    pub area_m: f64,
}

impl Default for Limits {
    /// 60 m/s, 5 sigma, 3 in a row, 100 m.
    fn default() -> Self {
        Self { speed_max_mps: 60.0, gate_sigmas: 5.0, reacquire_after: 3, area_m: 100.0 }
    }
}

/// Accuracy assumed where the phone gives none, or an impossible one, in metres.
const ACCURACY_UNKNOWN_M: f64 = 20.0;

/// No phone is more accurate, whatever it reports, in metres.
const ACCURACY_BEST_M: f64 = 3.0;

/// Below this speed a course means nothing, in m/s.
const STILL_MPS: f64 = 1.0;

/// Where a crew is, as far as its newest ping says.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dot {
    /// The place, smoothed.
    pub at: Point,
    /// The place as reported.
    pub raw: Point,
    /// When, in our time (milliseconds since 1970), never in the future.
    pub at_ms: i64,
    /// Radius around `at` in metres.
    pub accuracy_m: f64,
    /// Course in degrees clockwise from north, when it moves.
    pub heading_deg: Option<f64>,
    /// Speed in m/s.
    pub speed_mps: f64,
    /// Too inaccurate for a point: draw the radius, fire no fence.
    pub is_area: bool,
    /// The phone says that an app invented it.
    pub mock: bool,
}

/// Why a ping does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Rejection {
    /// Not a number, or outside ±90 / ±180.
    BadCoordinates,
    /// (0, 0): what a phone reports that does not know its position.
    NullIsland,
    /// More than 60 s in the future.
    Future,
    /// More than 24 h old.
    TooOld,
    /// From an earlier duty: another phone took over.
    TakenOver,
    /// The newest ping, repeated.
    Duplicate,
    /// Farther from the last position than any crew travels in that time.
    Implausible,
}

impl Rejection {
    /// The slug on the wire and the label of its counter.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BadCoordinates => "bad_coordinates",
            Self::NullIsland => "null_island",
            Self::Future => "future",
            Self::TooOld => "too_old",
            Self::TakenOver => "taken_over",
            Self::Duplicate => "duplicate",
            Self::Implausible => "implausible",
        }
    }

    /// Whether the trail keeps it, flagged with the slug.
    pub fn stays_in_trail(self) -> bool {
        matches!(self, Self::Future | Self::TooOld | Self::Implausible)
    }
}

/// What a ping did.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// The dot moved here; index, fences and watchers follow.
    Moved(Dot),
    /// Older than the dot, at this place and (our) time: only the trail takes it.
    Late {
        /// The place as reported.
        at: Point,
        /// When, in our time (milliseconds since 1970).
        at_ms: i64,
    },
    /// It changed nothing, or only the trail: see [`Rejection::stays_in_trail`].
    Rejected(Rejection),
}

/// What is known of one crew from its pings.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Track {
    duty_no: u64,
    last: Option<Last>,
    /// Implausible pings in a row.
    implausible: u8,
    /// Pings in a row that the phone counts as newer while its clock says older: somebody set the clock back.
    clock_set_back: u8,
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Last {
    /// Its position in the order of its duty's pings; none when it belongs to an earlier duty, and so comes before them all.
    order: Option<PingOrder>,
    filter: Filter,
    dot: Dot,
}

/// The phone's order of its pings within a duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct PingOrder {
    device_ms: i64,
    seq: Option<u64>,
}

impl Track {
    /// Nothing known yet, in the duty `duty_no`.
    pub fn on_duty(duty_no: u64) -> Self {
        Self { duty_no, ..Self::default() }
    }

    /// The crew began the duty `duty_no`: the position stays, the order of pings starts again. Nothing changes when the number is not newer.
    #[must_use]
    pub fn takes_duty(self, duty_no: u64) -> Self {
        if duty_no <= self.duty_no {
            return self;
        }
        let last = self.last.map(|last| Last { order: None, ..last });
        Self { duty_no, last, ..Self::default() }
    }

    /// Where the crew is; `None` before its first ping.
    pub fn dot(&self) -> Option<Dot> {
        self.last.map(|last| last.dot)
    }

    /// The present duty.
    pub fn duty_no(&self) -> u64 {
        self.duty_no
    }
}

/// What `fix` makes of `track`.
pub fn step(track: &Track, fix: &Fix, limits: &Limits) -> (Track, Verdict) {
    match judge(track, fix, limits) {
        Ok(judged) => judged,
        Err(rejection) => (*track, Verdict::Rejected(rejection)),
    }
}

fn judge(track: &Track, fix: &Fix, limits: &Limits) -> Result<(Track, Verdict), Rejection> {
    let at = Point::new(fix.lat, fix.lng).map_err(|_| Rejection::BadCoordinates)?;
    if fix.lat.abs() < 1e-6 && fix.lng.abs() < 1e-6 {
        return Err(Rejection::NullIsland);
    }
    let at_ms = to_our_time(fix)?;
    let duty_no = fix.duty_no.unwrap_or(track.duty_no);
    if duty_no < track.duty_no {
        return Err(Rejection::TakenOver);
    }
    let mut track = track.takes_duty(duty_no);
    let accuracy_m = fix.accuracy_m.filter(|m| m.is_finite() && *m > 0.0).map_or(ACCURACY_UNKNOWN_M, |m| m.max(ACCURACY_BEST_M));

    let Some(last) = track.last else {
        return Ok(track.moved(fix, limits, at_ms, at, Filter::new(at, accuracy_m), accuracy_m));
    };
    let order = PingOrder { device_ms: fix.device_ms, seq: fix.seq };
    match Some(order).cmp(&last.order) {
        Ordering::Equal => return Err(Rejection::Duplicate),
        Ordering::Less => {
            let last_seq = last.order.and_then(|order| order.seq);
            let counts_as_newer = last_seq.is_some() && fix.seq > last_seq;
            track.clock_set_back = if counts_as_newer { track.clock_set_back + 1 } else { 0 };
            if track.clock_set_back < limits.reacquire_after {
                return Ok((track, Verdict::Late { at, at_ms }));
            }
            return Ok(track.moved(fix, limits, at_ms, at, Filter::new(at, accuracy_m), accuracy_m));
        }
        Ordering::Greater => {}
    }

    // The phone's own clock measures the time between two of its fixes; between fixes of two phones ours does.
    let dt_ms = last.order.map_or(at_ms - last.dot.at_ms, |last| fix.device_ms - last.device_ms);
    let dt_s = (dt_ms as f64 / 1000.0).max(0.001);
    let surprise = last.filter.expect(dt_s, at, accuracy_m);
    // Between two inaccurate fixes much of the distance may be noise.
    let (east_m, north_m) = plane::offset(last.dot.raw, at);
    let travelled_m = east_m.hypot(north_m) - 2.0 * (accuracy_m + last.dot.accuracy_m);
    let is_strange = surprise.sigmas > limits.gate_sigmas || travelled_m / dt_s.max(1.0) > limits.speed_max_mps;
    if !is_strange {
        return Ok(track.moved(fix, limits, at_ms, at, surprise.accepted(), accuracy_m));
    }
    track.implausible += 1;
    if track.implausible < limits.reacquire_after {
        return Ok((track, Verdict::Rejected(Rejection::Implausible)));
    }
    Ok(track.moved(fix, limits, at_ms, at, Filter::new(at, accuracy_m), accuracy_m))
}

/// The fix's time in ours, clamped to now.
fn to_our_time(fix: &Fix) -> Result<i64, Rejection> {
    let at_ms = fix.device_ms.saturating_add(fix.offset_ms);
    match fix.received_ms.saturating_sub(at_ms) {
        late if late < -FUTURE_MS => Err(Rejection::Future),
        late if late > PAST_MS => Err(Rejection::TooOld),
        _ => Ok(at_ms.min(fix.received_ms)),
    }
}

impl Track {
    fn moved(self, fix: &Fix, limits: &Limits, at_ms: i64, raw: Point, filter: Filter, accuracy_m: f64) -> (Self, Verdict) {
        let reported = fix.speed_mps.filter(|speed| (0.0..=limits.speed_max_mps).contains(speed));
        let speed_mps = reported.unwrap_or_else(|| filter.speed_mps().min(limits.speed_max_mps));
        let heading_deg = fix.heading_deg.filter(|heading| (0.0..=360.0).contains(heading)).map(|heading| heading % 360.0);
        let heading_deg = if speed_mps < STILL_MPS { None } else { heading_deg.or_else(|| Some(filter.heading_deg())) };
        let is_area = accuracy_m > limits.area_m;
        let dot = Dot { at: filter.at(), raw, at_ms, accuracy_m, heading_deg, speed_mps, is_area, mock: fix.mock };
        let last = Some(Last { order: Some(PingOrder { device_ms: fix.device_ms, seq: fix.seq }), filter, dot });
        (Self { duty_no: self.duty_no, last, implausible: 0, clock_set_back: 0 }, Verdict::Moved(dot))
    }
}
