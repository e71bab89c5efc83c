//! The demo town's streets as a network to ride on: GeoJSON lines whose shared coordinates are crossings.

use anyhow::{Context, Result, ensure};
use geo::{AffineOps, AffineTransform, Coord, Distance, Euclidean, Line};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use wassally_geo::Point;

pub struct Streets {
    corners: Vec<Point>,
    /// By corner: the next corners and how many metres away they are.
    next: Vec<Vec<(usize, f64)>>,
    /// The stretches of road between two corners, on a plane.
    stretches: Vec<(Line, (usize, usize))>,
    plane: AffineTransform,
}

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Geometry {
    coordinates: Vec<(f64, f64)>,
}

impl Streets {
    /// The demo town's.
    pub fn of_the_demo() -> Result<Self> {
        Self::read(include_str!("../../demo/streets.geojson"))
    }

    pub fn read(geojson: &str) -> Result<Self> {
        let collection: Collection = serde_json::from_str(geojson).context("the streets are not GeoJSON lines")?;
        let &(lng, lat) = collection
            .features
            .first()
            .and_then(|feature| feature.geometry.coordinates.first())
            .context("a town without streets")?;
        // A degree of longitude is shorter than one of latitude; on a town's plane one scale makes them equal.
        let plane = AffineTransform::scale(lat.to_radians().cos(), 1.0, (lng, lat));
        let mut streets = Self { corners: Vec::new(), next: Vec::new(), stretches: Vec::new(), plane };
        let mut known: HashMap<(i64, i64), usize> = HashMap::new();
        for feature in collection.features {
            let mut before = None;
            for (lng, lat) in feature.geometry.coordinates {
                let key = ((lng * 1e5).round() as i64, (lat * 1e5).round() as i64);
                let here = match known.get(&key) {
                    Some(here) => *here,
                    None => *known.entry(key).or_insert(streets.add_corner(Point::new(lat, lng)?)),
                };
                if let Some(before) = before.replace(here)
                    && before != here
                {
                    streets.join(before, here);
                }
            }
        }
        ensure!(!streets.stretches.is_empty(), "a town without streets");
        Ok(streets)
    }

    fn add_corner(&mut self, at: Point) -> usize {
        self.corners.push(at);
        self.next.push(Vec::new());
        self.corners.len() - 1
    }

    fn join(&mut self, one: usize, other: usize) {
        let metres = self.corners[one].distance_m(self.corners[other]);
        self.next[one].push((other, metres));
        self.next[other].push((one, metres));
        self.stretches.push((Line::new(self.on_plane(self.corners[one]), self.on_plane(self.corners[other])), (one, other)));
    }

    fn on_plane(&self, at: Point) -> Coord {
        geo::Point::from(at).affine_transform(&self.plane).into()
    }

    /// A corner of the town, by any number.
    pub fn corner(&self, number: u64) -> Point {
        self.corners[(number % self.corners.len() as u64) as usize]
    }

    /// The way along the streets from one place to another, both included. Places beside the road reach it at the nearest stretch.
    pub fn way(&self, from: Point, to: Point) -> Vec<Point> {
        let (start, end) = (self.stretch_near(from), self.stretch_near(to));
        let mut way = vec![from];
        if start == end || start == (end.1, end.0) {
            way.push(to);
            return way;
        }
        let mut best = vec![f64::INFINITY; self.corners.len()];
        let mut came_from = vec![usize::MAX; self.corners.len()];
        let mut open = BinaryHeap::new();
        for corner in [start.0, start.1] {
            best[corner] = from.distance_m(self.corners[corner]);
            open.push((Reverse((best[corner] * 1000.0) as u64), corner));
        }
        while let Some((_, here)) = open.pop() {
            if (here == end.0 && best[end.1].is_finite()) || (here == end.1 && best[end.0].is_finite()) {
                break;
            }
            for &(there, metres) in &self.next[here] {
                let length = best[here] + metres;
                if length < best[there] {
                    best[there] = length;
                    came_from[there] = here;
                    open.push((Reverse((length * 1000.0) as u64), there));
                }
            }
        }
        let total = |corner: usize| best[corner] + self.corners[corner].distance_m(to);
        let mut corner = if total(end.0) <= total(end.1) { end.0 } else { end.1 };
        let mut back = Vec::new();
        // Every corner can be reached, as the town is one network.
        while corner != usize::MAX {
            back.push(self.corners[corner]);
            corner = came_from[corner];
        }
        way.extend(back.into_iter().rev());
        way.push(to);
        way
    }

    /// The two ends of the stretch of road nearest to a place.
    fn stretch_near(&self, place: Point) -> (usize, usize) {
        let place = self.on_plane(place);
        let distance = |line: &Line| Euclidean.distance(place, line);
        let nearest = self.stretches.iter().min_by(|a, b| distance(&a.0).total_cmp(&distance(&b.0)));
        nearest.expect("a town has streets").1
    }
}

/// A ride along a way.
#[derive(Debug, Clone)]
pub struct Ride {
    way: Vec<Point>,
    /// Index of the stretch and metres ridden on it.
    at: (usize, f64),
}

impl Ride {
    pub fn along(way: Vec<Point>) -> Self {
        Self { way, at: (0, 0.0) }
    }

    /// Rides on by some metres; true when the end is reached.
    pub fn advance(&mut self, mut metres: f64) -> bool {
        while self.at.0 + 1 < self.way.len() {
            let rest = self.way[self.at.0].distance_m(self.way[self.at.0 + 1]) - self.at.1;
            if metres < rest {
                self.at.1 += metres;
                return false;
            }
            metres -= rest;
            self.at = (self.at.0 + 1, 0.0);
        }
        true
    }

    pub fn place(&self) -> Point {
        let here = self.way[self.at.0];
        match self.way.get(self.at.0 + 1) {
            Some(&there) if here != there => here.between(there, (self.at.1 / here.distance_m(there)).min(1.0)),
            _ => here,
        }
    }

    pub fn heading_deg(&self) -> f64 {
        let from = self.at.0.min(self.way.len().saturating_sub(2));
        self.way.get(from + 1).map_or(0.0, |&there| self.way[from].bearing_deg(there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wassally_geo::length_m;

    #[test]
    fn every_corner_of_the_demo_can_be_reached() {
        let streets = Streets::of_the_demo().unwrap();
        let mut seen = vec![false; streets.corners.len()];
        let mut open = vec![0];
        while let Some(here) = open.pop() {
            if !std::mem::replace(&mut seen[here], true) {
                open.extend(streets.next[here].iter().map(|(there, _)| *there));
            }
        }
        assert!(seen.iter().all(|seen| *seen));
    }

    #[test]
    fn a_way_follows_the_streets_and_a_ride_follows_the_way() {
        let streets = Streets::of_the_demo().unwrap();
        let (from, to) = (streets.corner(10), streets.corner(1500));
        let way = streets.way(from, to);
        let length = length_m(way.iter().copied());
        assert!(length >= from.distance_m(to) && length < 3.0 * from.distance_m(to), "{length} m");
        assert_eq!((way[0], way[way.len() - 1]), (from, to));
        let mut ride = Ride::along(way);
        let mut ridden = 0.0;
        while !ride.advance(5.0) {
            ridden += 5.0;
        }
        assert!((ridden - length).abs() < 6.0 && ride.place() == to);
    }

    #[test]
    fn homes_and_shops_of_the_demo_lie_on_the_streets() {
        let streets = Streets::of_the_demo().unwrap();
        for text in [include_str!("../../demo/people.json"), include_str!("../../demo/shops.json")] {
            let list: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
            for place in list.iter().filter(|entry| entry["lat"].is_f64()) {
                let home = Point::new(place["lat"].as_f64().unwrap(), place["lng"].as_f64().unwrap()).unwrap();
                let (a, b) = streets.stretch_near(home);
                let (a, b) = (streets.corners[a], streets.corners[b]);
                assert!(a.distance_m(home) + home.distance_m(b) - a.distance_m(b) < 1.5, "{place}");
            }
        }
    }
}
