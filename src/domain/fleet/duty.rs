//! A crew's own state: its duty, jobs, earnings and position.
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

/// Starts or ends duty. Starting it again takes it over from another phone.
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
    /// Sent with pings as `duty`: pings of an earlier duty are refused.
    pub duty_no: i64,
    pub active: Vec<Job>,
    pub active_limit: i32,
    /// Cash that the crew still has to hand in.
    pub cash_in_hand: Amount,
    /// The fees of delivered orders, in the currency of the installation.
    pub earnings: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    pub position: Option<Position>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub live: Vec<Live>,
}

/// The last known position of a crew.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct Position {
    pub lat: f64,
    pub lng: f64,
    pub at: Timestamp,
}

/// Starts duty under the next duty number, or ends it.
///
/// Errors: 409 `active_jobs` while the crew has goods of an order.
#[tracing::instrument(skip_all, fields(crew.id = %crew.id, input.on_duty))]
pub async fn set_duty(app: App, crew: Crew, input: SetDuty) -> Result<Committed<CrewView>> {
    let mut tx = app.begin(Region::FIRST).await?;
    delivery::set_duty(&mut tx, crew.id, input.on_duty).await?;
    let view = view(&app, &mut tx, crew.id).await?;
    tx.commit(view).await
}

/// A crew's state as `conn` sees it, without the position of its channel.
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

/// The own state, with the position of its channel
#[utoipa::path(get, path = "/api/delivery/me/", tag = "delivery", responses((status = 200, body = CrewView)), security(("bearer" = [])))]
pub async fn get(State(app): State<App>, crew: Crew, _: Query<NoFilters>) -> Result<axum::Json<CrewView>> {
    let region = Region::FIRST;
    let mut whole = app.read_whole(region).await?;
    let live = app.position(&mut whole, format!("crew:{}", crew.id)).await?;
    let mut view = view(&app, &mut whole, crew.id).await?;
    view.live = vec![live];
    Ok(axum::Json(view))
}

/// Start or end duty
#[utoipa::path(patch, path = "/api/delivery/me/", tag = "delivery", request_body = SetDuty,
    responses((status = 200, body = CrewView), (status = 409, description = "active_jobs")), security(("bearer" = [])))]
pub async fn patch(context: RequestContext, crew: Crew, Json(input): Json<SetDuty>) -> Result<Answer> {
    call(context, crew, input).await
}

pub async fn call(context: RequestContext, crew: Crew, input: SetDuty) -> Result<Answer> {
    context.run(crew, "delivery.duty", 200, input, set_duty).await
}
