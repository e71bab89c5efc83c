//! The kinds of notifications, and what each of them says in a reader's language.
use crate::i18n::{self, Language};
use serde_json::Value;

macro_rules! kinds {
    ($($variant:ident = $name:literal),+ $(,)?) => {
        /// What happened, as a slug in SQL and JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($variant),+ }

        impl Kind {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }
        }
    };
}

kinds! {
    OrderCreated = "order_created",
    OrderClaimed = "order_claimed",
    OrderReleased = "order_released",
    OrderReassigned = "order_reassigned",
    OrderShipped = "order_shipped",
    OrderDelivered = "order_delivered",
    OrderDeliveryFailed = "order_delivery_failed",
    OrderCancelled = "order_cancelled",
    OrderCompleted = "order_completed",
    SellerPayment = "seller_payment",
    CrewPayment = "crew_payment",
}

/// What a notification says.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub message: String,
}

/// The text of a stored notification. `kind` is no [`Kind`]: during an upgrade a node reads kinds that only the next release knows.
pub fn render(kind: &str, parameters: &Value, language: Language) -> Text {
    let key = |part: &str| format!("notifications.{kind}.{part}");
    let title = i18n::text(language, &key("title")).map_or_else(|| i18n::in_words(kind), str::to_owned);
    let mut values = parameters.as_object().cloned().unwrap_or_default();
    let reason = values.get("reason").and_then(Value::as_str).filter(|reason| !reason.is_empty());
    let mut with_reason = None;
    if let Some(reason) = reason {
        // People give a reason in their own words; a rule of ours gives a slug.
        if let Some(sentence) = i18n::text(language, &format!("reasons.{reason}")) {
            values.insert("reason".to_owned(), sentence.into());
        }
        with_reason = i18n::filled(language, &key("text_with_reason"), &values);
    }
    let message = with_reason.or_else(|| i18n::filled(language, &key("text"), &values)).unwrap_or_else(|| title.clone());
    Text { title, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::BTreeSet;

    #[test]
    fn every_kind_has_its_texts_and_every_text_its_kind() {
        let kinds: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
        let texts: BTreeSet<&str> = i18n::keys("notifications").filter_map(|key| key.split('.').next()).collect();
        assert_eq!(texts, kinds);
        let parameters = json!({ "code": "K7Q-204", "reason": "two moons", "amount": "5.00", "currency": "USD" });
        for language in Language::ALL {
            for kind in Kind::ALL {
                let text = render(kind.name(), &parameters, language);
                assert!(text.message.contains("K7Q-204") && text.message != text.title, "{text:?}");
            }
        }
    }

    #[test]
    fn a_reason_is_told_where_there_is_one_and_a_slug_is_translated() {
        let cancelled =
            |reason: Value, language| render("order_cancelled", &json!({ "code": "A1", "reason": reason }), language).message;
        assert_eq!(cancelled(json!(""), Language::En), "Order A1 was cancelled.");
        assert_eq!(cancelled(Value::Null, Language::Fr), "La commande A1 a été annulée.");
        assert_eq!(cancelled(json!("Ordered twice"), Language::En), "Order A1 was cancelled. Reason: Ordered twice");
        let by_rule = cancelled(json!("all_shops_rejected"), Language::Ar);
        assert!(by_rule.contains("رفضت كل المتاجر") && !by_rule.contains("all_shops"), "{by_rule}");
        // What somebody writes is never taken for a placeholder.
        assert_eq!(cancelled(json!("{code}"), Language::En), "Order A1 was cancelled. Reason: {code}");
    }

    #[test]
    fn a_kind_of_the_next_release_is_given_in_words() {
        let text = render("auction_won", &json!({}), Language::Fr);
        assert_eq!((text.title.as_str(), text.message.as_str()), ("auction won", "auction won"));
    }
}
