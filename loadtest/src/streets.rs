//! The demo town's streets as a network to ride on: GeoJSON lines whose shared coordinates are crossings.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

/// Degrees, WGS84.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub lat: f64,
    pub lng: f64,
}

impl Place {
    /// Metres to another place in the same town.
    pub fn metres_to(self, other: Self) -> f64 {
        let north = (other.lat - self.lat) * 111_195.0;
        let east = (other.lng - self.lng) * 111_195.0 * ((self.lat + other.lat) / 2.0).to_radians().cos();
        north.hypot(east)
    }

    /// Degrees clockwise from north.
    pub fn heading_to(self, other: Self) -> f64 {
        let east = (other.lng - self.lng) * self.lat.to_radians().cos();
        east.atan2(other.lat - self.lat).to_degrees().rem_euclid(360.0)
    }

    fn towards(self, other: Self, share: f64) -> Self {
        Self { lat: self.lat + (other.lat - self.lat) * share, lng: self.lng + (other.lng - self.lng) * share }
    }
}

pub struct Streets {
    places: Vec<Place>,
    next: Vec<Vec<(usize, f64)>>,
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
        let mut streets = Self { places: Vec::new(), next: Vec::new() };
        let mut known: HashMap<(i64, i64), usize> = HashMap::new();
        for feature in collection.features {
            let mut before = None;
            for (lng, lat) in feature.geometry.coordinates {
                let key = ((lng * 1e5).round() as i64, (lat * 1e5).round() as i64);
                let here = *known.entry(key).or_insert_with(|| {
                    streets.places.push(Place { lat, lng });
                    streets.next.push(Vec::new());
                    streets.places.len() - 1
                });
                if let Some(before) = before.replace(here)
                    && before != here
                {
                    let metres = streets.places[before].metres_to(streets.places[here]);
                    streets.next[before].push((here, metres));
                    streets.next[here].push((before, metres));
                }
            }
        }
        ensure!(!streets.places.is_empty(), "a town without streets");
        Ok(streets)
    }

    /// A corner of the town, by any number.
    pub fn corner(&self, number: u64) -> Place {
        self.places[(number % self.places.len() as u64) as usize]
    }

    /// The way along the streets from one place to another, both included. Places beside the road reach it at the nearest stretch.
    pub fn way(&self, from: Place, to: Place) -> Vec<Place> {
        let (start, end) = (self.stretch_near(from), self.stretch_near(to));
        let mut way = vec![from];
        if start == end || start == (end.1, end.0) {
            way.push(to);
            return way;
        }
        let mut best = vec![f64::INFINITY; self.places.len()];
        let mut came_from = vec![usize::MAX; self.places.len()];
        let mut open = BinaryHeap::new();
        for corner in [start.0, start.1] {
            best[corner] = from.metres_to(self.places[corner]);
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
        let total = |corner: usize| best[corner] + self.places[corner].metres_to(to);
        let mut corner = if total(end.0) <= total(end.1) { end.0 } else { end.1 };
        let mut back = Vec::new();
        // A corner that nothing leads to would need a town in two parts.
        while corner != usize::MAX {
            back.push(self.places[corner]);
            corner = came_from[corner];
        }
        way.extend(back.into_iter().rev());
        way.push(to);
        way
    }

    /// The two ends of the stretch of road nearest to a place.
    fn stretch_near(&self, place: Place) -> (usize, usize) {
        let scale = place.lat.to_radians().cos();
        let flat = |p: Place| ((p.lng - place.lng) * scale, p.lat - place.lat);
        let mut nearest = (f64::INFINITY, (0, 0));
        for (here, next) in self.next.iter().enumerate() {
            for &(there, _) in next.iter().filter(|(there, _)| *there > here) {
                let (a, b) = (flat(self.places[here]), flat(self.places[there]));
                let d = (b.0 - a.0, b.1 - a.1);
                let t = (-(a.0 * d.0 + a.1 * d.1) / (d.0 * d.0 + d.1 * d.1)).clamp(0.0, 1.0);
                let off = (a.0 + t * d.0).hypot(a.1 + t * d.1);
                if off < nearest.0 {
                    nearest = (off, (here, there));
                }
            }
        }
        nearest.1
    }
}

/// A ride along a way.
#[derive(Debug, Clone)]
pub struct Ride {
    way: Vec<Place>,
    /// Index of the stretch and metres ridden on it.
    at: (usize, f64),
}

impl Ride {
    pub fn along(way: Vec<Place>) -> Self {
        Self { way, at: (0, 0.0) }
    }

    /// Rides on by some metres; true when the end is reached.
    pub fn advance(&mut self, mut metres: f64) -> bool {
        while self.at.0 + 1 < self.way.len() {
            let rest = self.way[self.at.0].metres_to(self.way[self.at.0 + 1]) - self.at.1;
            if metres < rest {
                self.at.1 += metres;
                return false;
            }
            metres -= rest;
            self.at = (self.at.0 + 1, 0.0);
        }
        true
    }

    pub fn place(&self) -> Place {
        let here = self.way[self.at.0];
        match self.way.get(self.at.0 + 1) {
            Some(&there) if here != there => here.towards(there, (self.at.1 / here.metres_to(there)).min(1.0)),
            _ => here,
        }
    }

    pub fn heading_deg(&self) -> f64 {
        let from = self.at.0.min(self.way.len().saturating_sub(2));
        self.way.get(from + 1).map_or(0.0, |&there| self.way[from].heading_to(there))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_corner_of_the_demo_can_be_reached() {
        let streets = Streets::of_the_demo().unwrap();
        let mut seen = vec![false; streets.places.len()];
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
        let length: f64 = way.windows(2).map(|pair| pair[0].metres_to(pair[1])).sum();
        assert!(length >= from.metres_to(to) && length < 3.0 * from.metres_to(to), "{length} m");
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
                let home = Place { lat: place["lat"].as_f64().unwrap(), lng: place["lng"].as_f64().unwrap() };
                let (a, b) = streets.stretch_near(home);
                let (a, b) = (streets.places[a], streets.places[b]);
                assert!(a.metres_to(home) + home.metres_to(b) - a.metres_to(b) < 1.5, "{place}");
            }
        }
    }
}
