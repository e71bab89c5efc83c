//! Inventory: how much of each product its shop has.
//!
//! A row of `stock` is locked for every change, all rows of one change in one statement and in the order of their ids, so that two checkouts never
//! wait on each other crosswise. What is on hand never falls below zero.
mod store;

use crate::{
    db::Tx,
    ids::ProductId,
    operations::Slice,
    problem::{ApiError, Result},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

pub fn slice() -> Slice {
    Slice::new("inventory")
}

/// A line that cannot be had in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Short {
    pub product_id: ProductId,
    pub wanted: i32,
    pub left: i32,
}

#[derive(Debug, ApiError)]
pub enum StockError {
    /// Some lines cannot be had in full; nothing was taken.
    #[api(409, "out_of_stock")]
    OutOfStock { lines: Vec<Short> },
}

/// Takes these quantities out of the transaction's region, all or none; one product may stand on several lines.
///
/// Errors: [`StockError::OutOfStock`] with the lines that fall short; of a product without a row nothing is left.
pub async fn take(tx: &mut Tx, goods: &[(ProductId, i32)]) -> Result<()> {
    let wanted = together(goods);
    let left = store::lock(tx, &wanted).await?;
    let lines = short(&wanted, &left);
    if !lines.is_empty() {
        return Err(StockError::OutOfStock { lines }.into());
    }
    let after: BTreeMap<_, _> = wanted.iter().map(|(&id, &wanted)| (id, left[&id] - wanted)).collect();
    store::write(tx, &after).await
}

/// Puts these quantities back.
pub async fn give_back(tx: &mut Tx, goods: &[(ProductId, i32)]) -> Result<()> {
    let back = together(goods);
    let left = store::lock(tx, &back).await?;
    let after: BTreeMap<_, _> =
        back.iter().map(|(&id, &back)| (id, left.get(&id).copied().unwrap_or_default().saturating_add(back))).collect();
    store::write(tx, &after).await
}

/// Makes what is on hand of each product exactly this, as a count of the shelf does.
pub async fn count(tx: &mut Tx, goods: &[(ProductId, i32)]) -> Result<()> {
    let counted = together(goods);
    store::lock(tx, &counted).await?;
    store::write(tx, &counted).await
}

/// One quantity per product, in the order of the ids.
fn together(goods: &[(ProductId, i32)]) -> BTreeMap<ProductId, i32> {
    let mut sums = BTreeMap::new();
    for &(id, quantity) in goods {
        let sum: &mut i32 = sums.entry(id).or_default();
        *sum = sum.saturating_add(quantity);
    }
    sums
}

fn short(wanted: &BTreeMap<ProductId, i32>, left: &BTreeMap<ProductId, i32>) -> Vec<Short> {
    wanted
        .iter()
        .map(|(&product_id, &wanted)| Short { product_id, wanted, left: left.get(&product_id).copied().unwrap_or_default() })
        .filter(|line| line.left < line.wanted)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn product(number: u128) -> ProductId {
        ProductId(Uuid::from_u128(number))
    }

    #[test]
    fn two_lines_of_one_product_are_taken_together() {
        let wanted = together(&[(product(2), 3), (product(1), 1), (product(2), 2)]);
        assert_eq!(wanted.into_iter().collect::<Vec<_>>(), [(product(1), 1), (product(2), 5)]);
    }

    #[test]
    fn what_falls_short_is_named_with_what_is_left() {
        let wanted = together(&[(product(1), 2), (product(2), 5), (product(3), 1)]);
        let left = BTreeMap::from([(product(1), 2), (product(2), 4)]);
        let lines = short(&wanted, &left);
        assert_eq!(
            lines,
            [Short { product_id: product(2), wanted: 5, left: 4 }, Short { product_id: product(3), wanted: 1, left: 0 },]
        );
    }
}
