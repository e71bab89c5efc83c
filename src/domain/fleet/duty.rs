//! A crew's own page: on duty or off, what they carry, what they earned.
use super::{replica::Replica, store};
use crate::{
    App,
    actor::Crew,
    clock::Timestamp,
    db::{Committed, Live},
    domain::{
        delivery::{self, ACTIVE_LIMIT, Job},
        wallet,
    },
    http::json::{Json, Query},
    ids::{Region, UserId},
    money::{Amount, Currency},
    operations::{Answer, RequestContext},
    page::NoFilters,
    problem::Result,
};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

/// To be on duty, or not. Taking up duty once more takes it over from another phone.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetDuty {
    pub on_duty: bool,
}

/// A crew's own state.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = CrewState)]
pub struct CrewView {
    pub on_duty: bool,
    /// Goes with pings as `duty`: those of an earlier one are refused.
    pub duty_no: i64,
    pub active: Vec<Job>,
    pub active_limit: i32,
    /// What is to be handed in.
    pub cash_in_hand: Amount,
    /// Fees of delivered orders, in the house's currency.
    pub earnings: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    pub position: Option<Position>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Live>,
}

/// Where a crew was seen last.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Position {
    pub lat: f64,
    pub lng: f64,
    pub at: Timestamp,
}

/// Takes up duty under the next number, or lays it down.
///
/// Errors: 409 `active_jobs`, while goods of an order are still with the crew.
#[tracing::instrument(skip_all, fields(crew.id = %crew.id, input.on_duty))]
pub async fn set_duty(app: App, crew: Crew, input: SetDuty) -> Result<Committed<CrewView>> {
    let mut tx = app.begin(Region::FIRST).await?;
    delivery::set_duty(&mut tx, crew.id, input.on_duty).await?;
    let view = view(&app, &mut tx, crew.id).await?;
    tx.commit(view).await
}

/// A crew's state as this view of the database has it; without the channel's position.
pub(super) async fn view(app: &App, conn: &mut PgConnection, id: UserId) -> Result<CrewView> {
    let region = Region::FIRST;
    let currency = app.config.currency;
    let row = delivery::crew(conn, region, id).await?;
    let active = delivery::jobs(app, conn, region, &[id]).await?.remove(&id).unwrap_or_default();
    let cash = wallet::cash_in_hand(conn, id, currency).await?;
    let earnings = delivery::earnings(conn, region, id, currency).await?;
    let position = match app.state::<Replica>().position(id) {
        Some(position) => Some(position),
        None => store::position(conn, region, id).await?,
    };
    Ok(CrewView {
        on_duty: row.as_ref().is_some_and(|row| row.on_duty),
        duty_no: row.map_or(0, |row| row.duty_no),
        active,
        active_limit: ACTIVE_LIMIT,
        cash_in_hand: Amount::of(cash.amount, currency),
        earnings: Amount::of(earnings, currency),
        currency,
        position,
        live: vec![],
    })
}

/// The own state, with the channel to follow it on
#[utoipa::path(get, path = "/api/delivery/me/", tag = "delivery", responses((status = 200, body = CrewView)), security(("bearer" = [])))]
pub async fn get(State(app): State<App>, crew: Crew, _: Query<NoFilters>) -> Result<axum::Json<CrewView>> {
    let region = Region::FIRST;
    let mut whole = app.read_whole(region).await?;
    let live = app.position(&mut whole, format!("crew:{}", crew.id)).await?;
    let mut view = view(&app, &mut whole, crew.id).await?;
    view.live = vec![live];
    Ok(axum::Json(view))
}

/// Take up duty, or lay it down
#[utoipa::path(patch, path = "/api/delivery/me/", tag = "delivery", request_body = SetDuty,
    responses((status = 200, body = CrewView), (status = 409, description = "active_jobs")), security(("bearer" = [])))]
pub async fn patch(context: RequestContext, crew: Crew, Json(input): Json<SetDuty>) -> Result<Answer> {
    call(context, crew, input).await
}

pub async fn call(context: RequestContext, crew: Crew, input: SetDuty) -> Result<Answer> {
    context.run(crew, "delivery.duty", 200, input, set_duty).await
}
