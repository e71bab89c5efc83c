//! Rows of notifications.
use crate::{
    clock::Timestamp,
    db::Tx,
    i18n::Language,
    ids::{Region, UserId},
    page::Listing,
    problem::Result,
    subject::Subject,
};
use serde::Deserialize;
use serde_json::Value;
use sqlx::PgConnection;
use std::collections::HashMap;
use uuid::Uuid;

/// Lists the own notifications, the newest first.
#[derive(Debug, Clone, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    pub unread: Option<bool>,
    /// Such as `order_shipped`.
    pub kind: Option<String>,
}

/// A row of `notification`, without its recipient.
#[derive(Debug)]
pub struct Row {
    pub id: Uuid,
    pub kind: String,
    pub subject: Option<Subject>,
    pub parameters: Value,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
    pub handled_at: Option<Timestamp>,
}

/// Inserts new notifications; returns the language that each recipient is written to in.
pub async fn insert(tx: &mut Tx, new: &[(UserId, Row)]) -> Result<HashMap<UserId, Language>> {
    let region = tx.region();
    let ids: Vec<Uuid> = new.iter().map(|(_, row)| row.id).collect();
    let recipients: Vec<Uuid> = new.iter().map(|(recipient, _)| recipient.uuid()).collect();
    let kinds: Vec<String> = new.iter().map(|(_, row)| row.kind.clone()).collect();
    let subjects = || new.iter().map(|(_, row)| row.subject.as_ref());
    let subject_kinds: Vec<Option<String>> = subjects().map(|subject| Some(subject?.kind.clone().into_owned())).collect();
    let subject_ids: Vec<Option<Uuid>> = subjects().map(|subject| Some(subject?.id)).collect();
    let parameters: Vec<Value> = new.iter().map(|(_, row)| row.parameters.clone()).collect();
    let created_at: Vec<Timestamp> = new.iter().map(|(_, row)| row.created_at).collect();
    // One round trip: every claim and every hand-over pays it.
    let rows = sqlx::query!(
        r#"with added as (insert into notification (region, id, recipient_id, kind, subject_kind, subject_id, parameters, created_at)
            select $1, n.*
            from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::uuid[], $7::jsonb[], $8::timestamptz[]) n)
        select id as "id: UserId", language as "language: Language"
        from users
        where id = any($3)"#,
        region.number(),
        &ids,
        &recipients,
        &kinds,
        &subject_kinds as &[Option<String>],
        &subject_ids as &[Option<Uuid>],
        &parameters,
        &created_at,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.language)).collect())
}

pub async fn list(sql: &mut PgConnection, user: UserId, listing: &Listing<Filters>) -> Result<Vec<Row>> {
    let rows = sqlx::query!(
        "select id, kind, subject_kind, subject_id, parameters, created_at, read_at, handled_at
        from notification
        where region = $1 and recipient_id = $2 and deleted_at is null
            and ($3::uuid is null or id < $3)
            and ($4::bool is null or (read_at is null) = $4)
            and ($5::text is null or kind = $5)
        order by id desc
        limit $6",
        user.region().number(),
        user.uuid(),
        listing.after,
        listing.filters.unread,
        listing.filters.kind,
        listing.rows(),
    )
    .fetch_all(sql)
    .await?;
    let rows = rows.into_iter().map(|row| Row {
        id: row.id,
        kind: row.kind,
        subject: Subject::stored(row.subject_kind, row.subject_id),
        parameters: row.parameters,
        created_at: row.created_at,
        read_at: row.read_at,
        handled_at: row.handled_at,
    });
    Ok(rows.collect())
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

/// Marks one of the user's notifications read, or all up to `up_to`; returns how many were unread.
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
