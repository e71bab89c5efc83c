//! A crew's own state: its duty, jobs, earnings and position.
use super::{replica::Replica, store};
use crate::{
    App,
    actor::Crew,
    clock::Timestamp,
    db::{Committed, Live},
    domain::{
        delivery::{self, ACTIVE_LIMIT, CrewMessage, DutyError, Job},
        wallet,
    },
    event::channel_of,
    ids::{Region, UserId},
    money::{Amount, Currency},
    operations::NoInput,
    problem::Result,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;

/// Starts or ends duty. Starting it again takes it over from another phone; claimed orders stay.
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
    /// Fees of delivered orders, in the installation's currency.
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
#[tracing::instrument(skip_all, fields(crew.id = %crew.id, input.on_duty))]
pub async fn set_duty(app: App, crew: Crew, input: SetDuty) -> Result<Committed<CrewView>, DutyError> {
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
        cash_in_hand: cash.amount(),
        earnings: earnings.amount(),
        currency,
        position,
        live: vec![],
    })
}

/// Reads the own state, with the position of its channel.
pub async fn read(app: App, crew: Crew, _: NoInput) -> Result<CrewView> {
    let mut whole = app.read_whole(Region::FIRST).await?;
    let live = app.position(&mut whole, channel_of::<CrewMessage>(&crew.id)).await?;
    let view = view(&app, &mut whole, crew.id).await?;
    Ok(CrewView { live: vec![live], ..view })
}
