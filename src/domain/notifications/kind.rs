//! The kinds of notifications, their messages on `user:`, and their texts in the reader's language.
use super::notify::Notification;
use crate::{
    clock::Timestamp,
    event::ChannelMessage,
    i18n::{self, Language},
    ids::UserId,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

macro_rules! kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        /// What happened, as a slug in SQL and JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Kind { $($(#[$doc])* $variant),+ }

        impl Kind {
            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The message of a new notification of this kind.
            pub fn message(self, notification: Notification) -> NotificationMessage {
                let at = notification.created_at;
                match self { $(Self::$variant => NotificationMessage::$variant { at, notification }),+ }
            }
        }

        /// What `user:` carries of notifications: each new one by its kind, and which were read.
        #[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
        #[serde(tag = "type", rename_all = "snake_case")]
        pub enum NotificationMessage {
            $($(#[$doc])* $variant { at: Timestamp, notification: Notification },)+
            /// One was read, or all without an `id`.
            NotificationsRead {
                at: Timestamp,
                id: Option<Uuid>,
                /// How many are left unread.
                unread_count: i64,
            },
        }
    };
}

kinds! {
    /// To the owner of each shop: there is an order to accept.
    OrderCreated = "order_created",
    /// To the customer: a crew is on the way to the shop.
    OrderClaimed = "order_claimed",
    /// To the customer: another crew is looked for.
    OrderReleased = "order_released",
    /// To the customer: another crew carries the order.
    OrderReassigned = "order_reassigned",
    /// To the customer: the order is on its way.
    OrderShipped = "order_shipped",
    /// To the customer: the order was handed over.
    OrderDelivered = "order_delivered",
    /// To the customer: the order could not be delivered.
    OrderDeliveryFailed = "order_delivery_failed",
    /// To everybody who had still something to do for it.
    OrderCancelled = "order_cancelled",
    /// To the customer: the order is complete.
    OrderCompleted = "order_completed",
    /// To a seller: they were paid for an order.
    SellerPayment = "seller_payment",
    /// To a crew: they were paid for an order.
    CrewPayment = "crew_payment",
}

impl ChannelMessage for NotificationMessage {
    const NAMESPACE: &'static str = "user";
    type Id = UserId;
}

/// The text of a notification.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    pub title: String,
    pub message: String,
}

/// The text of a stored notification. `kind` is text, since during an upgrade a node reads kinds that only the next release knows.
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
    use super::{super::store::Row, *};
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
    fn a_message_has_the_kind_as_its_type() {
        let nil = Uuid::nil();
        for kind in Kind::ALL {
            let row = Row {
                id: nil,
                kind: kind.name().to_owned(),
                subject: None,
                parameters: json!({}),
                created_at: Timestamp::UNIX_EPOCH,
                read_at: None,
                handled_at: None,
            };
            let message = kind.message(Notification::of(row, nil.into(), Language::En));
            assert_eq!(serde_json::to_value(message).expect("JSON")["type"], kind.name());
        }
    }

    #[test]
    fn a_reason_is_shown_where_there_is_one_and_a_slug_is_translated() {
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
