//! Users: their roles and their profile with the saved place.
//!
//! A user signs in by username, e-mail or phone number. Roles are grants, several per person; a token carries one active role. Global: no
//! regional transaction writes here, an order copies what it needs.
mod me;
mod store;

pub use me::{is_email, is_phone, own};
pub use store::{NewUser, by_login, create, find, has_role};

use crate::{
    actor::Role,
    clock::Timestamp,
    i18n::Language,
    ids::UserId,
    operations::{Slice, get, patch},
};
use serde::Serialize;

pub fn slice() -> Slice {
    Slice::new("users")
        .query(get("/api/users/me/", me::own).summary("Reads the own profile."))
        .command(patch("/api/users/me/", me::change))
}

/// A person as they and staff see them.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct User {
    pub id: UserId,
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub address: String,
    pub user_type: String,
    /// What this person is written to in.
    pub language: Language,
    /// The most able of the roles, or the active one of the caller.
    pub role: Role,
    pub roles: Vec<Role>,
    pub is_active: bool,
    pub location_lat: Option<f64>,
    pub location_lng: Option<f64>,
    pub location_address: Option<String>,
    pub date_joined: Timestamp,
    pub updated_at: Timestamp,
}
