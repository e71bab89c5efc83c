//! A crew goes on duty or off.
use super::{events::DutyChanged, store};
use crate::{
    db::Tx,
    domain::users,
    ids::UserId,
    problem::{ApiError, Result},
};

#[derive(Debug, ApiError)]
pub enum DutyError {
    /// Goods of an order are still with the crew.
    #[api(409, "active_jobs")]
    ActiveJobs,
    /// The crew's account is gone.
    #[api(404, "not_found")]
    NotFound,
}

/// Starts duty under the next duty number, or ends it. Claimed orders stay with the crew; while it has goods, duty cannot end.
///
/// Errors: [`DutyError`].
pub async fn set_duty(tx: &mut Tx, crew: UserId, on_duty: bool) -> Result<(), DutyError> {
    let region = tx.region();
    let now = tx.now().await?;
    let user = users::find(tx, crew).await?.ok_or(DutyError::NotFound)?;
    store::ensure_crew(tx, region, crew, &user.first_name, now).await?;
    let mut row = store::lock_crews(tx, region, &[crew]).await?.pop().ok_or(DutyError::NotFound)?;
    if !on_duty && row.on_duty && store::has_goods(tx, region, crew).await? {
        return Err(DutyError::ActiveJobs.into());
    }
    let has_changed = on_duty || row.on_duty;
    row.name = user.first_name;
    row.on_duty = on_duty;
    row.duty_no += i64::from(on_duty);
    store::save_crew(tx, region, &row, now).await?;
    if has_changed {
        tx.emit(DutyChanged {
            at: now,
            crew_id: crew,
            name: row.name.clone(),
            vehicle: store::vehicle_name(row.vehicle),
            on_duty: row.on_duty,
            duty_no: row.duty_no,
            radius_m: row.area_radius_m,
        });
    }
    Ok(())
}
