//! A person's notifications: listed, read, deleted.
use super::{
    kind::{Kind, NotificationMessage},
    notify::Notification,
    store::{self, Filters},
};
use crate::{
    App, Problem,
    actor::Actor,
    clock::Timestamp,
    db::{Committed, Tx},
    domain::delivery,
    event::Message,
    page::Listing,
    problem::Result,
    reply::NoContent,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A page of notifications, and how many are unread in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct Notifications {
    pub items: Vec<Notification>,
    pub next: Option<String>,
    pub unread_count: i64,
}

/// Marks a notification read, on all devices of its owner.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkRead {
    pub id: Uuid,
}

/// Marks all own notifications read, on all devices.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MarkAllRead {
    /// Those made until then; all without it.
    pub up_to: Option<Timestamp>,
}

/// How many notifications were unread before.
#[derive(Debug, Serialize, ToSchema)]
pub struct MarkedRead {
    pub read: u64,
}

/// Deletes a notification.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DeleteNotification {
    pub id: Uuid,
}

/// The caller's notifications, the newest first.
pub async fn list(app: App, actor: Actor, listing: Listing<Filters>) -> Result<Notifications> {
    let mut sql = app.read(actor.id.region()).await?;
    let rows = store::list(&mut sql, actor.id, &listing).await?;
    let unread_count = store::unread(&mut sql, actor.id).await?;
    let page = listing.page(rows, |row| row.id);
    let mut items = vec![];
    for row in page.items {
        let mut notification = Notification::of(row, actor.id, actor.language);
        show_proof(&app, &mut sql, &mut notification).await?;
        items.push(notification);
    }
    Ok(Notifications { items, next: page.next, unread_count })
}

/// Puts PIN and code into an `order_shipped` as it is read, while its order is on the way: they are derived and never stored.
async fn show_proof(app: &App, sql: &mut PgConnection, notification: &mut Notification) -> Result<()> {
    let order =
        notification.content_object.as_ref().filter(|_| notification.kind == Kind::OrderShipped.name()).map(|about| about.id);
    if let (Some(order), Value::Object(extra)) = (order, &mut notification.extra_data)
        && let Some((pin, token)) = delivery::proof_for(sql, &app.keys, order.into()).await?
    {
        extra.insert("proof".to_owned(), json!({ "pin": pin, "token": token }));
    }
    Ok(())
}

/// Marks one read.
pub async fn mark_read(app: App, actor: Actor, input: MarkRead) -> Result<Committed<MarkedRead>> {
    let mut tx = app.begin(actor.id.region()).await?;
    if !store::exists(&mut tx, actor.id, input.id).await? {
        return Err(Problem::not_found().into());
    }
    let read = mark(&mut tx, &actor, Some(input.id), None).await?;
    tx.commit(read).await
}

/// Marks all read.
pub async fn mark_all_read(app: App, actor: Actor, input: MarkAllRead) -> Result<Committed<MarkedRead>> {
    let mut tx = app.begin(actor.id.region()).await?;
    let read = mark(&mut tx, &actor, None, input.up_to).await?;
    tx.commit(read).await
}

async fn mark(tx: &mut Tx, actor: &Actor, id: Option<Uuid>, up_to: Option<Timestamp>) -> Result<MarkedRead> {
    let (at, region) = (tx.now().await?, tx.region());
    let read = store::mark(tx, region, actor.id, id, up_to, at).await?;
    if read > 0 {
        let unread_count = store::unread(tx, actor.id).await?;
        tx.publish(Message::new(actor.id, &NotificationMessage::NotificationsRead { at, id, unread_count }));
    }
    Ok(MarkedRead { read })
}

/// Deletes one.
pub async fn delete(app: App, actor: Actor, input: DeleteNotification) -> Result<Committed<NoContent>> {
    let mut tx = app.begin(actor.id.region()).await?;
    if !store::exists(&mut tx, actor.id, input.id).await? {
        return Err(Problem::not_found().into());
    }
    let now = tx.now().await?;
    store::delete(&mut tx, actor.id, input.id, now).await?;
    tx.commit(NoContent).await
}
