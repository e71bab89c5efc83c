//! Signing out: the token, the session or all of them, and their sockets, within a second.
use super::store;
use crate::{
    App,
    actor::Actor,
    db::{Committed, Message},
    domain::Event,
    http::Json,
    ids::{Region, SessionId, UserId},
    operations::{Answer, RequestContext},
    problem::Result,
};
use serde::{Deserialize, Serialize};

/// What ends.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Logout {
    /// Every session of the user.
    pub all: bool,
}

/// A session of the user ended.
#[derive(Debug, Serialize)]
pub struct SessionRevoked {
    pub r#type: &'static str,
    #[serde(skip)]
    pub user: UserId,
    pub session_id: SessionId,
}

impl Event for SessionRevoked {
    const TYPE: &'static str = "session_revoked";

    fn to(&self) -> Vec<Message> {
        vec![Message::new(format!("user:{}", self.user), self)]
    }
}

/// Revoke `only` one session of the actor, or all.
pub async fn end_sessions(app: App, actor: Actor, only: Option<SessionId>) -> Result<Committed<()>> {
    let mut tx = app.begin(Region::GLOBAL).await?;
    let now = tx.now().await?;
    let user = actor.id;
    for session in store::end_sessions(&mut tx, actor.id, only, now).await? {
        tx.revoke(user, Some(session)).await?;
        tx.emit(SessionRevoked { r#type: SessionRevoked::TYPE, user, session_id: session });
    }
    tx.commit(()).await
}
