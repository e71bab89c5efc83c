//! Signing in by name and password.
use super::{
    failures::{Failures, Limit},
    password,
    tokens::{self, SignedIn},
};
use crate::{
    ApiError, App, Problem,
    actor::Role,
    domain::users,
    http::{Json, limits::Address},
    ids::{Region, UserId},
    problem::Result,
};
use axum::{
    extract::State,
    http::{HeaderMap, header},
};
use serde::Deserialize;

/// Longest of username, e-mail and phone number, in characters.
const NAME_MAX: usize = 254;

/// Who signs in.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// Username, e-mail or phone number.
    pub username: String,
    pub password: String,
    /// Picks the active role; the most able one otherwise.
    pub role: Option<String>,
}

#[derive(Debug, ApiError)]
pub enum LoginError {
    /// The name or the password is wrong.
    #[api(401, "bad_credentials")]
    BadCredentials,
    /// The account is not active.
    #[api(403, "account_inactive")]
    Inactive,
    /// The account has no such role.
    #[api(403, "forbidden")]
    NoSuchRole,
}

/// Checks the password and opens a session.
///
/// Errors: [`LoginError`]; 429 after too many failures.
pub async fn sign_in(app: &App, input: Login, ip: &str, device: &str) -> Result<SignedIn> {
    let failures = app.state::<Failures>();
    failures.check(ip, Limit::Address)?;
    let role = input.role.as_deref().map(str::parse::<Role>).transpose()?;
    // The connection goes back before the hash is worked on.
    let known = users::by_login(&mut *app.read(Region::GLOBAL).await?, &input.username).await?;
    let (id, stored) = known.map_or((None, None), |(id, hash)| (Some(id), hash));
    let account = account(id, &input.username);
    let check = || failures.check(&account, Limit::Account).and_then(|()| failures.check(ip, Limit::Address));
    check()?;
    let turn = password::turn(app).await?;
    // Again: a hundred guesses sent at once have all passed the first look.
    check()?;
    let is_right = turn.is_right(input.password, stored).await?;
    let Some(id) = id.filter(|_| is_right) else {
        failures.count([&account, ip]);
        return Err(LoginError::BadCredentials.into());
    };
    drop(turn);
    let mut tx = app.begin(Region::GLOBAL).await?;
    let user = users::find(&mut tx, id).await?.ok_or(LoginError::BadCredentials)?;
    if !user.is_active {
        return Err(LoginError::Inactive.into());
    }
    let role = role.unwrap_or(user.role);
    if !user.roles.contains(&role) {
        return Err(LoginError::NoSuchRole.into());
    }
    let signed_in = tokens::open_session(&mut tx, &user, role, device, ip).await?;
    Ok(tx.commit(signed_in).await?.answer)
}

/// What failures are counted by: the account, whichever of its names is tried, or the name that nobody has.
fn account(known: Option<UserId>, name: &str) -> String {
    match known {
        Some(id) => format!("user {id}"),
        // No longer than a name can be: what is remembered of strangers has a bound.
        None => format!("name {}", name.chars().take(NAME_MAX).collect::<String>().to_lowercase()),
    }
}

/// Sign in
pub async fn post(
    State(app): State<App>,
    Address(ip): Address,
    headers: HeaderMap,
    Json(input): Json<Login>,
) -> Result<axum::Json<SignedIn>> {
    Ok(axum::Json(sign_in(&app, input, &ip.to_string(), &device(&headers)).await?))
}

/// What the client says it is, for the list of sessions.
pub fn device(headers: &HeaderMap) -> String {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.chars().take(200).collect()
}
