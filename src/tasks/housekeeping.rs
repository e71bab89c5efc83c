//! Maintenance of the core's own tables: creates partitions ahead and deletes expired answers and revocations.
use super::Sweep;
use crate::{App, db, ids::Region, problem::Result};
use chrono::TimeDelta;
use futures_util::future::BoxFuture;
use std::time::Duration;

/// How long an answer is stored under its idempotency key.
const ANSWERS: TimeDelta = TimeDelta::hours(24);

/// The sweeps of the core.
pub const SWEEPS: [Sweep; 2] = [
    Sweep { name: "housekeeping", every: Duration::from_secs(3600), run: housekeeping },
    Sweep { name: "clock", every: Duration::from_secs(10), run: set_clock },
];

fn housekeeping(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let pool = &app.pools().background;
        db::ensure_partitions(pool).await?;
        sqlx::query!("delete from revocation where at < statement_timestamp() - interval '1 day'").execute(pool).await?;
        sqlx::query!(
            "delete from live_ticket t where not exists (select from session s where s.id = t.sid and s.ended_at is null)"
        )
        .execute(pool)
        .await?;
        for region in Region::SERVED {
            let before = app.clock.now() - ANSWERS;
            sqlx::query!("delete from idempotency where region = $1 and at < $2", region.number(), before).execute(pool).await?;
        }
        Ok(())
    })
}

fn set_clock(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move { Ok(app.clock.measure(&app.pools().background).await?) })
}
