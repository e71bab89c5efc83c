//! Staff override the proof: they deliver without it, or unlock it. A reason is required and recorded.
use super::{advance::hand_over, events::ProofUnlocked, store};
use crate::{
    App,
    actor::Staff,
    db::Committed,
    domain::orders::{self, By, OrderView},
    http::json::{Json, Path},
    ids::OrderId,
    operations::{Answer, RequestContext},
    problem::Result,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What the override does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Act {
    #[serde(rename = "DELIVERED")]
    Delivered,
    #[serde(rename = "unlock_proof")]
    UnlockProof,
}

#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OverrideBody {
    to: Act,
    reason: Option<String>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Override {
    pub order_id: OrderId,
    pub to: Act,
    pub reason: Option<String>,
}

/// Delivers an order without its proof, or unlocks its proof for five more tries.
///
/// Errors: 404; 422 `reason_required`; 409 `invalid_transition`, `no_proof_yet`.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn overrule(app: App, staff: Staff, input: Override) -> Result<Committed<OrderView>> {
    let reason = super::required_reason(input.reason.as_deref())?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &staff, input.order_id).await?;
    let now = tx.now().await?;
    let by = By::from(&*staff);
    let act = match input.to {
        Act::Delivered => {
            let proven = store::Proven { by: staff.id, means: "override", place: None, distance_m: None, is_late: false };
            hand_over(&app, &mut tx, &mut order, proven, by, now).await?;
            "DELIVERED"
        }
        Act::UnlockProof => {
            store::proof(&mut tx, order.id).await?.ok_or(super::proof::ProofError::NotYet)?;
            store::count_tries(&mut tx, order.id, 0, None).await?;
            tx.emit(ProofUnlocked::new(&order, now, by));
            "unlock_proof"
        }
    };
    let id = crate::ids::new(region, &app.clock, &app.random);
    store::audit(&mut tx, id, order.id, staff.id, act, reason, now).await?;
    let answer = OrderView::of(&mut tx, &staff, &order).await?;
    tx.commit(answer).await
}
