//! Roles as extractors: a handler that takes `Crew` is reached by crews alone.
use crate::{
    App,
    actor::{Actor, Admin, Crew, Customer, FromActor, Seller, Staff, Super},
    i18n::Language,
    problem::{Error, Problem, Result},
};
use axum::{
    extract::{FromRef, FromRequestParts},
    http::{header, request::Parts},
};

/// Reads the bearer token of a request: signature, expiry, revocations.
pub fn authenticate(app: &App, parts: &Parts) -> Result<Actor, Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(Problem::unauthorized)?;
    let text = header.to_str().map_err(|_| Problem::unauthorized())?;
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Problem::unauthorized()),
    };
    app.recognise(token).map(|actor| actor.reading(Language::accepted(&parts.headers)))
}

impl App {
    /// Who holds this access token. Errors: 401 `unauthorized`, `token_expired`.
    pub fn recognise(&self, token: &str) -> Result<Actor, Problem> {
        let actor = Actor::new(self.keys.read_access(token, self.clock.now().timestamp())?);
        if self.revocations.is_revoked(&actor) {
            return Err(Problem::unauthorized().detail("this session has ended"));
        }
        Ok(actor)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Actor
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        authenticate(&App::from_ref(state), parts)
    }
}

macro_rules! extract {
    ($($role:ident),+) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for $role
        where
            App: FromRef<S>,
        {
            type Rejection = Error;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self> {
                Self::from_actor(authenticate(&App::from_ref(state), parts)?)
            }
        }
    )+};
}

extract!(Customer, Seller, Crew, Staff, Admin, Super);

/// The caller, where a public read shows more to some.
#[derive(Debug, Clone)]
pub struct OptionalActor(pub Option<Actor>);

impl<S: Send + Sync> FromRequestParts<S> for OptionalActor
where
    App: FromRef<S>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        if !parts.headers.contains_key(header::AUTHORIZATION) {
            return Ok(Self(None));
        }
        authenticate(&App::from_ref(state), parts).map(|actor| Self(Some(actor)))
    }
}
