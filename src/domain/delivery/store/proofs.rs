//! Rows of proofs, and of what staff did past them.
use crate::{
    clock::Timestamp,
    db::Tx,
    ids::{OrderId, UserId},
    problem::Result,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// What the house knows of a proof.
#[derive(Debug, Clone)]
pub struct ProofRow {
    pub nonce: Vec<u8>,
    pub tries: i32,
    pub locked_at: Option<Timestamp>,
    pub confirmed_at: Option<Timestamp>,
}

/// The proof of an order, if one was minted.
pub async fn proof(conn: &mut PgConnection, order: OrderId) -> Result<Option<ProofRow>> {
    let row = sqlx::query_as!(
        ProofRow,
        "select nonce, tries, locked_at, confirmed_at from proof where region = $1 and order_id = $2",
        order.region().number(),
        order.uuid(),
    );
    Ok(row.fetch_optional(conn).await?)
}

/// Mints a proof; one that is there stays.
pub async fn mint(tx: &mut Tx, order: OrderId, nonce: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into proof (region, order_id, nonce, minted_at) values ($1, $2, $3, $4) on conflict (region, order_id) do nothing",
        order.region().number(),
        order.uuid(),
        nonce,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Counts the wrong tries of a proof; `locked_at` when they were too many, `None` unlocks.
pub async fn count_tries(tx: &mut Tx, order: OrderId, tries: i32, locked_at: Option<Timestamp>) -> Result<()> {
    sqlx::query!(
        "update proof set tries = $3, locked_at = $4 where region = $1 and order_id = $2",
        order.region().number(),
        order.uuid(),
        tries,
        locked_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// How an order was proven.
#[derive(Debug, Clone, Copy)]
pub struct Proven<'a> {
    pub by: UserId,
    pub means: &'a str,
    /// Where it was confirmed, and how far from the door.
    pub place: Option<(f64, f64)>,
    pub distance_m: Option<i32>,
    pub is_late: bool,
}

/// Seals the proof of a delivered order.
pub async fn prove(tx: &mut Tx, order: OrderId, proven: Proven<'_>, nonce: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into proof (region, order_id, nonce, minted_at, confirmed_at, confirmed_by, means, lat, lng, distance_m, is_late)
        values ($1, $2, $3, $4, $4, $5, $6, $7, $8, $9, $10)
        on conflict (region, order_id) do update
        set confirmed_at = excluded.confirmed_at, confirmed_by = excluded.confirmed_by, means = excluded.means, lat = excluded.lat,
            lng = excluded.lng, distance_m = excluded.distance_m, is_late = excluded.is_late",
        order.region().number(),
        order.uuid(),
        nonce,
        now,
        proven.by.uuid(),
        proven.means,
        proven.place.map(|(lat, _)| lat),
        proven.place.map(|(_, lng)| lng),
        proven.distance_m,
        proven.is_late,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
