//! Rows in, rows out.
use super::order::{Dropoff, Fulfilment, Line, Listing, Order, OrderStatus, PaymentMode, PaymentStatus, PrepStatus, ShopOrder};
use crate::{
    clock::Timestamp,
    db::Tx,
    ids::{OrderId, Region, ShopId},
    money::Amount,
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

impl From<Row> for Order {
    fn from(row: Row) -> Self {
        let dropoff = match (row.dropoff_address, row.dropoff_lat, row.dropoff_lng) {
            (Some(address), Some(lat), Some(lng)) => Some(Dropoff { address, lat, lng }),
            _ => None,
        };
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
            delivery_fee: row.delivery_fee,
            tip: row.tip,
            tax: row.tax,
            discount: row.discount,
            total: row.total,
            currency: row.currency.into(),
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

/// Locks an order by its key, then its shop orders. Errors: 404.
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
            accept_by, ready_at, picked_up_at, reason, subtotal
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
            subtotal: part.subtotal,
        });
    }
    Ok(orders)
}

/// The lines of one order, in the order they were put into the cart.
pub async fn lines(conn: &mut PgConnection, order: OrderId) -> Result<Vec<Line>> {
    lines_of(conn, &[order]).await
}

/// The lines of several orders of one region.
pub async fn lines_of(conn: &mut PgConnection, orders: &[OrderId]) -> Result<Vec<Line>> {
    let Some(region) = orders.first().map(|id| id.region().number()) else { return Ok(vec![]) };
    let orders: Vec<Uuid> = orders.iter().map(|id| id.uuid()).collect();
    let rows = sqlx::query!(
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
    let line = |row: _| row;
    Ok(rows
        .into_iter()
        .map(line)
        .map(|row| Line {
            id: row.id,
            shop_order_id: Some(row.shop_order_id.into()),
            product_id: row.product_id.into(),
            name: row.name,
            quantity: row.quantity,
            price: Amount::of(row.price, row.currency.into()),
        })
        .collect())
}

/// Writes what a deed may have changed of an order itself.
pub async fn save(tx: &mut Tx, order: &Order, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update orders
        set status = $3, payment_status = $4, crew_id = $5, crew_name = $6, delivered_at = $7, completable_at = $8, total = $9, updated_at = $10
        where region = $1 and id = $2",
        order.id.region().number(),
        order.id.uuid(),
        order.status.name(),
        order.payment_status.name(),
        order.crew_id.map(|id| id.uuid()),
        order.crew_name,
        order.delivered_at,
        order.completable_at,
        order.total,
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what a deed may have changed of an order's parts.
pub async fn save_parts(tx: &mut Tx, order: &Order) -> Result<()> {
    for part in &order.shop_orders {
        sqlx::query!(
            "update shop_order
            set prep_status = $3, prep_minutes = $4, ready_at = $5, picked_up_at = $6, reason = $7
            where region = $1 and id = $2 and (prep_status, ready_at, picked_up_at, reason) is distinct from ($3, $5, $6, $7)",
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

/// Every claimable order of a region with the position of its channel, for the crews' list to be loaded and reconciled from.
pub async fn pending(conn: &mut PgConnection, region: Region) -> Result<Vec<(Listing, u64)>> {
    let rows = sqlx::query!(
        r#"select o.id, h.top as "top?"
        from orders o
        left join channel_head h on h.region = o.region and h.channel = 'order:' || o.id
        where o.region = $1 and o.status = 'CREATED' and o.fulfilment = 'delivery'"#,
        region.number(),
    )
    .fetch_all(&mut *conn)
    .await?;
    let tops: std::collections::HashMap<OrderId, u64> =
        rows.into_iter().map(|row| (row.id.into(), row.top.unwrap_or_default().unsigned_abs())).collect();
    let ids: Vec<OrderId> = tops.keys().copied().collect();
    let orders = find(conn, &ids).await?;
    let claimable = orders.iter().filter(|order| order.is_claimable());
    Ok(claimable.filter_map(|order| Some((super::listing(order)?, tops.get(&order.id).copied().unwrap_or_default()))).collect())
}

/// Whether a shop has a part in an order.
pub async fn shops_of(conn: &mut PgConnection, order: OrderId) -> Result<Vec<ShopId>> {
    let rows = sqlx::query_scalar!(
        "select shop_id from shop_order where region = $1 and order_id = $2",
        order.region().number(),
        order.uuid()
    );
    Ok(rows.fetch_all(&mut *conn).await?.into_iter().map(Into::into).collect())
}
