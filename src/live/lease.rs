//! Each node renews its lease; more than one live lease with the memory broker is an error in every node's log.
use crate::{App, config::Database, problem::Result};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};

const EVERY: Duration = Duration::from_secs(5);
/// Rounds after which another lease is surely a living node's.
const LAPSED: u32 = 4;

/// Renews this node's lease until the application stops, then deletes it.
pub async fn renew(app: App) {
    if matches!(app.config.database, Database::Embedded) {
        // The embedded database serves only one node: any other lease is left over from a process that was killed.
        if let Err(error) = sqlx::query!("delete from node where boot <> $1", app.boot).execute(&app.pools().background).await {
            tracing::debug!(%error, "old leases lapse by themselves");
        }
    }
    let mut rounds_together = 0;
    loop {
        match once(&app).await {
            Ok(1) => {
                rounds_together = 0;
                app.is_alone.store(true, Relaxed);
            }
            Ok(nodes) => {
                rounds_together += 1;
                // Until this is fixed, the others' commits arrive only by the log: it is read more often.
                app.is_alone.store(false, Relaxed);
                app.catch_up.notify_one();
                // The lease of a node that was killed lapses in this time.
                if rounds_together >= LAPSED {
                    tracing::error!(
                        nodes,
                        "several nodes run on one database, and one node is all that is supported: stop the others"
                    );
                }
            }
            Err(error) => tracing::debug!(%error, "the lease waits for the database"),
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.stop.cancelled() => break,
        }
    }
    let gone = sqlx::query!("delete from node where boot = $1", app.boot).execute(&app.pools().background).await;
    if let Err(error) = gone {
        tracing::debug!(%error, "the lease lapses by itself");
    }
}

/// Renews and counts the live leases.
async fn once(app: &App) -> Result<i64> {
    sqlx::query!(
        "insert into node (boot, id, broker, seen_at)
        values ($1, $2, 'memory', statement_timestamp())
        on conflict (boot) do update set seen_at = excluded.seen_at",
        app.boot,
        app.config.listen.to_string(),
    )
    .execute(&app.pools().background)
    .await?;
    let live =
        sqlx::query_scalar!(r#"select count(*) as "count!" from node where seen_at > statement_timestamp() - interval '15 s'"#)
            .fetch_one(&app.pools().background)
            .await?;
    sqlx::query!("delete from node where seen_at < statement_timestamp() - interval '1 hour'")
        .execute(&app.pools().background)
        .await?;
    Ok(live)
}
