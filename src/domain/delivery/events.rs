//! The events of deliveries, published to the order, its shops and its crew.
use super::job::Job;
use crate::{
    clock::Timestamp,
    db::Message,
    domain::{
        Event,
        orders::{By, ClaimableOrder, Order, OrderState},
    },
    ids::{OrderId, ShopId, UserId},
};
use serde::Serialize;
use serde_json::{Value, json};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident = $kind:literal { $($field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug, Serialize)]
        pub struct $name {
            pub order: OrderState,
            pub customer_id: UserId,
            /// Its shops and their sellers.
            pub shops: Vec<(ShopId, UserId)>,
            $(pub $field: $type,)*
            #[serde(skip)]
            said: Vec<Message>,
        }

        impl $name {
            fn about(order: &Order, said: Vec<Message>, $($field: $type),*) -> Self {
                let shops = order.shop_orders.iter().map(|part| (part.shop_id, part.seller_id)).collect();
                Self { order: order.state(), customer_id: order.customer_id, shops, $($field,)* said }
            }
        }

        impl Event for $name {
            const TYPE: &'static str = $kind;
            fn to(&self) -> Vec<Message> {
                self.said.clone()
            }
        }
    )+};
}

events! {
    /// A crew claimed the order.
    OrderClaimed = "order_claimed" { crew_id: UserId }
    /// A crew released the order: it is on the list again.
    OrderReleased = "order_released" { crew_id: UserId }
    /// Staff reassigned the order to another crew.
    OrderReassigned = "order_reassigned" { from: UserId, crew_id: UserId }
    /// One stop of several was picked up by the crew, or collected by the customer (`crew_id` is `None`).
    OrderPickedUp = "order_picked_up" { crew_id: Option<UserId>, shop_id: Option<ShopId> }
    /// All goods are on their way; the proof is minted.
    OrderShipped = "order_shipped" { crew_id: UserId }
    /// The customer has the goods. `crew_id` is `None` when they were collected.
    OrderDelivered = "order_delivered" { crew_id: Option<UserId> }
    /// The customer was absent or refused the goods.
    OrderDeliveryFailed = "order_delivery_failed" { crew_id: Option<UserId>, reason: String }
    /// The goods are back at their shops.
    OrderReturned = "order_returned" { crew_id: Option<UserId>, reason: String }
    /// Too many wrong PINs: staff must unlock.
    ProofLocked = "proof_locked" { crew_id: Option<UserId> }
    /// Staff unlocked the proof.
    ProofUnlocked = "proof_unlocked" { crew_id: Option<UserId> }
}

/// A message to a crew with the present state of its job.
fn to_crew(crew: UserId, kind: &str, now: Timestamp, job: &Job) -> Message {
    Message::new(format!("crew:{crew}"), &json!({ "type": kind, "at": now, "order_id": job.order_id, "job": job }))
}

/// A message to a crew about a job that it no longer has.
fn gone(crew: UserId, kind: &str, now: Timestamp, order: OrderId, why: &Value) -> Message {
    let mut body = json!({ "type": kind, "at": now, "order_id": order });
    if let (Value::Object(body), Value::Object(why)) = (&mut body, why) {
        body.extend(why.clone());
    }
    Message::new(format!("crew:{crew}"), &body)
}

/// The first of an order's messages is for its own channel: the crew gets this one and no later one.
fn ending(mut said: Vec<Message>, crew: Option<UserId>) -> Vec<Message> {
    if let (Some(crew), false) = (crew, said.is_empty()) {
        let own = said.remove(0);
        said.insert(0, own.revokes(crew, true));
    }
    said
}

impl OrderClaimed {
    pub fn new(order: &Order, crew: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = order.said(Self::TYPE, now, by, &json!({}));
        said.push(to_crew(crew, "job_assigned", now, job));
        Self::about(order, said, crew)
    }
}

impl OrderReleased {
    /// `crew`: the one that had it.
    pub fn new(order: &Order, crew: UserId, reason: &str, now: Timestamp, by: By) -> Self {
        let mut said = ending(order.said(Self::TYPE, now, by, &json!({ "listing": ClaimableOrder::of(order) })), Some(crew));
        said.push(gone(crew, "job_released", now, order.id, &json!({ "reason": reason })));
        Self::about(order, said, crew)
    }
}

impl OrderReassigned {
    pub fn new(order: &Order, from: UserId, to: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = ending(order.said(Self::TYPE, now, by, &json!({})), Some(from));
        said.push(gone(from, "job_released", now, order.id, &json!({ "reason": "reassigned" })));
        said.push(to_crew(to, "job_assigned", now, job));
        Self::about(order, said, from, to)
    }
}

impl OrderPickedUp {
    pub fn new(order: &Order, crew: UserId, shop: Option<ShopId>, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = order.said(Self::TYPE, now, by, &json!({ "shop_id": shop }));
        said.push(to_crew(crew, "job_picked_up", now, job));
        Self::about(order, said, Some(crew), shop)
    }

    /// The customer collected this shop's part.
    pub fn at_the_counter(order: &Order, shop: ShopId, now: Timestamp, by: By) -> Self {
        Self::about(order, order.said(Self::TYPE, now, by, &json!({ "shop_id": shop })), None, Some(shop))
    }
}

impl OrderShipped {
    pub fn new(order: &Order, crew: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = order.said(Self::TYPE, now, by, &json!({}));
        said.push(to_crew(crew, "job_shipped", now, job));
        Self::about(order, said, crew)
    }
}

impl OrderDelivered {
    /// `means`: how it was proven: `pin`, `token`, `none`, `override`.
    pub fn new(order: &Order, means: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = ending(order.said(Self::TYPE, now, by, &json!({ "proof": means })), order.crew_id);
        said.extend(order.crew_id.map(|crew| to_crew(crew, "job_delivered", now, job)));
        Self::about(order, said, order.crew_id)
    }
}

impl OrderDeliveryFailed {
    pub fn new(order: &Order, reason: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = order.said(Self::TYPE, now, by, &json!({ "reason": reason }));
        said.extend(order.crew_id.map(|crew| to_crew(crew, "job_failed", now, job)));
        Self::about(order, said, order.crew_id, reason.to_owned())
    }
}

impl OrderReturned {
    pub fn new(order: &Order, reason: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let mut said = ending(order.said(Self::TYPE, now, by, &json!({ "reason": reason })), order.crew_id);
        said.extend(order.crew_id.map(|crew| to_crew(crew, "job_returned", now, job)));
        Self::about(order, said, order.crew_id, reason.to_owned())
    }
}

impl ProofLocked {
    pub fn new(order: &Order, now: Timestamp, by: By) -> Self {
        Self::about(order, order.said(Self::TYPE, now, by, &json!({})), order.crew_id)
    }
}

impl ProofUnlocked {
    pub fn new(order: &Order, now: Timestamp, by: By) -> Self {
        Self::about(order, order.said(Self::TYPE, now, by, &json!({})), order.crew_id)
    }
}

/// A crew went on duty or off.
#[derive(Debug, Serialize)]
pub struct DutyChanged {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub at: Timestamp,
    #[serde(skip)]
    pub crew_id: UserId,
    pub name: String,
    pub vehicle: &'static str,
    pub on_duty: bool,
    pub duty_no: i64,
    pub radius_m: Option<i32>,
}

impl Event for DutyChanged {
    const TYPE: &'static str = "duty_changed";
    fn to(&self) -> Vec<Message> {
        vec![Message::new(format!("crew:{}", self.crew_id), self)]
    }
}

/// A crew reported a problem with a job, for its own devices and for staff.
#[derive(Debug, Serialize)]
pub struct JobProblem {
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub at: Timestamp,
    #[serde(skip)]
    pub crew_id: UserId,
    pub order_id: OrderId,
    pub problem: &'static str,
    pub note: Option<String>,
}

impl Event for JobProblem {
    const TYPE: &'static str = "job_problem";
    fn to(&self) -> Vec<Message> {
        vec![Message::new(format!("crew:{}", self.crew_id), self)]
    }
}

/// A message to a crew whose job somebody else changed, such as by rejecting a stop.
pub fn job_changed(crew: UserId, now: Timestamp, job: &Job) -> Message {
    to_crew(crew, "job_changed", now, job)
}

/// A message to a crew whose order was cancelled.
pub fn job_cancelled(crew: UserId, now: Timestamp, order: OrderId, reason: &str) -> Message {
    gone(crew, "job_cancelled", now, order, &json!({ "reason": reason }))
}
