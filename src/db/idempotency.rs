//! An operation under a key happens once: its answer is stored in its own transaction and repeated word for word.
use crate::{
    clock::Timestamp,
    ids::Region,
    problem::{Error, Problem, Result},
    request::{RequestContext, Stored},
};
use sqlx::PgConnection;

/// Takes the request's key, if it has one, for this transaction. Waits for a concurrent request with the same key; if that one
/// committed, the result is a `Repeat`.
pub(super) async fn open(sql: &mut PgConnection, region: Region, request: &RequestContext, at: Timestamp) -> Result<()> {
    let (Some(key), Some(actor)) = (&request.idempotency_key, &request.actor) else { return Ok(()) };
    let taken = sqlx::query!(
        "insert into idempotency (region, user_id, operation, key, fingerprint, at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict do nothing",
        region.number(),
        actor.id.uuid(),
        request.operation,
        key,
        &request.fingerprint,
        at,
    )
    .execute(&mut *sql)
    .await?;
    if taken.rows_affected() == 1 {
        return Ok(());
    }
    let row = sqlx::query!(
        "select fingerprint, status, answer, live
        from idempotency
        where region = $1 and user_id = $2 and operation = $3 and key = $4",
        region.number(),
        actor.id.uuid(),
        request.operation,
        key,
    )
    .fetch_one(&mut *sql)
    .await?;
    if row.fingerprint != request.fingerprint {
        return Err(Problem::new(422, "idempotency_key_reused").into());
    }
    match (row.status, row.answer) {
        (Some(status), Some(answer)) => {
            let live = row.live.unwrap_or_default();
            Err(Error::Repeat(Box::new(Stored { status: status.unsigned_abs(), answer, live })))
        }
        _ => Err(Problem::new(409, "repeat_in_progress").retry_after(1).into()),
    }
}
