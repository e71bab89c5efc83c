//! The rows of orders, shop orders and lines.
mod lists;

pub use lists::{Filter, claimable, list, log, open_of};

use super::order::{Dropoff, Fulfilment, Line, Order, OrderStatus, PaymentMode, PaymentStatus, PrepStatus, ShopOrder};
use crate::{
    clock::Timestamp,
    db::Tx,
    ids::OrderId,
    money::{Amount, Currency, Money},
    problem::{Problem, Result},
};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

/// A row of `orders`.
struct Row {
    id: Uuid,
    code: String,
    customer_id: Uuid,
    customer_name: String,
    customer_phone: Option<String>,
    status: OrderStatus,
    fulfilment: Fulfilment,
    payment_mode: PaymentMode,
    payment_status: PaymentStatus,
    dropoff_address: Option<String>,
    dropoff_lat: Option<f64>,
    dropoff_lng: Option<f64>,
    delivery_fee: Decimal,
    tip: Decimal,
    tax: Decimal,
    discount: Decimal,
    total: Decimal,
    currency: String,
    crew_id: Option<Uuid>,
    crew_name: Option<String>,
    note: Option<String>,
    placed_at: Timestamp,
    delivered_at: Option<Timestamp>,
    completable_at: Option<Timestamp>,
}

struct LineRow {
    id: Uuid,
    shop_order_id: Uuid,
    product_id: Uuid,
    name: String,
    quantity: i32,
    price: Decimal,
    currency: String,
}

impl From<Row> for Order {
    fn from(row: Row) -> Self {
        let dropoff = match (row.dropoff_address, row.dropoff_lat, row.dropoff_lng) {
            (Some(address), Some(lat), Some(lng)) => Some(Dropoff { address, lat, lng }),
            _ => None,
        };
        let currency = Currency::from(row.currency);
        let money = |amount| Money::new(amount, currency);
        Self {
            id: row.id.into(),
            code: row.code,
            customer_id: row.customer_id.into(),
            customer_name: row.customer_name,
            customer_phone: row.customer_phone,
            status: row.status,
            fulfilment: row.fulfilment,
            payment_mode: row.payment_mode,
            payment_status: row.payment_status,
            dropoff,
            delivery_fee: money(row.delivery_fee),
            tip: money(row.tip),
            tax: money(row.tax),
            discount: money(row.discount),
            total: money(row.total),
            currency,
            crew_id: row.crew_id.map(Into::into),
            crew_name: row.crew_name,
            note: row.note,
            placed_at: row.placed_at,
            delivered_at: row.delivered_at,
            completable_at: row.completable_at,
            shop_orders: vec![],
        }
    }
}

/// Locks an order by its key, then its shop orders. Errors: 404. Commands of an actor use [`super::lock_as`].
pub async fn lock(tx: &mut Tx, id: OrderId) -> Result<Order> {
    let region = id.region().number();
    let locked = sqlx::query!("select 1 as one from orders where region = $1 and id = $2 for update", region, id.uuid());
    locked.fetch_optional(&mut **tx).await?.ok_or_else(Problem::not_found)?;
    sqlx::query!("select 1 as one from shop_order where region = $1 and order_id = $2 order by id for update", region, id.uuid())
        .fetch_all(&mut **tx)
        .await?;
    Ok(find(tx, &[id]).await?.pop().ok_or_else(Problem::not_found)?)
}

/// The orders of `ids`, newest first, with their shop orders. All of one region.
pub async fn find(conn: &mut PgConnection, ids: &[OrderId]) -> Result<Vec<Order>> {
    let Some(region) = ids.first().map(|id| id.region().number()) else { return Ok(vec![]) };
    let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        r#"select id, code, customer_id, customer_name, customer_phone, status as "status: OrderStatus", fulfilment as "fulfilment: Fulfilment",
            payment_mode as "payment_mode: PaymentMode", payment_status as "payment_status: PaymentStatus",
            dropoff_address, dropoff_lat, dropoff_lng, delivery_fee, tip, tax, discount, total, currency,
            crew_id, crew_name, note, placed_at, delivered_at, completable_at
        from orders
        where region = $1 and id = any($2)
        order by id desc"#,
        region,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut orders: Vec<Order> = rows.into_iter().map(Order::from).collect();
    let parts = sqlx::query!(
        r#"select order_id, id, shop_id, seller_id, name, address, lat, lng, prep_status as "prep_status: PrepStatus", prep_minutes,
            accept_by, ready_at, picked_up_at, reason, subtotal, delivery_fee
        from shop_order
        where region = $1 and order_id = any($2)
        order by order_id, position"#,
        region,
        &ids,
    )
    .fetch_all(&mut *conn)
    .await?;
    for part in parts {
        let Some(order) = orders.iter_mut().find(|order| order.id.uuid() == part.order_id) else { continue };
        order.shop_orders.push(ShopOrder {
            id: part.id.into(),
            shop_id: part.shop_id.into(),
            seller_id: part.seller_id.into(),
            name: part.name,
            address: part.address,
            lat: part.lat,
            lng: part.lng,
            prep_status: part.prep_status,
            prep_minutes: part.prep_minutes,
            accept_by: part.accept_by,
            ready_at: part.ready_at,
            picked_up_at: part.picked_up_at,
            reason: part.reason,
            subtotal: Money::new(part.subtotal, order.currency),
            delivery_fee: Money::new(part.delivery_fee, order.currency),
        });
    }
    Ok(orders)
}

/// The lines of one order, in the sequence in which they were put into the cart.
pub async fn lines(conn: &mut PgConnection, order: OrderId) -> Result<Vec<Line>> {
    lines_of(conn, &[order]).await
}

/// The lines of several orders of one region.
pub async fn lines_of(conn: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<Line>> {
    let Some(region) = orders.first().map(|id| id.region().number()) else { return Ok(vec![]) };
    let orders: Vec<Uuid> = orders.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query_as!(
        LineRow,
        "select l.id, l.shop_order_id, l.product_id, l.name, l.quantity, l.price, o.currency
        from orders o
        join shop_order s on s.region = o.region and s.order_id = o.id
        join order_line l on l.region = s.region and l.shop_order_id = s.id
        where o.region = $1 and o.id = any($2)
        order by l.id",
        region,
        &orders,
    )
    .fetch_all(&mut *conn)
    .await?;
    let line = |row: LineRow| Line {
        id: row.id,
        shop_order_id: row.shop_order_id.into(),
        product_id: row.product_id.into(),
        name: row.name,
        quantity: row.quantity,
        price: Amount::of(row.price, row.currency.into()),
    };
    Ok(rows.into_iter().map(line).collect())
}

/// Writes the columns of an order that commands change.
pub async fn save(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update orders
        set status = $3, payment_status = $4, crew_id = $5, crew_name = $6, delivered_at = $7, completable_at = $8, total = $9, delivery_fee = $10,
            updated_at = $11
        where region = $1 and id = $2",
        order.id.region().number(),
        order.id.uuid(),
        order.status.name(),
        order.payment_status.name(),
        order.crew_id.map(|id| id.uuid()),
        order.crew_name,
        order.delivered_at,
        order.completable_at,
        order.total.decimal(),
        order.delivery_fee.decimal(),
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what a command may have changed of an order's parts.
pub async fn save_parts(tx: &mut Tx, order: &Order) -> Result<()> {
    for part in &order.shop_orders {
        sqlx::query!(
            "update shop_order
            set prep_status = $3, prep_minutes = $4, ready_at = $5, picked_up_at = $6, reason = $7
            where region = $1 and id = $2 and (prep_status, prep_minutes, ready_at, picked_up_at, reason) is distinct from ($3, $4, $5, $6, $7)",
            order.id.region().number(),
            part.id.uuid(),
            part.prep_status.name(),
            part.prep_minutes,
            part.ready_at,
            part.picked_up_at,
            part.reason,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

/// Inserts a new order; false when its code is taken today.
pub async fn insert(tx: &mut Tx, order: &Order) -> Result<bool> {
    let region = order.id.region().number();
    let done = sqlx::query!(
        "insert into orders (region, id, code, placed_on, customer_id, customer_name, customer_phone, status, fulfilment, payment_mode,
            payment_status, dropoff_address, dropoff_lat, dropoff_lng, delivery_fee, tip, tax, discount, total, currency, note, placed_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $22)
        on conflict on constraint orders_region_placed_on_code_key do nothing",
        region,
        order.id.uuid(),
        order.code,
        order.placed_at.date_naive(),
        order.customer_id.uuid(),
        order.customer_name,
        order.customer_phone,
        order.status.name(),
        order.fulfilment.name(),
        order.payment_mode.name(),
        order.payment_status.name(),
        order.dropoff.as_ref().map(|dropoff| dropoff.address.as_str()),
        order.dropoff.as_ref().map(|dropoff| dropoff.lat),
        order.dropoff.as_ref().map(|dropoff| dropoff.lng),
        order.delivery_fee.decimal(),
        order.tip.decimal(),
        order.tax.decimal(),
        order.discount.decimal(),
        order.total.decimal(),
        order.currency.code(),
        order.note,
        order.placed_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Inserts a new order's parts and lines.
pub async fn insert_parts(tx: &mut Tx, order: &Order, lines: &[Line]) -> Result<()> {
    let region = order.id.region().number();
    for (position, part) in (0_i16..).zip(&order.shop_orders) {
        sqlx::query!(
            "insert into shop_order (region, id, order_id, shop_id, seller_id, position, name, address, lat, lng, prep_status, prep_minutes,
                accept_by, subtotal, delivery_fee)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
            region,
            part.id.uuid(),
            order.id.uuid(),
            part.shop_id.uuid(),
            part.seller_id.uuid(),
            position,
            part.name,
            part.address,
            part.lat,
            part.lng,
            part.prep_status.name(),
            part.prep_minutes,
            part.accept_by,
            part.subtotal.decimal(),
            part.delivery_fee.decimal(),
        )
        .execute(&mut **tx)
        .await?;
    }
    let ids: Vec<Uuid> = lines.iter().map(|line| line.id).collect();
    let parts: Vec<Uuid> = lines.iter().map(|line| line.shop_order_id.uuid()).collect();
    let products: Vec<Uuid> = lines.iter().map(|line| line.product_id.uuid()).collect();
    let names: Vec<String> = lines.iter().map(|line| line.name.clone()).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let prices: Vec<Decimal> = lines.iter().map(|line| line.price.decimal()).collect();
    sqlx::query!(
        "insert into order_line (region, id, shop_order_id, product_id, name, quantity, price)
        select $1, l.*
        from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::int[], $7::numeric[]) l",
        region,
        &ids,
        &parts,
        &products,
        &names,
        &quantities,
        &prices,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
