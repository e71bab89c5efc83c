//! Rows of sessions and their refresh tokens.
use super::sessions::Session;
use crate::{
    actor::{Actor, Role},
    clock::Timestamp,
    ids::{SessionId, UserId},
    problem::Result,
};
use sqlx::PgConnection;

/// A refresh token and the session it belongs to, as of its lock.
pub struct Known {
    pub session: SessionId,
    pub user: UserId,
    pub role: String,
    pub ended_at: Option<Timestamp>,
    pub successor: Option<Vec<u8>>,
    pub replaced_at: Option<Timestamp>,
    pub expires_at: Timestamp,
    /// The successor was used already.
    pub successor_used: bool,
    /// It had its second use, or was overtaken by that of its predecessor.
    pub is_spent: bool,
}

pub async fn insert_session(
    sql: &mut PgConnection,
    id: SessionId,
    user: UserId,
    role: Role,
    device: &str,
    ip: &str,
    now: Timestamp,
) -> Result<()> {
    sqlx::query!(
        "insert into session (id, user_id, role, device, ip, created_at, last_seen_at)
        values ($1, $2, $3, $4, $5, $6, $6)",
        id.uuid(),
        user.uuid(),
        role.name(),
        device,
        ip,
        now,
    )
    .execute(sql)
    .await?;
    Ok(())
}

pub async fn insert_token(sql: &mut PgConnection, hash: &[u8], session: SessionId, expires_at: Timestamp) -> Result<()> {
    sqlx::query!(
        "insert into refresh_token (hash, session_id, expires_at)
        values ($1, $2, $3)",
        hash,
        session.uuid(),
        expires_at,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Locks the session behind a token, then reads the token: two uses at once come one after the other.
pub async fn lock_token(sql: &mut PgConnection, hash: &[u8]) -> Result<Option<Known>> {
    let session =
        sqlx::query_scalar!("select session_id from refresh_token where hash = $1", hash).fetch_optional(&mut *sql).await?;
    let Some(session) = session else { return Ok(None) };
    sqlx::query!("select id from session where id = $1 for update", session).fetch_one(&mut *sql).await?;
    Ok(sqlx::query_as!(
        Known,
        r#"select s.id as "session: SessionId", s.user_id as "user: UserId", s.role, s.ended_at, t.successor, t.replaced_at, t.is_spent, t.expires_at,
            exists(select from refresh_token next where next.hash = t.successor and next.replaced_at is not null) as "successor_used!"
        from refresh_token t
        join session s on s.id = t.session_id
        where t.hash = $1"#,
        hash
    )
    .fetch_optional(sql)
    .await?)
}

pub async fn replace_token(sql: &mut PgConnection, hash: &[u8], successor: &[u8], now: Timestamp) -> Result<()> {
    sqlx::query!(
        "update refresh_token set successor = $2, replaced_at = coalesce(replaced_at, $3) where hash = $1",
        hash,
        successor,
        now
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// The grace of a replaced token was used: neither it nor its unused successor works any more.
pub async fn spend(sql: &mut PgConnection, hash: &[u8], unused: &[u8]) -> Result<()> {
    sqlx::query!("update refresh_token set is_spent = true where hash = $1 or hash = $2", hash, unused).execute(sql).await?;
    Ok(())
}

pub async fn touch_session(sql: &mut PgConnection, id: SessionId, now: Timestamp) -> Result<()> {
    sqlx::query!("update session set last_seen_at = $2 where id = $1", id.uuid(), now).execute(sql).await?;
    Ok(())
}

/// Revokes one session of the user, or all; returns those that ended.
pub async fn end_sessions(
    sql: &mut PgConnection,
    user: UserId,
    only: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>> {
    let ended = sqlx::query_scalar!(
        r#"update session
        set ended_at = $3
        where user_id = $1 and ended_at is null and ($2::uuid is null or id = $2)
        returning id as "id: SessionId""#,
        user.uuid(),
        only.map(SessionId::uuid),
        now,
    )
    .fetch_all(sql)
    .await?;
    Ok(ended)
}

/// The open sessions of the actor, the newest first.
pub async fn sessions(sql: &mut PgConnection, actor: &Actor, after: Option<uuid::Uuid>, rows: i64) -> Result<Vec<Session>> {
    Ok(sqlx::query_as!(
        Session,
        r#"select id as "id: SessionId", device, ip, created_at, last_seen_at, id = $2 as "current!"
        from session
        where user_id = $1 and ended_at is null and ($3::uuid is null or id < $3)
        order by id desc
        limit $4"#,
        actor.id.uuid(),
        actor.sid.uuid(),
        after,
        rows,
    )
    .fetch_all(sql)
    .await?)
}

/// Whether this is an open session of the user.
pub async fn is_open(sql: &mut PgConnection, user: UserId, id: SessionId) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from session where id = $1 and user_id = $2 and ended_at is null) as "is_own!""#,
        id.uuid(),
        user.uuid()
    )
    .fetch_one(sql)
    .await?)
}

/// Deletes refresh tokens that ran out.
pub async fn forget_tokens(sql: &mut PgConnection, now: Timestamp) -> Result<()> {
    sqlx::query!("delete from refresh_token where expires_at < $1", now).execute(sql).await?;
    Ok(())
}
