//! Signing in by name and password.
use super::{
    failures::{Failures, Limit},
    password,
    tokens::{self, SignedIn},
};
use crate::{
    App,
    actor::{Anyone, Role},
    db::Committed,
    domain::users,
    ids::{Region, UserId},
    problem::{ApiError, Result},
};
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr};
use utoipa::ToSchema;

/// Longest of username, e-mail and phone number, in characters.
const NAME_MAX: usize = 254;

/// Signs in by name and password.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
    /// The account or the address failed too often; wait as long as `Retry-After` says.
    #[api(429, "too_many_requests")]
    TooManyFailures { retry_after_s: u32 },
}

/// Checks the password and opens a session.
pub async fn sign_in(app: App, _: Anyone, input: Login) -> Result<Committed<SignedIn>, LoginError> {
    let failures = app.state::<Failures>();
    let client = Client::of(&app);
    failures.check(&client.ip, Limit::Address)?;
    let role = input.role.as_deref().map(str::parse::<Role>).transpose()?;
    // The connection goes back to its pool before the hash is computed.
    let known = users::by_login(&mut *app.read(Region::GLOBAL).await?, &input.username).await?;
    let (id, stored) = known.map_or((None, None), |(id, hash)| (Some(id), hash));
    let account = account(id, &input.username);
    let check = || failures.check(&account, Limit::Account).and_then(|()| failures.check(&client.ip, Limit::Address));
    check()?;
    let turn = password::turn(&app).await?;
    // Checked again, since a hundred guesses sent at once have all passed the first check.
    check()?;
    let is_right = turn.is_right(input.password, stored).await?;
    let Some(id) = id.filter(|_| is_right) else {
        failures.count([&account, &client.ip]);
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
    let signed_in = tokens::open_session(&mut tx, &user, role, &client.device, &client.ip).await?;
    tx.commit(signed_in).await
}

/// The key that failures are counted by: the account, whichever of its names is tried, or the unknown name.
fn account(known: Option<UserId>, name: &str) -> String {
    match known {
        Some(id) => format!("user {id}"),
        // Cut to the length of the longest name, so that the memory for unknown names is bounded.
        None => format!("name {}", name.chars().take(NAME_MAX).collect::<String>().to_lowercase()),
    }
}

/// Where a request comes from, for the list of sessions.
pub struct Client {
    pub ip: String,
    /// What the client says it is.
    pub device: String,
}

impl Client {
    pub fn of(app: &App) -> Self {
        let request = app.request();
        let address = request.and_then(|request| request.address).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let device = request.map(|request| request.user_agent.clone()).unwrap_or_default();
        Self { ip: address.to_string(), device }
    }
}
