//! A COMMIT without an answer: a fresh connection reads its outcome. Nothing is run again.
use super::commit::{Numbered, Written};
use crate::{
    App,
    problem::{Error, Problem, Result},
};
use std::time::Duration;
use tokio::{sync::oneshot::Sender, time::Instant};

/// A COMMIT is in doubt after this time. The caller then gets `outcome_unknown`, while the outcome is still looked up.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// One question may take so long.
const QUERY_WITHIN: Duration = Duration::from_secs(1);
/// After this time only the catch-up publishes what was committed.
const GIVE_UP: Duration = Duration::from_secs(120);

/// Whether this error of COMMIT leaves open what happened.
pub(super) fn leaves_open(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P") || code.starts_with("08")),
        _ => true,
    }
}

/// Asks until the outcome is known, reports it to the caller, and publishes if it was committed. `began`: when COMMIT was sent.
pub(super) async fn resolve(
    app: App,
    began: Instant,
    written: Written,
    publications: Vec<Numbered>,
    notify: Sender<Result<Written>>,
) {
    let mut notify = Some(notify);
    let mut pause_ms = 20;
    tracing::warn!(xact = written.xact, "a commit is in doubt");
    while began.elapsed() < GIVE_UP {
        match query(&app, &written.xact).await {
            Ok(Some(status)) if status == "committed" => {
                app.publish(publications);
                app.catch_up.notify_one();
                if let Some(notify) = notify {
                    let _ = notify.send(Ok(written));
                }
                return;
            }
            Ok(Some(status)) if status == "aborted" => {
                if let Some(notify) = notify {
                    let _ = notify.send(Err(Problem::busy().into()));
                }
                return;
            }
            Ok(_) => {}
            Err(error) => tracing::debug!(%error, "the outcome cannot be fingerprint yet"),
        }
        if began.elapsed() > PATIENCE
            && let Some(notify) = notify.take()
        {
            let _ = notify.send(Err(Problem::new(503, "outcome_unknown").retry_after(2).into()));
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
        pause_ms = (pause_ms * 2).min(1000);
    }
    tracing::error!(xact = written.xact, "a commit's outcome was not learnt");
    app.catch_up.notify_one();
    if let Some(notify) = notify {
        let _ = notify.send(Err(Error::from(Problem::new(503, "outcome_unknown").retry_after(2))));
    }
}

async fn query(app: &App, xact: &str) -> sqlx::Result<Option<String>> {
    let fingerprint = sqlx::query_scalar!("select pg_xact_status($1::text::xid8)", xact).fetch_one(&app.pools().background);
    // The server that owes an answer to COMMIT may owe one to this as well.
    tokio::time::timeout(QUERY_WITHIN, fingerprint).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
}
