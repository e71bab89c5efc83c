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

pub use password::{hash as hash_password, is_strong};
pub use tokens::{Tokens, open_session};

use crate::domain::Slice;
use utoipa_axum::routes;

pub fn slice() -> Slice {
    Slice::new("auth")
        .state(failures::Failures::default())
        .state(password::Hashing::default())
        .routes(routes!(register::post))
        .routes(routes!(login::post))
        .routes(routes!(refresh::post))
        .routes(routes!(logout::post))
        .routes(routes!(sessions::whoami))
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::delete))
        .sweep("refresh tokens", std::time::Duration::from_secs(3600), sessions::forget_old)
}
