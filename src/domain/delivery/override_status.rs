//! Staff override the proof: they deliver without it, or unlock it.
use super::{ReasonError, advance::hand_over, events::ProofUnlocked, store};
use crate::{
    App,
    actor::Staff,
    db::Committed,
    domain::orders::{self, By, InvalidTransition, OrderView},
    ids::OrderId,
    problem::{ApiError, Inherit, Result},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

/// What the override does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Act {
    #[serde(rename = "DELIVERED")]
    Delivered,
    #[serde(rename = "unlock_proof")]
    UnlockProof,
}

/// Delivers an order without its proof, or unlocks its proof for five more tries. Needs a reason, and is audited.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    pub order_id: OrderId,
    pub to: Act,
    pub reason: Option<String>,
}

#[derive(Debug, ApiError)]
pub enum OverrideError {
    #[api(inherit)]
    Reason(ReasonError),
    /// The proof is minted when all goods are picked up.
    #[api(409, "no_proof_yet")]
    NoProofYet,
    #[api(inherit)]
    State(InvalidTransition),
}

#[tracing::instrument(skip_all, fields(order.id = %input.order_id))]
pub async fn override_status(app: App, staff: Staff, input: Override) -> Result<Committed<OrderView>, OverrideError> {
    let reason = super::required_reason(input.reason.as_deref()).inherit::<OverrideError>()?;
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (mut order, _) = orders::lock_as(&mut tx, &staff, input.order_id).await?;
    let now = tx.now().await?;
    let by = By::from(&*staff);
    let before = order.status;
    match input.to {
        Act::Delivered => {
            let proven = store::Proven { by: staff.id, means: "override", place: None, distance_m: None, is_late: false };
            hand_over(&app, &mut tx, &mut order, proven, by, now).await?;
        }
        Act::UnlockProof => {
            store::proof(&mut tx, order.id).await?.ok_or(OverrideError::NoProofYet)?;
            store::count_tries(&mut tx, order.id, 0, None).await?;
            tx.emit(ProofUnlocked::new(&order, now, by));
        }
    }
    let after = json!({ "status": order.status, "act": input.to });
    tx.audit(order.subject(), json!({ "status": before }), after, reason);
    let answer = OrderView::of(&mut tx, &staff, &order).await?;
    tx.commit(answer).await
}
