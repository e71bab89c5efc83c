//! The epoch of all durable channels: the identity of the log that their offsets belong to.
use sqlx::PgConnection;

/// Stored log id, system identifier and WAL timeline in 16 hex digits: a restore, another server or a lost failover changes it.
pub async fn read(sql: &mut PgConnection) -> sqlx::Result<String> {
    sqlx::query_scalar!(
        r#"select left(encode(sha256(convert_to(
            log_id::text || (select system_identifier from pg_control_system())::text
                || (select timeline_id from pg_control_checkpoint())::text, 'UTF8')), 'hex'), 16) as "epoch!"
        from installation"#
    )
    .fetch_one(sql)
    .await
}
