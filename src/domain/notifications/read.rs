//! A person's notifications: listed, read, deleted.
use super::{
    kind::Kind,
    notify::Notification,
    store::{self, Filters},
};
use crate::{
    App, Problem,
    actor::Actor,
    clock::Timestamp,
    db::{Committed, Message},
    domain::delivery,
    http::{Json, Path},
    operations::{Answer, RequestContext},
    page::Listing,
    problem::Result,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::PgConnection;
use uuid::Uuid;

/// A page of notifications, and how many are unread in all.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Notifications {
    pub items: Vec<Notification>,
    pub next: Option<String>,
    pub unread_count: i64,
}

/// Which notifications are read.
#[derive(Debug, Clone, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MarkRead {
    /// One; all without it.
    pub id: Option<Uuid>,
    /// Those made until then.
    pub up_to: Option<Timestamp>,
}

/// The body of `read-all/`.
#[derive(Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpTo {
    pub up_to: Option<Timestamp>,
}

/// The own notifications, newest first
pub async fn list(State(app): State<App>, actor: Actor, listing: Listing<Filters>) -> Result<axum::Json<Notifications>> {
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
    Ok(axum::Json(Notifications { items, next: page.next, unread_count }))
}

/// Puts PIN and code into an `order_shipped` as it is read, while its order is on the way: they are derived and stand in no row.
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

/// Marks one or all read, on all devices of the person.
pub async fn mark_read(app: App, actor: Actor, input: MarkRead) -> Result<Committed<Value>> {
    let mut tx = app.begin(actor.id.region()).await?;
    if let Some(id) = input.id
        && !store::exists(&mut tx, actor.id, id).await?
    {
        return Err(Problem::not_found().into());
    }
    let now = tx.now().await?;
    let region = tx.region();
    let read = store::mark(&mut tx, region, actor.id, input.id, input.up_to, now).await?;
    if read > 0 {
        let unread_count = store::unread(&mut tx, actor.id).await?;
        let body = json!({ "type": "notifications_read", "at": now, "id": input.id, "unread_count": unread_count });
        tx.publish(Message::new(format!("user:{}", actor.id), &body));
    }
    tx.commit(json!({ "read": read })).await
}

/// Deletes one.
pub async fn remove(app: App, actor: Actor, id: Uuid) -> Result<Committed<()>> {
    let mut tx = app.begin(actor.id.region()).await?;
    if !store::exists(&mut tx, actor.id, id).await? {
        return Err(Problem::not_found().into());
    }
    let now = tx.now().await?;
    store::delete(&mut tx, actor.id, id, now).await?;
    tx.commit(()).await
}
