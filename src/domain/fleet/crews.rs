//! Crews for staff: the list, and the trail of each.
use super::{
    duty, periodic,
    replica::{Replica, TrailFix, time},
    store,
};
use crate::{
    App,
    actor::Staff,
    clock::Timestamp,
    domain::delivery,
    ids::{Region, UserId},
    page::{Listing, Page},
    problem::{Checked, Problem, Result},
};
use chrono::{Datelike, TimeDelta};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::ToSchema;
use wassally_geo::Point;

/// The longest period of a trail in one answer.
const TRAIL_MAX: TimeDelta = TimeDelta::hours(24);
/// The default period.
const TRAIL: TimeDelta = TimeDelta::hours(1);
/// The years in which a period may lie: chrono and the database cannot calculate with times far beyond them.
const YEARS: std::ops::Range<i32> = 1900..2200;
/// The coarsest line of a trail, in metres.
const TOLERANCE_MAX_M: f64 = 1000.0;

/// A crew on the staff's list.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrewEntry {
    pub id: UserId,
    pub user: CrewUser,
    /// `foot`, `bicycle`, `motorbike`, `car`.
    pub vehicle: String,
    /// Where the crew looks for orders; `null`: around itself.
    pub area: Option<Area>,
    pub on_duty: bool,
    /// `free`, `busy`, `stale`, `off_duty`.
    pub status: &'static str,
    pub active: i32,
    pub position: Option<duty::Position>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct CrewUser {
    pub id: UserId,
    pub username: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub phone_number: Option<String>,
}

#[derive(Debug, Serialize, ToSchema)]
pub struct Area {
    pub lat: f64,
    pub lng: f64,
    pub radius_m: i32,
}

/// Lists all crews with their duty, status and last position.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ListCrews {}

pub async fn list(app: App, _: Staff, listing: Listing<ListCrews>) -> Result<Page<CrewEntry>> {
    listing.ordering_in(&["-date_joined"])?;
    let mut conn = app.read_stale(Region::FIRST).await?;
    let filter = store::Filter { search: listing.pattern(), after: listing.after, rows: listing.rows() };
    let replica = app.state::<Replica>();
    let now_ms = app.clock.now().timestamp_millis();
    let mut crews = store::list(&mut conn, Region::FIRST, &filter).await?;
    for crew in &mut crews {
        if let Some(seen) = replica.crews.last_seen(&crew.id, now_ms) {
            crew.status = seen.status.as_str();
            crew.position = Some(duty::Position { lat: seen.at.lat(), lng: seen.at.lng(), at: time(seen.at_ms) });
        }
    }
    Ok(listing.page(crews, |crew| crew.id.uuid()))
}

/// Reads the trail of a crew: at most a day, by default the last hour.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTrail {
    pub crew_id: UserId,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    /// For a map: leaves out the fixes that lie nearer than so many metres to the line of the others; 0 to 1000. Without it: every fix.
    pub tolerance_m: Option<f64>,
}

impl ReadTrail {
    /// The period; by default the hour before its end, or before now. Errors: 422 with the name of the parameter.
    fn bounds(&self, now: Timestamp) -> Checked<(Timestamp, Timestamp), Problem> {
        let refused = |name: &str| Problem::invalid(name, "out_of_range");
        let to = self.to.unwrap_or(now);
        if !YEARS.contains(&to.year()) {
            return Err(refused("to"));
        }
        let from = self.from.or_else(|| to.checked_sub_signed(TRAIL)).ok_or_else(|| refused("to"))?;
        let is_possible = YEARS.contains(&from.year()) && from <= to && to - from <= TRAIL_MAX;
        if is_possible { Ok((from, to)) } else { Err(refused("from")) }
    }
}

/// A fix of a trail; trails are sorted by time.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrailPoint {
    pub lat: f64,
    pub lng: f64,
    pub at: Timestamp,
    pub accuracy_m: f64,
    /// It arrived after a later one.
    pub late: bool,
    /// Why it was not taken at face value: `mock`, `implausible`, `future`, `too_old`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub odd: Option<String>,
}

pub async fn trail(app: App, _: Staff, input: ReadTrail) -> Result<Page<TrailPoint>> {
    let id = input.crew_id;
    let (from, to) = input.bounds(app.clock.now())?;
    if input.tolerance_m.is_some_and(|metres| !(0.0..=TOLERANCE_MAX_M).contains(&metres)) {
        return Err(Problem::invalid("tolerance_m", "out_of_range").into());
    }
    let mut conn = app.read_stale(Region::FIRST).await?;
    delivery::crew(&mut conn, Region::FIRST, id).await?.ok_or_else(Problem::not_found)?;
    // Memory is read first: fixes that are written in between would otherwise be missing from both.
    let mut items: Vec<TrailPoint> = periodic::unwritten(&app, id).into_iter().map(TrailPoint::from).collect();
    for fixes in store::trail(&mut conn, Region::FIRST, id, from, to).await? {
        let fixes: Vec<(f64, f64, i64, f64, Option<String>)> = serde_json::from_value(fixes)?;
        items.extend(
            fixes.into_iter().map(|(lat, lng, at_ms, accuracy_m, odd)| TrailPoint::new(lat, lng, at_ms, accuracy_m, odd)),
        );
    }
    items.retain(|item| (from..=to).contains(&item.at));
    items.sort_by_key(|item| item.at);
    items.dedup_by(|a, b| (a.at, a.lat, a.lng) == (b.at, b.lat, b.lng));
    if let Some(tolerance_m) = input.tolerance_m {
        items = simplified(items, tolerance_m);
    }
    Ok(Page { items, next: None })
}

/// The fixes that a line needs which is `tolerance_m` off at most. Odd fixes are no part of the line and stay.
fn simplified(mut items: Vec<TrailPoint>, tolerance_m: f64) -> Vec<TrailPoint> {
    let point = |item: &TrailPoint| Point::new(item.lat, item.lng).ok().filter(|_| item.odd.is_none());
    let line: Vec<Point> = items.iter().filter_map(point).collect();
    let needed: BTreeSet<usize> = wassally_geo::simplified(&line, tolerance_m).into_iter().collect();
    let mut on_line = 0..;
    items.retain(|item| point(item).is_none() || on_line.next().is_some_and(|at| needed.contains(&at)));
    items
}

impl TrailPoint {
    fn new(lat: f64, lng: f64, at_ms: i64, accuracy_m: f64, odd: Option<String>) -> Self {
        let late = odd.as_deref() == Some("late");
        Self { lat, lng, at: time(at_ms), accuracy_m, late, odd: odd.filter(|_| !late) }
    }
}

impl From<TrailFix> for TrailPoint {
    fn from(fix: TrailFix) -> Self {
        Self::new(fix.lat, fix.lng, fix.at_ms, fix.accuracy_m, fix.odd.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_period_out_of_range_is_refused_by_name() {
        let time = |text: &str| Some(text.parse().expect("a time"));
        let now = "2026-05-04T12:00:00Z".parse().expect("a time");
        let field = |from, to| {
            ReadTrail { crew_id: UserId(uuid::Uuid::nil()), from, to, tolerance_m: None }
                .bounds(now)
                .map_err(|problem| problem.errors[0].field.clone())
        };
        assert_eq!(field(None, None), Ok((now - TRAIL, now)));
        assert_eq!(field(time("2026-05-03T12:00:00Z"), None), Ok((now - TRAIL_MAX, now)));
        for (from, to, wrong) in [
            (None, time("-262143-01-01T00:00:00Z"), "to"),
            (None, time("+262142-12-31T23:59:59Z"), "to"),
            (time("-262143-01-01T00:00:00Z"), None, "from"),
            (time("-262143-01-01T00:00:00Z"), time("+262142-12-31T23:59:59Z"), "to"),
            (time("2026-05-04T12:00:01Z"), None, "from"),
            (time("2026-04-03T11:59:59Z"), None, "from"),
        ] {
            assert_eq!(field(from, to), Err(wrong.to_owned()), "{from:?} {to:?}");
        }
    }

    #[test]
    fn a_simplified_trail_keeps_its_corners_and_what_is_odd() {
        let start = Point::new(52.52, 13.405).expect("a point");
        let fix =
            |at: Point, n: i64, odd: Option<&str>| TrailPoint::new(at.lat(), at.lng(), n * 1000, 5.0, odd.map(str::to_owned));
        let mut trail: Vec<TrailPoint> = (0..10).map(|n| fix(start.at(90.0, f64::from(n) * 20.0), n.into(), None)).collect();
        trail.push(fix(start.at(0.0, 9000.0), 10, Some("implausible")));
        let corner = start.at(90.0, 180.0);
        trail.extend((1..10).map(|n| fix(corner.at(180.0, f64::from(n) * 20.0), i64::from(n) + 10, (n == 5).then_some("late"))));
        let times: Vec<i64> = simplified(trail, 5.0).iter().map(|item| item.at.timestamp()).collect();
        assert_eq!(times, [0, 9, 10, 19]);
    }
}
