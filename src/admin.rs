//! What only somebody at the machine may do: the first superadmin.
use crate::{
    App,
    actor::Role,
    domain::{
        auth,
        users::{self, NewUser},
    },
    ids::{Region, UserId},
};
use anyhow::{Context, ensure};

/// Creates a superadmin with this `username` and `password`.
///
/// Errors: a password that is too short; a name or e-mail that somebody has.
pub async fn create_superadmin(app: &App, username: String, email: Option<String>, password: &str) -> anyhow::Result<()> {
    ensure!(auth::is_strong(password), "a password has 8 to 200 characters");
    let new = NewUser {
        username: Some(username.clone()),
        email,
        password_hash: Some(auth::hash_password(password)?),
        user_type: Role::Superadmin.name().to_owned(),
        roles: vec![Role::Superadmin],
        ..NewUser::default()
    };
    let mut tx = app.begin(Region::GLOBAL).await?;
    let now = tx.now().await?;
    users::create(&mut tx, UserId::fresh(app, Region::FIRST), &new, now).await.context("the name or the e-mail may be taken")?;
    tx.end(()).await?;
    println!("{username} is superadmin.");
    Ok(())
}
