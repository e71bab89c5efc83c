//! One notification: what is written, and what `user:` hears of it.
use super::store;
use crate::{
    clock::Timestamp,
    db::{Message, Tx},
    ids::{OrderId, UserId},
    problem::Result,
};
use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

/// What a notification is about.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct ContentObject {
    #[serde(rename = "type")]
    pub kind: String,
    pub id: Uuid,
}

/// A notification as its recipient reads it.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Notification {
    pub id: Uuid,
    pub kind: String,
    pub title: String,
    pub message: String,
    pub content_object: Option<ContentObject>,
    pub extra_data: Value,
    pub recipient: UserId,
    pub created_at: Timestamp,
    pub read_at: Option<Timestamp>,
    pub handled_at: Option<Timestamp>,
}

/// Tells `recipient` something about an order: a row, and a publication on their channel.
pub async fn tell(tx: &mut Tx, recipient: UserId, kind: &str, order: OrderId, text: (&str, String), extra: Value) -> Result<()> {
    let app = tx.app().clone();
    let notification = Notification {
        id: crate::ids::new(tx.region(), &app.clock, &app.random),
        kind: kind.to_owned(),
        title: text.0.to_owned(),
        message: text.1,
        content_object: Some(ContentObject { kind: "order".into(), id: order.uuid() }),
        extra_data: extra,
        recipient,
        created_at: app.clock.now(),
        read_at: None,
        handled_at: None,
    };
    store::insert(tx, &notification).await?;
    let body = json!({ "type": kind, "at": notification.created_at, "notification": notification });
    tx.publish(Message::new(format!("user:{recipient}"), &body));
    Ok(())
}
