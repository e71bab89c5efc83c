//! New tokens for an old one; a copy that is used too late ends the session.
use super::{
    store,
    tokens::{self, ACCESS_S, Tokens, digest},
};
use crate::{ApiError, App, Problem, actor::Role, clock::Timestamp, domain::users, http::Json, ids::Region, problem::Result};
use axum::extract::State;
use chrono::TimeDelta;
use serde::Deserialize;

/// A reply may be lost: the replaced token works once more within this time.
const GRACE: TimeDelta = TimeDelta::seconds(30);

/// The token to be replaced.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
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

/// Replaces a refresh token.
///
/// Errors: [`SignInOver`]. A token used again after its successor, or later than [`GRACE`], ends the session and its sockets.
pub async fn renew(app: &App, input: &Refresh) -> Result<Tokens> {
    let hash = digest(&input.refresh);
    let mut tx = app.begin(Region::GLOBAL).await?;
    let token = store::lock_token(&mut tx, &hash).await?.ok_or(SignInOver)?;
    let now = tx.now().await?;
    match judge(&token, now) {
        Verdict::Over => return Err(SignInOver.into()),
        Verdict::Stolen => {
            store::end_sessions(&mut tx, token.user, Some(token.session), now).await?;
            tx.revoke(token.user, Some(token.session)).await?;
            tx.commit(()).await?;
            tracing::warn!(user.id = %token.user, "a replaced refresh token was used again: the session ended");
            return Err(SignInOver.into());
        }
        Verdict::Again => {
            if let Some(unused) = &token.successor {
                store::spend(&mut tx, &hash, unused).await?;
            }
        }
        Verdict::Rotate => {}
    }
    let user = users::find(&mut tx, token.user).await?.filter(|user| user.is_active).ok_or(SignInOver)?;
    let role: Role = token.role.parse()?;
    if !user.roles.contains(&role) {
        return Err(SignInOver.into());
    }
    let (secret, successor) = tokens::fresh_secret(app);
    store::insert_token(&mut tx, &successor, token.session, tokens::refresh_ends(now)).await?;
    store::replace_token(&mut tx, &hash, &successor, now).await?;
    store::touch_session(&mut tx, token.session, now).await?;
    let tokens = Tokens { access: tokens::access(app, &user, role, token.session, now)?, refresh: secret, expires_in: ACCESS_S };
    Ok(tx.commit(tokens).await?.answer)
}

/// New tokens
pub async fn post(State(app): State<App>, Json(input): Json<Refresh>) -> Result<axum::Json<Tokens>> {
    Ok(axum::Json(renew(&app, &input).await?))
}
