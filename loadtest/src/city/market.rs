//! The shops and products of the demo, found again on the server.

use crate::client::{CallError, Person};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::time::Duration;
use wassally_geo::Point;

/// A shop that the city keeps.
pub struct Shop {
    pub key: String,
    pub owner: String,
    pub id: String,
    /// Ids on the server, by SKU.
    pub products: Vec<String>,
}

#[derive(Deserialize)]
struct DemoShop {
    key: String,
    owner: String,
    name: String,
    round_the_clock: bool,
}

#[derive(Deserialize)]
struct DemoProduct {
    sku: String,
    shop: String,
}

#[derive(Deserialize)]
struct DemoPerson {
    username: String,
    lat: Option<f64>,
    lng: Option<f64>,
}

/// Where people of the demo live or start.
pub fn places() -> Result<HashMap<String, Point>> {
    let people: Vec<DemoPerson> = serde_json::from_str(include_str!("../../../demo/people.json"))?;
    Ok(people.into_iter().filter_map(|person| Some((person.username, Point::new(person.lat?, person.lng?).ok()?))).collect())
}

/// The shops of the sellers that are played, those that never close first, and how many of those there are.
pub async fn find(person: &Person, is_played: impl Fn(&str) -> bool) -> Result<(Vec<Shop>, usize)> {
    let mut demo: Vec<DemoShop> = serde_json::from_str(include_str!("../../../demo/shops.json"))?;
    let goods: Vec<DemoProduct> = serde_json::from_str(include_str!("../../../demo/products.json"))?;
    demo.retain(|shop| is_played(&shop.owner));
    demo.sort_by_key(|shop| (!shop.round_the_clock, shop.key.clone()));
    let always_open = demo.iter().filter(|shop| shop.round_the_clock).count();
    let listed =
        patient_list(person, "/api/shops/?lat=28.5&lng=26.5&radius_m=10000").await.context("the shops cannot be read")?;
    let mut shops = Vec::new();
    for shop in demo {
        let id = listed
            .iter()
            .find(|entry| entry["name"] == shop.name.as_str())
            .and_then(|entry| entry["id"].as_str())
            .with_context(|| format!("the server has no shop {}: was the demo seeded?", shop.name))?;
        let on_sale =
            patient_list(person, &format!("/api/product/products/?shop={id}")).await.context("the products cannot be read")?;
        let mut skus: Vec<&str> =
            goods.iter().filter(|product| product.shop == shop.key).map(|product| product.sku.as_str()).collect();
        skus.sort_unstable();
        let products: Option<Vec<String>> = skus.iter().map(|sku| id_of(&on_sale, sku)).collect();
        let products = products.with_context(|| format!("{} lacks products of the demo", shop.name))?;
        ensure!(!products.is_empty(), "{} sells nothing", shop.name);
        shops.push(Shop { key: shop.key, owner: shop.owner, id: id.to_owned(), products });
    }
    Ok((shops, always_open))
}

fn id_of(on_sale: &[Value], sku: &str) -> Option<String> {
    on_sale.iter().find(|product| product["sku"] == sku).and_then(|product| product["id"].as_str()).map(str::to_owned)
}

async fn patient_list(person: &Person, path: &str) -> Result<Vec<Value>, CallError> {
    for _ in 0..30 {
        match person.list(path, 500).await {
            Err(error) if error.is_unavailable() => tokio::time::sleep(Duration::from_secs(1)).await,
            result => return result,
        }
    }
    person.list(path, 500).await
}
