//! From crossing curves to a connected network: cut at every crossing, drop what may not run there, keep the largest connected part.

use super::plan::{Class, Plan, Street};
use crate::seeded::Seeded;
use geo::line_intersection::{LineIntersection, line_intersection};
use geo::{AffineOps, AffineTransform, Coord, Distance, Euclidean, Haversine, Length, Line, LineLocatePoint, LineString, Point};
use std::collections::{BTreeMap, HashMap};

/// A point as it is written: hundred-thousandths of a degree, (lng, lat).
pub type Spot = (i32, i32);

/// A piece of a street between two crossings, both included.
pub struct Piece {
    pub street: usize,
    pub spots: Vec<Spot>,
}

/// Metres around the town's middle to written degrees.
pub struct Projection(AffineTransform);

impl Projection {
    /// Metres per degree; the bytes of the demo depend on it.
    const DEGREE_M: f64 = 111_195.0;

    pub fn around(lat: f64, lng: f64) -> Self {
        let scale = AffineTransform::scale(1.0 / (Self::DEGREE_M * lat.to_radians().cos()), 1.0 / Self::DEGREE_M, (0.0, 0.0));
        Self(scale.translated(lng, lat))
    }

    pub fn spot(&self, at: Coord) -> Spot {
        let degrees = Point::from(at).affine_transform(&self.0);
        ((degrees.x() * 1e5).round() as i32, (degrees.y() * 1e5).round() as i32)
    }
}

pub fn build(plan: &Plan, streets: &[Street], projection: &Projection, seed: u64) -> Vec<Piece> {
    let crossings = crossings(streets);
    let mut rng = Seeded::new(seed, "pieces");
    let mut pieces = Vec::new();
    for (street, cuts) in crossings.into_iter().enumerate() {
        for line in split(&streets[street].line, cuts) {
            // Drawn for every piece, so that one piece's fate does not change the next one's.
            let is_left_out = rng.chance(0.07);
            let middle = match line.0[..] {
                [a, b] => (a + b) / 2.0,
                _ => line[line.0.len() / 2],
            };
            let class = streets[street].class;
            if !class.is_main()
                && (is_left_out || !plan.allows(&streets[street], middle) || hugs_a_main_road(streets, &line, middle))
            {
                continue;
            }
            let mut spots: Vec<Spot> = line.coords().map(|&at| projection.spot(at)).collect();
            spots.dedup();
            if spots.len() > 1 {
                pieces.push(Piece { street, spots });
            }
        }
    }
    drop_stubs(&mut pieces, streets);
    retain_the_largest_part(&mut pieces);
    pieces
}

/// For each street the places where others cross it: position along it (index of the line plus fraction) and the point.
fn crossings(streets: &[Street]) -> Vec<Vec<(f64, Coord)>> {
    let mut cuts: Vec<Vec<(f64, Coord)>> = streets.iter().map(|_| Vec::new()).collect();
    let lines: Vec<Vec<Line>> = streets.iter().map(|street| street.line.lines().collect()).collect();
    for a in 0..streets.len() {
        for b in a + 1..streets.len() {
            for (i, &one) in lines[a].iter().enumerate() {
                for (j, &other) in lines[b].iter().enumerate() {
                    if let Some(LineIntersection::SinglePoint { intersection, is_proper: true }) = line_intersection(one, other) {
                        cuts[a].push((i as f64 + share(one, intersection), intersection));
                        cuts[b].push((j as f64 + share(other, intersection), intersection));
                    }
                }
            }
        }
    }
    for list in &mut cuts {
        list.sort_by(|a, b| a.0.total_cmp(&b.0));
    }
    cuts
}

/// How much of a line lies before a point on it, below 1.
fn share(line: Line, at: Coord) -> f64 {
    line.line_locate_point(&Point::from(at)).unwrap_or_default().min(1.0 - f64::EPSILON)
}

fn split(line: &LineString, cuts: Vec<(f64, Coord)>) -> Vec<LineString> {
    let mut pieces = vec![vec![line[0]]];
    let mut cuts = cuts.into_iter().peekable();
    for (index, part) in line.lines().enumerate() {
        while let Some((_, point)) = cuts.next_if(|(at, _)| *at < (index + 1) as f64) {
            pieces.last_mut().expect("starts with one piece").push(point);
            pieces.push(vec![point]);
        }
        pieces.last_mut().expect("starts with one piece").push(part.end);
    }
    pieces.into_iter().map(LineString::new).collect()
}

/// A local street that runs a few steps beside a main road would only be a smear on the map.
fn hugs_a_main_road(streets: &[Street], line: &LineString, middle: Coord) -> bool {
    let main = streets.iter().filter(|street| street.class.is_main());
    let nearest_m = main.map(|street| Euclidean.distance(&Point::from(middle), &street.line)).fold(f64::MAX, f64::min);
    nearest_m < (Euclidean.length(line) * 0.3).min(34.0)
}

/// Degrees of a spot.
pub fn degrees(spot: Spot) -> Point {
    Point::new(f64::from(spot.0) / 1e5, f64::from(spot.1) / 1e5)
}

pub fn distance_m(a: Spot, b: Spot) -> f64 {
    Haversine.distance(degrees(a), degrees(b))
}

/// Dead ends shorter than the front of a building go, again and again until none is left.
fn drop_stubs(pieces: &mut Vec<Piece>, streets: &[Street]) {
    loop {
        let mut ends: HashMap<Spot, u32> = HashMap::new();
        for piece in pieces.iter() {
            *ends.entry(piece.spots[0]).or_default() += 1;
            *ends.entry(piece.spots[piece.spots.len() - 1]).or_default() += 1;
        }
        let before = pieces.len();
        pieces.retain(|piece| {
            let length_m: f64 = Haversine.length(&LineString::from_iter(piece.spots.iter().map(|spot| degrees(*spot))));
            let is_dead_end = ends[&piece.spots[0]] == 1 || ends[&piece.spots[piece.spots.len() - 1]] == 1;
            let least_m = if streets[piece.street].class == Class::Avenue { 40.0 } else { 75.0 };
            !(is_dead_end && length_m < least_m)
        });
        if pieces.len() == before {
            return;
        }
    }
}

fn retain_the_largest_part(pieces: &mut Vec<Piece>) {
    let mut root: BTreeMap<Spot, Spot> = BTreeMap::new();
    fn find(root: &mut BTreeMap<Spot, Spot>, spot: Spot) -> Spot {
        let up = *root.entry(spot).or_insert(spot);
        if up == spot {
            return spot;
        }
        let top = find(root, up);
        root.insert(spot, top);
        top
    }
    for piece in pieces.iter() {
        let (a, b) = (find(&mut root, piece.spots[0]), find(&mut root, piece.spots[piece.spots.len() - 1]));
        root.insert(a, b);
    }
    let mut sizes: BTreeMap<Spot, usize> = BTreeMap::new();
    for piece in pieces.iter() {
        *sizes.entry(find(&mut root, piece.spots[0])).or_default() += 1;
    }
    let largest = sizes.into_iter().max_by_key(|(_, size)| *size).map(|(spot, _)| spot);
    pieces.retain(|piece| Some(find(&mut root, piece.spots[0])) == largest);
}
