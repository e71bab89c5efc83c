//! The demo's files, as `demo/README.md` describes them.
use crate::{
    App,
    actor::Role,
    domain::{
        shops::{Day, FeeBand},
        users,
    },
    ids::Region,
    money::{Amount, Currency},
    problem::Result,
};
use anyhow::Context;
use serde::Deserialize;

/// The password of all demo people.
pub const PASSWORD: &str = "wassally-demo";

/// Whom the pages offer to try the city with.
pub const SHOWN: [(&str, Role); 6] = [
    ("customer1", Role::Customer),
    ("crew1", Role::Crew),
    ("staff1", Role::Staff),
    ("customer2", Role::Customer),
    ("crew2", Role::Crew),
    ("seller1", Role::Seller),
];

/// Whether the demo's people are in this installation: by an e-mail address that no other person can have.
pub async fn is_seeded(app: &App) -> Result<bool> {
    let mut sql = app.read_stale(Region::GLOBAL).await?;
    Ok(users::by_login(&mut sql, "customer1@example.com").await?.is_some())
}

/// A person of `people.json`.
#[derive(Debug, Clone, Deserialize)]
pub struct Person {
    pub username: String,
    pub role: Role,
    pub first_name: String,
    pub last_name: String,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    /// A customer's saved place, a crew's first position.
    pub lat: Option<f64>,
    pub lng: Option<f64>,
    pub address: Option<String>,
    /// The opening balance.
    pub wallet: Option<Amount>,
    #[serde(default)]
    pub on_duty: bool,
}

/// A shop of `shops.json`.
#[derive(Debug, Deserialize)]
pub struct Shop {
    pub key: String,
    pub owner: String,
    pub name: String,
    pub name_ar: Option<String>,
    pub category: String,
    pub category_ar: Option<String>,
    pub description: String,
    pub phone_number: Option<String>,
    pub email: Option<String>,
    pub address: String,
    pub lat: f64,
    pub lng: f64,
    pub time_zone: String,
    pub round_the_clock: bool,
    pub hours: Vec<Day>,
    pub currency: Currency,
    pub minimum_order: Amount,
    pub radius_m: i32,
    pub prep_minutes: i32,
    pub fee_bands: Vec<FeeBand>,
}

/// A product of `products.json`.
#[derive(Debug, Deserialize)]
pub struct Product {
    pub sku: String,
    pub shop: String,
    pub name: String,
    pub name_ar: Option<String>,
    pub category: String,
    pub price: Amount,
    pub cost_price: Option<Amount>,
    pub currency: Currency,
    pub stock: i32,
    pub min_quantity: i32,
    pub max_quantity: Option<i32>,
    pub low_stock_threshold: i32,
}

pub fn people() -> anyhow::Result<Vec<Person>> {
    serde_json::from_str(include_str!("../../demo/people.json")).context("demo/people.json")
}

pub fn shops() -> anyhow::Result<Vec<Shop>> {
    serde_json::from_str(include_str!("../../demo/shops.json")).context("demo/shops.json")
}

pub fn products() -> anyhow::Result<Vec<Product>> {
    serde_json::from_str(include_str!("../../demo/products.json")).context("demo/products.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_whole() {
        let (people, shops, products) = (people().expect("people"), shops().expect("shops"), products().expect("products"));
        let of = |role| people.iter().filter(|person| person.role == role).count();
        assert_eq!([Role::Customer, Role::Seller, Role::Crew, Role::Staff, Role::Admin].map(of), [20, 5, 20, 1, 1]);
        let is_there = |&(name, role): &(&str, Role)| people.iter().any(|person| person.username == name && person.role == role);
        assert!(SHOWN.iter().all(is_there));
        assert!(shops.iter().all(|shop| people.iter().any(|person| person.username == shop.owner)));
        assert!(shops.iter().all(|shop| products.iter().any(|product| product.shop == shop.key)));
        assert!(products.iter().all(|product| shops.iter().any(|shop| shop.key == product.shop)));
    }
}
