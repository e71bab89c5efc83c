//! Logout, ban and role change end access within a second: rows written in the command's Tx, read by every node, held in memory.
use crate::{
    App,
    actor::Actor,
    clock::Timestamp,
    db::Tx,
    ids::{SessionId, UserId},
    problem::{Checked, Problem, Result},
};
use dashmap::DashMap;
use std::time::Duration;
use uuid::Uuid;

/// How often the table is read, and how far back.
const EVERY: Duration = Duration::from_millis(500);
const WINDOW: &str = "30 seconds";
/// An access token lives 15 minutes; a revocation is held a little longer.
const HELD: chrono::TimeDelta = chrono::TimeDelta::minutes(20);

/// The revocations that this node knows: user or session, with the instant before which tokens are void.
#[derive(Debug, Default)]
pub struct Revocations {
    ended: DashMap<Uuid, Timestamp>,
}

impl Revocations {
    /// Whether the actor's token was given out before their access ended.
    pub fn is_revoked(&self, actor: &Actor) -> bool {
        [actor.id.uuid(), actor.sid.uuid()]
            .iter()
            .any(|key| self.ended.get(key).is_some_and(|before| actor.issued_at() < *before))
    }

    /// Stores a revocation; returns whether it was new.
    fn note(&self, key: Uuid, before: Timestamp) -> bool {
        let mut entry = self.ended.entry(key).or_insert(Timestamp::MIN_UTC);
        let is_news = *entry < before;
        if is_news {
            *entry = before;
        }
        is_news
    }

    fn forget(&self, now: Timestamp) {
        self.ended.retain(|_, before| *before + HELD > now);
    }
}

impl App {
    /// The user or session whose access has ended.
    pub fn revocations(&self) -> &Revocations {
        self.part()
    }

    /// The holder of this access token. Errors: 401 `unauthorized`, `token_expired`.
    pub fn recognise(&self, token: &str) -> Checked<Actor> {
        let actor = Actor::new(self.keys.read_access(token, self.clock.now().timestamp())?);
        if self.revocations().is_revoked(&actor) {
            return Err(Problem::unauthorized().detail("this session has ended"));
        }
        Ok(actor)
    }
}

impl Tx {
    /// Revokes all access of `user` given before now, or that of one session, when this commits.
    pub async fn revoke(&mut self, user: UserId, session: Option<SessionId>) -> Result<()> {
        let before = self.now().await?;
        sqlx::query!(
            "insert into revocation (user_id, sid, issued_before)
            values ($1, $2, $3)",
            session.is_none().then(|| user.uuid()),
            session.map(SessionId::uuid),
            before,
        )
        .execute(&mut **self)
        .await?;
        Ok(())
    }
}

/// Reads what other nodes revoked, until the application stops.
pub async fn follow(app: App) {
    while !app.stop.is_cancelled() {
        if let Err(error) = read(&app, WINDOW).await {
            tracing::debug!(%error, "revocations cannot be read now");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            () = app.stop.cancelled() => {}
        }
    }
}

/// Reads the revocations of the last `window` (an interval) and closes the sockets they end.
pub async fn read(app: &App, window: &str) -> Result<()> {
    let rows = sqlx::query!(
        "select user_id, sid, issued_before
        from revocation
        where at > statement_timestamp() - $1::text::interval",
        window
    )
    .fetch_all(&app.pools().background)
    .await?;
    let news = rows.into_iter().filter_map(|row| Some((row.user_id.or(row.sid)?, row.issued_before)));
    if news.filter(|(key, before)| app.revocations().note(*key, *before)).count() > 0 {
        super::end_revoked(app);
    }
    app.revocations().forget(app.clock.now());
    Ok(())
}
