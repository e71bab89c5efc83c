//! One notification: what is written, and what `user:` carries of it.
use super::{
    kind::{Kind, render},
    store::{self, Row},
};
use crate::{
    clock::Timestamp,
    db::Tx,
    domain::orders::{self, OrderState},
    event::Message,
    i18n::Language,
    ids::UserId,
    problem::Result,
    subject::Subject,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

/// A notification as somebody reads it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Notification {
    pub id: Uuid,
    pub kind: String,
    /// In the reader's language, like `message`.
    pub title: String,
    pub message: String,
    pub content_object: Option<Subject>,
    /// What the texts were filled from.
    pub extra_data: Value,
    pub recipient: UserId,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
    pub handled_at: Option<Timestamp>,
}

impl Notification {
    /// The stored notification with its texts in `language`.
    pub fn of(row: Row, recipient: UserId, language: Language) -> Self {
        let text = render(&row.kind, &row.parameters, language);
        Self {
            id: row.id,
            kind: row.kind,
            title: text.title,
            message: text.message,
            content_object: row.subject,
            extra_data: row.parameters,
            recipient,
            created_at: row.created_at,
            read_at: row.read_at,
            handled_at: row.handled_at,
        }
    }
}

/// A new notification for one person.
#[derive(Debug)]
pub struct Notice {
    pub recipient: UserId,
    pub kind: Kind,
    /// What its texts are filled from.
    pub parameters: Value,
}

/// Stores notifications about `order` and publishes each to its recipient, in the language that they are written to in.
pub async fn notify(tx: &mut Tx, order: &OrderState, notices: Vec<Notice>) -> Result<()> {
    let (app, region) = (tx.app().clone(), tx.region());
    let row = |notice: Notice| Row {
        id: crate::ids::new(region, &app.clock, &app.random),
        kind: notice.kind.name().to_owned(),
        subject: Some(orders::subject(order.id)),
        parameters: notice.parameters,
        created_at: app.clock.now(),
        read_at: None,
        handled_at: None,
    };
    let pair = |notice: Notice| (notice.kind, (notice.recipient, row(notice)));
    let (kinds, new): (Vec<Kind>, Vec<(UserId, Row)>) = notices.into_iter().map(pair).unzip();
    let languages = store::insert(tx, &new).await?;
    for (kind, (recipient, row)) in kinds.into_iter().zip(new) {
        let language = languages.get(&recipient).copied().unwrap_or_default();
        tx.publish(Message::new(recipient, &kind.message(Notification::of(row, recipient, language))));
    }
    Ok(())
}
