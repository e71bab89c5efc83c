//! The own profile. PATCH: absent keeps, null clears.
use super::{User, store};
use crate::{
    App,
    actor::Actor,
    db::Committed,
    ids::Region,
    operations::NoInput,
    problem::{ApiError, FieldError, OnConstraint, Problem, Result},
    text,
};
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// Changes the own profile.
///
/// What is absent stays as it is; `null` clears.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ProfileChange {
    #[serde(deserialize_with = "named")]
    pub email: Option<Option<String>>,
    #[serde(deserialize_with = "named")]
    pub phone_number: Option<Option<String>>,
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub address: Option<String>,
    #[serde(deserialize_with = "named")]
    pub location_lat: Option<Option<f64>>,
    #[serde(deserialize_with = "named")]
    pub location_lng: Option<Option<f64>>,
    #[serde(deserialize_with = "named")]
    pub location_address: Option<Option<String>>,
}

/// Distinguishes `null` from an absent member.
fn named<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<Option<T>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// There is no such person.
#[derive(Debug, ApiError)]
pub enum NoProfile {
    /// The caller's account is gone.
    #[api(404, "not_found")]
    Gone,
}

#[derive(Debug, ApiError)]
pub enum ProfileError {
    /// Somebody else has this e-mail.
    #[api(409, "email_taken")]
    EmailTaken,
    /// Somebody else has this phone number.
    #[api(409, "phone_taken")]
    PhoneTaken,
    /// One of username, e-mail and phone number must stay.
    #[api(422, "invalid")]
    LastLogin { errors: Vec<FieldError> },
    #[api(inherit)]
    Gone(NoProfile),
}

impl ProfileChange {
    /// The faults of the new values, a field each.
    fn check(&self) -> Result<()> {
        let mut faults = Vec::new();
        let location_address = self.location_address.as_ref().and_then(Option::as_ref);
        for (field, text, most) in [
            ("first_name", self.first_name.as_ref(), 100),
            ("last_name", self.last_name.as_ref(), 100),
            ("address", self.address.as_ref(), 500),
            ("location_address", location_address, 500),
        ] {
            if let Some(Err(code)) = text.map(|text| text::line(text, most)) {
                faults.push((field.to_owned(), code.to_owned()));
            }
        }
        if let Some(Some(email)) = &self.email
            && !is_email(email)
        {
            faults.push(("email".into(), "invalid".into()));
        }
        if let Some(Some(phone)) = &self.phone_number
            && !is_phone(phone)
        {
            faults.push(("phone_number".into(), "invalid".into()));
        }
        for (field, value, most) in [("location_lat", self.location_lat, 90.0), ("location_lng", self.location_lng, 180.0)] {
            if value.flatten().is_some_and(|degrees: f64| !degrees.is_finite() || degrees.abs() > most) {
                faults.push((field.into(), "out_of_range".into()));
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(Problem::invalids(faults).into()) }
    }

    fn apply(&self, user: &mut User) {
        let Self { email, phone_number, first_name, last_name, address, location_lat, location_lng, location_address } =
            self.clone();
        user.email = email.unwrap_or_else(|| user.email.take());
        user.phone_number = phone_number.unwrap_or_else(|| user.phone_number.take());
        user.first_name = first_name.unwrap_or_else(|| std::mem::take(&mut user.first_name));
        user.last_name = last_name.unwrap_or_else(|| std::mem::take(&mut user.last_name));
        user.address = address.unwrap_or_else(|| std::mem::take(&mut user.address));
        user.location_lat = location_lat.unwrap_or(user.location_lat);
        user.location_lng = location_lng.unwrap_or(user.location_lng);
        user.location_address = location_address.unwrap_or_else(|| user.location_address.take());
    }
}

/// Whether this could be an e-mail address; only a mail to it proves more.
pub fn is_email(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    text.len() <= 254
        && !name.is_empty()
        && host.contains('.')
        && !host.starts_with('.')
        && !host.ends_with('.')
        && !text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// Whether this is a phone number in E.164.
pub fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| (8..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Changes the caller's profile.
pub async fn change(app: App, actor: Actor, change: ProfileChange) -> Result<Committed<User>, ProfileError> {
    change.check()?;
    let mut tx = app.begin(Region::GLOBAL).await?;
    store::lock(&mut tx, actor.id).await?;
    let mut user = store::find(&mut tx, actor.id).await?.ok_or(ProfileError::Gone(NoProfile::Gone))?;
    change.apply(&mut user);
    if user.location_lat.is_some() != user.location_lng.is_some() {
        return Err(Problem::invalid("location_lng", "required").into());
    }
    user.updated_at = tx.now().await?;
    user.role = actor.role;
    store::update_profile(&mut tx, &user, user.updated_at)
        .await
        .on_constraint("users_email_key", ProfileError::EmailTaken)
        .on_constraint("users_phone_number_key", ProfileError::PhoneTaken)
        .on_constraint(
            "users_username_email_phone_number_check",
            ProfileError::LastLogin { errors: vec![FieldError::new("email", "required")] },
        )?;
    tx.commit(user).await
}

/// The caller's profile, in the role they act in.
pub async fn own(app: App, actor: Actor, _: NoInput) -> Result<User, NoProfile> {
    let mut sql = app.read(Region::GLOBAL).await?;
    let user = store::find(&mut sql, actor.id).await?.ok_or(NoProfile::Gone)?;
    Ok(User { role: actor.role, ..user })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn null_clears_and_absent_keeps() {
        let change: ProfileChange = serde_json::from_str(r#"{"email":null,"location_lat":1.5}"#).expect("a change");
        assert_eq!(change.email, Some(None));
        assert_eq!(change.phone_number, None);
        assert_eq!(change.location_lat, Some(Some(1.5)));
    }

    #[test]
    fn addresses_and_numbers_are_recognised() {
        assert!(is_email("a.b@c.example") && !is_email("a@b") && !is_email("a b@c.d") && !is_email("@c.d"));
        assert!(is_phone("+4915112345678") && !is_phone("015112345678") && !is_phone("+49 151"));
    }
}
