//! The actor of a request, from its bearer token.
use crate::{
    App,
    actor::Actor,
    i18n::Language,
    problem::{Checked, Problem},
};
use axum::http::{header, request::Parts};

/// Reads the bearer token of a request: signature, expiry, revocations.
pub fn authenticate(app: &App, parts: &Parts) -> Checked<Actor> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(Problem::unauthorized)?;
    let text = header.to_str().map_err(|_| Problem::unauthorized())?;
    let token = match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        _ => return Err(Problem::unauthorized()),
    };
    app.recognise(token).map(|actor| actor.reading(Language::accepted(&parts.headers)))
}
