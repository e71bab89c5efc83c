//! Ids: UUIDv7 whose 12 `rand_a` bits hold the region of the row.
use crate::clock::Clock;
use rand::{RngCore, SeedableRng, rngs::StdRng};
use uuid::Uuid;

/// A region: unit of placement, distribution key and ledger. 0 is global; a fresh installation has only region 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(i16);

impl Region {
    /// What belongs to no region: users, sessions, settings.
    pub const GLOBAL: Self = Self(0);
    /// The only region of a fresh install: the world.
    pub const FIRST: Self = Self(1);
    /// The regions whose rows this installation stores. Work on all of them goes through one after the other.
    pub const SERVED: [Self; 2] = [Self::GLOBAL, Self::FIRST];

    /// The region of a row.
    pub const fn numbered(number: i16) -> Self {
        Self(number)
    }

    /// The number that leads every key.
    pub const fn number(self) -> i16 {
        self.0
    }

    /// The region in one of our ids.
    pub fn of(id: Uuid) -> Self {
        let bytes = id.as_bytes();
        Self(i16::from(bytes[6] & 0x0f) << 8 | i16::from(bytes[7]))
    }
}

/// The application's random numbers: seeded from the system, or from a number in tests. Fit for secrets.
#[derive(Debug)]
pub struct Random(parking_lot::Mutex<StdRng>);

impl Random {
    /// Seeded by the operating system.
    pub fn system() -> Self {
        Self(parking_lot::Mutex::new(StdRng::from_os_rng()))
    }

    /// The same numbers for the same seed, for tests.
    pub fn seeded(seed: u64) -> Self {
        Self(parking_lot::Mutex::new(StdRng::seed_from_u64(seed)))
    }

    /// 64 random bits.
    pub fn bits(&self) -> u64 {
        self.0.lock().next_u64()
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.lock().fill_bytes(&mut bytes);
        bytes
    }
}

/// A fresh id in `region`. Source: RFC 9562 6.4, which leaves node bits to us.
pub fn new(region: Region, clock: &Clock, random: &Random) -> Uuid {
    let rand = random.bits();
    let high = clock.unix_ms() << 16 | 0x7000 | u64::from(region.0.unsigned_abs() & 0x0fff);
    Uuid::from_u64_pair(high, rand & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
}

/// The creation time in one of our ids, in milliseconds since 1970.
pub fn made_ms(id: Uuid) -> u64 {
    id.as_u64_pair().0 >> 16
}

/// Declares typed ids: `id!(OrderId)`.
#[macro_export]
macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, sqlx::Type, utoipa::ToSchema)]
        #[serde(transparent)]
        #[sqlx(transparent)]
        #[schema(value_type = uuid::Uuid)]
        pub struct $name(pub uuid::Uuid);

        impl $name {
            /// A fresh id in `region`.
            pub fn fresh(app: &$crate::App, region: $crate::ids::Region) -> Self {
                Self($crate::ids::new(region, &app.clock, &app.random))
            }

            /// The region this id belongs to.
            pub fn region(self) -> $crate::ids::Region {
                $crate::ids::Region::of(self.0)
            }

            /// The bare UUID.
            pub const fn uuid(self) -> uuid::Uuid {
                self.0
            }
        }

        impl From<uuid::Uuid> for $name {
            fn from(id: uuid::Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for uuid::Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
                let text = <std::borrow::Cow<'_, str>>::deserialize(deserializer)?;
                text.parse().map_err(|_| serde::de::Error::custom("not an id"))
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            /// Accepts only the canonical text: another spelling would name another channel.
            fn from_str(text: &str) -> std::result::Result<Self, uuid::Error> {
                let id = uuid::Uuid::try_parse(text)?;
                if id.to_string() == text { Ok(Self(id)) } else { uuid::Uuid::try_parse("").map(Self) }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    )+};
}

id!(
    /// A person with a login.
    UserId,
    /// One sign-in of a user on one device.
    SessionId,
    /// A seller's store.
    ShopId,
    /// Something a shop sells.
    ProductId,
    /// What the customer bought.
    OrderId,
    /// An order's part for one shop.
    ShopOrderId,
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_knows_its_region_and_is_a_version_7() {
        let (clock, random) = (Clock::default(), Random::seeded(1));
        for number in [0, 1, 47, 4095] {
            let id = new(Region(number), &clock, &random);
            assert_eq!(Region::of(id), Region(number));
            assert_eq!(id.get_version_num(), 7);
            assert_eq!(id.get_variant(), uuid::Variant::RFC4122);
        }
    }

    #[test]
    fn ids_of_a_seed_repeat_and_of_two_draws_differ() {
        let clock = Clock::default();
        let random = Random::seeded(7);
        assert_ne!(new(Region::FIRST, &clock, &random), new(Region::FIRST, &clock, &random));
        assert_eq!(Random::seeded(7).bits(), Random::seeded(7).bits());
    }
}
