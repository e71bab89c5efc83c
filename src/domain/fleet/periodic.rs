//! Periodic work: frames of the map, writing positions and trails, and reconciling the replica with the rows.
use super::{
    map, nearby,
    replica::{Carried, Replica, TrailFix, time},
    store,
};
use crate::{
    App,
    domain::{
        delivery::{self, Job},
        orders::{self, PrepStatus},
    },
    ids::{Region, UserId},
    problem::Result,
};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use wassally_geo::{PendingOrder, Point};

pub const FRAME: Duration = Duration::from_millis(250);
pub const FLUSH: Duration = Duration::from_secs(2);
pub const RECONCILE: Duration = Duration::from_secs(30);

/// Sends the frames of the map, and ends the lists that have no reader any more.
pub fn frame(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let replica = app.state::<Replica>();
        map::frame(app, &replica);
        nearby::drop_unread_lists(app, &replica);
        Ok(())
    })
}

/// Writes positions and trails, in one statement each. What could not be written is put back for the next run.
pub fn flush(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let replica = app.state::<Replica>();
        let (mut last, mut trails) = (store::Last::default(), Trails::new());
        for (crew, rider) in replica.all() {
            let mut rider = rider.lock();
            for fix in std::mem::take(&mut rider.trail) {
                trails.entry((crew, fix.at_ms.div_euclid(60_000))).or_default().push(fix);
            }
            if !std::mem::take(&mut rider.is_dirty) {
                continue;
            }
            let Some(dot) = rider.state.dot() else { continue };
            last.crews.push(crew.uuid());
            last.lats.push(dot.at.lat());
            last.lngs.push(dot.at.lng());
            last.ats.push(time(dot.at_ms));
            last.duties.push(i64::try_from(rider.duty_no).unwrap_or(i64::MAX));
            last.device_ms.push(rider.last_ping.0);
            last.seqs.push(rider.last_ping.1);
        }
        if last.crews.is_empty() && trails.is_empty() {
            return Ok(());
        }
        let written = write(app, &last, &trails).await;
        if written.is_err() {
            put_back(&replica, &last, trails);
        }
        written
    })
}

type Trails = BTreeMap<(UserId, i64), Vec<TrailFix>>;

async fn write(app: &App, last: &store::Last, trails: &Trails) -> Result<()> {
    let mut tx = app.pools().background.begin().await?;
    // A position lost in a crash is replaced by the next ping.
    sqlx::query("set local synchronous_commit = off").execute(&mut *tx).await?;
    store::save_last(&mut tx, Region::FIRST, last).await?;
    let rows = trails.iter().map(|((crew, minute), fixes)| {
        let fixes: Vec<Value> = fixes.iter().map(|fix| json!([fix.lat, fix.lng, fix.at_ms, fix.accuracy_m, fix.odd])).collect();
        (crew.uuid(), time(minute * 60_000), Value::Array(fixes))
    });
    store::append_trails(&mut tx, Region::FIRST, rows.collect()).await?;
    tx.commit().await?;
    Ok(())
}

fn put_back(replica: &Replica, last: &store::Last, trails: Trails) {
    for crew in &last.crews {
        if let Some(rider) = replica.rider(UserId(*crew)) {
            rider.lock().is_dirty = true;
        }
    }
    for ((crew, _), mut fixes) in trails {
        let Some(rider) = replica.rider(crew) else { continue };
        let mut rider = rider.lock();
        fixes.append(&mut rider.trail);
        fixes.truncate(super::pings::TRAIL_MAX);
        rider.trail = fixes;
    }
}

/// Makes the replica equal to the rows: at the start, and periodically in case an event was missed.
pub fn reconcile(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        reconcile_orders(app).await?;
        reconcile_crews(app).await
    })
}

async fn reconcile_orders(app: &App) -> Result<()> {
    let replica = app.state::<Replica>();
    let mark = replica.nearby.mark(app.clock.unix_ms());
    let mut conn = app.pools().background.acquire().await?;
    let claimable = orders::claimable(&mut conn, Region::FIRST).await?;
    let listings = claimable.into_iter().filter_map(|(order, version)| {
        Some(PendingOrder { order: order.order_id, version, at: order.first_stop()?, payload: Arc::new(order) })
    });
    let publish = |crew: &UserId, delta| nearby::publish(app, *crew, &delta);
    match replica.nearby.reconcile(mark, listings.collect(), app.clock.unix_ms(), publish) {
        Ok((0, 0)) => {}
        Ok((listed, ended)) => tracing::debug!(listed, ended, "the replica of the orders was behind their rows"),
        Err(error) => tracing::warn!(%error, "the orders could not be reconciled"),
    }
    Ok(())
}

async fn reconcile_crews(app: &App) -> Result<()> {
    let replica = app.state::<Replica>();
    let region = Region::FIRST;
    let mut view = app.pools().background.begin().await?;
    sqlx::query("set transaction isolation level repeatable read read only").execute(&mut *view).await?;
    let rows = store::crews(&mut view, region).await?;
    let ids: Vec<UserId> = rows.iter().map(|row| row.crew.crew_id).collect();
    let mut jobs = delivery::jobs(app, &mut view, region, &ids).await?;
    drop(view);
    let now_ms = app.clock.now().timestamp_millis();
    for row in rows {
        let crew = row.crew.crew_id;
        let rider = replica.rider_or_new(crew);
        let mut rider = rider.lock();
        if let Some(position) = row.position
            && rider.state.dot().is_none()
            && let Ok(at) = Point::new(position.lat, position.lng)
        {
            replica.crews.moved(crew, at, position.at.timestamp_millis(), now_ms);
        }
        rider.area = row.crew.area.and_then(|(lat, lng)| Point::new(lat, lng).ok());
        if row.top <= rider.offset && rider.offset > 0 {
            continue;
        }
        rider.offset = row.top;
        let was_on_duty = std::mem::replace(&mut rider.on_duty, row.crew.on_duty);
        rider.duty_no = row.crew.duty_no.unsigned_abs();
        rider.state = rider.state.takes_duty(row.crew.duty_no.unsigned_abs());
        rider.name = row.crew.name;
        rider.vehicle = row.crew.vehicle;
        rider.radius_m = row.crew.area_radius_m.map(f64::from);
        if was_on_duty != rider.on_duty {
            nearby::duty_changed(app, &replica, crew, &rider);
        }
        let now: BTreeMap<_, _> = jobs.remove(&crew).unwrap_or_default().iter().map(|job| (job.order_id, carried(job))).collect();
        for order in rider.jobs.keys().filter(|order| !now.contains_key(order)) {
            replica.carriers.remove_if(order, |_, carrier| *carrier == crew);
        }
        for order in now.keys() {
            replica.carriers.insert(*order, crew);
        }
        rider.jobs = now;
        replica.crews.set(crew, rider.on_duty, !rider.jobs.is_empty(), 0, now_ms);
        map::moved(&replica, crew);
    }
    Ok(())
}

fn carried(job: &Job) -> Carried {
    let left = job.stops.iter().filter(|stop| stop.picked_up_at.is_none() && stop.prep_status != PrepStatus::Rejected);
    Carried {
        status: job.status,
        stops: left.filter_map(|stop| Point::new(stop.lat, stop.lng).ok()).collect(),
        dropoff: job.dropoff.as_ref().and_then(|place| Point::new(place.lat, place.lng).ok()),
        last_coarse: None,
    }
}

/// The fixes of a crew's trail that are not written yet.
pub fn unwritten(app: &App, crew: UserId) -> Vec<TrailFix> {
    let replica = app.state::<Replica>();
    replica.rider(crew).map(|rider| rider.lock().trail.clone()).unwrap_or_default()
}
