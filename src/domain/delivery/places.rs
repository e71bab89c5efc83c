//! Rows of where crews were: the last place of each, and their trails by the minute.
use super::duty::Position;
use crate::{
    clock::Timestamp,
    ids::{Region, UserId},
    problem::Result,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// Where a crew was last.
pub async fn position(conn: &mut PgConnection, region: Region, crew: UserId) -> Result<Option<Position>> {
    let row =
        sqlx::query!("select lat, lng, at from crew_position where region = $1 and crew_id = $2", region.number(), crew.uuid());
    Ok(row.fetch_optional(conn).await?.map(|row| Position { lat: row.lat, lng: row.lng, at: row.at }))
}

/// Last places to be written, column by column.
#[derive(Debug, Default)]
pub struct Last {
    pub crews: Vec<Uuid>,
    pub lats: Vec<f64>,
    pub lngs: Vec<f64>,
    pub ats: Vec<Timestamp>,
    pub duties: Vec<i64>,
    pub device_ms: Vec<i64>,
    pub seqs: Vec<i64>,
}

/// Writes where crews are, each only when it is newer in the phone's own order.
pub async fn save_last(conn: &mut PgConnection, region: Region, last: &Last) -> Result<()> {
    sqlx::query!(
        "insert into crew_position as p (region, crew_id, lat, lng, at, duty_no, device_ms, seq)
        select $1, l.*
        from unnest($2::uuid[], $3::float8[], $4::float8[], $5::timestamptz[], $6::bigint[], $7::bigint[], $8::bigint[])
            l(crew_id, lat, lng, at, duty_no, device_ms, seq)
        order by l.crew_id
        on conflict (region, crew_id) do update
        set lat = excluded.lat, lng = excluded.lng, at = excluded.at, duty_no = excluded.duty_no, device_ms = excluded.device_ms, seq = excluded.seq
        where (excluded.duty_no, excluded.device_ms, excluded.seq) > (p.duty_no, p.device_ms, p.seq)",
        region.number(),
        &last.crews,
        &last.lats,
        &last.lngs,
        &last.ats,
        &last.duties,
        &last.device_ms,
        &last.seqs,
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Appends fixes to trails: `(crew, minute, [[lat, lng, ms, accuracy, odd]])`.
pub async fn append_trails(
    conn: &mut PgConnection,
    region: Region,
    rows: Vec<(Uuid, Timestamp, serde_json::Value)>,
) -> Result<()> {
    let crews: Vec<Uuid> = rows.iter().map(|row| row.0).collect();
    let minutes: Vec<Timestamp> = rows.iter().map(|row| row.1).collect();
    let fixes: Vec<serde_json::Value> = rows.into_iter().map(|row| row.2).collect();
    sqlx::query!(
        "insert into trail as t (region, crew_id, minute, fixes)
        select $1, r.*
        from unnest($2::uuid[], $3::timestamptz[], $4::jsonb[]) r(crew_id, minute, fixes)
        order by r.crew_id, r.minute
        on conflict (region, crew_id, minute) do update set fixes = t.fixes || excluded.fixes",
        region.number(),
        &crews,
        &minutes,
        &fixes,
    )
    .execute(conn)
    .await?;
    Ok(())
}
