//! Rows of people.
use super::User;
use crate::{actor::Role, clock::Timestamp, i18n::Language, ids::UserId, problem::Result};
use sqlx::PgConnection;

/// A person to be.
#[derive(Debug, Clone, Default)]
pub struct NewUser {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub password_hash: Option<String>,
    pub first_name: String,
    pub last_name: String,
    pub user_type: String,
    pub language: Language,
    pub roles: Vec<Role>,
    /// `(lat, lng, address)` of the saved place.
    pub location: Option<(f64, f64, String)>,
}

/// Inserts a person with their roles.
///
/// Errors: the unique indexes `users_username_key`, `users_email_key`, `users_phone_number_key`.
pub async fn create(sql: &mut PgConnection, id: UserId, new: &NewUser, now: Timestamp) -> Result<()> {
    let (lat, lng, place) = new.location.clone().map(|(lat, lng, place)| (Some(lat), Some(lng), Some(place))).unwrap_or_default();
    sqlx::query!(
        "insert into users (id, username, email, phone_number, password_hash, first_name, last_name, user_type,
            location_lat, location_lng, location_address, date_joined, updated_at, language)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)",
        id.uuid(),
        new.username,
        new.email,
        new.phone_number,
        new.password_hash,
        new.first_name,
        new.last_name,
        new.user_type,
        lat,
        lng,
        place,
        now,
        new.language.tag(),
    )
    .execute(&mut *sql)
    .await?;
    let roles: Vec<String> = new.roles.iter().map(|role| role.name().to_owned()).collect();
    sqlx::query!("insert into user_role (user_id, role) select $1, unnest($2::text[])", id.uuid(), &roles).execute(sql).await?;
    Ok(())
}

/// A person, if there is one of this id.
pub async fn find(sql: &mut PgConnection, id: UserId) -> Result<Option<User>> {
    let row = sqlx::query!(
        r#"select id, username, email, phone_number, first_name, last_name, address, user_type, language as "language: Language", is_active,
            location_lat, location_lng, location_address, date_joined, updated_at,
            (select coalesce(array_agg(role), '{}') from user_role where user_id = users.id) as "roles!: Vec<String>"
        from users
        where id = $1"#,
        id.uuid()
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| {
        let mut roles: Vec<Role> = row.roles.iter().filter_map(|role| role.parse().ok()).collect();
        roles.sort();
        User {
            id,
            username: row.username,
            email: row.email,
            phone_number: row.phone_number,
            first_name: row.first_name,
            last_name: row.last_name,
            address: row.address,
            user_type: row.user_type,
            language: row.language,
            role: roles.last().copied().unwrap_or(Role::Customer),
            roles,
            is_active: row.is_active,
            location_lat: row.location_lat,
            location_lng: row.location_lng,
            location_address: row.location_address,
            date_joined: row.date_joined,
            updated_at: row.updated_at,
        }
    }))
}

/// Id and password hash behind a username, e-mail or phone number.
pub async fn by_login(sql: &mut PgConnection, login: &str) -> Result<Option<(UserId, Option<String>)>> {
    let row = sqlx::query!(
        r#"select id as "id: UserId", password_hash
        from users
        where lower(username) = lower($1) or lower(email) = lower($1) or phone_number = $1
        limit 1"#,
        login
    )
    .fetch_optional(sql)
    .await?;
    Ok(row.map(|row| (row.id, row.password_hash)))
}

/// Whether the person has this role.
pub async fn has_role(sql: &mut PgConnection, id: UserId, role: Role) -> Result<bool> {
    Ok(sqlx::query_scalar!(
        r#"select exists(select from user_role where user_id = $1 and role = $2) as "has!""#,
        id.uuid(),
        role.name()
    )
    .fetch_one(sql)
    .await?)
}

/// The profile's fields as they shall be; the caller has merged what was not named.
pub async fn update_profile(sql: &mut PgConnection, user: &User, now: Timestamp) -> sqlx::Result<()> {
    sqlx::query!(
        "update users
        set email = $2, phone_number = $3, first_name = $4, last_name = $5, address = $6,
            location_lat = $7, location_lng = $8, location_address = $9, updated_at = $10
        where id = $1",
        user.id.uuid(),
        user.email,
        user.phone_number,
        user.first_name,
        user.last_name,
        user.address,
        user.location_lat,
        user.location_lng,
        user.location_address,
        now,
    )
    .execute(sql)
    .await?;
    Ok(())
}

/// Locks a person's row for a change of profile.
pub async fn lock(sql: &mut PgConnection, id: UserId) -> Result<()> {
    sqlx::query!("select id from users where id = $1 for update", id.uuid()).fetch_optional(sql).await?;
    Ok(())
}
