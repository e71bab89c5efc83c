//! `staff:ops`: short forms of what happens to orders and crews. Each node collects what it observes and publishes it every quarter of a second.
use crate::{
    App,
    actor::Actor,
    domain::{Observed, Snapshot},
    problem::{Problem, Result},
};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// How many publications of the room a node keeps for recovery.
pub const RING: usize = 500;
/// Most short forms collected for one frame; beyond that the oldest are dropped.
const COLLECTED_MAX: usize = 2 * RING;
/// The members of a message that its short form has.
const SHORT_MEMBERS: [&str; 11] =
    ["type", "at", "by", "order", "order_id", "shop_id", "reason", "on_duty", "duty_no", "problem", "note"];

pub const FRAME: Duration = Duration::from_millis(250);

/// Short forms collected on this node since the last frame.
#[derive(Default)]
pub struct Room(Mutex<Vec<Bytes>>);

/// Collects the short form of what happens on `order:`, `crew:` and `auction:`.
pub fn observe(app: &App, publication: &Observed<'_>) {
    let Some((namespace, id)) = publication.channel.split_once(':') else { return };
    // Also without subscribers: a client that comes back recovers from the ring.
    if !matches!(namespace, "order" | "crew" | "auction") {
        return;
    }
    let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(publication.body) else { return };
    let short = short(namespace, id, body);
    let room = app.state::<Room>();
    let mut collected = room.0.lock();
    if collected.len() >= COLLECTED_MAX {
        collected.remove(0);
    }
    collected.push(short.to_string().into());
}

fn short(namespace: &str, id: &str, body: Map<String, Value>) -> Value {
    let mut short: Map<String, Value> = body.into_iter().filter(|(key, _)| SHORT_MEMBERS.contains(&key.as_str())).collect();
    short.insert(format!("{namespace}_id"), id.into());
    Value::Object(short)
}

/// Publishes what was collected.
pub fn frame(app: &App) -> BoxFuture<'_, Result<()>> {
    let collected = std::mem::take(&mut *app.state::<Room>().0.lock());
    for short in collected {
        app.hub().publish_ephemeral("staff:ops", short);
    }
    Box::pin(std::future::ready(Ok(())))
}

/// Staff. Errors: 404 for other rooms.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, room: &'a str) -> BoxFuture<'a, Result<()>> {
    let may = match room {
        _ if !actor.is_staff() => Err(Problem::forbidden().into()),
        "ops" => Ok(()),
        _ => Err(Problem::not_found().into()),
    };
    Box::pin(std::future::ready(may))
}

/// A subscriber that cannot recover reloads its lists.
pub fn snapshot<'a>(_: &'a App, _: &'a Actor, _: &'a str) -> BoxFuture<'a, Result<Snapshot>> {
    let data = json!({ "type": "reload", "full": true }).to_string().into();
    Box::pin(std::future::ready(Ok(Snapshot { offset: 0, data })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_form_leaves_out_what_only_the_crew_may_know() {
        let body = json!({ "type": "job_assigned", "at": "now", "order_id": "o", "job": { "dropoff": 1, "customer": 2 } });
        let Value::Object(body) = body else { panic!("an object") };
        assert_eq!(short("crew", "c", body), json!({ "type": "job_assigned", "at": "now", "order_id": "o", "crew_id": "c" }));
    }
}
