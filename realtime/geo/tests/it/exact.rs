//! The ring search against brute-force haversine: nothing missed, nothing out of order, anywhere on the globe.

use fastrand::Rng;
use geo::{Distance, Haversine};
use h3o::{LatLng, Resolution};
use wassally_geo::{Hit, Index, Point};

const QUERIES: usize = 62_000;

#[test]
fn the_ring_search_finds_what_brute_force_finds() {
    let mut rng = Rng::with_seed(crate::seed("exact"));
    let places = places();
    let (mut searches, mut found, mut round) = (0, 0, 0);
    while searches < QUERIES {
        let resolution = [Resolution::Seven, Resolution::Eight, Resolution::Nine, Resolution::Ten][round % 4];
        let around = if round % 5 == 4 { anywhere(&mut rng) } else { places[round % places.len()] };
        round += 1;
        let world = World::new(&mut rng, resolution, around);
        for _ in 0..40 {
            found += world.compare_one(&mut rng);
            searches += 1;
        }
    }
    println!("{searches} queries, {found} results, 0 missed, 0 out of order");
    assert!(found > searches, "the queries found hardly anything: {found}");
}

/// The same points in an index and in a list.
struct World {
    index: Index<u32>,
    all: Vec<(Point, u32)>,
    around: Point,
    spread_m: f64,
    resolution: Resolution,
}

impl World {
    /// 50 to 400 points: scattered, in clusters, at one address; a part of them moved afterwards, some removed.
    fn new(rng: &mut Rng, resolution: Resolution, around: Point) -> Self {
        let spread_m = [300.0, 1500.0, 6000.0, 12_000.0][rng.usize(..4)];
        let index = Index::new(resolution);
        let mut all = Vec::new();
        let cluster = near(rng, around, spread_m);
        for key in 0..rng.u32(50..400) {
            let at = match rng.u8(..10) {
                0..5 => near(rng, around, spread_m),
                5..8 => near(rng, cluster, 200.0),
                8 => cluster,
                _ => on_a_border(near(rng, around, spread_m), resolution, rng),
            };
            all.push((at, rng.u32(..4)));
            assert!(index.put(key, at, all[key as usize].1));
        }
        for (key, (at, tag)) in (0..).zip(&mut all) {
            for _ in 0..rng.usize(..4) {
                let step_m = if rng.bool() { 30.0 } else { 2000.0 };
                *at = near(rng, *at, step_m);
                assert!(!index.put(key, *at, *tag));
            }
            let cell = LatLng::new(at.lat(), at.lng()).unwrap().to_cell(resolution);
            assert_eq!(index.cell_of(&key), Some(cell), "an entry skipped H3 and is in the wrong cell");
        }
        while rng.u8(..3) > 0 && all.len() > 1 {
            all.pop();
            assert!(index.remove(&(all.len() as u32)));
        }
        assert_eq!(index.len(), all.len());
        Self { index, all, around, spread_m, resolution }
    }

    /// One random search, compared with brute force; returns how many were found.
    fn compare_one(&self, rng: &mut Rng) -> usize {
        let at = match rng.u8(..4) {
            0 => self.all[rng.usize(..self.all.len())].0,
            1 => on_a_border(self.around, self.resolution, rng),
            _ => near(rng, self.around, self.spread_m),
        };
        let radius_m = (50f64.ln() + rng.f64() * (4000f64 / 50.0).ln()).exp();
        let limit = match rng.u8(..5) {
            0 => 1,
            1 => usize::MAX,
            2 => 100,
            _ => rng.usize(1..30),
        };
        let wanted = if rng.u8(..4) == 0 { Some(rng.u32(..4)) } else { None };
        let passes = |tag: u32| wanted.is_none_or(|wanted| wanted == tag);
        let hits = self.index.nearest(at, radius_m, limit, |_, tag| passes(tag));
        let mut expected: Vec<(f64, u32)> = (0u32..)
            .zip(&self.all)
            .filter(|(_, (_, tag))| passes(*tag))
            .map(|(key, (place, _))| (haversine_m(at, *place), key))
            .filter(|(distance_m, _)| *distance_m <= radius_m)
            .collect();
        expected.sort_by(|a, b| a.partial_cmp(b).unwrap());
        expected.truncate(limit);
        self.compare(at, radius_m, limit, &hits, &expected);
        hits.len()
    }

    fn compare(&self, at: Point, radius_m: f64, limit: usize, hits: &[Hit<u32>], expected: &[(f64, u32)]) {
        let context = || format!("{at:?} radius {radius_m} limit {limit} res {}: {hits:?} against {expected:?}", self.resolution);
        assert_eq!(hits.len(), expected.len(), "{}", context());
        for (hit, (distance_m, _)) in hits.iter().zip(expected) {
            // Rank by rank the same distance: points closer to each other than rounding may swap.
            assert!((hit.distance_m - distance_m).abs() < 1e-6, "{}", context());
            assert!((haversine_m(at, self.all[hit.key as usize].0) - hit.distance_m).abs() < 1e-6, "{}", context());
        }
        let mut keys: Vec<u32> = hits.iter().map(|hit| hit.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), hits.len(), "a key came twice: {}", context());
    }
}

/// Independent of the index's arithmetic on unit vectors.
fn haversine_m(a: Point, b: Point) -> f64 {
    Haversine.distance(a.into(), b.into())
}

fn near(rng: &mut Rng, of: Point, spread_m: f64) -> Point {
    of.at(rng.f64() * 360.0, spread_m * rng.f64().sqrt())
}

fn anywhere(rng: &mut Rng) -> Point {
    Point::new((rng.f64() * 2.0 - 1.0).asin().to_degrees(), rng.f64() * 360.0 - 180.0).unwrap()
}

/// A vertex of the cell of `at`, nudged a little.
fn on_a_border(at: Point, resolution: Resolution, rng: &mut Rng) -> Point {
    let boundary = LatLng::new(at.lat(), at.lng()).unwrap().to_cell(resolution).boundary();
    let vertex = boundary[rng.usize(..boundary.len())];
    let lng = (vertex.lng() + 540.0).rem_euclid(360.0) - 180.0;
    Point::new(vertex.lat(), lng).unwrap().at(rng.f64() * 360.0, rng.f64() * 2.0)
}

/// Where such searches go wrong: cities, poles, the antimeridian, pentagons, face centres, face edges and their ends.
fn places() -> Vec<Point> {
    let mut places: Vec<Point> = [
        (52.52, 13.405),
        (31.95, 35.93),
        (30.04, 31.24),
        (-33.87, 151.21),
        (90.0, 0.0),
        (-90.0, 77.0),
        (89.97, -150.0),
        (-89.99, 20.0),
        (0.0, 180.0),
        (-17.0, -179.999),
        (65.0, 179.99),
        (51.9, -179.98),
        (0.0, 0.0),
    ]
    .map(|(lat, lng)| Point::new(lat, lng).unwrap())
    .to_vec();
    let units: Vec<[f64; 3]> = Resolution::Zero.pentagons().map(|cell| unit(LatLng::from(cell))).collect();
    let are_joined = |a: usize, b: usize| dot(units[a], units[b]) > 0.4 && a != b;
    for a in 0..12 {
        places.push(point(units[a]));
        for b in (a + 1..12).filter(|b| are_joined(a, *b)) {
            for share in [0.02, 0.1, 0.3, 0.5] {
                places.push(point(mix(units[a], 1.0 - share, units[b], share)));
            }
            for c in (b + 1..12).filter(|c| are_joined(a, *c) && are_joined(b, *c)) {
                places.push(point(mix(mix(units[a], 1.0, units[b], 1.0), 1.0, units[c], 1.0)));
            }
        }
    }
    assert_eq!(places.len(), 13 + 12 + 30 * 4 + 20);
    places
}

fn unit(at: LatLng) -> [f64; 3] {
    let (lat, lng) = (at.lat_radians(), at.lng_radians());
    [lat.cos() * lng.cos(), lat.cos() * lng.sin(), lat.sin()]
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn mix(a: [f64; 3], x: f64, b: [f64; 3], y: f64) -> [f64; 3] {
    std::array::from_fn(|n| a[n] * x + b[n] * y)
}

fn point(v: [f64; 3]) -> Point {
    Point::new(v[2].atan2(v[0].hypot(v[1])).to_degrees(), v[1].atan2(v[0]).to_degrees()).unwrap()
}
