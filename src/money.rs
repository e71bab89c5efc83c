//! Money: exact decimals in the precision of their currency (ISO 4217), never a float.
mod currency;

pub use currency::{Currency, NotACurrency};

use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use std::{
    cmp::Ordering,
    fmt,
    ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign},
    str::FromStr,
};

/// The largest amount the ledger's `numeric(20,4)` holds safely in sums.
const LARGEST: i64 = 1_000_000_000_000;

/// An amount whose currency stands beside it: a decimal string on the wire, `numeric` in the database. Numbers are read as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, sqlx::Type, utoipa::ToSchema)]
#[sqlx(transparent)]
#[schema(value_type = String, example = "12.50")]
pub struct Amount(Decimal);

impl Amount {
    pub const ZERO: Self = Self(Decimal::ZERO);

    /// So many whole units.
    pub const fn whole(units: u32) -> Self {
        Self(Decimal::from_parts(units, 0, 0, false, 0))
    }

    /// `amount` with exactly the digits of `currency`.
    pub fn of(amount: Decimal, currency: Currency) -> Self {
        Money { amount, currency }.amount()
    }

    /// This amount of `currency`.
    pub fn of_currency(self, currency: Currency) -> Money {
        Money { amount: self.0, currency }
    }

    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self < Self::ZERO
    }

    #[must_use]
    pub fn abs(self) -> Self {
        Self(self.0.abs())
    }

    /// Without the zeros behind its last digit: `0` for nothing.
    #[must_use]
    pub fn normalized(self) -> Self {
        Self(self.0.normalize())
    }

    /// For statements.
    pub const fn decimal(self) -> Decimal {
        self.0
    }
}

impl std::iter::Sum for Amount {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        Self(amounts.map(|amount| amount.0).sum())
    }
}

/// For rows.
impl From<Decimal> for Amount {
    fn from(amount: Decimal) -> Self {
        Self(amount)
    }
}

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        money.amount()
    }
}

impl FromStr for Amount {
    type Err = NotAnAmount;
    fn from_str(text: &str) -> Result<Self, NotAnAmount> {
        parse(text).map(Self).ok_or(NotAnAmount)
    }
}

/// The text is not a decimal of at most four digits after the point, or it is beyond any sum that is paid.
#[derive(Debug, thiserror::Error)]
#[error("not an amount of money")]
pub struct NotAnAmount;

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        unsigned_zero(self.0).fmt(f)
    }
}

impl Serialize for Amount {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Nothing is neither owed nor due: a zero that arithmetic left a sign loses it.
fn unsigned_zero(amount: Decimal) -> Decimal {
    if amount.is_zero() { amount.abs() } else { amount }
}

impl<'de> Deserialize<'de> for Amount {
    /// Reads a number's own text, so that no digit passes through a float; inside a tagged enum, where serde has no text left, the string.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(RAW_VALUE, AmountVisitor)
    }
}

/// The token by which serde_json hands over a value's own text.
pub const RAW_VALUE: &str = "$serde_json::private::RawValue";

struct AmountVisitor;

impl<'de> de::Visitor<'de> for AmountVisitor {
    type Value = Amount;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an amount of money")
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut map: A) -> Result<Amount, A::Error> {
        map.next_key::<String>()?;
        let text: String = map.next_value()?;
        match text.starts_with('"') {
            true => self.visit_str(&serde_json::from_str::<String>(&text).map_err(de::Error::custom)?),
            false => self.visit_str(&text),
        }
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Amount, D::Error> {
        deserializer.deserialize_str(self)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Amount, E> {
        parse(text).map(Amount).ok_or_else(|| E::custom("not an amount of money"))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let plain = text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let amount = plain.then(|| Decimal::from_str_exact(text).ok()).flatten()?;
    (amount.abs() <= Decimal::from(LARGEST) && amount.normalize().scale() <= 4).then(|| unsigned_zero(amount))
}

/// An amount of a currency. Sums and differences are of one currency: with two, the operators panic and the `checked_` methods give `None`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    amount: Decimal,
    currency: Currency,
}

impl Money {
    pub const fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    pub const fn zero(currency: Currency) -> Self {
        Self { amount: Decimal::ZERO, currency }
    }

    /// So many of the currency's smallest unit: cents of USD, yen of JPY.
    pub fn of_minor(units: i64, currency: Currency) -> Self {
        Self { amount: Decimal::new(units, currency.exponent()), currency }
    }

    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as it is written: with exactly the digits of the currency.
    pub fn amount(self) -> Amount {
        Amount(self.rounded().amount)
    }

    /// The amount with all digits that arithmetic left.
    pub const fn unrounded(self) -> Amount {
        Amount(self.amount)
    }

    /// For statements.
    pub const fn decimal(self) -> Decimal {
        self.amount
    }

    pub fn is_zero(self) -> bool {
        self.amount.is_zero()
    }

    /// Below zero.
    pub fn is_negative(self) -> bool {
        self.amount < Decimal::ZERO
    }

    /// The sum, when both are of one currency and it can be held.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        let amount = self.amount.checked_add(other.amount).filter(|_| self.currency == other.currency)?;
        Some(Self { amount, ..self })
    }

    /// The difference, when both are of one currency and it can be held.
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        self.checked_add(-other)
    }

    /// The sum of `parts`, all of `currency`.
    pub fn sum(currency: Currency, parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(Self::zero(currency), |sum, part| sum + part)
    }

    /// With exactly the digits of the currency, half away from zero.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        let digits = self.currency.exponent();
        self.amount = self.amount.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
        self.amount.rescale(digits);
        self.amount = unsigned_zero(self.amount);
        self
    }

    /// Whether the amount has no more digits than the currency.
    pub fn is_exact(self) -> bool {
        self.amount.normalize().scale() <= self.currency.exponent()
    }
}

/// Why an operator may panic: adding francs to dinars is a fault of the code that did.
const ONE_CURRENCY: &str = "both amounts are of one currency, and far from the largest number";

impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        self.checked_add(other).expect(ONE_CURRENCY)
    }
}

impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self.checked_sub(other).expect(ONE_CURRENCY)
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self { amount: unsigned_zero(-self.amount), ..self }
    }
}

/// So many times as much.
impl Mul<i32> for Money {
    type Output = Self;
    fn mul(self, times: i32) -> Self {
        Self { amount: self.amount.checked_mul(times.into()).expect(ONE_CURRENCY), ..self }
    }
}

/// Amounts of two currencies are neither larger nor smaller than one another.
impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self.currency == other.currency).then(|| self.amount.cmp(&other.amount))
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rounded().amount, self.currency)
    }
}

#[cfg(test)]
mod tests;
