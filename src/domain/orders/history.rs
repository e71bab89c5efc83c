//! What happened to an order, out of its channel's log.
use super::{find_as, store};
use crate::{App, actor::Actor, event::channel_of, ids::OrderId, page::Page, problem::Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

/// One event of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryItem {
    /// `order_created`, `order_accepted`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The order's status afterwards.
    pub status: Option<String>,
    /// The shop it was about.
    pub shop_id: Option<String>,
    pub actor_role: Option<String>,
    /// The reason that was given.
    pub note: Option<String>,
    pub at: Option<String>,
    /// Its number in `order:{id}`.
    pub offset: i64,
}

/// Reads what happened to an order, oldest first.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadHistory {
    pub order_id: OrderId,
}

pub async fn history(app: App, actor: Actor, input: ReadHistory) -> Result<Page<HistoryItem>> {
    let id = input.order_id;
    let mut view = app.read_whole(id.region()).await?;
    find_as(&mut view, &actor, id).await?;
    let log = store::log(&mut view, id.region(), &channel_of::<super::NewOrderMessage>(&id)).await?;
    let items = log.into_iter().filter_map(|(offset, body)| Some(item(offset, &serde_json::from_str(&body).ok()?)));
    Ok(Page { items: items.collect(), next: None })
}

fn item(offset: i64, body: &Value) -> HistoryItem {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    HistoryItem {
        kind: text(&body["type"]).unwrap_or_default(),
        status: text(&body["order"]["status"]),
        shop_id: text(&body["shop_id"]),
        actor_role: text(&body["by"]["role"]),
        note: text(&body["reason"]),
        at: text(&body["at"]),
        offset,
    }
}
