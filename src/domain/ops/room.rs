//! `staff:ops`: short forms of what happens to orders and crews. Each node collects what it observes and publishes it four times a second.
use crate::{
    App,
    actor::Actor,
    clock::Timestamp,
    domain::{
        delivery::{CrewMessage, DeliveryMessage},
        orders::{By, NewOrderMessage, OrderMessage, OrderState},
    },
    event::{ChannelMessage, Observed},
    ids::{OrderId, ShopId, UserId},
    operations::Snapshot,
    problem::{Checked, Problem, Result},
};
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};
use utoipa::ToSchema;

/// How many publications of the room a node keeps for recovery.
pub const RING: usize = 500;
/// Most short forms collected for one frame; beyond that the oldest are dropped.
const COLLECTED_MAX: usize = 2 * RING;

pub const FRAME: Duration = Duration::from_millis(250);

/// Short forms collected on this node since the last frame.
#[derive(Default)]
pub struct Room(Mutex<VecDeque<StaffMessage>>);

/// What happened to an order, in short.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct OrderShort {
    pub order_id: OrderId,
    pub at: Timestamp,
    pub by: By,
    pub order: OrderState,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shop_id: Option<ShopId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What happened to a crew or one of their jobs, in short: nothing that only the crew may know.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct CrewShort {
    pub crew_id: UserId,
    pub at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order_id: Option<OrderId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_duty: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duty_no: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// What `staff:ops` carries. A short form is read out of the whole message, which has the same `type`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum StaffMessage {
    OrderCreated(OrderShort),
    OrderAccepted(OrderShort),
    OrderReady(OrderShort),
    OrderRejected(OrderShort),
    OrderCancelled(OrderShort),
    OrderCompleted(OrderShort),
    OrderClaimed(OrderShort),
    OrderReleased(OrderShort),
    OrderReassigned(OrderShort),
    OrderPickedUp(OrderShort),
    OrderShipped(OrderShort),
    OrderDelivered(OrderShort),
    OrderDeliveryFailed(OrderShort),
    OrderReturned(OrderShort),
    ProofLocked(OrderShort),
    ProofUnlocked(OrderShort),
    JobAssigned(CrewShort),
    JobPickedUp(CrewShort),
    JobShipped(CrewShort),
    JobDelivered(CrewShort),
    JobFailed(CrewShort),
    JobReturned(CrewShort),
    JobChanged(CrewShort),
    JobReleased(CrewShort),
    JobCancelled(CrewShort),
    DutyChanged(CrewShort),
    JobProblem(CrewShort),
    /// The reader cannot recover: it reloads its lists.
    Reload {
        full: bool,
    },
}

/// The rooms of the staff: there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ops;

impl std::fmt::Display for Ops {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ops")
    }
}

impl std::str::FromStr for Ops {
    type Err = ();

    fn from_str(text: &str) -> Checked<Self, ()> {
        if text == "ops" { Ok(Self) } else { Err(()) }
    }
}

impl ChannelMessage for StaffMessage {
    const NAMESPACE: &'static str = "staff";
    type Id = Ops;
}

pub fn order_created(app: &App, observed: &Observed<'_, NewOrderMessage>) {
    gather(app, "order_id", observed.channel, observed.message);
}

pub fn order_prepared(app: &App, observed: &Observed<'_, OrderMessage>) {
    gather(app, "order_id", observed.channel, observed.message);
}

pub fn order_delivered(app: &App, observed: &Observed<'_, DeliveryMessage>) {
    gather(app, "order_id", observed.channel, observed.message);
}

pub fn crew_changed(app: &App, observed: &Observed<'_, CrewMessage>) {
    gather(app, "crew_id", observed.channel, observed.message);
}

/// Collects a message's short form, also without subscribers: a client that comes back recovers from the ring.
fn gather(app: &App, id_member: &str, channel: &str, message: &impl Serialize) {
    let id = channel.split_once(':').map_or("", |(_, id)| id);
    let short = match short(id_member, id, message) {
        Ok(short) => short,
        Err(error) => {
            tracing::error!(%error, channel, "a message has no short form");
            return;
        }
    };
    let room = app.state::<Room>();
    let mut collected = room.0.lock();
    if collected.len() >= COLLECTED_MAX {
        collected.pop_front();
    }
    collected.push_back(short);
}

fn short(id_member: &str, id: &str, message: &impl Serialize) -> serde_json::Result<StaffMessage> {
    let mut whole = serde_json::to_value(message)?;
    if let Value::Object(members) = &mut whole {
        members.insert(id_member.to_owned(), id.into());
    }
    serde_json::from_value(whole)
}

/// Publishes what was collected.
pub fn frame(app: &App) -> BoxFuture<'_, Result<()>> {
    let collected = std::mem::take(&mut *app.state::<Room>().0.lock());
    for short in collected {
        app.publish_ephemeral(&Ops, &short);
    }
    Box::pin(std::future::ready(Ok(())))
}

/// Staff.
pub fn may_watch<'a>(_: &'a App, actor: &'a Actor, _: Ops) -> BoxFuture<'a, Result<()>> {
    Box::pin(std::future::ready(if actor.is_staff() { Ok(()) } else { Err(Problem::forbidden().into()) }))
}

/// A subscriber that cannot recover reloads its lists.
pub fn snapshot<'a>(_: &'a App, _: &'a Actor, _: Ops) -> BoxFuture<'a, Result<Snapshot<StaffMessage>>> {
    Box::pin(std::future::ready(Ok(Snapshot { offset: 0, data: StaffMessage::Reload { full: true } })))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::tags;
    use serde_json::json;

    #[test]
    fn the_short_form_leaves_out_what_only_the_crew_may_know() {
        let (id, order) = (uuid::Uuid::from_u128(1).to_string(), uuid::Uuid::from_u128(2));
        let body = json!({
            "type": "job_assigned", "at": "2026-11-28T12:00:00Z", "order_id": order, "job": { "dropoff": 1, "customer": 2 }
        });
        let short = serde_json::to_value(short("crew_id", &id, &body).expect("a short form")).expect("JSON");
        assert_eq!(short, json!({ "type": "job_assigned", "at": "2026-11-28T12:00:00Z", "order_id": order, "crew_id": id }));
    }

    #[test]
    fn every_message_about_an_order_or_a_crew_has_a_short_form() {
        let short = tags::<StaffMessage>();
        for tag in [tags::<NewOrderMessage>(), tags::<OrderMessage>(), tags::<DeliveryMessage>(), tags::<CrewMessage>()].concat()
        {
            assert!(short.contains(&tag), "{tag}");
        }
    }
}
