//! The terms of a shop: its location, how far it delivers, and for which fee.
use crate::{
    ids::{ShopId, UserId},
    money::{Amount, Currency, Money},
};
use serde::{Deserialize, Serialize};
use wassally_geo::Point;

/// The fee up to a distance from the shop.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FeeBand {
    pub up_to_m: i32,
    /// In the shop's currency.
    pub fee: Amount,
}

/// A place on earth with its address.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Location {
    /// Degrees, WGS84.
    pub lat: f64,
    pub lng: f64,
    pub address: String,
}

impl Location {
    /// Its point; `None` for coordinates that do not exist.
    pub fn point(&self) -> Option<Point> {
        Point::new(self.lat, self.lng).ok()
    }
}

/// A shop as carts and orders need it.
#[derive(Debug, Clone)]
pub struct ShopTerms {
    pub id: ShopId,
    pub owner_id: UserId,
    pub name: String,
    pub phone_number: Option<String>,
    pub currency: Currency,
    pub lat: f64,
    pub lng: f64,
    pub address: String,
    pub delivery: bool,
    pub pickup: bool,
    pub radius_m: i32,
    pub minimum_order: Money,
    pub prep_minutes: i32,
    pub fee_bands: Vec<FeeBand>,
    /// Approved, and open at the requested moment.
    pub is_open: bool,
}

impl ShopTerms {
    /// Metres from the shop to `location`; `None` for coordinates that do not exist.
    pub fn distance_m(&self, location: &Location) -> Option<f64> {
        Some(Point::new(self.lat, self.lng).ok()?.distance_m(location.point()?))
    }
}

/// The fee by `terms` for a delivery `distance_m` metres away. `None`: the shop does not deliver there.
pub fn delivery_fee(terms: &ShopTerms, distance_m: f64) -> Option<Money> {
    Some(fee(terms.delivery, terms.radius_m, &terms.fee_bands, distance_m)?.of_currency(terms.currency))
}

pub(super) fn fee(delivers: bool, radius_m: i32, bands: &[FeeBand], distance_m: f64) -> Option<Amount> {
    if !delivers || distance_m > f64::from(radius_m) {
        return None;
    }
    if bands.is_empty() {
        return Some(Amount::ZERO);
    }
    bands.iter().filter(|band| distance_m <= f64::from(band.up_to_m)).min_by_key(|band| band.up_to_m).map(|band| band.fee)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bands() -> Vec<FeeBand> {
        [(1000, "1.50"), (2500, "2.50")].map(|(up_to_m, fee)| FeeBand { up_to_m, fee: fee.parse().expect("an amount") }).into()
    }

    #[test]
    fn the_first_band_that_reaches_the_customer_sets_the_fee() {
        for (distance_m, due) in [(0.0, Some("1.50")), (1000.0, Some("1.50")), (1000.1, Some("2.50")), (2600.0, None)] {
            let due = due.map(|due| due.parse().expect("an amount"));
            assert_eq!(fee(true, 6000, &bands(), distance_m), due, "{distance_m}");
        }
    }

    #[test]
    fn beyond_the_radius_or_without_delivery_there_is_no_fee() {
        assert_eq!(fee(true, 900, &bands(), 950.0), None);
        assert_eq!(fee(false, 6000, &bands(), 10.0), None);
        assert_eq!(fee(true, 900, &[], 10.0), Some(Amount::ZERO), "a shop without bands delivers for nothing");
    }
}
