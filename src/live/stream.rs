//! Plain EventSource: `GET /api/live/?channels=a,b` with `Last-Event-ID`, by bearer header or by a ticket.
//!
//! An EventSource gives up for good on any status but 200: only a final refusal has one. Trouble of ours is 200, when to come again, and end.
use super::{
    authorizer::identity,
    places::{Place, Places},
};
use crate::{
    App, Problem,
    actor::{Actor, Claims},
    http::{Json, OptionalActor, Query},
    ids::UserId,
    problem::{Error, Result},
};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::TimeDelta;
use dashmap::DashMap;
use futures_util::StreamExt;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;
use wassally_realtime::Channel;

/// Channels of one stream.
const CHANNELS_MAX: usize = 32;
/// Tickets of one session that may be open.
const TICKETS_MAX: i64 = 32;
/// A ticket opens within this time.
const OPENS_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// What to listen to.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Names by commas; with a ticket, those it was made for.
    channels: Option<String>,
    ticket: Option<String>,
}

/// Which channels a ticket shall open.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketInput {
    pub channels: Vec<String>,
}

/// A ticket for one stream.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Ticket {
    pub ticket: String,
    /// Seconds within which it must be opened first.
    pub expires_in: i64,
}

/// The streams that are open on this node, by user; and those of tickets, for a ticket opens one at a time and the newest wins.
#[derive(Debug, Default)]
pub struct Open {
    pub(super) places: Places,
    tickets: DashMap<Vec<u8>, Ticketed>,
}

/// What a ticket has open.
#[derive(Debug)]
struct Ticketed {
    ended: CancellationToken,
    place: Arc<Place>,
}

/// Listen to channels as server-sent events
#[utoipa::path(get, path = "/api/live/", tag = "live", params(("channels" = Option<String>, Query, description = "up to 32 names by commas"), ("ticket" = Option<String>, Query), ("Last-Event-ID" = Option<String>, Header)), responses((status = 200, content_type = "text/event-stream", body = String), (status = 401), (status = 404, description = "bad_ticket, not_found"), (status = 429, description = "too_many_requests")), security((), ("bearer" = [])))]
pub async fn get(State(app): State<App>, caller: OptionalActor, headers: HeaderMap, Query(listen): Query<Listen>) -> Response {
    match open(&app, caller.0, &headers, listen).await {
        Ok(response) => response,
        Err(Error::Refused(problem)) if problem.status < 500 => problem.into_response(),
        Err(error) => come_again(&error.into_problem()),
    }
}

async fn open(app: &App, caller: Option<Actor>, headers: &HeaderMap, listen: Listen) -> Result<Response> {
    let (actor, channels, ticket) = match listen.ticket {
        Some(ticket) => {
            let hash = Sha256::digest(ticket.as_bytes()).to_vec();
            let (actor, channels) = redeem(app, &hash).await?;
            if listen.channels.as_deref().is_some_and(|asked| names(asked) != channels) {
                return Err(bad_ticket().into());
            }
            (actor, channels, Some(hash))
        }
        None => (caller.ok_or_else(Problem::unauthorized)?, check(names(listen.channels.as_deref().unwrap_or_default()))?, None),
    };
    let last_event_id = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let channels: Vec<Channel> = channels.iter().map(|name| name.as_str().into()).collect();
    let reserved = Reserved::take(app, actor.id, ticket)?;
    let mut who = identity(app, actor);
    if reserved.ticket.is_some() {
        // A ticket lives as long as its session, not as the token that asked for it.
        who.expires_at = None;
    }
    let stream = app.hub().stream(who, &channels, last_event_id).await.map_err(final_refusal)?;
    let (parts, body) = stream.into_response().into_parts();
    let ended = reserved.ended.clone();
    let until = body.into_data_stream().take_until(async move { ended.cancelled().await });
    // The place is given back when the stream is dropped.
    let held = until.map(move |part| {
        let _ = &reserved;
        part
    });
    Ok(Response::from_parts(parts, axum::body::Body::from_stream(held)))
}

/// An open stream on this node: its user's place, and the ticket that opened it.
struct Reserved {
    app: App,
    place: Arc<Place>,
    ticket: Option<Vec<u8>>,
    ended: CancellationToken,
}

impl Reserved {
    /// Takes a place; a ticket's ends the stream that it had open before. Errors: 429 `too_many_requests`.
    fn take(app: &App, user: UserId, ticket: Option<Vec<u8>>) -> Result<Self> {
        if let Some((_, earlier)) = ticket.as_ref().and_then(|hash| app.streams.tickets.remove(hash)) {
            earlier.ended.cancel();
            earlier.place.leave(app);
        }
        let place = Arc::new(app.streams.places.take(user, app.config.user_connections)?);
        let ended = CancellationToken::new();
        if let Some(hash) = &ticket {
            let now = Ticketed { ended: ended.clone(), place: Arc::clone(&place) };
            if let Some(beside) = app.streams.tickets.insert(hash.clone(), now) {
                beside.ended.cancel();
                beside.place.leave(app);
            }
        }
        Ok(Self { app: app.clone(), place, ticket, ended })
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.place.leave(&self.app);
        // One that was overtaken is cancelled, and the ticket another's.
        if let Some(hash) = self.ticket.as_ref().filter(|_| !self.ended.is_cancelled()) {
            self.app.streams.tickets.remove(hash);
        }
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn check(channels: Vec<String>) -> Result<Vec<String>, Problem> {
    match channels.len() {
        0 => Err(Problem::invalid("channels", "required")),
        1..=CHANNELS_MAX if channels.iter().all(|name| name.len() <= 255 && name.is_ascii()) => Ok(channels),
        1..=CHANNELS_MAX => Err(Problem::invalid("channels", "invalid")),
        _ => Err(Problem { code: "channel_limit", ..Problem::invalid("channels", "too_long") }),
    }
}

fn bad_ticket() -> Problem {
    Problem::new(404, "bad_ticket")
}

/// Who stands behind a ticket, if it may still open.
async fn redeem(app: &App, hash: &[u8]) -> Result<(Actor, Vec<String>)> {
    let row = sqlx::query!(
        "update live_ticket t
        set opened_at = coalesce(t.opened_at, $2)
        from session s
        where t.hash = $1 and s.id = t.sid and s.ended_at is null and (t.opened_at is not null or t.created_at > $3)
        returning t.claims, t.channels",
        hash,
        app.clock.now(),
        app.clock.now() - OPENS_WITHIN,
    )
    .fetch_optional(&app.pools.live)
    .await?;
    let row = row.ok_or_else(bad_ticket)?;
    let claims: Claims = serde_json::from_value(row.claims)?;
    let actor = Actor::new(claims);
    if app.revocations.is_revoked(&actor) {
        return Err(bad_ticket().into());
    }
    Ok((actor, row.channels))
}

fn final_refusal(error: wassally_realtime::Error) -> Error {
    match error.code {
        102 => Problem::not_found().into(),
        400..=499 => {
            Problem::new(u16::try_from(error.code).unwrap_or(404), if error.code == 403 { "forbidden" } else { "not_found" })
                .into()
        }
        3000..=4999 => Problem::unauthorized().into(),
        _ => Problem::busy().into(),
    }
}

/// 200, when to come again, and end.
fn come_again(problem: &Problem) -> Response {
    let base_ms = u64::from(problem.retry_after_s.unwrap_or(1)) * 1000;
    let body = format!("retry: {}\n\n", base_ms + fastrand::u64(0..2000));
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

/// Ask for a ticket that opens one stream
#[utoipa::path(post, path = "/api/live/ticket/", tag = "live", request_body = TicketInput, responses((status = 201, body = Ticket), (status = 422, description = "channel_limit")), security(("bearer" = [])))]
pub async fn post_ticket(
    State(app): State<App>,
    actor: Actor,
    Json(ask): Json<TicketInput>,
) -> Result<(StatusCode, axum::Json<Ticket>)> {
    let channels = check(ask.channels)?;
    let ticket = URL_SAFE_NO_PAD.encode(app.random.bytes::<32>());
    let claims: &Claims = &actor;
    let now = app.clock.now();
    // What was never opened, and all but the newest of a session, make room.
    sqlx::query!(
        "delete from live_ticket
        where sid = $1 and (opened_at is null and created_at < $2
            or hash not in (select hash from live_ticket where sid = $1 order by created_at desc limit $3))",
        actor.sid.uuid(),
        now - OPENS_WITHIN,
        TICKETS_MAX - 1,
    )
    .execute(&app.pools.live)
    .await?;
    sqlx::query!(
        "insert into live_ticket (hash, user_id, sid, claims, channels, created_at)
        values ($1, $2, $3, $4, $5, $6)",
        &Sha256::digest(ticket.as_bytes())[..],
        actor.id.uuid(),
        actor.sid.uuid(),
        serde_json::to_value(claims)?,
        &channels,
        now,
    )
    .execute(&app.pools.live)
    .await?;
    Ok((StatusCode::CREATED, axum::Json(Ticket { ticket, expires_in: OPENS_WITHIN.num_seconds() })))
}
