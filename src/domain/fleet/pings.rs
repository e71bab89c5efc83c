//! Pings: the GPS reports of crews. They are taken in memory, in the thread that read them; nothing here blocks.
use super::{
    map, nearby,
    replica::{Replica, Rider, TrailFix},
    track,
};
use crate::{
    App,
    actor::{Actor, Crew, Role},
    clock::Timestamp,
    ids::UserId,
    operations::{self, Untransacted},
    problem::{Checked, Problem, Result},
    reply::Accepted,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use wassally_geo::{Fix, Limits, Verdict, step};

/// Most pings in one message.
const AT_ONCE: usize = 1000;
/// Most fixes of a crew in memory until they are written.
pub const TRAIL_MAX: usize = 5000;

/// One GPS report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {
    pub lat: f64,
    pub lng: f64,
    /// The phone's time of the fix.
    pub at: Timestamp,
    pub accuracy_m: Option<f64>,
    pub heading_deg: Option<f64>,
    pub speed_mps: Option<f64>,
    /// Whether the phone reports the position as simulated by an app.
    pub mock: Option<bool>,
    /// The phone's own sequence number of its fixes.
    pub seq: Option<u64>,
    /// The duty number that it belongs to.
    pub duty: Option<u64>,
}

/// The result of pings. A rejected one changed nothing that is shown.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Taken {
    pub accepted: usize,
    pub rejected: Vec<Rejected>,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Rejected {
    pub index: usize,
    /// `off_duty`, `too_fast`, `taken_over`, `duplicate`, `implausible`, `future`, `too_old`, `bad_coordinates`, `null_island`.
    pub code: &'static str,
}

/// The same by RPC: one ping, or a list of them.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub enum Pings {
    Several(Vec<Ping>),
    One(Ping),
}

/// Takes pings of one crew.
pub fn take(app: &App, crew: UserId, pings: &[Ping]) -> Taken {
    let replica = app.state::<Replica>();
    let mut taken = Taken::default();
    for (index, ping) in pings.iter().enumerate() {
        match take_one(app, &replica, crew, ping) {
            Ok(()) => taken.accepted += 1,
            Err(code) => {
                metrics::counter!("wassally_pings_rejected_total", "code" => code).increment(1);
                taken.rejected.push(Rejected { index, code });
            }
        }
    }
    metrics::counter!("wassally_pings_accepted_total").increment(taken.accepted as u64);
    taken
}

/// Applies one ping to the position, the crew's list, its followers and the map; a late one only to the trail.
fn take_one(app: &App, replica: &Replica, crew: UserId, ping: &Ping) -> Checked<(), &'static str> {
    let rider = replica.rider(crew).ok_or("off_duty")?;
    // The lock is held to the end, so that a crew's pings are applied in their order.
    let mut rider = rider.lock();
    let now_ms = app.clock.now().timestamp_millis();
    if !rider.on_duty {
        return Err("off_duty");
    }
    if !rider.pace.take() {
        return Err("too_fast");
    }
    let device_ms = ping.at.timestamp_millis();
    rider.skew = rider.skew.seen(device_ms, now_ms);
    let fix = Fix {
        lat: ping.lat,
        lng: ping.lng,
        device_ms,
        seq: ping.seq,
        // A duty number that was never given out counts as the present one.
        duty_no: ping.duty.map(|duty| duty.min(rider.duty_no)),
        accuracy_m: ping.accuracy_m,
        heading_deg: ping.heading_deg,
        speed_mps: ping.speed_mps,
        mock: ping.mock.unwrap_or_default(),
        received_ms: now_ms,
        offset_ms: rider.skew.offset_ms(),
    };
    let (state, verdict) = step(&rider.state, &fix, &Limits::default());
    rider.state = state;
    match verdict {
        Verdict::Moved(dot) => {
            rider.last_ping = (device_ms, ping.seq.map_or(0, |seq| i64::try_from(seq).unwrap_or(i64::MAX)));
            rider.is_dirty = true;
            let odd = dot.mock.then_some("mock");
            note(
                &mut rider,
                TrailFix { lat: dot.raw.lat(), lng: dot.raw.lng(), at_ms: dot.at_ms, accuracy_m: dot.accuracy_m, odd },
            );
            replica.crews.moved(crew, dot.at, dot.at_ms, now_ms);
            replica.nearby.moved(&crew, dot.at, dot.accuracy_m, |delta| nearby::publish(app, crew, &delta));
            track::moved(app, &mut rider, &dot, now_ms);
            map::moved(replica, crew);
            Ok(())
        }
        Verdict::Late { at, at_ms } => {
            let accuracy_m = fix.accuracy_m.unwrap_or_default();
            note(&mut rider, TrailFix { lat: at.lat(), lng: at.lng(), at_ms, accuracy_m, odd: Some("late") });
            Ok(())
        }
        Verdict::Rejected(rejection) => {
            if rejection.stays_in_trail() {
                let accuracy_m = fix.accuracy_m.unwrap_or_default();
                let odd = Some(rejection.as_str());
                note(&mut rider, TrailFix { lat: ping.lat, lng: ping.lng, at_ms: now_ms, accuracy_m, odd });
            }
            Err(rejection.as_str())
        }
    }
}

fn note(rider: &mut Rider, fix: TrailFix) {
    if rider.trail.len() < TRAIL_MAX {
        rider.trail.push(fix);
    }
}

/// Takes positions of the crew while its socket is down.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SendPings {
    /// At most 1,000.
    pub pings: Vec<Ping>,
}

impl From<Pings> for SendPings {
    fn from(pings: Pings) -> Self {
        match pings {
            Pings::Several(pings) => Self { pings },
            Pings::One(ping) => Self { pings: vec![ping] },
        }
    }
}

pub async fn send_pings(app: App, crew: Crew, input: SendPings) -> Result<Untransacted<Accepted<Taken>>> {
    if input.pings.len() > AT_ONCE {
        return Err(Problem::invalid("pings", "too_long").into());
    }
    Ok(Untransacted(Accepted(take(&app, crew.id, &input.pings))))
}

/// Pings without a reply: those that cannot be read are dropped and counted.
pub fn send(app: &App, actor: &Actor, data: &[u8]) {
    if actor.role != Role::Crew {
        return;
    }
    let is_several = data.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[');
    let read =
        if is_several { operations::parse::<Vec<Ping>>(data) } else { operations::parse::<Ping>(data).map(|ping| vec![ping]) };
    match read {
        Ok(pings) if pings.len() <= AT_ONCE => {
            take(app, actor.id, &pings);
        }
        _ => metrics::counter!("wassally_pings_rejected_total", "code" => "malformed").increment(1),
    }
}
