//! Geometry of our own beside what `geo` offers for the same question, in one run: the reasons that the headers of `unit.rs`, `plane.rs` and
//! `lattice.rs` give.

use crate::plane;
use crate::point::Point;
use crate::{City, cpu, id, near, rate, row};
use fastrand::Rng;
use geo::{Bearing, Destination, Distance, Geodesic, Haversine};
use std::hint::black_box;
use wassally_geo::{Index, Resolution};

pub fn compare(scale: usize) {
    distances(scale);
    steps(scale);
    searches(scale);
}

/// A search measures the distance to every entry of a bucket.
fn distances(scale: usize) {
    let mut rng = Rng::with_seed(6);
    let places: Vec<Point> = (0..1000).map(|_| place(&mut rng)).collect();
    let units: Vec<_> = places.iter().map(|at| at.unit()).collect();
    let geo: Vec<geo::Point> = places.iter().map(|at| (*at).into()).collect();
    let measure = |what: &str, rounds: usize, least: &dyn Fn(usize) -> f64| {
        let began = cpu();
        (0..rounds).for_each(|n| {
            black_box(least(n % places.len()));
        });
        row(what, rate(rounds * places.len(), began), None, "entries looked at");
    };
    let ours = |n: usize| least(units.iter().map(|at| units[n].chord2(*at)));
    measure("distance: chord of unit vectors (ours)", 400_000 / scale, &ours);
    measure("distance: geo's haversine", 20_000 / scale, &|n| least(geo.iter().map(|at| Haversine.distance(geo[n], *at))));
    measure("distance: geo's geodesic", 1000 / scale, &|n| least(geo.iter().map(|at| Geodesic.distance(geo[n], *at))));
}

fn least(distances: impl Iterator<Item = f64>) -> f64 {
    distances.fold(f64::MAX, f64::min)
}

/// A ping makes the filter compute the offset of the fix from the expectation, and a small move.
fn steps(scale: usize) {
    let mut rng = Rng::with_seed(7);
    let pairs: Vec<(Point, Point)> = (0..1000)
        .map(|_| {
            let from = place(&mut rng);
            (from, from.at(rng.f64() * 360.0, 20.0))
        })
        .collect();
    let rounds = 20_000 / scale;
    let began = cpu();
    for _ in 0..rounds {
        for (from, to) in &pairs {
            let (east_m, north_m) = plane::offset(*from, *to);
            black_box(plane::moved(*from, east_m * 0.4, north_m * 0.4));
        }
    }
    row("offset and move: plane (ours)", rate(rounds * pairs.len(), began), None, "a ping takes one and a half");
    let pairs: Vec<(geo::Point, geo::Point)> = pairs.iter().map(|(from, to)| ((*from).into(), (*to).into())).collect();
    let began = cpu();
    for _ in 0..rounds {
        for (from, to) in &pairs {
            let (sin, cos) = Haversine.bearing(*from, *to).to_radians().sin_cos();
            let distance_m = Haversine.distance(*from, *to);
            let (east_m, north_m) = (distance_m * sin * 0.4, distance_m * cos * 0.4);
            black_box(Haversine.destination(*from, east_m.atan2(north_m).to_degrees(), east_m.hypot(north_m)));
        }
    }
    row("offset and move: geo's bearing, distance, destination", rate(rounds * pairs.len(), began), None, "");
}

/// The 20 nearest of 20 k within 3 km, by the lattice's rings and by looking at all.
fn searches(scale: usize) {
    let mut rng = Rng::with_seed(8);
    let city = City::new(&mut rng);
    let places: Vec<_> = (0..20_000).map(|_| city.place(&mut rng)).collect();
    let index = Index::new(Resolution::Eight);
    places.iter().for_each(|at| assert!(index.put(id(&mut rng), *at, 0)));
    let centres: Vec<_> = (0..20_000 / scale).map(|_| city.place(&mut rng)).collect();
    let began = cpu();
    centres.iter().for_each(|at| drop(black_box(index.nearest(*at, 3000.0, 20, |_, _| true))));
    row("nearest 20 of 20 k: rings of the lattice (ours)", rate(centres.len(), began), None, "");
    let places: Vec<geo::Point> = places.iter().map(|at| (*at).into()).collect();
    let began = cpu();
    for at in &centres {
        let at = geo::Point::from(*at);
        let mut found: Vec<f64> = places.iter().map(|place| Haversine.distance(at, *place)).filter(|m| *m <= 3000.0).collect();
        found.sort_unstable_by(f64::total_cmp);
        found.truncate(20);
        black_box(found);
    }
    row("nearest 20 of 20 k: geo's haversine to all", rate(centres.len(), began), None, "");
}

fn place(rng: &mut Rng) -> Point {
    let city = wassally_geo::Point::new(52.52, 13.405).expect("a place");
    let at = near(rng, city, 3000.0);
    Point::new(at.lat(), at.lng()).expect("a place")
}
