//! The rows of the last positions of crews, and of their trails by the minute.
use super::{
    crews::{Area, CrewEntry, CrewUser},
    duty::Position,
};
use crate::{
    clock::Timestamp,
    domain::delivery::CrewRow,
    ids::{Region, UserId},
    problem::Result,
};
use sqlx::PgConnection;
use uuid::Uuid;
use wassally_geo::Vehicle;

/// The last position of a crew.
pub async fn position(conn: &mut PgConnection, region: Region, crew: UserId) -> Result<Option<Position>> {
    let row =
        sqlx::query!("select lat, lng, at from crew_position where region = $1 and crew_id = $2", region.number(), crew.uuid());
    Ok(row.fetch_optional(conn).await?.map(|row| Position { lat: row.lat, lng: row.lng, at: row.at }))
}

/// Positions to write, column by column.
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

/// Writes positions, each only if it is newer in the order of duty, device time and sequence number.
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

/// The fixes of a crew's trail, minute by minute.
pub async fn trail(
    conn: &mut PgConnection,
    region: Region,
    crew: UserId,
    from: Timestamp,
    to: Timestamp,
) -> Result<Vec<serde_json::Value>> {
    let fixes = sqlx::query_scalar!(
        "select fixes
        from trail
        where region = $1 and crew_id = $2 and minute > $3::timestamptz - interval '1 minute' and minute <= $4
        order by minute",
        region.number(),
        crew.uuid(),
        from,
        to,
    );
    Ok(fixes.fetch_all(conn).await?)
}

/// A crew as the replica needs it: its row, the position of its channel, and where it was last.
#[derive(Debug)]
pub struct Known {
    pub crew: CrewRow,
    pub top: u64,
    pub position: Option<Position>,
}

/// All crews that are on duty, carry an order, or changed since yesterday.
pub async fn crews(conn: &mut PgConnection, region: Region) -> Result<Vec<Known>> {
    let rows = sqlx::query!(
        r#"select c.crew_id, c.name, c.vehicle, c.on_duty, c.duty_no, c.active, c.area_lat, c.area_lng, c.area_radius_m,
            h.top as "top?", p.lat as "lat?", p.lng as "lng?", p.at as "at?"
        from crew_duty c
        left join channel_head h on h.region = c.region and h.channel = 'crew:' || c.crew_id
        left join crew_position p on p.region = c.region and p.crew_id = c.crew_id
        where c.region = $1 and (c.on_duty or c.active > 0 or c.updated_at > statement_timestamp() - interval '1 day')"#,
        region.number(),
    )
    .fetch_all(conn)
    .await?;
    let known = rows.into_iter().map(|row| Known {
        crew: CrewRow {
            crew_id: row.crew_id.into(),
            name: row.name,
            vehicle: Vehicle::named(&row.vehicle).unwrap_or_default(),
            on_duty: row.on_duty,
            duty_no: row.duty_no,
            active: row.active,
            area: row.area_lat.zip(row.area_lng),
            area_radius_m: row.area_radius_m,
        },
        top: row.top.unwrap_or_default().unsigned_abs(),
        position: match (row.lat, row.lng, row.at) {
            (Some(lat), Some(lng), Some(at)) => Some(Position { lat, lng, at }),
            _ => None,
        },
    });
    Ok(known.collect())
}

/// The filters of the list of crews.
#[derive(Debug, Default)]
pub struct Filter {
    /// Pattern over names.
    pub search: Option<String>,
    pub after: Option<Uuid>,
    pub rows: i64,
}

/// Crews for the staff's list, newest first: all users with the role, also those who were never on duty.
pub async fn list(conn: &mut PgConnection, region: Region, filter: &Filter) -> Result<Vec<CrewEntry>> {
    let rows = sqlx::query!(
        r#"select u.id, u.username, u.first_name, u.last_name, u.phone_number, c.vehicle as "vehicle?", c.on_duty as "on_duty?",
            c.active as "active?", c.area_lat, c.area_lng, c.area_radius_m, p.lat as "lat?", p.lng as "lng?", p.at as "at?"
        from users u
        join user_role r on r.user_id = u.id and r.role = 'crew'
        left join crew_duty c on c.region = $1 and c.crew_id = u.id
        left join crew_position p on p.region = $1 and p.crew_id = u.id
        where ($2::uuid is null or u.id < $2)
            and ($3::text is null or u.username ilike $3 or u.first_name ilike $3 or u.last_name ilike $3)
        order by u.id desc
        limit $4"#,
        region.number(),
        filter.after,
        filter.search,
        filter.rows,
    )
    .fetch_all(conn)
    .await?;
    let entry = rows.into_iter().map(|row| {
        let (on_duty, active) = (row.on_duty.unwrap_or_default(), row.active.unwrap_or_default());
        CrewEntry {
            id: row.id.into(),
            user: CrewUser {
                id: row.id.into(),
                username: row.username,
                first_name: row.first_name,
                last_name: row.last_name,
                phone_number: row.phone_number,
            },
            vehicle: row.vehicle.unwrap_or_else(|| "bicycle".into()),
            area: row.area_lat.zip(row.area_lng).map(|(lat, lng)| Area { lat, lng, radius_m: row.area_radius_m.unwrap_or(3000) }),
            on_duty,
            status: match (on_duty, active) {
                (false, _) => "off_duty",
                (true, 0) => "free",
                (true, _) => "busy",
            },
            active,
            position: match (row.lat, row.lng, row.at) {
                (Some(lat), Some(lng), Some(at)) => Some(Position { lat, lng, at }),
                _ => None,
            },
        }
    });
    Ok(entry.collect())
}
