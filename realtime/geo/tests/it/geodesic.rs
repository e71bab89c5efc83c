//! The sphere against the ellipsoid: what the crate says in metres is right on WGS84 to about half a percent, and a search in geodesic metres can be
//! made exact by a slightly wider one.

use fastrand::Rng;
use geo::{Destination, Distance, Geodesic, GeodesicArea, InterpolatePoint, Length};
use wassally_geo::{Bounds, Index, Point, Resolution, Zone, length_m, simplified};

/// Spherical over geodesic distance, anywhere on the globe.
const RATIO: std::ops::RangeInclusive<f64> = 0.9955..=1.0057;

#[test]
fn distances_bearings_and_walks_are_geodesic_to_half_a_percent() {
    let mut rng = Rng::with_seed(crate::seed("geodesic"));
    for _ in 0..20_000 {
        let from = anywhere(&mut rng);
        let (bearing_deg, metres) = (rng.f64() * 360.0, 10f64.powf(rng.f64() * 5.0));
        let to = from.at(bearing_deg, metres);
        let geodesic_m = Geodesic.distance(from.into(), to.into());
        assert!(RATIO.contains(&(from.distance_m(to) / geodesic_m)), "{from:?} {to:?}");
        let there = Geodesic.destination(from.into(), bearing_deg, metres);
        assert!(Geodesic.distance(to.into(), there) < metres * 0.006 + 0.001, "{from:?} {bearing_deg} {metres}");
        let way = [from, to, near(&mut rng, to, 5000.0)];
        let line = geo::LineString::from_iter(way.map(geo::Point::from));
        assert!(RATIO.contains(&(length_m(way) / Geodesic.length(&line))), "{way:?}");
    }
}

#[test]
fn a_slightly_wider_search_finds_everything_within_geodesic_metres() {
    let mut rng = Rng::with_seed(crate::seed("geodesic search"));
    let mut found = 0;
    for _ in 0..60 {
        let centre = anywhere(&mut rng);
        let index = Index::new(Resolution::Eight);
        let all: Vec<Point> = (0..300).map(|_| near(&mut rng, centre, 5000.0)).collect();
        (0u32..).zip(&all).for_each(|(key, at)| assert!(index.put(key, *at, 0)));
        for _ in 0..20 {
            let at = near(&mut rng, centre, 5000.0);
            let radius_m = 100.0 + rng.f64() * 3000.0;
            let within = |place: &Point| Geodesic.distance(at.into(), (*place).into()) <= radius_m;
            let mut expected: Vec<u32> = (0u32..).zip(&all).filter(|(_, place)| within(place)).map(|(key, _)| key).collect();
            let hits = index.nearest(at, radius_m * RATIO.end(), usize::MAX, |_, _| true);
            let mut keys: Vec<u32> = hits.iter().map(|hit| hit.key).filter(|key| within(&all[*key as usize])).collect();
            keys.sort_unstable();
            expected.sort_unstable();
            found += keys.len();
            assert_eq!(keys, expected, "{at:?} {radius_m}");
        }
    }
    assert!(found > 1000, "{found}");
}

#[test]
fn a_box_around_a_disk_holds_the_disk_and_little_more() {
    let mut rng = Rng::with_seed(crate::seed("bounds"));
    for _ in 0..5000 {
        let centre = anywhere(&mut rng);
        let radius_m = 10f64.powf(1.0 + rng.f64() * 4.0);
        let bounds = Bounds::around(centre, radius_m);
        for _ in 0..20 {
            let share = rng.f64();
            assert!(bounds.contains(centre.at(rng.f64() * 360.0, radius_m * share * 0.999_999)), "{centre:?} {radius_m}");
            let there = Geodesic.destination(centre.into(), rng.f64() * 360.0, radius_m * 0.994 * share);
            assert!(bounds.contains(Point::new(there.y(), there.x()).unwrap()), "{centre:?} {radius_m}");
        }
        if bounds.east - bounds.west < 360.0 {
            let beside = |lng: f64| Geodesic.distance(geo::Point::new(lng, centre.lat()), centre.into());
            assert!(beside(bounds.east) < radius_m * 1.2, "{centre:?} {radius_m} {bounds:?}");
            let above = Geodesic.distance(geo::Point::new(centre.lng(), bounds.north), centre.into());
            assert!(above < radius_m * 1.006, "{centre:?} {radius_m} {bounds:?}");
        }
    }
}

#[test]
fn the_distance_to_a_zone_and_its_area_are_geodesic_to_about_a_percent() {
    let mut rng = Rng::with_seed(crate::seed("zones"));
    for _ in 0..300 {
        let centre = Point::new(rng.f64() * 150.0 - 75.0, rng.f64() * 360.0 - 180.0).unwrap();
        let corners: Vec<Point> = (0..7).map(|n| centre.at(360.0 - f64::from(n) * 51.0, 500.0 + rng.f64() * 2500.0)).collect();
        let zone = Zone::new(corners.clone()).unwrap();
        let area_m2 = zone.polygon().geodesic_area_unsigned();
        assert!((zone.area_m2() / area_m2 - 1.0).abs() < 0.012, "{} {area_m2}", zone.area_m2());
        for _ in 0..20 {
            let at = near(&mut rng, centre, 8000.0);
            let borders = zone
                .polygon()
                .exterior()
                .lines()
                .flat_map(|line| (0..=400).map(move |n| line.start + (line.end - line.start) * f64::from(n) / 400.0));
            let nearest_m = borders.map(|border| Geodesic.distance(at.into(), border.into())).fold(f64::MAX, f64::min);
            let distance_m = zone.distance_m(at);
            // Great circles leave the straight lines of the map by a few metres on borders of some kilometres.
            let is_right =
                if zone.contains(at) { distance_m == 0.0 } else { (distance_m - nearest_m).abs() < 10.0 + nearest_m * 0.01 };
            assert!(is_right, "{at:?} {zone:?} {distance_m} {nearest_m}");
        }
    }
}

#[test]
fn a_simplified_trail_leaves_no_point_farther_than_the_tolerance() {
    let mut rng = Rng::with_seed(crate::seed("trails"));
    let (mut before, mut after) = (0, 0);
    for lng in [13.4, 179.99, -70.0] {
        for tolerance_m in [5.0, 20.0, 100.0] {
            let mut at = Point::new(rng.f64() * 120.0 - 60.0, lng).unwrap();
            let mut heading_deg = 0.0;
            let trail: Vec<Point> = (0..2000)
                .map(|_| {
                    heading_deg += if rng.u8(..12) == 0 { rng.f64() * 180.0 - 90.0 } else { rng.f64() * 4.0 - 2.0 };
                    at = at.at(heading_deg, 20.0);
                    near(&mut rng, at, 3.0)
                })
                .collect();
            let remaining = simplified(&trail, tolerance_m);
            assert_eq!((remaining[0], remaining[remaining.len() - 1]), (0, trail.len() - 1));
            before += trail.len();
            after += remaining.len();
            for ends in remaining.windows(2) {
                let (start, end) = (trail[ends[0]].into(), trail[ends[1]].into());
                let length_m = Geodesic.distance(start, end);
                let line: Vec<geo::Point> =
                    (0..=200).map(|n| Geodesic.point_at_ratio_between(start, end, f64::from(n) / 200.0)).collect();
                for dropped in &trail[ends[0]..ends[1]] {
                    let off_m = line.iter().map(|on| Geodesic.distance(*on, (*dropped).into())).fold(f64::MAX, f64::min);
                    assert!(off_m <= tolerance_m * 1.02 + length_m / 200.0, "{off_m} {tolerance_m}");
                }
            }
        }
    }
    println!("{before} points, {after} after simplification");
    assert!(after < before / 5, "{after} of {before}");
}

fn near(rng: &mut Rng, of: Point, spread_m: f64) -> Point {
    of.at(rng.f64() * 360.0, spread_m * rng.f64().sqrt())
}

fn anywhere(rng: &mut Rng) -> Point {
    Point::new((rng.f64() * 2.0 - 1.0).asin().to_degrees(), rng.f64() * 360.0 - 180.0).unwrap()
}
