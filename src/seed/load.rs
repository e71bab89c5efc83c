//! People for load tests, and tokens for them: `{ "crews": 200, "customers": 1000, "tokens": "FILE" }`.
use super::{demo::Person, people, town::MIDDLE};
use crate::{
    App,
    actor::Role,
    domain::{auth, users},
    ids::{Region, UserId},
    money::Amount,
};
use anyhow::Context;
use serde::{Deserialize, Serialize};
use std::{
    f64::consts::TAU,
    path::{Path, PathBuf},
};

/// How far from the middle of the town people stand, in degrees.
const SPREAD: f64 = 0.012;
/// What each customer may spend, in whole units.
const WALLET: Amount = Amount::whole(10_000);
const AT_ONCE: usize = 100;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Requested {
    #[serde(default)]
    crews: usize,
    #[serde(default)]
    customers: usize,
    /// Where their access tokens go; they live a quarter of an hour.
    tokens: PathBuf,
}

#[derive(Debug, Serialize)]
struct Pass {
    id: UserId,
    username: String,
    role: Role,
    access: String,
    refresh: String,
}

/// Creates the missing people that `file` requests, signs each in and writes their tokens.
pub async fn run(app: &App, file: &Path) -> anyhow::Result<()> {
    let requested: Requested = serde_json::from_str(&std::fs::read_to_string(file)?)?;
    let crews = (0..requested.crews).map(|number| person(Role::Crew, number));
    let wanted: Vec<_> = crews.chain((0..requested.customers).map(|number| person(Role::Customer, number))).collect();
    let known = people::make(app, &wanted).await?;
    people::fund(app, &known).await?;
    let mut passes = vec![];
    for some in wanted.chunks(AT_ONCE) {
        let mut tx = app.begin(Region::GLOBAL).await?;
        for person in some {
            let (id, _) = known[&person.username];
            let user = users::find(&mut tx, id).await?.context("a person made before")?;
            let tokens = auth::open_session(&mut tx, &user, person.role, "load", "127.0.0.1").await?.tokens;
            let username = person.username.clone();
            passes.push(Pass { id, username, role: person.role, access: tokens.access, refresh: tokens.refresh });
        }
        tx.end(()).await?;
    }
    std::fs::write(&requested.tokens, serde_json::to_vec(&passes)?).with_context(|| requested.tokens.display().to_string())?;
    tracing::info!(people = passes.len(), tokens = %requested.tokens.display(), "people for load are there");
    Ok(())
}

/// The person of this number, always at the same place; all are spread evenly over the town like the seeds of a sunflower.
fn person(role: Role, number: usize) -> Person {
    #[allow(clippy::cast_precision_loss, reason = "far below 2^52")]
    let (turn, out) = (number as f64 * TAU * 0.381_966, ((number % 997) as f64 / 997.0).sqrt() * SPREAD);
    let name = format!("load-{}{}", role.name(), number + 1);
    Person {
        role,
        first_name: "Load".into(),
        last_name: name.clone(),
        email: None,
        phone_number: None,
        lat: Some(MIDDLE.0 + out * turn.sin()),
        lng: Some(MIDDLE.1 + out * turn.cos()),
        address: Some("Load Lane".into()),
        wallet: (role == Role::Customer).then_some(WALLET),
        on_duty: role == Role::Crew,
        username: name,
    }
}
