//! Money: exact decimals in the precision of their currency (ISO 4217), never a float.
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;
use std::{borrow::Cow, fmt, str::FromStr};

/// The largest amount the ledger's `numeric(20,4)` holds safely in sums.
const LARGEST: i64 = 1_000_000_000_000;

/// A currency of ISO 4217 with a minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three-letter code.
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the point: 2 for USD, 0 for JPY, 3 for KWD.
    pub fn exponent(self) -> u32 {
        self.0.exponent().unwrap_or(2).into()
    }
}

impl FromStr for Currency {
    type Err = NotACurrency;
    fn from_str(code: &str) -> Result<Self, NotACurrency> {
        iso_currency::Currency::from_code(code).filter(|c| c.exponent().is_some()).map(Self).ok_or(NotACurrency)
    }
}

/// The text is not the code of a currency that has a minor unit.
#[derive(Debug, thiserror::Error)]
#[error("not an ISO 4217 currency")]
pub struct NotACurrency;

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl From<String> for Currency {
    /// For rows: the database checks the code, so an unknown one is a fault of ours and reads as USD's neighbour `XXX`.
    fn from(code: String) -> Self {
        code.parse().unwrap_or(Self(iso_currency::Currency::XXX))
    }
}

/// An amount on the wire: a decimal string in the currency's precision; strings and numbers on input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, utoipa::ToSchema)]
#[schema(value_type = String, example = "12.50")]
pub struct Amount(pub Decimal);

impl Amount {
    /// `amount` with exactly the digits of `currency`.
    pub fn of(amount: Decimal, currency: Currency) -> Self {
        Self(Money { amount, currency }.rounded().amount)
    }
}

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
    /// Reads the number's own text, so that no digit passes through a float.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text = raw.get();
        let text: Cow<str> =
            if text.starts_with('"') { serde_json::from_str(text).map_err(de::Error::custom)? } else { text.into() };
        parse(&text).map(Self).ok_or_else(|| de::Error::custom("not an amount of money"))
    }
}

fn parse(text: &str) -> Option<Decimal> {
    let plain = text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
    let amount = plain.then(|| Decimal::from_str_exact(text).ok()).flatten()?;
    (amount.abs() <= Decimal::from(LARGEST) && amount.normalize().scale() <= 4).then(|| unsigned_zero(amount))
}

/// An amount of a currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Money {
    pub amount: Decimal,
    pub currency: Currency,
}

impl Money {
    pub fn new(amount: Decimal, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// With exactly the digits of the currency, half away from zero.
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

    /// Splits into parts proportional to `weights` that add up to the whole (largest remainder, first wins a tie).
    ///
    /// Weights that are all zero put everything on the first part.
    pub fn split(self, weights: &[Decimal]) -> Vec<Self> {
        let unit = Decimal::new(1, self.currency.exponent());
        let sum: Decimal = weights.iter().copied().sum();
        if sum.is_zero() || weights.is_empty() {
            return (0..weights.len())
                .map(|i| Self { amount: if i == 0 { self.amount } else { Decimal::ZERO }, ..self }.rounded())
                .collect();
        }
        let exact: Vec<Decimal> = weights.iter().map(|w| self.amount * w / sum).collect();
        let mut parts: Vec<Decimal> =
            exact.iter().map(|e| e.round_dp_with_strategy(self.currency.exponent(), RoundingStrategy::ToZero)).collect();
        let mut rest = self.amount - parts.iter().copied().sum::<Decimal>();
        let step = if rest.is_sign_negative() { -unit } else { unit };
        let mut by_remainder: Vec<usize> = (0..parts.len()).collect();
        by_remainder.sort_by_key(|&i| std::cmp::Reverse((exact[i] - parts[i]).abs()));
        for &i in by_remainder.iter().cycle().take(parts.len() * 2) {
            if rest.abs() < unit {
                break;
            }
            parts[i] += step;
            rest -= step;
        }
        parts.into_iter().map(|amount| Self { amount, ..self }.rounded()).collect()
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.rounded().amount, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(json: &str) -> Option<Decimal> {
        serde_json::from_str::<Amount>(json).ok().map(|a| a.0)
    }

    #[test]
    fn strings_and_numbers_lose_no_digit() {
        assert_eq!(read("\"12.50\"").expect("string").to_string(), "12.50");
        assert_eq!(read("0.1").expect("number").to_string(), "0.1");
        assert_eq!(read("999999999999.9999").expect("long").to_string(), "999999999999.9999");
    }

    #[test]
    fn what_is_no_amount_is_refused() {
        for bad in ["\"NaN\"", "\"1e9\"", "1e9", "\"\"", "null", "\"0.00001\"", "1000000000001", "\"١٢\"", "true"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn digits_follow_the_currency() {
        for (code, text) in [("USD", "1.50"), ("JPY", "2"), ("KWD", "1.500")] {
            let currency = code.parse().expect(code);
            assert_eq!(Amount::of(Decimal::new(15, 1), currency).to_string(), text);
        }
    }

    proptest! {
        #[test]
        fn no_amount_shows_a_signed_zero(units in -2000i64..2000, scale in 0u32..5, code in prop::sample::select(vec!["USD", "JPY", "KWD"])) {
            let currency: Currency = code.parse().expect("a currency");
            for amount in [Decimal::new(units, scale), -Decimal::new(units, scale), -Decimal::ZERO] {
                for text in [Amount::of(amount, currency).to_string(), Amount(amount).to_string(), Money::new(amount, currency).to_string()] {
                    let is_zero = !text.contains(|digit| matches!(digit, '1'..='9'));
                    prop_assert!(!is_zero || !text.starts_with('-'), "{}", text);
                }
                let read: Amount = serde_json::from_str(&format!("\"{amount}\"")).expect("an amount");
                prop_assert!(!read.0.is_zero() || read.0.is_sign_positive());
            }
        }

        #[test]
        fn parts_add_up_to_the_whole(minor in 0i64..10_000_000, weights in prop::collection::vec(0u32..1000, 1..5), code in prop::sample::select(vec!["USD", "JPY", "KWD"])) {
            let currency: Currency = code.parse().expect("a currency");
            let whole = Money::new(Decimal::new(minor, currency.exponent()), currency);
            let parts = whole.split(&weights.iter().map(|&w| w.into()).collect::<Vec<_>>());
            prop_assert_eq!(parts.iter().map(|p| p.amount).sum::<Decimal>(), whole.amount);
            prop_assert!(parts.iter().all(|p| !p.amount.is_sign_negative() || p.amount.is_zero()));
        }
    }
}
