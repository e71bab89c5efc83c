//! The events of deliveries, published to the order, its shops and its crew.
use super::{
    job::Job,
    messages::{CrewMessage, DeliveryFact, JobGone, JobNow},
    problem::ProblemKind,
};
use crate::{
    clock::Timestamp,
    domain::orders::{self, By, ClaimableOrder, Order, OrderState},
    event::{Event, Message},
    ids::{OrderId, ShopId, UserId},
};

macro_rules! events {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty),* $(,)? })+) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name {
            pub order: OrderState,
            pub customer_id: UserId,
            /// Its shops and their sellers.
            pub shops: Vec<(ShopId, UserId)>,
            $(pub $field: $type,)*
            messages: Vec<Message>,
        }

        impl $name {
            fn about(order: &Order, messages: Vec<Message>, $($field: $type),*) -> Self {
                let shops = order.shop_orders.iter().map(|part| (part.shop_id, part.seller_id)).collect();
                Self { order: order.state(), customer_id: order.customer_id, shops, $($field,)* messages }
            }
        }

        impl Event for $name {
            fn messages(&self) -> Vec<Message> {
                self.messages.clone()
            }
        }
    )+};
}

events! {
    /// A crew claimed the order.
    OrderClaimed { crew_id: UserId }
    /// A crew released the order: it is on the list again.
    OrderReleased { crew_id: UserId }
    /// Staff reassigned the order to another crew.
    OrderReassigned { from: UserId, crew_id: UserId }
    /// One stop of several was picked up by the crew, or collected by the customer (`crew_id` is `None`).
    OrderPickedUp { crew_id: Option<UserId>, shop_id: Option<ShopId> }
    /// All goods are on their way; the proof is minted.
    OrderShipped { crew_id: UserId }
    /// The customer has the goods. `crew_id` is `None` when they were collected.
    OrderDelivered { crew_id: Option<UserId> }
    /// The customer was absent or refused the goods.
    OrderDeliveryFailed { crew_id: Option<UserId>, reason: String }
    /// The goods are back at their shops.
    OrderReturned { crew_id: Option<UserId>, reason: String }
    /// Too many wrong PINs: staff must unlock.
    ProofLocked { crew_id: Option<UserId> }
    /// Staff unlocked the proof.
    ProofUnlocked { crew_id: Option<UserId> }
}

/// A message to a crew with the present state of its job.
fn to_crew(crew: UserId, now: Timestamp, job: &Job, message: fn(JobNow) -> CrewMessage) -> Message {
    Message::new(crew, &message(JobNow { at: now, order_id: job.order_id, job: job.clone() }))
}

fn released(crew: UserId, now: Timestamp, order: OrderId, reason: &str) -> Message {
    Message::new(crew, &CrewMessage::JobReleased(JobGone { at: now, order_id: order, reason: reason.to_owned() }))
}

impl OrderClaimed {
    pub fn new(order: &Order, crew: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut messages = order.announce(now, by, DeliveryFact::OrderClaimed {});
        messages.push(to_crew(crew, now, job, CrewMessage::JobAssigned));
        Self::about(order, messages, crew)
    }
}

impl OrderReleased {
    /// `crew`: the one that had it.
    pub fn new(order: &Order, crew: UserId, reason: &str, now: Timestamp, by: By) -> Self {
        let fact = DeliveryFact::OrderReleased { listing: ClaimableOrder::of(order) };
        let mut messages = orders::ending(order.announce(now, by, fact), Some(crew));
        messages.push(released(crew, now, order.id, reason));
        Self::about(order, messages, crew)
    }
}

impl OrderReassigned {
    pub fn new(order: &Order, from: UserId, to: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut messages = orders::ending(order.announce(now, by, DeliveryFact::OrderReassigned {}), Some(from));
        messages.push(released(from, now, order.id, "reassigned"));
        messages.push(to_crew(to, now, job, CrewMessage::JobAssigned));
        Self::about(order, messages, from, to)
    }
}

impl OrderPickedUp {
    pub fn new(order: &Order, crew: UserId, shop: Option<ShopId>, job: &Job, now: Timestamp, by: By) -> Self {
        let mut messages = order.announce(now, by, DeliveryFact::OrderPickedUp { shop_id: shop });
        messages.push(to_crew(crew, now, job, CrewMessage::JobPickedUp));
        Self::about(order, messages, Some(crew), shop)
    }

    /// The customer collected this shop's part.
    pub fn collected(order: &Order, shop: ShopId, now: Timestamp, by: By) -> Self {
        let messages = order.announce(now, by, DeliveryFact::OrderPickedUp { shop_id: Some(shop) });
        Self::about(order, messages, None, Some(shop))
    }
}

impl OrderShipped {
    pub fn new(order: &Order, crew: UserId, job: &Job, now: Timestamp, by: By) -> Self {
        let mut messages = order.announce(now, by, DeliveryFact::OrderShipped {});
        messages.push(to_crew(crew, now, job, CrewMessage::JobShipped));
        Self::about(order, messages, crew)
    }
}

impl OrderDelivered {
    /// `means`: how it was proven: `pin`, `token`, `none`, `override`.
    pub fn new(order: &Order, means: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let fact = DeliveryFact::OrderDelivered { proof: means.to_owned() };
        let mut messages = orders::ending(order.announce(now, by, fact), order.crew_id);
        messages.extend(order.crew_id.map(|crew| to_crew(crew, now, job, CrewMessage::JobDelivered)));
        Self::about(order, messages, order.crew_id)
    }
}

impl OrderDeliveryFailed {
    pub fn new(order: &Order, reason: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let mut messages = order.announce(now, by, DeliveryFact::OrderDeliveryFailed { reason: reason.to_owned() });
        messages.extend(order.crew_id.map(|crew| to_crew(crew, now, job, CrewMessage::JobFailed)));
        Self::about(order, messages, order.crew_id, reason.to_owned())
    }
}

impl OrderReturned {
    pub fn new(order: &Order, reason: &str, job: &Job, now: Timestamp, by: By) -> Self {
        let fact = DeliveryFact::OrderReturned { reason: reason.to_owned() };
        let mut messages = orders::ending(order.announce(now, by, fact), order.crew_id);
        messages.extend(order.crew_id.map(|crew| to_crew(crew, now, job, CrewMessage::JobReturned)));
        Self::about(order, messages, order.crew_id, reason.to_owned())
    }
}

impl ProofLocked {
    pub fn new(order: &Order, now: Timestamp, by: By) -> Self {
        Self::about(order, order.announce(now, by, DeliveryFact::ProofLocked {}), order.crew_id)
    }
}

impl ProofUnlocked {
    pub fn new(order: &Order, now: Timestamp, by: By) -> Self {
        Self::about(order, order.announce(now, by, DeliveryFact::ProofUnlocked {}), order.crew_id)
    }
}

/// A crew went on duty or off.
#[derive(Debug)]
pub struct DutyChanged {
    pub at: Timestamp,
    pub crew_id: UserId,
    pub name: String,
    pub vehicle: &'static str,
    pub on_duty: bool,
    pub duty_no: i64,
    pub radius_m: Option<i32>,
}

impl Event for DutyChanged {
    fn messages(&self) -> Vec<Message> {
        let message = CrewMessage::DutyChanged {
            at: self.at,
            name: self.name.clone(),
            vehicle: self.vehicle.to_owned(),
            on_duty: self.on_duty,
            duty_no: self.duty_no,
            radius_m: self.radius_m,
        };
        vec![Message::new(self.crew_id, &message)]
    }
}

/// A crew reported a problem with a job, for its own devices and for staff.
#[derive(Debug)]
pub struct JobProblem {
    pub at: Timestamp,
    pub crew_id: UserId,
    pub order_id: OrderId,
    pub problem: ProblemKind,
    pub note: Option<String>,
}

impl Event for JobProblem {
    fn messages(&self) -> Vec<Message> {
        let Self { at, order_id, problem, note, .. } = self;
        let message = CrewMessage::JobProblem { at: *at, order_id: *order_id, problem: *problem, note: note.clone() };
        vec![Message::new(self.crew_id, &message)]
    }
}

/// A message to a crew whose job somebody else changed, such as by rejecting a stop.
pub fn job_changed(crew: UserId, now: Timestamp, job: &Job) -> Message {
    to_crew(crew, now, job, CrewMessage::JobChanged)
}

/// A message to a crew whose order was cancelled.
pub fn job_cancelled(crew: UserId, now: Timestamp, order: OrderId, reason: &str) -> Message {
    Message::new(crew, &CrewMessage::JobCancelled(JobGone { at: now, order_id: order, reason: reason.to_owned() }))
}
