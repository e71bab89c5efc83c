//! The runner: leases due tasks in one short statement, sleeps to the earliest it knows, polls every second. No leader.
use crate::{
    App,
    clock::Timestamp,
    db::LEASE_LOST,
    ids::Region,
    problem::{Error, Result},
    request::{Lease, RequestContext},
    tasks::Kinds,
};
use chrono::TimeDelta;
use serde_json::Value;
use std::time::Duration;
use tracing::Instrument;
use uuid::Uuid;

/// How many tasks one round leases, and for how long.
const BATCH: i64 = 16;
const LEASE_S: i64 = 60;
/// After this many tries a task is given up and stays for staff to see.
const TRIES_MAX: i16 = 10;
const POLL: Duration = Duration::from_secs(1);

struct Due {
    region: i16,
    id: Uuid,
    kind: String,
    input: Value,
    attempt: i16,
}

/// What one round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    pub done: usize,
    pub failed: usize,
}

/// Runs until the application stops.
pub async fn work(app: App) {
    while !app.stop.is_cancelled() {
        let pause = match run_due(&app).await {
            Ok(outcome) if outcome.done > 0 => Duration::ZERO,
            Ok(_) => until_next(&app).await,
            Err(error) => {
                tracing::debug!(%error, "tasks wait for the database");
                POLL
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.stop.cancelled() => {}
        }
    }
}

/// Leases and runs what is due now, one after the other.
pub async fn run_due(app: &App) -> Result<Outcome> {
    let mut outcome = Outcome::default();
    for region in Region::SERVED {
        for due in lease(app, region, app.clock.now()).await? {
            let span = tracing::info_span!("task", task.kind = due.kind, task.id = %due.id, attempt = due.attempt);
            match carry_out(app, &due).instrument(span.clone()).await {
                Ok(()) => outcome.done += 1,
                Err(error) => {
                    outcome.failed += 1;
                    postpone(app, &due, error).instrument(span).await?;
                }
            }
        }
    }
    Ok(outcome)
}

async fn lease(app: &App, region: Region, now: Timestamp) -> Result<Vec<Due>> {
    let until = now + TimeDelta::seconds(LEASE_S);
    Ok(sqlx::query_as!(
        Due,
        "update task
        set attempt = attempt + 1, leased_until = $3
        where region = $1 and id in (
            select id
            from task
            where region = $1 and run_at <= $2 and gave_up_at is null and (leased_until is null or leased_until < $2)
            order by run_at
            limit $4
            for update skip locked)
        returning region, id, kind, input, attempt",
        region.number(),
        now,
        until,
        BATCH,
    )
    .fetch_all(&app.pools().background)
    .await?)
}

async fn carry_out(app: &App, due: &Due) -> Result<()> {
    let Some(task) = app.part::<Kinds>().get(&due.kind) else {
        return Err(Error::broken(anyhow::anyhow!("no slice knows tasks of kind {}", due.kind)));
    };
    let lease = Lease { region: Region::numbered(due.region), id: due.id, attempt: due.attempt };
    let request = RequestContext::of_task(task.kind, lease);
    (task.run)(app.with_request(request), due.input.clone()).await?;
    // A task that found nothing to do began no transaction that removed it.
    sqlx::query!("delete from task where region = $1 and id = $2 and attempt = $3", due.region, due.id, due.attempt)
        .execute(&app.pools().background)
        .await?;
    Ok(())
}

async fn postpone(app: &App, due: &Due, error: Error) -> Result<()> {
    if let Error::Problem(problem) = &error
        && problem.code == LEASE_LOST
    {
        return Ok(());
    }
    let gives_up = due.attempt >= TRIES_MAX;
    if gives_up {
        tracing::error!(%error, "a task is given up");
    } else {
        tracing::warn!(%error, "a task failed and will be tried again");
    }
    let now = app.clock.now();
    let pause_s = 2_i64.pow(u32::from(due.attempt.unsigned_abs().min(10))).min(600);
    sqlx::query!(
        "update task
        set run_at = $4, leased_until = null, last_error = $5, gave_up_at = $6
        where region = $1 and id = $2 and attempt = $3",
        due.region,
        due.id,
        due.attempt,
        now + TimeDelta::seconds(pause_s),
        error.to_string().chars().take(500).collect::<String>(),
        gives_up.then_some(now),
    )
    .execute(&app.pools().background)
    .await?;
    Ok(())
}

/// The time to the earliest task, a second at most: another node's clock or commit may bring one sooner.
async fn until_next(app: &App) -> Duration {
    let next = sqlx::query_scalar!(
        "select min(run_at) from task where region = any($1) and gave_up_at is null and leased_until is null",
        &Region::SERVED.map(Region::number)
    )
    .fetch_one(&app.pools().background)
    .await;
    let until = next.ok().flatten().map_or(POLL, |at| (at - app.clock.now()).to_std().unwrap_or_default());
    until.clamp(Duration::from_millis(10), POLL)
}
