//! The rows of crews and their jobs; in `proofs` those of proofs and overrides.
mod proofs;

pub use proofs::{ProofRow, Proven, count_tries, mint, proof, prove};

use super::{
    crew::CrewRow,
    job::{Job, Recipient, Stop},
};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::orders::{Dropoff, Order, OrderStatus, PaymentMode, PrepStatus},
    ids::{OrderId, Region, UserId},
    money::{Amount, Currency, Money},
    problem::Result,
};
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;
use wassally_geo::Vehicle;

struct Row {
    crew_id: Uuid,
    name: String,
    vehicle: String,
    on_duty: bool,
    duty_no: i64,
    active: i32,
    area_lat: Option<f64>,
    area_lng: Option<f64>,
    area_radius_m: Option<i32>,
}

impl From<Row> for CrewRow {
    fn from(row: Row) -> Self {
        Self {
            crew_id: row.crew_id.into(),
            name: row.name,
            vehicle: Vehicle::named(&row.vehicle).unwrap_or_default(),
            on_duty: row.on_duty,
            duty_no: row.duty_no,
            active: row.active,
            area: row.area_lat.zip(row.area_lng),
            area_radius_m: row.area_radius_m,
        }
    }
}

/// Locks crews in the order of their keys. A crew that was never on duty has no row.
pub async fn lock_crews(tx: &mut Tx, region: Region, ids: &[UserId]) -> Result<Vec<CrewRow>> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "select crew_id, name, vehicle, on_duty, duty_no, active, area_lat, area_lng, area_radius_m
        from crew_duty
        where region = $1 and crew_id = any($2)
        order by crew_id
        for update",
        region.number(),
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(Into::into).collect())
}

/// A crew's row; `None` for one that was never on duty.
pub async fn crew(conn: &mut PgConnection, region: Region, id: UserId) -> Result<Option<CrewRow>> {
    let row = sqlx::query_as!(
        Row,
        "select crew_id, name, vehicle, on_duty, duty_no, active, area_lat, area_lng, area_radius_m
        from crew_duty
        where region = $1 and crew_id = $2",
        region.number(),
        id.uuid(),
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(Into::into))
}

/// Inserts a crew's row if it is missing.
pub async fn ensure_crew(tx: &mut Tx, region: Region, id: UserId, name: &str, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into crew_duty (region, crew_id, name, updated_at) values ($1, $2, $3, $4) on conflict (region, crew_id) do nothing",
        region.number(),
        id.uuid(),
        name,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes the columns of a crew's row that commands change.
pub async fn save_crew(tx: &mut Tx, region: Region, crew: &CrewRow, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update crew_duty
        set name = $3, vehicle = $4, on_duty = $5, duty_no = $6, active = $7, area_lat = $8, area_lng = $9, area_radius_m = $10, updated_at = $11
        where region = $1 and crew_id = $2",
        region.number(),
        crew.crew_id.uuid(),
        crew.name,
        vehicle_name(crew.vehicle),
        crew.on_duty,
        crew.duty_no,
        crew.active,
        crew.area.map(|(lat, _)| lat),
        crew.area.map(|(_, lng)| lng),
        crew.area_radius_m,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The word of a vehicle.
pub const fn vehicle_name(vehicle: Vehicle) -> &'static str {
    match vehicle {
        Vehicle::Foot => "foot",
        Vehicle::Bicycle => "bicycle",
        Vehicle::Motorbike => "motorbike",
        Vehicle::Car => "car",
    }
}

/// Whether the crew has picked up goods of an order.
pub async fn has_goods(conn: &mut PgConnection, region: Region, id: UserId) -> Result<bool> {
    let has = sqlx::query_scalar!(
        r#"select exists (
            select from job j
            join shop_order s on s.region = j.region and s.order_id = j.order_id
            where j.region = $1 and j.crew_id = $2 and j.ended_at is null and s.picked_up_at is not null) as "has!""#,
        region.number(),
        id.uuid(),
    );
    Ok(has.fetch_one(conn).await?)
}

/// Begins a job: the crew carries one order more.
pub async fn begin_job(tx: &mut Tx, order: &Order, crew: UserId, now: Timestamp) -> Result<()> {
    let region = order.id.region().number();
    sqlx::query!(
        "insert into job (region, order_id, crew_id, claimed_at, fee, currency) values ($1, $2, $3, $4, $5, $6)",
        region,
        order.id.uuid(),
        crew.uuid(),
        now,
        order.crew_fee().decimal(),
        order.currency.code(),
    )
    .execute(&mut **tx)
    .await?;
    sqlx::query!(
        "update crew_duty set active = active + 1, updated_at = $3 where region = $1 and crew_id = $2",
        region,
        crew.uuid(),
        now
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Ends the open job of an order with this outcome: its crew carries one order less. The crew, if there was an open job.
pub async fn end_job(tx: &mut Tx, order: OrderId, outcome: &str, now: Timestamp) -> Result<Option<UserId>> {
    let region = order.region().number();
    let crew = sqlx::query_scalar!(
        "update job set ended_at = $3, outcome = $4 where region = $1 and order_id = $2 and ended_at is null returning crew_id",
        region,
        order.uuid(),
        now,
        outcome,
    )
    .fetch_optional(&mut **tx)
    .await?;
    if let Some(crew) = crew {
        sqlx::query!(
            "update crew_duty set active = active - 1, updated_at = $3 where region = $1 and crew_id = $2",
            region,
            crew,
            now
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(crew.map(Into::into))
}

/// The sum of the fees of delivered orders in one currency.
pub async fn earnings(conn: &mut PgConnection, region: Region, id: UserId, currency: Currency) -> Result<Money> {
    let sum = sqlx::query_scalar!(
        r#"select coalesce(sum(fee), 0) as "sum!" from job where region = $1 and crew_id = $2 and outcome = 'delivered' and currency = $3"#,
        region.number(),
        id.uuid(),
        currency.code(),
    );
    Ok(Money::new(sum.fetch_one(conn).await?, currency))
}

/// The open jobs of crews, each crew's in the order of claiming. `proof_required`: whether a payment mode needs a proof.
pub async fn jobs(
    conn: &mut PgConnection,
    region: Region,
    crews: &[UserId],
    proof_required: impl Fn(PaymentMode) -> bool,
) -> Result<HashMap<UserId, Vec<Job>>> {
    let ids: Vec<Uuid> = crews.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
        r#"select j.crew_id, o.id, o.code, o.status as "status: OrderStatus", o.payment_mode as "payment_mode: PaymentMode",
            o.dropoff_address, o.dropoff_lat, o.dropoff_lng, o.customer_name, o.customer_phone, o.note, o.delivery_fee, o.tip, o.total, o.currency
        from job j
        join orders o on o.region = j.region and o.id = j.order_id
        where j.region = $1 and j.crew_id = any($2) and j.ended_at is null
        order by j.crew_id, j.claimed_at, o.id"#,
        region.number(),
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let orders: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let mut stops = stops(conn, region, &orders).await?;
    let mut jobs: HashMap<UserId, Vec<Job>> = HashMap::new();
    for row in rows {
        let currency = Currency::from(row.currency);
        let is_carried = row.status.is_carried();
        let dropoff = match (row.dropoff_address, row.dropoff_lat, row.dropoff_lng) {
            (Some(address), Some(lat), Some(lng)) if is_carried => Some(Dropoff { address, lat, lng }),
            _ => None,
        };
        let is_cash = matches!(row.payment_mode, PaymentMode::Cod | PaymentMode::Cop);
        jobs.entry(row.crew_id.into()).or_default().push(Job {
            order_id: row.id.into(),
            code: row.code,
            status: row.status,
            payment_mode: row.payment_mode,
            stops: stops.remove(&row.id).unwrap_or_default(),
            dropoff,
            customer: is_carried.then_some(Recipient { name: row.customer_name, phone_number: row.customer_phone }),
            note: row.note,
            fee: Amount::of(row.delivery_fee + row.tip, currency),
            cash_to_collect: is_cash.then(|| Amount::of(row.total, currency)),
            currency,
            proof_required: proof_required(row.payment_mode),
        });
    }
    Ok(jobs)
}

async fn stops(conn: &mut PgConnection, region: Region, orders: &[Uuid]) -> Result<HashMap<Uuid, Vec<Stop>>> {
    let rows = sqlx::query!(
        r#"select order_id, shop_id, name, address, lat, lng, prep_status as "prep_status: PrepStatus", ready_at, picked_up_at
        from shop_order
        where region = $1 and order_id = any($2)
        order by order_id, position"#,
        region.number(),
        orders,
    )
    .fetch_all(conn)
    .await?;
    let mut stops: HashMap<Uuid, Vec<Stop>> = HashMap::new();
    for row in rows {
        stops.entry(row.order_id).or_default().push(Stop {
            shop_id: row.shop_id.into(),
            name: row.name,
            address: row.address,
            lat: row.lat,
            lng: row.lng,
            prep_status: row.prep_status,
            ready_at: row.ready_at,
            picked_up_at: row.picked_up_at,
        });
    }
    Ok(stops)
}

/// Inserts a problem report.
pub async fn insert_problem(
    tx: &mut Tx,
    id: Uuid,
    order: OrderId,
    crew: UserId,
    kind: &str,
    note: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "insert into delivery_problem (region, id, order_id, crew_id, kind, note, at) values ($1, $2, $3, $4, $5, $6, $7)",
        order.region().number(),
        id,
        order.uuid(),
        crew.uuid(),
        kind,
        note,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
