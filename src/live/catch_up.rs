//! The catch-up: reads the heads of the log and backfills the channels that are behind. Two statements, the floor first.
use super::publisher;
use crate::{App, clock::Timestamp, db::Numbered, event::Revoke, ids::Region, problem::Result};
use std::{sync::atomic::Ordering::Relaxed, time::Duration};
use wassally_realtime::{Offset, broker::Link};

const EVERY: Duration = Duration::from_secs(10);
/// The period while other nodes' commits arrive only by the log.
const EVERY_WHILE_DEAF: Duration = Duration::from_secs(1);
/// Rows of channels without a tail are taken so many at a time.
const CHUNK: i64 = 5000;

/// Runs the catch-up periodically, and at once when requested, until the application stops.
pub async fn follow(app: App) {
    let mut floor = None;
    let mut link = app.hub().link();
    while !app.stop.is_cancelled() {
        match look(&app, floor).await {
            Ok(next) => floor = Some(next),
            Err(error) => tracing::debug!(%error, "the catch-up waits for the database"),
        }
        let is_complete = match *link.borrow_and_update() {
            Link::Alone => app.is_alone.load(Relaxed),
            Link::Up => true,
            Link::Down => false,
        };
        let pause = if is_complete { EVERY } else { EVERY_WHILE_DEAF };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = app.catch_up.notified() => {}
            // After a reconnect, what was missed is read at once.
            Ok(()) = link.changed() => {}
            () = app.stop.cancelled() => {}
        }
    }
}

/// Looks at what was written since `floor` (the last look's answer) and returns the next one.
pub async fn look(app: &App, floor: Option<Timestamp>) -> Result<Timestamp> {
    let mut sql = app.pools().background.acquire().await?;
    let epoch = crate::db::epoch::read(&mut sql).await?;
    if app.set_epoch(&epoch) {
        tracing::warn!(epoch, "the log began a new life");
        app.hub().renew(epoch.into(), Duration::from_secs(5));
    }
    // A transaction still open may yet show rows as old as its start; the floor is never later than two seconds ago.
    let next = sqlx::query_scalar!(
        r#"select least(min(xact_start) filter (where backend_xid is not null), clock_timestamp() - interval '2 s') as "floor!"
        from pg_stat_activity
        where datname = current_database()"#
    )
    .fetch_one(&mut *sql)
    .await?;
    let floor = floor.unwrap_or(next);
    let tops = sqlx::query!(
        r#"select channel as "channel!", max(seq) as "top!"
        from channel_log
        where region = any($1) and at >= $2
        group by region, channel"#,
        &Region::SERVED.map(Region::number),
        floor,
    )
    .fetch_all(&mut *sql)
    .await?;
    let tops: Vec<_> = tops.into_iter().map(|row| (row.channel.into(), row.top.unsigned_abs() as Offset)).collect();
    let unknown: Vec<String> = app.hub().behind(&tops).iter().map(ToString::to_string).collect();
    if !unknown.is_empty() {
        fill(app, &mut sql, floor, &unknown).await?;
    }
    Ok(next)
}

/// Publishes the rows of channels without a sequencer on this node, so that observers miss nothing.
async fn fill(app: &App, sql: &mut sqlx::PgConnection, floor: Timestamp, channels: &[String]) -> Result<()> {
    let rows = sqlx::query!(
        r#"select channel as "channel!", seq as "seq!", body, internal, revokes
        from channel_log
        where region = any($1) and at >= $2 and channel = any($3)
        order by channel, seq
        limit $4"#,
        &Region::SERVED.map(Region::number),
        floor,
        channels,
        CHUNK,
    )
    .fetch_all(sql)
    .await?;
    let rows = rows.into_iter().map(|row| {
        let revokes: Vec<Revoke> = row.revokes.and_then(|ends| serde_json::from_value(ends).ok()).unwrap_or_default();
        Numbered { channel: row.channel, offset: row.seq.unsigned_abs(), body: row.body, internal: row.internal, revokes }
    });
    publisher::fill(app, rows.collect());
    Ok(())
}
