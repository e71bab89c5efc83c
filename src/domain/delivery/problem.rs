//! A crew reports a problem on the way.
use super::{events::JobProblem, store};
use crate::{
    App, actor::Crew, clock::Timestamp, db::Committed, domain::orders, ids::OrderId, problem::Result, reply::Created, text,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    CustomerAbsent,
    Address,
    Accident,
    Shop,
    Other,
}

impl ProblemKind {
    const fn name(self) -> &'static str {
        match self {
            Self::CustomerAbsent => "customer_absent",
            Self::Address => "address",
            Self::Accident => "accident",
            Self::Shop => "shop",
            Self::Other => "other",
        }
    }
}

/// Reports a problem with an order that the crew carries, to staff.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportProblem {
    pub order_id: OrderId,
    pub kind: ProblemKind,
    pub note: Option<String>,
}

/// A problem as it was recorded.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ProblemView {
    pub id: Uuid,
    pub order_id: OrderId,
    pub kind: ProblemKind,
    pub note: Option<String>,
    pub at: Timestamp,
}

/// Stores a problem with an order.
#[tracing::instrument(skip_all, fields(order.id = %input.order_id, crew.id = %crew.id))]
pub async fn report(app: App, crew: Crew, input: ReportProblem) -> Result<Committed<Created<ProblemView>>> {
    let note = text::note(input.note.as_deref())?.map(str::to_owned);
    let region = input.order_id.region();
    let mut tx = app.begin(region).await?;
    let (order, _) = orders::lock_as(&mut tx, &crew, input.order_id).await?;
    let now = tx.now().await?;
    let id = crate::ids::new(region, &app.clock, &app.random);
    store::insert_problem(&mut tx, id, order.id, crew.id, input.kind.name(), note.as_deref(), now).await?;
    tx.emit(JobProblem { at: now, crew_id: crew.id, order_id: order.id, problem: input.kind, note: note.clone() });
    tx.commit(Created(ProblemView { id, order_id: order.id, kind: input.kind, note, at: now })).await
}
