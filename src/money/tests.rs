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

#[test]
fn only_money_of_one_currency_adds_up() {
    let money = |minor, code: &str| Money::of_minor(minor, code.parse().expect("a currency"));
    assert_eq!(money(1250, "USD") + money(250, "USD") - money(100, "USD"), money(1400, "USD"));
    assert_eq!(money(150, "USD") * 3, money(450, "USD"));
    assert_eq!(money(1, "USD").checked_add(money(1, "EUR")), None);
    assert_eq!(money(1, "USD").checked_sub(money(1, "EUR")), None);
    assert_eq!(money(1, "USD").partial_cmp(&money(2, "EUR")), None);
    assert!(money(1, "USD") < money(2, "USD"));
    let most = Money::new(Decimal::MAX, "USD".parse().expect("a currency"));
    assert_eq!(most.checked_add(most), None);
    assert!(std::panic::catch_unwind(|| money(1, "USD") + money(1, "EUR")).is_err());
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
}
