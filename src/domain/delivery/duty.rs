//! A crew's own page: on duty or off, what they carry, what they earned.
use super::{Region, crew::ACTIVE_LIMIT, events::DutyChanged, job::Job, proof_required, replica::Replica, store};
use crate::{
    App,
    actor::Crew,
    clock::Timestamp,
    db::{Committed, Live},
    domain::{Event, users, wallet},
    http::json::{Json, Query},
    ids::UserId,
    money::{Amount, Currency},
    operations::{Answer, RequestContext},
    page::NoFilters,
    problem::{ApiError, Problem, Result},
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

#[derive(Debug, ApiError)]
pub enum DutyError {
    /// Goods of an order are still with the crew.
    #[api(409, "active_jobs")]
    ActiveJobs,
    /// The crew's account is gone.
    #[api(404, "not_found")]
    NotFound,
}

/// Takes up duty under the next number, or lays it down. Claims without goods stay; with goods in hand duty goes on.
///
/// Errors: [`DutyError`].
#[tracing::instrument(skip_all, fields(crew.id = %crew.id, input.on_duty))]
pub async fn set_duty(app: App, crew: Crew, input: SetDuty) -> Result<Committed<CrewView>> {
    let region = Region::FIRST;
    let mut tx = app.begin(region).await?;
    let now = tx.now().await?;
    let user = users::find(&mut tx, crew.id).await?.ok_or_else(Problem::not_found)?;
    store::ensure_crew(&mut tx, region, crew.id, &user.first_name, now).await?;
    let mut row = store::lock_crews(&mut tx, region, &[crew.id]).await?.pop().ok_or_else(Problem::not_found)?;
    if !input.on_duty && row.on_duty && store::has_goods(&mut tx, region, crew.id).await? {
        return Err(DutyError::ActiveJobs.into());
    }
    let has_changed = input.on_duty || row.on_duty;
    row.name = user.first_name;
    row.on_duty = input.on_duty;
    row.duty_no += i64::from(input.on_duty);
    store::save_crew(&mut tx, region, &row, now).await?;
    if has_changed {
        tx.emit(DutyChanged {
            kind: DutyChanged::TYPE,
            at: now,
            crew_id: crew.id,
            name: row.name.clone(),
            vehicle: store::vehicle_name(row.vehicle),
            on_duty: row.on_duty,
            duty_no: row.duty_no,
            radius_m: row.area_radius_m,
        });
    }
    let view = view(&app, &mut tx, crew.id).await?;
    tx.commit(view).await
}

/// A crew's state as this view of the database has it; without the channel's position.
pub(super) async fn view(app: &App, conn: &mut PgConnection, id: UserId) -> Result<CrewView> {
    let region = Region::FIRST;
    let currency = app.config.currency;
    let row = store::crew(conn, region, id).await?;
    let active = store::jobs(conn, region, &[id], |mode| proof_required(app, mode)).await?.remove(&id).unwrap_or_default();
    let cash = wallet::cash_in_hand(conn, id, currency).await?;
    let earnings = store::earnings(conn, region, id, currency).await?;
    let position = match app.state::<Replica>().position(id) {
        Some(position) => Some(position),
        None => store::places::position(conn, region, id).await?,
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
pub async fn get(State(app): State<App>, crew: Crew, _: Query<NoFilters>) -> Result<axum::Json<CrewView>> {
    let region = Region::FIRST;
    let mut whole = app.read_whole(region).await?;
    let live = app.position(&mut whole, format!("crew:{}", crew.id)).await?;
    let mut view = view(&app, &mut whole, crew.id).await?;
    view.live = vec![live];
    Ok(axum::Json(view))
}
