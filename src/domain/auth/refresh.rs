//! New tokens for an old one; a copy that is used too late ends the session.
use super::{
    store,
    tokens::{self, ACCESS_S, Tokens, digest},
};
use crate::{
    App,
    actor::{Anyone, Role},
    clock::Timestamp,
    db::Committed,
    domain::users,
    ids::Region,
    problem::{ApiError, Result},
};
use chrono::TimeDelta;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A reply may be lost: the replaced token works once more within this time.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// Replaces a refresh token by new tokens.
///
/// A token that is used again after its successor, or later than 30 seconds after its replacement, ends the session.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Refresh {
    pub refresh: String,
}

#[derive(Debug, ApiError)]
pub enum RefreshError {
    /// The token is unknown, too old, or was replaced: sign in again.
    #[api(401, "unauthorized")]
    Over,
}

/// What to do with a presented token.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Rotate,
    /// The reply was lost: the unused successor is replaced instead.
    Again,
    /// Somebody has a copy: the session ends.
    Stolen,
    Over,
}

fn judge(token: &store::Known, now: Timestamp) -> Verdict {
    match token.replaced_at {
        _ if token.ended_at.is_some() || token.expires_at <= now => Verdict::Over,
        _ if token.is_spent => Verdict::Stolen,
        None => Verdict::Rotate,
        Some(at) if now - at <= GRACE && !token.successor_used => Verdict::Again,
        Some(_) => Verdict::Stolen,
    }
}

/// Replaces the token, or ends the session where somebody has a copy of it.
pub async fn renew(app: App, _: Anyone, input: Refresh) -> Result<Committed<Tokens>, RefreshError> {
    let hash = digest(&input.refresh);
    let mut tx = app.begin(Region::GLOBAL).await?;
    let token = store::lock_token(&mut tx, &hash).await?.ok_or(RefreshError::Over)?;
    let now = tx.now().await?;
    match judge(&token, now) {
        Verdict::Over => return Err(RefreshError::Over.into()),
        Verdict::Stolen => {
            store::end_sessions(&mut tx, token.user, Some(token.session), now).await?;
            tx.revoke(token.user, Some(token.session)).await?;
            tx.end(()).await?;
            tracing::warn!(user.id = %token.user, "a replaced refresh token was used again: the session ended");
            return Err(RefreshError::Over.into());
        }
        Verdict::Again => {
            if let Some(unused) = &token.successor {
                store::spend(&mut tx, &hash, unused).await?;
            }
        }
        Verdict::Rotate => {}
    }
    let user = users::find(&mut tx, token.user).await?.filter(|user| user.is_active).ok_or(RefreshError::Over)?;
    let role: Role = token.role.parse()?;
    if !user.roles.contains(&role) {
        return Err(RefreshError::Over.into());
    }
    let (secret, successor) = tokens::fresh_secret(&app);
    store::insert_token(&mut tx, &successor, token.session, tokens::refresh_ends(now)).await?;
    store::replace_token(&mut tx, &hash, &successor, now).await?;
    store::touch_session(&mut tx, token.session, now).await?;
    let tokens = Tokens { access: tokens::access(&app, &user, role, token.session, now)?, refresh: secret, expires_in: ACCESS_S };
    tx.commit(tokens).await
}
