//! The rows of stock.
use crate::{db::Tx, ids::ProductId, problem::Result};
use std::collections::BTreeMap;

/// Locks the rows of these products in the order of their ids and returns what is on hand.
pub(super) async fn lock(tx: &mut Tx, goods: &BTreeMap<ProductId, i32>) -> Result<BTreeMap<ProductId, i32>> {
    let ids: Vec<_> = goods.keys().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select product_id as "product_id: ProductId", on_hand
        from stock
        where region = $1 and product_id = any($2)
        order by product_id
        for update"#,
        tx.region().number(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.product_id, row.on_hand)).collect())
}

/// Writes what is on hand now; the rows are locked before, or new.
pub(super) async fn write(tx: &mut Tx, on_hand: &BTreeMap<ProductId, i32>) -> Result<()> {
    let ids: Vec<_> = on_hand.keys().map(|id| id.uuid()).collect();
    let now = tx.app().clock.now();
    let quantities: Vec<_> = on_hand.values().copied().collect();
    sqlx::query!(
        "insert into stock (region, product_id, on_hand, updated_at)
        select $1, s.*, $4 from unnest($2::uuid[], $3::int[]) s(product_id, on_hand)
        on conflict (region, product_id) do update set on_hand = excluded.on_hand, updated_at = excluded.updated_at",
        tx.region().number(),
        &ids,
        &quantities,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
