//! Registration: customers freely, sellers by application; crews and staff are made by staff.
use super::{
    login::Client,
    password,
    tokens::{self, SignedIn},
};
use crate::{
    App,
    actor::{Anyone, Role},
    db::Committed,
    domain::users::{self, NewUser, is_email, is_phone},
    ids::{Region, UserId},
    problem::{ApiError, Error, FieldError, OnConstraint, Problem, Result},
    reply::Created,
    text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Makes an account and signs its owner in.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    pub username: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
    pub password: String,
    #[serde(default)]
    pub first_name: String,
    #[serde(default)]
    pub last_name: String,
    /// `customer` or `seller`.
    pub user_type: String,
}

#[derive(Debug, ApiError)]
pub enum RegistrationError {
    /// Somebody has this username.
    #[api(409, "username_taken")]
    UsernameTaken,
    /// Somebody has this e-mail.
    #[api(409, "email_taken")]
    EmailTaken,
    /// Somebody has this phone number.
    #[api(409, "phone_taken")]
    PhoneTaken,
    /// A customer's phone number is proved by a code, and codes are not sent here yet.
    #[api(422, "otp_off")]
    OtpOff { errors: Vec<FieldError> },
    #[api(inherit)]
    Weak(password::WeakPassword),
}

impl Registration {
    fn check(&self) -> Result<Role, RegistrationError> {
        let role: Role = self.user_type.parse().map_err(|_| Problem::invalid("user_type", "invalid"))?;
        if !matches!(role, Role::Customer | Role::Seller) {
            return Err(Problem::invalid("user_type", "invalid").into());
        }
        if self.username.is_none() && self.email.is_none() && self.phone_number.is_none() {
            return Err(Problem::invalid("username", "required").into());
        }
        let mut faults: Vec<(String, String)> = vec![];
        if self.username.as_deref().is_some_and(|name| !is_username(name)) {
            faults.push(("username".into(), "invalid".into()));
        }
        if self.email.as_deref().is_some_and(|email| !is_email(email)) {
            faults.push(("email".into(), "invalid".into()));
        }
        if self.phone_number.as_deref().is_some_and(|phone| !is_phone(phone)) {
            faults.push(("phone_number".into(), "invalid".into()));
        }
        for (field, text) in [("first_name", &self.first_name), ("last_name", &self.last_name)] {
            if let Err(code) = text::line(text, 100) {
                faults.push((field.into(), code.into()));
            }
        }
        if !faults.is_empty() {
            return Err(Problem::invalids(faults).into());
        }
        password::check_strength(&self.password).map_err(RegistrationError::from)?;
        if self.phone_number.is_some() && role == Role::Customer {
            return Err(RegistrationError::OtpOff { errors: vec![FieldError::new("phone_number", "invalid")] }.into());
        }
        Ok(role)
    }
}

/// A username holds no `@` and no leading `+`, so that it is never taken for an e-mail or a phone number.
fn is_username(name: &str) -> bool {
    (3..=60).contains(&name.chars().count())
        && !name.starts_with('+')
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.'))
}

/// Makes a person and opens their first session. What they are written to in is the language of this request.
pub async fn register(app: App, _: Anyone, input: Registration) -> Result<Committed<Created<SignedIn>>, RegistrationError> {
    let role = input.check()?;
    let language = app.request().map(|request| request.language).unwrap_or_default();
    let hash = password::hash_aside(&app, input.password).await?;
    let new = NewUser {
        username: input.username,
        email: input.email,
        phone_number: input.phone_number,
        password_hash: Some(hash),
        first_name: input.first_name,
        last_name: input.last_name,
        user_type: role.name().to_owned(),
        language,
        roles: vec![role],
        location: None,
    };
    let mut tx = app.begin(Region::GLOBAL).await?;
    let now = tx.now().await?;
    // The id names the person's home for life.
    let id = UserId::fresh(&app, Region::FIRST);
    users::create(&mut tx, id, &new, now)
        .await
        .on_constraint("users_username_key", RegistrationError::UsernameTaken)
        .on_constraint("users_email_key", RegistrationError::EmailTaken)
        .on_constraint("users_phone_number_key", RegistrationError::PhoneTaken)?;
    let user = users::find(&mut tx, id).await?.ok_or_else(|| Error::broken(anyhow::anyhow!("{id} was just made")))?;
    let client = Client::of(&app);
    let signed_in = tokens::open_session(&mut tx, &user, role, &client.device, &client.ip).await?;
    tx.commit(Created(signed_in)).await
}
