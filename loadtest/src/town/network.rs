//! From crossing curves to a connected network: cut at every crossing, drop what may not run there, keep the largest connected part.

use super::plan::{Class, Plan, Point, Street};
use crate::seeded::Seeded;
use std::collections::{BTreeMap, HashMap};

/// A point as it is written: hundred-thousandths of a degree, (lng, lat).
pub type Spot = (i32, i32);

/// A piece of a street between two crossings, both included.
pub struct Piece {
    pub street: usize,
    pub spots: Vec<Spot>,
}

/// Metres to written degrees around the town's middle.
pub struct Projection {
    pub lat: f64,
    pub lng: f64,
}

impl Projection {
    pub fn spot(&self, (x, y): Point) -> Spot {
        let lat = self.lat + y / 111_195.0;
        let lng = self.lng + x / (111_195.0 * self.lat.to_radians().cos());
        ((lng * 1e5).round() as i32, (lat * 1e5).round() as i32)
    }
}

pub fn build(plan: &Plan, streets: &[Street], projection: &Projection, seed: u64) -> Vec<Piece> {
    let crossings = crossings(streets);
    let mut rng = Seeded::new(seed, "pieces");
    let mut pieces = Vec::new();
    for (street, cuts) in crossings.into_iter().enumerate() {
        for points in split(&streets[street].points, cuts) {
            // Drawn for every piece, so that one piece's fate does not change the next one's.
            let is_left_out = rng.chance(0.07);
            let middle = points[points.len() / 2];
            let middle = if points.len() == 2 { half_way(points[0], points[1]) } else { middle };
            let class = streets[street].class;
            if !class.is_main()
                && (is_left_out || !plan.allows(&streets[street], middle) || hugs_a_main_road(streets, &points, middle))
            {
                continue;
            }
            let mut spots: Vec<Spot> = points.iter().map(|&p| projection.spot(p)).collect();
            spots.dedup();
            if spots.len() > 1 {
                pieces.push(Piece { street, spots });
            }
        }
    }
    drop_stubs(&mut pieces, streets);
    keep_the_largest_part(&mut pieces);
    pieces
}

/// For each street the places where others cross it: position along it (segment index plus fraction) and the point.
fn crossings(streets: &[Street]) -> Vec<Vec<(f64, Point)>> {
    let mut cuts: Vec<Vec<(f64, Point)>> = streets.iter().map(|_| Vec::new()).collect();
    let boxes: Vec<_> = streets.iter().map(|s| s.points.windows(2).map(|p| (p[0], p[1])).collect::<Vec<_>>()).collect();
    for a in 0..streets.len() {
        for b in a + 1..streets.len() {
            for (i, &(p, q)) in boxes[a].iter().enumerate() {
                for (j, &(r, s)) in boxes[b].iter().enumerate() {
                    if p.0.max(q.0) < r.0.min(s.0)
                        || r.0.max(s.0) < p.0.min(q.0)
                        || p.1.max(q.1) < r.1.min(s.1)
                        || r.1.max(s.1) < p.1.min(q.1)
                    {
                        continue;
                    }
                    if let Some((t, u, point)) = cross((p, q), (r, s)) {
                        cuts[a].push((i as f64 + t, point));
                        cuts[b].push((j as f64 + u, point));
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

fn cross((p, q): (Point, Point), (r, s): (Point, Point)) -> Option<(f64, f64, Point)> {
    let (d, e) = ((q.0 - p.0, q.1 - p.1), (s.0 - r.0, s.1 - r.1));
    let area = d.0 * e.1 - d.1 * e.0;
    let w = (r.0 - p.0, r.1 - p.1);
    let (t, u) = ((w.0 * e.1 - w.1 * e.0) / area, (w.0 * d.1 - w.1 * d.0) / area);
    ((0.0..1.0).contains(&t) && (0.0..1.0).contains(&u)).then_some((t, u, (p.0 + t * d.0, p.1 + t * d.1)))
}

fn split(points: &[Point], cuts: Vec<(f64, Point)>) -> Vec<Vec<Point>> {
    let mut pieces = vec![vec![points[0]]];
    let mut cuts = cuts.into_iter().peekable();
    for (index, pair) in points.windows(2).enumerate() {
        while let Some((_, point)) = cuts.next_if(|(at, _)| *at < (index + 1) as f64) {
            pieces.last_mut().expect("starts with one piece").push(point);
            pieces.push(vec![point]);
        }
        pieces.last_mut().expect("starts with one piece").push(pair[1]);
    }
    pieces
}

fn half_way(a: Point, b: Point) -> Point {
    ((a.0 + b.0) / 2.0, (a.1 + b.1) / 2.0)
}

/// A local street that runs a few steps beside a main road would only be a smear on the map.
fn hugs_a_main_road(streets: &[Street], points: &[Point], middle: Point) -> bool {
    let length: f64 = points.windows(2).map(|p| (p[1].0 - p[0].0).hypot(p[1].1 - p[0].1)).sum();
    let near = streets
        .iter()
        .filter(|s| s.class.is_main())
        .flat_map(|s| s.points.windows(2))
        .map(|p| distance(middle, p[0], p[1]))
        .fold(f64::MAX, f64::min);
    near < (length * 0.3).min(34.0)
}

fn distance(p: Point, a: Point, b: Point) -> f64 {
    let d = (b.0 - a.0, b.1 - a.1);
    let t = (((p.0 - a.0) * d.0 + (p.1 - a.1) * d.1) / (d.0 * d.0 + d.1 * d.1)).clamp(0.0, 1.0);
    (p.0 - a.0 - t * d.0).hypot(p.1 - a.1 - t * d.1)
}

pub fn metres(a: Spot, b: Spot) -> f64 {
    let lat = f64::from(a.1 + b.1) / 2.0 * 1e-5;
    (f64::from(a.0 - b.0) * lat.to_radians().cos()).hypot(f64::from(a.1 - b.1)) * 1.111_95
}

/// Dead ends shorter than a house front go, again and again until none is left.
fn drop_stubs(pieces: &mut Vec<Piece>, streets: &[Street]) {
    loop {
        let mut ends: HashMap<Spot, u32> = HashMap::new();
        for piece in pieces.iter() {
            *ends.entry(piece.spots[0]).or_default() += 1;
            *ends.entry(piece.spots[piece.spots.len() - 1]).or_default() += 1;
        }
        let before = pieces.len();
        pieces.retain(|piece| {
            let length: f64 = piece.spots.windows(2).map(|p| metres(p[0], p[1])).sum();
            let is_dead_end = ends[&piece.spots[0]] == 1 || ends[&piece.spots[piece.spots.len() - 1]] == 1;
            let least = if streets[piece.street].class == Class::Avenue { 40.0 } else { 75.0 };
            !(is_dead_end && length < least)
        });
        if pieces.len() == before {
            return;
        }
    }
}

fn keep_the_largest_part(pieces: &mut Vec<Piece>) {
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
