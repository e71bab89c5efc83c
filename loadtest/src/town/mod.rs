//! Writes the demo: a made-up town as GeoJSON and the people, shops and products in it. The same seed gives the same bytes.

mod names;
mod network;
mod people;
mod plan;
mod shops;

use crate::seeded::Seeded;
use anyhow::{Context, Result};
use geo::Coord;
use network::{Piece, Projection, Spot, degrees, distance_m};
use plan::{Area, Street};
use serde::Serialize;
use serde_json::json;
use std::{fmt::Write as _, fs, path::Path};

/// The middle of the town, in degrees: a stretch of empty desert where nobody lives.
const MIDDLE: (f64, f64) = (28.5, 26.5);
const TIME_ZONE: &str = "Africa/Cairo";
const COUNTRY: &str = "EG";

/// The five files of the demo, by name.
pub fn files(seed: u64) -> Result<Vec<(&'static str, String)>> {
    let plan = plan::Plan::new(seed);
    let streets = plan.streets(seed);
    let projection = Projection::around(MIDDLE.0, MIDDLE.1);
    let pieces = network::build(&plan, &streets, &projection, seed);
    let mut addresses =
        Addresses { streets: &streets, pieces: &pieces, projection: &projection, rng: Seeded::new(seed, "addresses") };
    let people = people(&mut addresses)?;
    let shops = shops(&mut addresses)?;
    Ok(vec![
        ("streets.geojson", streets_geojson(&streets, &pieces)),
        ("areas.geojson", areas_geojson(&plan.areas(), &projection)),
        ("people.json", lines(&people)?),
        ("shops.json", lines(&shops)?),
        ("products.json", lines(&products())?),
    ])
}

/// Writes the files into `folder`.
pub fn write(seed: u64, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder)?;
    for (name, text) in files(seed)? {
        let path = folder.join(name);
        fs::write(&path, &text).with_context(|| format!("cannot write {}", path.display()))?;
        println!("{} {} bytes", path.display(), text.len());
    }
    Ok(())
}

fn people(addresses: &mut Addresses) -> Result<Vec<people::Person>> {
    let mut people = people::all();
    for person in people.iter_mut().filter(|person| matches!(person.role, "customer" | "crew")) {
        let (spot, address) = addresses.anywhere(1_450.0).context("a town without streets")?;
        (person.lat, person.lng) = (Some(degrees(spot).y()), Some(degrees(spot).x()));
        if person.role == "customer" {
            (person.address, person.city, person.country) = (Some(address), Some("Nahrein"), Some(COUNTRY));
        }
    }
    Ok(people)
}

/// One shop of `shops.json`.
#[derive(Serialize)]
struct Shop {
    key: &'static str,
    owner: &'static str,
    name: &'static str,
    name_ar: &'static str,
    category: &'static str,
    category_ar: &'static str,
    description: &'static str,
    phone_number: String,
    email: String,
    address: String,
    city: &'static str,
    country: &'static str,
    lat: f64,
    lng: f64,
    time_zone: &'static str,
    round_the_clock: bool,
    hours: Vec<Hours>,
    currency: &'static str,
    minimum_order: &'static str,
    radius_m: u32,
    prep_minutes: u32,
    fee_bands: [FeeBand; 3],
}

#[derive(Serialize)]
struct Hours {
    day: u32,
    opens: &'static str,
    closes: &'static str,
}

#[derive(Serialize)]
struct FeeBand {
    up_to_m: u32,
    fee: &'static str,
}

fn shops(addresses: &mut Addresses) -> Result<Vec<Shop>> {
    let list = shops::SHOPS.iter().enumerate();
    list.map(|(index, shop)| {
        let near = addresses.projection.spot(shop.near.into());
        let (spot, address) = addresses.nearest(near).context("a town without streets")?;
        Ok(Shop {
            key: shop.key,
            owner: shop.owner,
            name: shop.name.0,
            name_ar: shop.name.1,
            category: shop.category.0,
            category_ar: shop.category.1,
            description: shop.about,
            phone_number: format!("+120255502{index:02}"),
            email: format!("{}@example.com", shop.key),
            address,
            city: "Nahrein",
            country: COUNTRY,
            lat: degrees(spot).y(),
            lng: degrees(spot).x(),
            time_zone: TIME_ZONE,
            round_the_clock: (shop.opens, shop.closes) == ("00:00", "24:00"),
            hours: (1..=7).map(|day| Hours { day, opens: shop.opens, closes: shop.closes }).collect(),
            currency: "USD",
            minimum_order: "0.00",
            radius_m: 6_000,
            prep_minutes: shop.prep_minutes,
            fee_bands: [
                FeeBand { up_to_m: 1_000, fee: "1.50" },
                FeeBand { up_to_m: 2_500, fee: "2.50" },
                FeeBand { up_to_m: 6_000, fee: "4.00" },
            ],
        })
    })
    .collect()
}

/// One product of `products.json`.
#[derive(Serialize)]
struct Product {
    sku: String,
    shop: &'static str,
    name: &'static str,
    name_ar: &'static str,
    category: &'static str,
    price: &'static str,
    cost_price: String,
    currency: &'static str,
    stock: u32,
    min_quantity: u32,
    max_quantity: u32,
    low_stock_threshold: u32,
}

fn products() -> Vec<Product> {
    let list = shops::SHOPS.iter().flat_map(|shop| shop.products.iter().enumerate().map(move |(n, product)| (shop, n, product)));
    list.map(|(shop, n, &(name, name_ar, price))| Product {
        sku: format!("{}-{:02}", shop.key, n + 1),
        shop: shop.key,
        name,
        name_ar,
        category: shop.category.0,
        price,
        cost_price: three_fifths(price),
        currency: "USD",
        stock: 20_000,
        min_quantity: 1,
        max_quantity: 10,
        low_stock_threshold: 50,
    })
    .collect()
}

/// What the shop paid for it: three fifths of the price, in whole cents.
fn three_fifths(price: &str) -> String {
    let cents: u64 = price.bytes().filter(u8::is_ascii_digit).fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0'));
    let cost = cents * 3 / 5;
    format!("{}.{:02}", cost / 100, cost % 100)
}

struct Addresses<'a> {
    streets: &'a [Street],
    pieces: &'a [Piece],
    projection: &'a Projection,
    rng: Seeded,
}

impl Addresses<'_> {
    /// An address on a local street within `reach_m` of the market square.
    fn anywhere(&mut self, reach_m: f64) -> Option<(Spot, String)> {
        let square = self.projection.spot(Coord::zero());
        let local: Vec<&Piece> = self
            .pieces
            .iter()
            .filter(|piece| !self.streets[piece.street].class.is_main() && distance_m(piece.spots[0], square) < reach_m)
            .collect();
        let piece = *local.get(self.rng.below(local.len().max(1)))?;
        Some(self.address_on(piece))
    }

    /// An address on the street nearest to the spot.
    fn nearest(&mut self, spot: Spot) -> Option<(Spot, String)> {
        let local = self.pieces.iter().filter(|piece| !self.streets[piece.street].class.is_main());
        let piece = local.min_by(|a, b| distance_m(a.spots[0], spot).total_cmp(&distance_m(b.spots[0], spot)))?;
        Some(self.address_on(piece))
    }

    fn address_on(&mut self, piece: &Piece) -> (Spot, String) {
        let at = self.rng.below(piece.spots.len() - 1);
        let (a, b) = (piece.spots[at], piece.spots[at + 1]);
        let t = self.rng.between(0.15, 0.85);
        let along = |from: i32, to: i32| (f64::from(from) + f64::from(to - from) * t).round() as i32;
        let number = 1 + self.rng.below(90);
        ((along(a.0, b.0), along(a.1, b.1)), format!("{number} {}", self.streets[piece.street].name.0))
    }
}

/// Pieces of one street that follow each other become one line again.
fn streets_geojson(streets: &[Street], pieces: &[Piece]) -> String {
    let mut lines: Vec<(usize, Vec<Spot>)> = Vec::new();
    for piece in pieces {
        match lines.last_mut() {
            Some((street, spots)) if *street == piece.street && spots.last() == piece.spots.first() => {
                spots.extend(&piece.spots[1..])
            }
            _ => lines.push((piece.street, piece.spots.clone())),
        }
    }
    let features = lines.iter().map(|(street, spots)| {
        let Street { name, class, .. } = &streets[*street];
        let properties = json!({ "class": class.name(), "name": name.0, "name_ar": name.1 });
        feature(&properties, "LineString", &coordinates(spots))
    });
    collection(features.collect())
}

fn areas_geojson(areas: &[Area], projection: &Projection) -> String {
    let features = areas.iter().map(|area| {
        let mut spots: Vec<Spot> = area.polygon.exterior().coords().map(|&at| projection.spot(at)).collect();
        spots.dedup();
        let properties = json!({ "kind": area.kind, "name": area.name.0, "name_ar": area.name.1 });
        feature(&properties, "Polygon", &format!("[{}]", coordinates(&spots)))
    });
    collection(features.collect())
}

fn coordinates(spots: &[Spot]) -> String {
    let pairs: Vec<String> = spots.iter().map(|spot| format!("[{},{}]", degrees(*spot).x(), degrees(*spot).y())).collect();
    format!("[{}]", pairs.join(","))
}

fn feature(properties: &serde_json::Value, kind: &str, coordinates: &str) -> String {
    format!(r#"{{"type":"Feature","properties":{properties},"geometry":{{"type":"{kind}","coordinates":{coordinates}}}}}"#)
}

fn collection(features: Vec<String>) -> String {
    format!("{{\"type\":\"FeatureCollection\",\"features\":[\n{}\n]}}\n", features.join(",\n"))
}

/// A JSON array with one entry a line, so that a change shows as one line.
fn lines<T: Serialize>(entries: &[T]) -> Result<String> {
    let mut text = String::from("[\n");
    for (index, entry) in entries.iter().enumerate() {
        let comma = if index + 1 < entries.len() { "," } else { "" };
        writeln!(text, "{}{comma}", serde_json::to_string(entry)?)?;
    }
    text.push_str("]\n");
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checked_in_demo_is_what_seed_7_gives() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo");
        let mut total = 0;
        for (name, text) in files(7).expect("a town") {
            total += text.len();
            assert!(
                fs::read_to_string(folder.join(name)).expect("the demo is checked in") == text,
                "{name} differs from what seed 7 gives"
            );
        }
        assert!(total < 300_000, "the demo has {total} bytes");
    }

    #[test]
    fn costs_are_whole_cents() {
        assert_eq!(three_fifths("1.75"), "1.05");
        assert_eq!(three_fifths("24.00"), "14.40");
    }
}
