//! The actor of a request: the holder of an access token, and the roles as types, so that an operation's signature names the role it needs.
use crate::{
    clock::Timestamp,
    i18n::Language,
    ids::{SessionId, UserId},
    problem::{Checked, Problem},
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
    /// From the least to the most able.
    pub const ALL: [Self; 6] = [Self::Customer, Self::Seller, Self::Crew, Self::Staff, Self::Admin, Self::Superadmin];

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
    fn from_str(text: &str) -> Checked<Self> {
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
    /// The language that the request or the socket's handshake prefers.
    pub language: Language,
}

/// The claims of an access token.
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

    /// The same actor with this language.
    #[must_use]
    pub fn reading(self, language: Language) -> Self {
        Self { language, ..self }
    }

    /// The system itself, for tasks and sweeps: no person has the nil id.
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

/// What an operation asks of its caller before anything else is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Tokens are not looked at.
    Anyone,
    /// A token is read where there is one.
    Optional,
    /// 401 without a good token.
    SignedIn,
}

/// The caller of an operation as the type of its second argument; it can be made only of an actor with the right role.
pub trait Caller: Clone + Send + Sync + 'static {
    const ACCESS: Access = Access::SignedIn;

    /// Whether somebody acting in this role may; 403 otherwise.
    fn admits(role: Role) -> bool;

    /// The actor as this caller. Called with a role it admits, and with somebody where [`Self::ACCESS`] says so.
    ///
    /// Errors: 401, 403.
    fn of(actor: Option<Actor>) -> Checked<Self>;
}

impl AsRef<Actor> for Actor {
    fn as_ref(&self) -> &Actor {
        self
    }
}

impl Caller for Actor {
    fn admits(_: Role) -> bool {
        true
    }

    fn of(actor: Option<Actor>) -> Checked<Self> {
        actor.ok_or_else(Problem::unauthorized)
    }
}

/// The caller, where a public read shows more to some.
#[derive(Debug, Clone)]
pub struct OptionalActor(pub Option<Actor>);

impl Caller for OptionalActor {
    const ACCESS: Access = Access::Optional;

    fn admits(_: Role) -> bool {
        true
    }

    fn of(actor: Option<Actor>) -> Checked<Self> {
        Ok(Self(actor))
    }
}

/// Any caller, signed in or not.
#[derive(Debug, Clone, Copy)]
pub struct Anyone;

impl Caller for Anyone {
    const ACCESS: Access = Access::Anyone;

    fn admits(_: Role) -> bool {
        true
    }

    fn of(_: Option<Actor>) -> Checked<Self> {
        Ok(Self)
    }
}

/// One of two kinds of caller: `Either<Crew, Seller>`.
#[derive(Debug, Clone)]
pub enum Either<A, B> {
    First(A),
    Second(B),
}

impl<A: Caller, B: Caller> Caller for Either<A, B> {
    fn admits(role: Role) -> bool {
        A::admits(role) || B::admits(role)
    }

    fn of(actor: Option<Actor>) -> Checked<Self> {
        let actor = actor.ok_or_else(Problem::unauthorized)?;
        if A::admits(actor.role) { A::of(Some(actor)).map(Self::First) } else { B::of(Some(actor)).map(Self::Second) }
    }
}

impl<A: AsRef<Actor>, B: AsRef<Actor>> AsRef<Actor> for Either<A, B> {
    fn as_ref(&self) -> &Actor {
        match self {
            Self::First(first) => first.as_ref(),
            Self::Second(second) => second.as_ref(),
        }
    }
}

impl<A: AsRef<Actor>, B: AsRef<Actor>> Deref for Either<A, B> {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        self.as_ref()
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

        impl Caller for $name {
            fn admits(role: Role) -> bool {
                let may: fn(Role) -> bool = $may;
                may(role)
            }

            fn of(actor: Option<Actor>) -> Checked<Self> {
                let actor = actor.ok_or_else(Problem::unauthorized)?;
                if Self::admits(actor.role) { Ok(Self(actor)) } else { Err(Problem::forbidden()) }
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
    /// A customer.
    Customer: |role| role == Role::Customer;
    /// A seller, in their own shops.
    Seller: |role| role == Role::Seller;
    /// A crew.
    Crew: |role| role == Role::Crew;
    /// Staff, and admins, who have the rights of staff.
    Staff: |role| role >= Role::Staff;
    /// Admins and superadmins.
    Admin: |role| role >= Role::Admin;
    /// Superadmins only.
    Super: |role| role == Role::Superadmin;
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
        assert!(Staff::of(Some(actor.clone())).is_ok() && Admin::of(Some(actor.clone())).is_ok());
        assert!(Crew::of(Some(actor)).is_err());
        assert!(Crew::of(None).is_err_and(|problem| problem.status == 401));
    }
}
