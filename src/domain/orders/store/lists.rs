//! Lists of orders, and the log of one.
use super::find;
use crate::{
    clock::Timestamp,
    domain::orders::ClaimableOrder,
    ids::{OrderId, Region, ShopId},
    problem::Result,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The filters of a list; `None` lists all.
#[derive(Debug, Default)]
pub struct Filter {
    pub customer: Option<Uuid>,
    pub crew: Option<Uuid>,
    /// Orders with a part of one of these shops.
    pub shops: Option<Vec<Uuid>>,
    pub statuses: Option<Vec<String>>,
    pub fulfilment: Option<String>,
    /// Pattern over code, customer and shop names.
    pub search: Option<String>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub after: Option<Uuid>,
    pub rows: i64,
}

/// The ids of a list, newest first. The subquery of shops is an array, so that the planner looks up the orders of these shops instead of scanning all.
pub async fn list(conn: &mut PgConnection, region: Region, filter: &Filter) -> Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!(
        "select o.id
        from orders o
        where o.region = $1
            and ($2::uuid is null or o.customer_id = $2)
            and ($3::uuid is null or o.crew_id = $3)
            and ($4::uuid[] is null or o.id = any(array(select s.order_id from shop_order s where s.region = $1 and s.shop_id = any($4))))
            and ($5::text[] is null or o.status = any($5))
            and ($6::text is null or o.fulfilment = $6)
            and ($7::text is null or o.code ilike $7 or o.customer_name ilike $7 or exists (
                select 1 from shop_order s where s.region = $1 and s.order_id = o.id and s.name ilike $7))
            and ($8::timestamptz is null or o.placed_at >= $8)
            and ($9::timestamptz is null or o.placed_at < $9)
            and ($10::uuid is null or o.id < $10)
        order by o.id desc
        limit $11",
        region.number(),
        filter.customer,
        filter.crew,
        filter.shops.as_deref(),
        filter.statuses.as_deref(),
        filter.fulfilment,
        filter.search,
        filter.from,
        filter.to,
        filter.after,
        filter.rows,
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The orders that a shop still has work with: not SHIPPED yet, and its part is not rejected.
pub async fn open_of(conn: &mut PgConnection, shop: ShopId) -> Result<Vec<OrderId>> {
    let ids = sqlx::query_scalar!(
        "select o.id
        from shop_order s
        join orders o on o.region = s.region and o.id = s.order_id
        where s.region = $1 and s.shop_id = $2 and s.prep_status <> 'REJECTED' and o.status in ('CREATED', 'PROCESSING')
        order by o.id",
        shop.region().number(),
        shop.uuid(),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(ids.into_iter().map(Into::into).collect())
}

/// The messages of a channel in the log: offset and body.
pub async fn log(conn: &mut PgConnection, region: Region, channel: &str) -> Result<Vec<(i64, String)>> {
    let rows = sqlx::query!(
        "select seq, body from channel_log where region = $1 and channel = $2 order by seq limit 1000",
        region.number(),
        channel
    );
    Ok(rows.fetch_all(&mut *conn).await?.into_iter().map(|row| (row.seq, row.body)).collect())
}

/// The claimable orders of a region, each with the position of its channel. The crews' lists are loaded and reconciled from them.
pub async fn claimable(conn: &mut PgConnection, region: Region) -> Result<Vec<(ClaimableOrder, u64)>> {
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
    Ok(claimable
        .filter_map(|order| Some((ClaimableOrder::of(order)?, tops.get(&order.id).copied().unwrap_or_default())))
        .collect())
}
