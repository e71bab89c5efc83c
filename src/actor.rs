//! Who acts: the holder of an access token, and the roles as types, so that a deed asks for what it needs.
use crate::{
    clock::Timestamp,
    i18n::Language,
    ids::{SessionId, UserId},
    problem::{Problem, Result},
};
use serde::{Deserialize, Serialize};
use std::{ops::Deref, str::FromStr, sync::Arc};

/// The six roles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Role {
    Customer,
    Seller,
    Crew,
    Staff,
    Admin,
    Superadmin,
}

impl Role {
    /// The word on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Seller => "seller",
            Self::Crew => "crew",
            Self::Staff => "staff",
            Self::Admin => "admin",
            Self::Superadmin => "superadmin",
        }
    }
}

impl FromStr for Role {
    type Err = Problem;

    /// Takes the aliases of the documents; case is ignored.
    fn from_str(text: &str) -> Result<Self, Problem> {
        match text.to_ascii_lowercase().as_str() {
            "customer" | "user" | "buyer" => Ok(Self::Customer),
            "seller" | "retailer" | "shop_owner" => Ok(Self::Seller),
            "crew" | "delivery" | "courier" | "driver" => Ok(Self::Crew),
            "staff" => Ok(Self::Staff),
            "admin" => Ok(Self::Admin),
            "superadmin" | "super_admin" => Ok(Self::Superadmin),
            _ => Err(Problem::invalid("role", "invalid")),
        }
    }
}

/// A person acting in one of their roles, in one session.
#[derive(Debug, Clone)]
pub struct Actor {
    claims: Arc<Claims>,
    /// What the request, or the socket's handshake, asked to be answered in.
    pub language: Language,
}

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Claims {
    #[serde(rename = "sub")]
    pub id: UserId,
    /// The active role.
    pub role: Role,
    /// All granted ones.
    pub roles: Vec<Role>,
    pub sid: SessionId,
    pub jti: uuid::Uuid,
    /// Seconds since 1970, with milliseconds after the point.
    pub iat: f64,
    pub exp: i64,
}

impl Actor {
    pub fn new(claims: Claims) -> Self {
        Self { claims: Arc::new(claims), language: Language::default() }
    }

    /// The same actor, who reads this language.
    #[must_use]
    pub fn reading(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The house itself, for tasks and sweeps: no person has the nil id.
    pub fn system() -> Self {
        let nil = uuid::Uuid::nil();
        Self::new(Claims {
            id: UserId(nil),
            role: Role::Superadmin,
            roles: vec![],
            sid: SessionId(nil),
            jti: nil,
            iat: 0.0,
            exp: i64::MAX,
        })
    }

    /// When the token was given out.
    pub fn issued_at(&self) -> Timestamp {
        #[allow(clippy::cast_possible_truncation, reason = "milliseconds since 1970 fit")]
        Timestamp::from_timestamp_millis((self.iat * 1000.0).round() as i64).unwrap_or_default()
    }

    /// Staff and above.
    pub fn is_staff(&self) -> bool {
        self.role >= Role::Staff
    }

    /// Admin and above.
    pub fn is_admin(&self) -> bool {
        self.role >= Role::Admin
    }
}

impl Deref for Actor {
    type Target = Claims;
    fn deref(&self) -> &Claims {
        &self.claims
    }
}

/// A role as a type: made of an actor who has it.
pub trait FromActor: Sized + Send {
    /// Errors: 403 for another role.
    fn from_actor(actor: Actor) -> Result<Self>;
}

impl AsRef<Actor> for Actor {
    fn as_ref(&self) -> &Actor {
        self
    }
}

impl FromActor for Actor {
    fn from_actor(actor: Actor) -> Result<Self> {
        Ok(actor)
    }
}

macro_rules! roles {
    ($($(#[$doc:meta])* $name:ident: $may:expr;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name(Actor);

        impl $name {
            /// For tasks and tests that already know the role.
            pub fn trusted(actor: Actor) -> Self {
                Self(actor)
            }
        }

        impl FromActor for $name {
            fn from_actor(actor: Actor) -> Result<Self> {
                let may: fn(&Actor) -> bool = $may;
                if may(&actor) { Ok(Self(actor)) } else { Err(Problem::forbidden().into()) }
            }
        }

        impl AsRef<Actor> for $name {
            fn as_ref(&self) -> &Actor {
                &self.0
            }
        }

        impl Deref for $name {
            type Target = Actor;
            fn deref(&self) -> &Actor {
                &self.0
            }
        }
    )+};
}

roles! {
    /// Somebody who orders.
    Customer: |actor| actor.role == Role::Customer;
    /// Somebody who sells in their own shops.
    Seller: |actor| actor.role == Role::Seller;
    /// Somebody who carries.
    Crew: |actor| actor.role == Role::Crew;
    /// Staff, and admins who can what staff can.
    Staff: Actor::is_staff;
    /// Admins and superadmins.
    Admin: Actor::is_admin;
    /// Superadmins alone.
    Super: |actor| actor.role == Role::Superadmin;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_mean_the_six_roles() {
        for (alias, role) in
            [("BUYER", Role::Customer), ("retailer", Role::Seller), ("Courier", Role::Crew), ("SUPER_ADMIN", Role::Superadmin)]
        {
            assert_eq!(alias.parse::<Role>().expect(alias), role);
        }
        assert!("vendor".parse::<Role>().is_err());
    }

    #[test]
    fn a_superadmin_can_what_staff_can_but_is_no_crew() {
        let actor = Actor::system();
        assert!(Staff::from_actor(actor.clone()).is_ok() && Admin::from_actor(actor.clone()).is_ok());
        assert!(Crew::from_actor(actor).is_err());
    }
}
