//! Signing out: the token, the session or all of them, and their sockets, within a second.
use super::store;
use crate::{
    App,
    actor::Actor,
    db::{Committed, Tx},
    event::{ChannelMessage, Message},
    ids::{Region, SessionId, UserId},
    problem::{Problem, Result},
    reply::NoContent,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Signs out: ends the session, or all sessions of the caller.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Logout {
    /// Every session of the caller.
    pub all: bool,
}

/// Ends one of the caller's sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EndSession {
    pub id: SessionId,
}

/// What `user:` carries of sessions.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum SessionMessage {
    /// A session of the user ended.
    SessionRevoked { session_id: SessionId },
}

impl ChannelMessage for SessionMessage {
    const NAMESPACE: &'static str = "user";
    type Id = UserId;
}

/// Ends the caller's session, or all of theirs.
pub async fn sign_out(app: App, actor: Actor, input: Logout) -> Result<Committed<NoContent>> {
    let mut tx = app.begin(Region::GLOBAL).await?;
    end(&mut tx, actor.id, (!input.all).then_some(actor.sid)).await?;
    tx.commit(NoContent).await
}

/// Ends the session, if it is one of the caller's that is still open.
pub async fn end_session(app: App, actor: Actor, input: EndSession) -> Result<Committed<NoContent>> {
    let mut tx = app.begin(Region::GLOBAL).await?;
    if !store::is_open(&mut tx, actor.id, input.id).await? {
        return Err(Problem::not_found().into());
    }
    end(&mut tx, actor.id, Some(input.id)).await?;
    tx.commit(NoContent).await
}

/// Ends `only` one session of the user, or all, with their tokens and sockets.
async fn end(tx: &mut Tx, user: UserId, only: Option<SessionId>) -> Result<()> {
    let now = tx.now().await?;
    for session_id in store::end_sessions(tx, user, only, now).await? {
        tx.revoke(user, Some(session_id)).await?;
        tx.publish(Message::new(user, &SessionMessage::SessionRevoked { session_id }));
    }
    Ok(())
}
