//! Signing in and out.
//!
//! An access token lives 15 minutes and carries one active role; a refresh token lives 30 days, rotates at each use, and the one it replaced
//! works once more within 30 s while its successor is unused (a reply may have been lost). Used later than that, the session ends: somebody
//! has a copy. Logout writes a revocation that every node reads within half a second. Ten failures of a name or a hundred of an address in
//! 15 minutes are answered 429; success costs nothing.
mod failures;
mod login;
mod logout;
mod password;
mod refresh;
mod register;
mod sessions;
mod store;
mod tokens;

pub use logout::SessionMessage;
pub use password::{hash as hash_password, is_strong};
pub use tokens::{Tokens, open_session};

use crate::{
    domain::users,
    operations::{Slice, delete, get, post},
};
use std::time::Duration;

pub fn slice() -> Slice {
    Slice::new("auth")
        .command(post("/api/auth/register/", register::register).without_key())
        .command(post("/api/auth/login/", login::sign_in).without_key())
        .command(post("/api/auth/refresh/", refresh::renew).without_key())
        .command(post("/api/auth/logout/", logout::sign_out).without_key())
        .query(get("/api/auth/user/", users::own).summary("Reads who the caller is."))
        .query(get("/api/auth/sessions/", sessions::list).summary("Lists the caller's open sessions, the newest first."))
        .command(delete("/api/auth/sessions/{id}/", logout::end_session).without_key())
        .publishes::<SessionMessage>()
        .state(failures::Failures::default())
        .state(password::Hashing::default())
        .sweep("refresh tokens", Duration::from_secs(3600), sessions::forget_old)
}
