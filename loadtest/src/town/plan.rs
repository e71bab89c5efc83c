//! The plan of a made-up town in metres around its market square (x east, y north): a river, two ring roads, curved avenues,
//! an old town of lanes and newer quarters on both banks.

use super::names;
use crate::seeded::Seeded;
use geo::{Contains, Coord, LineString, Polygon};
use std::f64::consts::TAU;

/// A smooth made-up curve: three sines.
pub struct Wobble([(f64, f64, f64); 3]);

impl Wobble {
    /// `amplitude` in the unit of the answer, `frequency` in radians per unit of the argument.
    fn new(rng: &mut Seeded, amplitude: f64, frequency: f64) -> Self {
        Self([1.0, 2.0, 3.0].map(|n| (amplitude / n, frequency * n, rng.between(0.0, TAU))))
    }

    fn at(&self, t: f64) -> f64 {
        self.0.iter().map(|(amplitude, frequency, phase)| amplitude * (t * frequency + phase).sin()).sum()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    Ring,
    Avenue,
    Street,
    Lane,
}

impl Class {
    pub fn name(self) -> &'static str {
        match self {
            Self::Ring => "ring",
            Self::Avenue => "avenue",
            Self::Street => "street",
            Self::Lane => "lane",
        }
    }

    pub fn is_main(self) -> bool {
        matches!(self, Self::Ring | Self::Avenue)
    }
}

/// Where a local street may run.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Patch {
    Anywhere,
    OldTown,
    West,
    East,
}

pub struct Street {
    pub name: (String, String),
    pub class: Class,
    pub line: LineString,
    patch: Patch,
}

#[derive(Clone)]
pub struct Area {
    pub kind: &'static str,
    pub name: (String, String),
    pub polygon: Polygon,
}

pub struct Plan {
    river: Wobble,
    inner: Wobble,
    outer: Wobble,
    avenues: Vec<(f64, f64)>,
    pub parks: Vec<Area>,
}

impl Area {
    /// The area inside a ring, which is closed when it is open.
    fn new(kind: &'static str, name: (String, String), ring: LineString) -> Self {
        Self { kind, name, polygon: Polygon::new(ring, Vec::new()) }
    }
}

const ORIGIN: Coord = Coord { x: 0.0, y: 0.0 };
const RIVER_X: f64 = 430.0;
const SQUARE_M: f64 = 110.0;
const INNER_M: f64 = 640.0;
const OUTER_M: f64 = 1640.0;
const EDGE_M: f64 = 2000.0;

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut rng = Seeded::new(seed, "plan");
        let mut plan = Self {
            river: Wobble::new(&mut rng, 190.0, TAU / 3600.0),
            inner: Wobble::new(&mut rng, 0.05, 2.0),
            outer: Wobble::new(&mut rng, 0.045, 2.0),
            avenues: (0..8).map(|n| (TAU / 8.0 * (f64::from(n) + rng.between(-0.18, 0.18)), rng.between(0.0, TAU))).collect(),
            parks: Vec::new(),
        };
        let places = [
            (-420.0, 190.0, 105.0),
            (-1010.0, -690.0, 230.0),
            (1130.0, 640.0, 210.0),
            (-760.0, 1050.0, 160.0),
            (900.0, -980.0, 170.0),
            (120.0, -330.0, 75.0),
        ];
        for (n, (x, y, radius)) in places.into_iter().enumerate() {
            let edge = Wobble::new(&mut rng, 0.13, 2.0);
            let ring = closed(36, |angle| polar(Coord { x, y }, angle, radius * (1.0 + edge.at(angle))));
            plan.parks.push(Area::new("park", names::park(n), ring));
        }
        plan
    }

    fn river_x(&self, y: f64) -> f64 {
        RIVER_X + self.river.at(y)
    }

    fn river_half(&self, y: f64) -> f64 {
        40.0 + 9.0 * (y / 410.0).sin()
    }

    /// Metres from the river's middle, negative on the west bank.
    fn across(&self, Coord { x, y }: Coord) -> f64 {
        let slope = (self.river_x(y + 1.0) - self.river_x(y - 1.0)) / 2.0;
        (x - self.river_x(y)) / (1.0 + slope * slope).sqrt()
    }

    pub fn is_water(&self, p: Coord) -> bool {
        self.across(p).abs() < self.river_half(p.y) + 8.0
    }

    fn inner_at(&self, angle: f64) -> f64 {
        INNER_M * (1.0 + self.inner.at(angle))
    }

    fn outer_at(&self, angle: f64) -> f64 {
        OUTER_M * (1.0 + self.outer.at(angle))
    }

    fn avenue_angle(&self, n: usize, radius: f64) -> f64 {
        let (angle, phase) = self.avenues[n % self.avenues.len()];
        angle + 0.16 * ((radius / 760.0 + phase).sin() - phase.sin())
    }

    /// Whether a local street of this patch may pass here.
    pub fn allows(&self, street: &Street, p: Coord) -> bool {
        let angle = p.y.atan2(p.x);
        let radius = p.x.hypot(p.y);
        let (inner, outer) = (self.inner_at(angle), self.outer_at(angle));
        let fits = match street.patch {
            Patch::Anywhere => return true,
            Patch::OldTown => radius < inner && radius > SQUARE_M,
            Patch::West => radius > inner && radius < outer && self.across(p) < 0.0,
            Patch::East => radius > inner && radius < outer && self.across(p) > 0.0,
        };
        fits && !self.is_water(p) && !self.parks.iter().any(|park| park.polygon.contains(&p))
    }

    /// Every street from end to end, also through places where it may not run: crossing and cutting come afterwards.
    pub fn streets(&self, seed: u64) -> Vec<Street> {
        let mut rng = Seeded::new(seed, "streets");
        let mut streets = Vec::new();
        let mut main = |name: (String, String), class, line| streets.push(Street { name, class, line, patch: Patch::Anywhere });
        main(names::main(0), Class::Ring, closed(40, |a| polar(ORIGIN, a, SQUARE_M)));
        main(names::main(1), Class::Ring, closed(72, |a| polar(ORIGIN, a, self.inner_at(a))));
        main(names::main(2), Class::Ring, closed(100, |a| polar(ORIGIN, a, self.outer_at(a))));
        for n in 0..self.avenues.len() {
            let along = steps(SQUARE_M - 12.0, EDGE_M, 80.0);
            main(names::avenue(n), Class::Avenue, along.map(|r| polar(ORIGIN, self.avenue_angle(n, r), r)).collect());
        }
        for (n, side) in [-1.0, 1.0].into_iter().enumerate() {
            let bank = |y: f64| Coord { x: self.river_x(y) + side * (self.river_half(y) + 30.0), y };
            let points = steps(-EDGE_M, EDGE_M, 70.0).map(bank).filter(|p| p.x.hypot(p.y) < OUTER_M + 220.0);
            main(names::main(3 + n), Class::Avenue, points.collect());
        }
        let mut local = names::Locals::new(&mut rng);
        for (patch, turn, spacing, reach, class) in [
            (Patch::OldTown, 0.35, 96.0, 800.0, Class::Lane),
            (Patch::West, -0.2, 152.0, 1950.0, Class::Street),
            (Patch::East, 0.5, 158.0, 1950.0, Class::Street),
        ] {
            for direction in [0.0, TAU / 4.0] {
                let bend = Wobble::new(&mut rng, spacing * 0.33, TAU / (spacing * 11.0));
                let drift = Wobble::new(&mut rng, spacing * 0.12, TAU / (spacing * 3.0));
                for u in steps(-reach, reach, spacing) {
                    let (sin, cos) = (turn + direction + rng.between(-0.02, 0.02)).sin_cos();
                    let points = steps(-reach, reach, 62.0)
                        .map(|v| (u + bend.at(v) + drift.at(u), v))
                        .map(|(a, b)| Coord { x: a * cos - b * sin, y: a * sin + b * cos });
                    streets.push(Street { name: local.name(class), class, line: points.collect(), patch });
                }
            }
        }
        streets
    }

    /// Land first, then districts, parks and water: in the order in which they are painted.
    pub fn areas(&self) -> Vec<Area> {
        let land = closed(60, |a| polar(ORIGIN, a, self.outer_at(a) * 1.36));
        let old_town = closed(60, |a| polar(ORIGIN, a, self.inner_at(a)));
        let mut areas = vec![Area::new("land", names::town(), land), Area::new("district", names::district(0), old_town)];
        let bounds = [0, 1, 3, 4, 5, 7, 8];
        for (n, pair) in bounds.windows(2).enumerate() {
            let angle_of = |k: usize, r: f64| self.avenue_angle(k, r) + if k >= self.avenues.len() { TAU } else { 0.0 };
            let side = |k: usize| {
                let (from, to) = (self.inner_at(angle_of(k, INNER_M)), self.outer_at(angle_of(k, OUTER_M)));
                steps(from, to, 125.0).map(move |r| polar(ORIGIN, angle_of(k, r), r)).collect::<Vec<_>>()
            };
            let arc = |r: f64, at: &dyn Fn(f64) -> f64| {
                let (from, to) = (angle_of(pair[0], r), angle_of(pair[1], r));
                (1..12).map(|k| from + (to - from) * f64::from(k) / 12.0).map(|a| polar(ORIGIN, a, at(a))).collect::<Vec<_>>()
            };
            let mut ring: Vec<Coord> = side(pair[0]);
            ring.extend(arc(OUTER_M, &|a| self.outer_at(a)));
            ring.extend(side(pair[1]).into_iter().rev());
            ring.extend(arc(INNER_M, &|a| self.inner_at(a)).into_iter().rev());
            areas.push(Area::new("district", names::district(n + 1), ring.into()));
        }
        areas.extend(self.parks.iter().cloned());
        let bank =
            |side: f64| steps(-2300.0, 2300.0, 60.0).map(move |y| Coord { x: self.river_x(y) + side * self.river_half(y), y });
        let mut river: Vec<Coord> = bank(-1.0).collect();
        river.extend(bank(1.0).collect::<Vec<_>>().into_iter().rev());
        areas.push(Area::new("water", names::river(), river.into()));
        let pond = closed(24, |a| polar(Coord { x: -1010.0, y: -690.0 }, a, 70.0 + 14.0 * (2.0 * a).sin()));
        areas.push(Area::new("water", names::pond(), pond));
        areas
    }
}

fn polar(centre: Coord, angle: f64, radius: f64) -> Coord {
    centre + Coord { x: radius * angle.cos(), y: radius * angle.sin() }
}

fn closed(corners: u32, at: impl Fn(f64) -> Coord) -> LineString {
    (0..=corners).map(|n| at(TAU * f64::from(n % corners) / f64::from(corners))).collect()
}

fn steps(from: f64, to: f64, step: f64) -> impl Iterator<Item = f64> {
    let count = ((to - from) / step).round() as u32;
    (0..=count).map(move |n| from + (to - from) * f64::from(n) / f64::from(count))
}
