//! People with their roles, places and opening balances.
use super::{
    demo::{PASSWORD, Person},
    store,
};
use crate::{
    App,
    actor::Role,
    domain::{
        auth,
        users::{self, NewUser},
        wallet::{self, Account, Kind},
    },
    i18n::Language,
    ids::{Region, UserId},
};
use std::collections::HashMap;

/// People made or paid in one transaction, well below the bound on its events.
const AT_ONCE: usize = 100;

/// Everybody by their username.
pub type Known = HashMap<String, (UserId, Person)>;

/// Creates those who are missing.
pub async fn make(app: &App, people: &[Person]) -> anyhow::Result<Known> {
    // One hash for all, since each takes tens of milliseconds.
    let mut hash = None;
    let mut known = Known::new();
    for some in people.chunks(AT_ONCE) {
        let mut tx = app.begin(Region::GLOBAL).await?;
        let now = tx.now().await?;
        for person in some {
            let id = match users::by_login(&mut tx, &person.username).await? {
                Some((id, _)) => id,
                None => {
                    let hash = match &hash {
                        Some(hash) => hash,
                        None => hash.insert(tokio::task::spawn_blocking(|| auth::hash_password(PASSWORD)).await??),
                    };
                    let id = UserId::fresh(app, Region::FIRST);
                    users::create(&mut tx, id, &new_user(person, hash), now).await?;
                    id
                }
            };
            known.insert(person.username.clone(), (id, person.clone()));
        }
        tx.end(()).await?;
    }
    Ok(known)
}

fn new_user(person: &Person, hash: &str) -> NewUser {
    let place = person.lat.zip(person.lng).filter(|_| person.role == Role::Customer);
    NewUser {
        username: Some(person.username.clone()),
        email: person.email.clone(),
        phone_number: person.phone_number.clone(),
        password_hash: Some(hash.to_owned()),
        first_name: person.first_name.clone(),
        last_name: person.last_name.clone(),
        user_type: person.role.name().to_owned(),
        language: Language::default(),
        roles: vec![person.role],
        location: place.map(|(lat, lng)| (lat, lng, person.address.clone().unwrap_or_default())),
    }
}

/// Pays the opening balances of wallets that nothing ever moved in.
pub async fn fund(app: &App, people: &Known) -> anyhow::Result<()> {
    let currency = app.config.currency;
    let mut funded: Vec<_> =
        people.values().filter_map(|(id, person)| Some((*id, person.wallet?.of_currency(currency).rounded()))).collect();
    funded.sort_by_key(|(id, _)| *id);
    for some in funded.chunks(AT_ONCE) {
        let mut tx = app.begin(Region::FIRST).await?;
        for (id, money) in some {
            if !store::has_wallet(&mut tx, Region::FIRST, *id).await? {
                wallet::pay(&mut tx, Account::Funding, Account::Available(*id), *money, Kind::Topup);
            }
        }
        tx.end(()).await?;
    }
    Ok(())
}
