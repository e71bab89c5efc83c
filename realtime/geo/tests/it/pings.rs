//! Event-time pings: a trace that the network shuffled, doubled and delayed leads to the same result as the sorted one.

use fastrand::Rng;
use wassally_geo::{Crossing, Fence, Fix, Limits, Point, Rejection, Side, Skew, Track, Verdict, Zone, step};

const NOW_MS: i64 = 1_790_000_000_000;

fn start() -> Point {
    Point::new(52.52, 13.405).unwrap()
}

/// A fix at `at`, taken `s` seconds into the trace and received at once.
fn fix(s: f64, at: Point) -> Fix {
    let device_ms = NOW_MS + (s * 1000.0) as i64;
    Fix { lat: at.lat(), lng: at.lng(), device_ms, received_ms: device_ms, accuracy_m: Some(8.0), ..Fix::default() }
}

/// What a crew's pings led to.
#[derive(Default)]
struct Outcome {
    track: Track,
    dots: Vec<i64>,
    late: usize,
    rejected: Vec<Rejection>,
    side: Side,
    crossings: Vec<Crossing>,
}

impl Outcome {
    fn apply(&mut self, fix: Fix, fence: &Fence) {
        let (track, verdict) = step(&self.track, &fix, &Limits::default());
        self.track = track;
        match verdict {
            Verdict::Moved(dot) => {
                self.dots.push(fix.device_ms);
                let (side, crossing) = self.side.step(fence, &dot);
                self.side = side;
                self.crossings.extend(crossing);
            }
            Verdict::Late { .. } => self.late += 1,
            Verdict::Rejected(rejection) => self.rejected.push(rejection),
        }
    }
}

/// A ride to an address, a stay, and away: a fix every 4 s with GPS noise.
fn ride(rng: &mut Rng) -> (Vec<Fix>, Fence) {
    let speed_mps = 3.0 + rng.f64() * 10.0;
    let heading_deg = rng.f64() * 360.0;
    let dropoff = start().at(heading_deg, speed_mps * 4.0 * 60.0);
    let mut fixes = Vec::new();
    for n in 0..200u32 {
        let along_m = match n {
            0..60 => f64::from(n) * speed_mps * 4.0,
            60..120 => 60.0 * speed_mps * 4.0,
            _ => f64::from(n - 60) * speed_mps * 4.0,
        };
        let truth = start().at(heading_deg, along_m);
        let at = truth.at(rng.f64() * 360.0, rng.f64() * 8.0);
        fixes.push(Fix { seq: Some(u64::from(n)), ..fix(f64::from(n) * 4.0, at) });
    }
    (fixes, Fence::Circle { centre: dropoff, radius_m: 80.0 })
}

#[test]
fn a_shuffled_doubled_delayed_trace_leads_where_the_sorted_one_does() {
    let mut rng = Rng::with_seed(crate::seed("pings"));
    let (mut all, mut late_all) = (0, 0);
    for _ in 0..400 {
        let (sorted, fence) = ride(&mut rng);
        let mut oracle = Outcome::default();
        sorted.iter().for_each(|fix| oracle.apply(*fix, &fence));
        assert_eq!(oracle.dots.len(), sorted.len(), "nothing of a plain ride is refused: {:?}", oracle.rejected);
        assert_eq!(oracle.crossings, [Crossing::Arrived, Crossing::Left]);

        // Each fix is sent once or twice and takes up to half a minute; a tunnel holds a stretch of them back for a minute.
        let tunnel = rng.usize(..150);
        let mut sent: Vec<Fix> = Vec::new();
        for (n, fix) in sorted.iter().enumerate() {
            for _ in 0..=rng.usize(..2) {
                let delay_ms = rng.i64(0..30_000) + if (tunnel..tunnel + 15).contains(&n) { 60_000 } else { 0 };
                sent.push(Fix { received_ms: fix.device_ms + delay_ms, ..*fix });
            }
        }
        sent.sort_by_key(|fix| fix.received_ms);
        let mut outcome = Outcome::default();
        let mut skew = Skew::default();
        for fix in &sent {
            skew = skew.seen(fix.device_ms, fix.received_ms);
            outcome.apply(Fix { offset_ms: skew.offset_ms(), ..*fix }, &fence);
        }
        assert!(outcome.dots.is_sorted_by(|a, b| a < b), "the dot went back");
        let mut newest = i64::MIN;
        let newer: Vec<i64> = sent
            .iter()
            .map(|fix| fix.device_ms)
            .filter(|ms| {
                *ms > newest && {
                    newest = *ms;
                    true
                }
            })
            .collect();
        assert_eq!(outcome.dots, newer, "the dot takes every ping that is newer than it, and only those");
        assert!(outcome.rejected.iter().all(|rejection| *rejection == Rejection::Duplicate), "{:?}", outcome.rejected);
        assert_eq!(outcome.dots.len() + outcome.late + outcome.rejected.len(), sent.len());
        assert_eq!(outcome.crossings, oracle.crossings);
        let [shown, expected] = [&outcome, &oracle].map(|outcome| outcome.track.dot().unwrap());
        assert!(shown.at.distance_m(expected.at) < 30.0 && shown.raw == expected.raw);
        all += sent.len();
        late_all += outcome.late;
    }
    println!("{all} pings, {late_all} of them late, 0 dots moved back, arrivals as in order");
}

#[test]
fn what_is_no_place_is_refused_and_changes_nothing() {
    let limits = Limits::default();
    let (track, _) = step(&Track::default(), &fix(0.0, start()), &limits);
    let rejected = |fix: Fix| match step(&track, &fix, &limits) {
        (after, Verdict::Rejected(rejection)) if after == track => rejection.as_str(),
        other => panic!("{other:?}"),
    };
    let next = fix(4.0, start());
    assert_eq!(rejected(Fix { lat: f64::NAN, ..next }), "bad_coordinates");
    assert_eq!(rejected(Fix { lng: 180.1, ..next }), "bad_coordinates");
    assert_eq!(rejected(Fix { lat: 0.0, lng: 0.0, ..next }), "null_island");
    assert_eq!(rejected(Fix { device_ms: next.received_ms + 60_001, ..next }), "future");
    assert_eq!(rejected(Fix { device_ms: next.received_ms - 86_400_001, ..next }), "too_old");
    assert_eq!(rejected(fix(0.0, start())), "duplicate");
    assert_eq!(rejected(Fix { device_ms: i64::MAX, received_ms: i64::MIN, offset_ms: i64::MAX, ..next }), "future");
    let pole = Fix { lat: 90.0, lng: 0.0, ..next };
    assert!(matches!(step(&Track::default(), &pole, &limits).1, Verdict::Moved(dot) if dot.at.lat() > 89.999));
}

#[test]
fn a_clock_a_little_ahead_is_clamped_to_now() {
    let ahead = Fix { received_ms: NOW_MS - 30_000, ..fix(0.0, start()) };
    let (_, Verdict::Moved(dot)) = step(&Track::default(), &ahead, &Limits::default()) else { panic!() };
    assert_eq!(dot.at_ms, NOW_MS - 30_000);
}

#[test]
fn one_ping_from_the_future_does_not_freeze_the_phone() {
    let (mut track, mut skew) = (Track::default(), Skew::default());
    let mut slugs = Vec::new();
    for n in 0..10 {
        let mut fix = fix(f64::from(n) * 4.0, start());
        if n == 3 {
            fix.device_ms += 3_600_000;
        }
        skew = skew.seen(fix.device_ms, fix.received_ms);
        let (after, verdict) = step(&track, &Fix { offset_ms: skew.offset_ms(), ..fix }, &Limits::default());
        track = after;
        slugs.push(if let Verdict::Rejected(rejection) = verdict { rejection.as_str() } else { "" });
    }
    assert_eq!(slugs, ["", "", "", "future", "", "", "", "", "", ""]);
}

#[test]
fn a_phone_whose_clock_is_an_hour_off_is_shown_now() {
    for off_ms in [3_600_000, -3_600_000, 30 * 86_400_000, -30 * 86_400_000] {
        let (mut track, mut skew) = (Track::default(), Skew::default());
        for n in 0..6 {
            let mut fix = fix(f64::from(n) * 4.0, start().at(90.0, f64::from(n) * 20.0));
            fix.device_ms += off_ms;
            skew = skew.seen(fix.device_ms, fix.received_ms);
            (track, _) = step(&track, &Fix { offset_ms: skew.offset_ms(), ..fix }, &Limits::default());
        }
        assert_eq!(track.dot().map(|dot| dot.at_ms), Some(NOW_MS + 20_000), "{off_ms}");
    }
}

#[test]
fn a_clock_set_back_does_not_freeze_the_dot() {
    let mut track = Track::default();
    let mut moved = Vec::new();
    for n in 0..10u32 {
        let mut fix = Fix { seq: Some(u64::from(n)), ..fix(f64::from(n) * 4.0, start()) };
        if n >= 5 {
            fix.device_ms -= 3_600_000;
        }
        let (after, verdict) = step(&track, &fix, &Limits::default());
        track = after;
        moved.push(matches!(verdict, Verdict::Moved(_)));
    }
    assert_eq!(moved, [true, true, true, true, true, false, false, true, true, true]);
}

#[test]
fn one_jump_is_rejected_and_three_are_believed() {
    let mut track = Track::default();
    let far = start().at(45.0, 30_000.0);
    let mut seen = Vec::new();
    for n in 0..12u32 {
        let at = match n {
            4 => far,
            8.. => far.at(0.0, f64::from(n)),
            _ => start().at(90.0, f64::from(n) * 10.0),
        };
        let (after, verdict) = step(&track, &fix(f64::from(n) * 4.0, at), &Limits::default());
        track = after;
        seen.push(match verdict {
            Verdict::Moved(dot) => {
                if dot.at.distance_m(start()) < 500.0 {
                    'h'
                } else {
                    'f'
                }
            }
            Verdict::Rejected(Rejection::Implausible) => '-',
            other => panic!("{other:?}"),
        });
    }
    assert_eq!(seen.iter().collect::<String>(), "hhhh-hhh--ff");
}

#[test]
fn a_second_phone_takes_over() {
    let limits = Limits::default();
    let at = |n: u32| start().at(90.0, f64::from(n) * 10.0);
    let track = Track::on_duty(1);
    let (track, _) = step(&track, &Fix { duty_no: Some(1), ..fix(100.0, at(0)) }, &limits);
    // The new phone's clock is behind; its duty is newer all the same.
    let newer =
        Fix { duty_no: Some(2), device_ms: NOW_MS + 50_000, received_ms: NOW_MS + 104_000, offset_ms: 54_000, ..fix(0.0, at(1)) };
    let (track, verdict) = step(&track, &newer, &limits);
    assert!(matches!(verdict, Verdict::Moved(_)), "{verdict:?}");
    assert_eq!(track.duty_no(), 2);
    let (_, verdict) = step(&track, &Fix { duty_no: Some(1), ..fix(108.0, at(2)) }, &limits);
    assert_eq!(verdict, Verdict::Rejected(Rejection::TakenOver));
}

#[test]
fn inaccurate_fixes_weigh_little_and_are_areas() {
    let mut track = Track::default();
    for n in 0..10u32 {
        (track, _) = step(&track, &fix(f64::from(n) * 4.0, start()), &Limits::default());
    }
    let wild = Fix {
        accuracy_m: Some(400.0),
        mock: true,
        heading_deg: Some(f64::NAN),
        speed_mps: Some(-1.0),
        ..fix(40.0, start().at(10.0, 350.0))
    };
    let (_, Verdict::Moved(dot)) = step(&track, &wild, &Limits::default()) else { panic!() };
    assert!(dot.is_area && dot.mock && dot.at.distance_m(start()) < 60.0, "{dot:?}");
    assert!(dot.heading_deg.is_none_or(f64::is_finite) && dot.speed_mps >= 0.0);
    let fence = Fence::Circle { centre: start(), radius_m: 5000.0 };
    assert_eq!((0..9).fold(Side::default(), |side, _| side.step(&fence, &dot).0).is_inside(), None, "an area arrives nowhere");
}

#[test]
fn the_border_of_a_fence_does_not_flap() {
    let mut rng = Rng::with_seed(crate::seed("border"));
    let corners = [0.0, 60.0, 120.0, 180.0, 240.0, 300.0].map(|bearing_deg| start().at(bearing_deg, 105.0));
    let fences = [Fence::Circle { centre: start(), radius_m: 100.0 }, Fence::Zone(Zone::new(corners).unwrap())];
    for fence in fences {
        let mut outcome = Outcome::default();
        for n in 0..500u32 {
            // 95 m from the centre, give or take 12 m of noise.
            let at = start().at(0.0, 95.0).at(rng.f64() * 360.0, rng.f64() * 12.0);
            outcome.apply(fix(f64::from(n) * 4.0, at), &fence);
        }
        assert_eq!(outcome.crossings, [Crossing::Arrived], "{fence:?}");
    }
}

#[test]
fn a_ride_through_a_zone_arrives_and_leaves_once() {
    let mut rng = Rng::with_seed(crate::seed("zone"));
    for _ in 0..100 {
        let (fixes, Fence::Circle { centre, .. }) = ride(&mut rng) else { panic!() };
        let turn_deg = rng.f64() * 90.0;
        let corners = [0.0, 90.0, 180.0, 270.0].map(|bearing_deg| centre.at(bearing_deg + turn_deg, 120.0));
        let zone = Fence::Zone(Zone::new(corners).unwrap());
        let mut outcome = Outcome::default();
        fixes.iter().for_each(|fix| outcome.apply(*fix, &zone));
        assert_eq!(outcome.crossings, [Crossing::Arrived, Crossing::Left]);
    }
}
