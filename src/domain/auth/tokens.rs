//! Access and refresh tokens of a session.
use super::store;
use crate::{
    App,
    actor::{Claims, Role},
    clock::Timestamp,
    db::Tx,
    domain::users::User,
    ids::{Region, SessionId},
    problem::Result,
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Seconds an access token lives.
pub const ACCESS_S: i64 = 15 * 60;
const REFRESH: TimeDelta = TimeDelta::days(30);

/// What a client signs its requests with.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Tokens {
    pub access: String,
    pub refresh: String,
    /// Seconds the access token lives.
    pub expires_in: i64,
}

/// The answer to a sign-in.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct SignedIn {
    pub user: User,
    #[serde(flatten)]
    pub tokens: Tokens,
}

/// A refresh token fresh from the random numbers, and its hash as it is stored.
pub fn fresh_secret(app: &App) -> (String, Vec<u8>) {
    let secret = URL_SAFE_NO_PAD.encode(app.random.bytes::<32>());
    let hash = digest(&secret);
    (secret, hash)
}

/// What is stored of a token.
pub fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// Opens a session of `user` in `role` and gives out its first tokens.
pub async fn open_session(tx: &mut Tx, user: &User, role: Role, device: &str, ip: &str) -> Result<SignedIn> {
    let now = tx.now().await?;
    let app = tx.app().clone();
    let session = SessionId::fresh(&app, Region::GLOBAL);
    store::insert_session(tx, session, user.id, role, device, ip, now).await?;
    let (secret, hash) = fresh_secret(&app);
    store::insert_token(tx, &hash, session, now + REFRESH).await?;
    let tokens = Tokens { access: access(&app, user, role, session, now)?, refresh: secret, expires_in: ACCESS_S };
    Ok(SignedIn { user: User { role, ..user.clone() }, tokens })
}

/// When a refresh token given out at `now` ends.
pub fn refresh_ends(now: Timestamp) -> Timestamp {
    now + REFRESH
}

/// An access token of a session.
pub fn access(app: &App, user: &User, role: Role, session: SessionId, now: Timestamp) -> Result<String> {
    #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in 53 bits")]
    let iat = now.timestamp_millis() as f64 / 1000.0;
    app.keys.access_token(&Claims {
        id: user.id,
        role,
        roles: user.roles.clone(),
        sid: session,
        jti: crate::ids::new(Region::GLOBAL, &app.clock, &app.random),
        iat,
        exp: now.timestamp() + ACCESS_S,
    })
}
