//! What `order:`, `shop:` and `crew:` carry of a delivery.
use super::{job::Job, problem::ProblemKind};
use crate::{
    clock::Timestamp,
    domain::orders::{About, ClaimableOrder, Fact, ShopOrderBrief},
    event::ChannelMessage,
    ids::{OrderId, ShopId, UserId},
    order_facts,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

order_facts! {
    DeliveryFact => DeliveryMessage, DeliveryShopMessage {
        /// A crew claimed the order.
        OrderClaimed {}
        /// A crew released the order: it is on the list again.
        OrderReleased {
            /// What crews see of it from now on.
            listing: Option<ClaimableOrder>,
        }
        /// Staff reassigned the order to another crew.
        OrderReassigned {}
        /// One stop of several was picked up by the crew, or collected by the customer.
        OrderPickedUp {
            /// `null`: all remaining ones.
            shop_id: Option<ShopId>,
        }
        /// All goods are on their way; the proof is minted.
        OrderShipped {}
        /// The customer has the goods.
        OrderDelivered {
            /// How it was proven: `pin`, `token`, `none`, `override`.
            proof: String,
        }
        /// The customer was absent or refused the goods.
        OrderDeliveryFailed { reason: String }
        /// The goods are back at their shops.
        OrderReturned { reason: String }
        /// Too many wrong PINs: staff must unlock.
        ProofLocked {}
        /// Staff unlocked the proof.
        ProofUnlocked {}
    }
}

impl Fact for DeliveryFact {
    type Order = DeliveryMessage;
    type Shop = DeliveryShopMessage;

    fn to_order(self, about: About) -> DeliveryMessage {
        self.order_message(about)
    }

    fn to_shop(self, about: About, shop_order: ShopOrderBrief) -> DeliveryShopMessage {
        self.shop_message(about, shop_order)
    }
}

/// The present state of a job.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobNow {
    pub at: Timestamp,
    pub order_id: OrderId,
    pub job: Job,
}

/// A job that the crew no longer has.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobGone {
    pub at: Timestamp,
    pub order_id: OrderId,
    pub reason: String,
}

/// What `crew:` carries.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum CrewMessage {
    JobAssigned(JobNow),
    JobPickedUp(JobNow),
    JobShipped(JobNow),
    JobDelivered(JobNow),
    JobFailed(JobNow),
    JobReturned(JobNow),
    /// Somebody else changed the job, such as by rejecting a stop.
    JobChanged(JobNow),
    JobReleased(JobGone),
    JobCancelled(JobGone),
    /// The crew went on duty or off.
    DutyChanged {
        at: Timestamp,
        name: String,
        vehicle: String,
        on_duty: bool,
        duty_no: i64,
        radius_m: Option<i32>,
    },
    /// The crew reported a problem.
    JobProblem {
        at: Timestamp,
        order_id: OrderId,
        problem: ProblemKind,
        note: Option<String>,
    },
}

impl ChannelMessage for CrewMessage {
    const NAMESPACE: &'static str = "crew";
    type Id = UserId;
}
