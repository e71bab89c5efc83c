//! Password hashes: Argon2id, two at a time, off the threads that serve.
use crate::{
    App,
    problem::{ApiError, Checked, Error, FieldError, Result},
};
use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use std::sync::{Arc, LazyLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Shortest password.
const MIN: usize = 8;
const MAX: usize = 200;

/// Bounds how many hashes are computed at once: each takes 19 MiB and a core.
pub struct Hashing(Arc<Semaphore>);

impl Default for Hashing {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(2)))
    }
}

/// The hash of no account's password: checking an unknown name takes as long as checking a wrong password.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash("nobody's password").unwrap_or_default());

/// Hashes a password with a fresh salt. Takes tens of milliseconds: not for a thread that serves.
pub fn hash(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| Error::broken(anyhow::anyhow!("{error}")))
}

/// Whether a password is neither too short nor absurdly long.
pub fn is_strong(password: &str) -> bool {
    (MIN..=MAX).contains(&password.chars().count())
}

#[derive(Debug, ApiError)]
pub enum WeakPassword {
    /// The password has fewer than 8 characters or more than 200.
    #[api(422, "weak_password")]
    Length { errors: Vec<FieldError> },
}

/// Refuses a password that is not [`is_strong`].
pub fn check_strength(password: &str) -> Checked<(), WeakPassword> {
    if is_strong(password) {
        return Ok(());
    }
    let why = if password.chars().count() > MAX { "too_long" } else { "too_short" };
    Err(WeakPassword::Length { errors: vec![FieldError::new("password", why)] })
}

/// [`hash`], off the threads that serve.
pub async fn hash_aside(app: &App, password: String) -> Result<String> {
    turn(app).await?.take(move || hash(&password)).await?
}

/// A turn at the hashing. Failures are checked while holding it, so that at most the next in line sees the same count.
pub struct Turn(#[allow(dead_code, reason = "gives the turn back when dropped")] OwnedSemaphorePermit);

/// Waits for a turn.
pub async fn turn(app: &App) -> Result<Turn> {
    let hashing = app.state::<Hashing>();
    Ok(Turn(Arc::clone(&hashing.0).acquire_owned().await.map_err(Error::broken)?))
}

impl Turn {
    /// Whether `password` belongs to `stored`; compared with a dummy hash when there is none.
    pub async fn is_right(&self, password: String, stored: Option<String>) -> Result<bool> {
        self.take(move || {
            let known = stored.is_some();
            let stored = stored.unwrap_or_else(|| NOBODY.clone());
            let right = PasswordHash::new(&stored)
                .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
            right && known
        })
        .await
    }

    async fn take<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        tokio::task::spawn_blocking(work).await.map_err(Error::broken)
    }
}
