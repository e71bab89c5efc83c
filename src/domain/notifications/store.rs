//! Rows of notifications.
use super::notify::{ContentObject, Notification};
use crate::{
    clock::Timestamp,
    ids::{Region, UserId},
    page::Listing,
    problem::Result,
};
use serde::Deserialize;
use sqlx::PgConnection;
use uuid::Uuid;

/// Filters of the list.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    pub unread: Option<bool>,
    pub kind: Option<String>,
}

pub async fn insert(tx: &mut crate::db::Tx, new: &Notification) -> Result<()> {
    let region = tx.region();
    sqlx::query!(
        "insert into notification (region, id, recipient_id, kind, title, message, subject_type, subject_id, extra, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        region.number(),
        new.id,
        new.recipient.uuid(),
        new.kind,
        new.title,
        new.message,
        new.content_object.as_ref().map(|object| object.kind.as_str()),
        new.content_object.as_ref().map(|object| object.id),
        new.extra_data,
        new.created_at,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn list(sql: &mut PgConnection, user: UserId, listing: &Listing<Filters>) -> Result<Vec<Notification>> {
    let rows = sqlx::query!(
        r#"select id, kind, title, message, subject_type, subject_id, extra, created_at, read_at, handled_at
        from notification
        where region = $1 and recipient_id = $2 and deleted_at is null
            and ($3::uuid is null or id < $3)
            and ($4::bool is null or (read_at is null) = $4)
            and ($5::text is null or kind = $5)
        order by id desc
        limit $6"#,
        user.region().number(),
        user.uuid(),
        listing.after,
        listing.filters.unread,
        listing.filters.kind,
        listing.rows(),
    )
    .fetch_all(sql)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| Notification {
            id: row.id,
            kind: row.kind,
            title: row.title,
            message: row.message,
            content_object: row.subject_type.zip(row.subject_id).map(|(kind, id)| ContentObject { kind, id }),
            extra_data: row.extra,
            recipient: user,
            created_at: row.created_at,
            read_at: row.read_at,
            handled_at: row.handled_at,
        })
        .collect())
}

pub async fn unread(sql: &mut PgConnection, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar!(
        r#"select count(*) as "unread!"
        from notification
        where region = $1 and recipient_id = $2 and read_at is null and deleted_at is null"#,
        user.region().number(),
        user.uuid(),
    )
    .fetch_one(sql)
    .await?)
}

/// Marks one of the user's notifications read, or all up to `up_to`; says how many were not.
pub async fn mark(
    sql: &mut PgConnection,
    region: Region,
    user: UserId,
    one: Option<Uuid>,
    up_to: Option<Timestamp>,
    now: Timestamp,
) -> Result<u64> {
    let done = sqlx::query!(
        "update notification
        set read_at = $5
        where region = $1 and recipient_id = $2 and read_at is null and deleted_at is null
            and ($3::uuid is null or id = $3)
            and ($4::timestamptz is null or created_at <= $4)",
        region.number(),
        user.uuid(),
        one,
        up_to,
        now,
    )
    .execute(sql)
    .await?;
    Ok(done.rows_affected())
}

/// Where the user's channel and cart stand.
pub async fn standing(sql: &mut PgConnection, user: UserId) -> Result<(u64, i64)> {
    let row = sqlx::query!(
        r#"select (select top from channel_head where region = $1 and channel = $2) as top,
            (select version from cart where region = $1 and user_id = $3) as cart_version"#,
        user.region().number(),
        format!("user:{user}"),
        user.uuid(),
    )
    .fetch_one(sql)
    .await?;
    Ok((row.top.unwrap_or_default().unsigned_abs(), row.cart_version.unwrap_or_default()))
}

/// Whether the user has this notification.
pub async fn exists(sql: &mut PgConnection, user: UserId, id: Uuid) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from notification where region = $1 and id = $2 and recipient_id = $3 and deleted_at is null) as "exists!""#,
        user.region().number(),
        id,
        user.uuid(),
    )
    .fetch_one(sql)
    .await?)
}

pub async fn delete(sql: &mut PgConnection, user: UserId, id: Uuid, now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update notification set deleted_at = $4 where region = $1 and id = $2 and recipient_id = $3",
        user.region().number(),
        id,
        user.uuid(),
        now,
    )
    .execute(sql)
    .await?;
    Ok(())
}
