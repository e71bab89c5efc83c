//! Plain EventSource: `GET /api/live/?channels=a,b` with `Last-Event-ID`, by bearer header or by a ticket.
//!
//! An EventSource never retries after any status but 200, so only a final error has one. Our own faults are 200 with a retry time, and the stream ends.
use super::{
    authorizer::identity,
    places::{Place, Places},
};
use crate::{
    App, Problem,
    actor::{Actor, Claims, OptionalActor},
    ids::UserId,
    operations::Untransacted,
    problem::{ApiError, Error, Result},
    reply::{Body, Created, Reply},
};
use axum::{
    http::{StatusCode, header},
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
use utoipa::openapi::{RefOr, Schema};
use wassally_realtime::Channel;

/// Channels of one stream.
const CHANNELS_MAX: usize = 32;
/// Tickets of one session that may be open.
const TICKETS_MAX: i64 = 32;
/// A ticket opens within this time.
const OPENS_WITHIN: TimeDelta = TimeDelta::seconds(60);

/// Listens to channels as server-sent events.
///
/// Resumes after `Last-Event-ID`. With a ticket no token is needed, and the channels are those it was made for.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Up to 32 names by commas; with a ticket, those it was made for.
    channels: Option<String>,
    ticket: Option<String>,
}

/// Makes a ticket that opens one stream of these channels, for an EventSource that can send no header.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TicketInput {
    pub channels: Vec<String>,
}

#[derive(Debug, ApiError)]
pub enum StreamError {
    /// The token is missing or bad, or access has ended.
    #[api(401, "unauthorized")]
    Unauthorized,
    /// A channel's readers have another role.
    #[api(403, "forbidden")]
    Forbidden,
    /// A channel is unknown or not the caller's.
    #[api(404, "not_found")]
    NotFound,
    /// The ticket is unknown, over, or was made for other channels.
    #[api(404, "bad_ticket")]
    BadTicket,
    /// More than 32 channels.
    #[api(422, "channel_limit")]
    ChannelLimit,
    /// Close another stream first.
    #[api(429, "too_many_requests")]
    TooManyStreams { retry_after_s: u32 },
}

/// An endless answer, byte by byte.
pub struct EventStreamReply(Response);

impl Reply for EventStreamReply {
    const STATUS: u16 = 200;
    const CONTENT: Option<&'static str> = Some("text/event-stream");

    fn body(self) -> Result<Body> {
        Ok(Body::Whole(Box::new(self.0)))
    }

    fn schema() -> RefOr<Schema> {
        <String as utoipa::PartialSchema>::schema()
    }

    fn schemas(_: &mut Vec<(String, RefOr<Schema>)>) {}
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

impl App {
    /// The event streams that are open on this node.
    pub(super) fn streams(&self) -> &Open {
        self.part()
    }
}

/// Opens an event stream. Only a final error has another status than 200; our own faults are 200 with a retry time, and the stream ends.
pub async fn listen(app: App, caller: OptionalActor, input: Listen) -> Result<EventStreamReply, StreamError> {
    match open(&app, caller.0, input).await {
        Ok(response) => Ok(EventStreamReply(response)),
        Err(error) => {
            let is_final = match &error {
                Error::Declared(_) => true,
                Error::Problem(problem) => problem.status < 500,
                _ => false,
            };
            if is_final { Err(error) } else { Ok(EventStreamReply(come_again(&error.into_problem()))) }
        }
    }
}

async fn open(app: &App, caller: Option<Actor>, listen: Listen) -> Result<Response, StreamError> {
    let (actor, channels, ticket) = match listen.ticket {
        Some(ticket) => {
            let hash = Sha256::digest(ticket.as_bytes()).to_vec();
            let (actor, channels) = redeem(app, &hash).await?;
            if listen.channels.as_deref().is_some_and(|requested| names(requested) != channels) {
                return Err(StreamError::BadTicket.into());
            }
            (actor, channels, Some(hash))
        }
        None => (caller.ok_or(StreamError::Unauthorized)?, check(names(listen.channels.as_deref().unwrap_or_default()))?, None),
    };
    let last_event_id = app.request().and_then(|request| request.header("last-event-id"));
    let channels: Vec<Channel> = channels.iter().map(|name| name.as_str().into()).collect();
    let reserved = Reserved::take(app, actor.id, ticket)?;
    let mut who = identity(app, actor);
    if reserved.ticket.is_some() {
        // A ticket lives as long as its session, not as the token that asked for it.
        who.expires_at = None;
    }
    let stream = app.hub().stream(who, &channels, last_event_id).await.map_err(final_error)?;
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
    /// Takes a place; a ticket's ends the stream that it had open before.
    fn take(app: &App, user: UserId, ticket: Option<Vec<u8>>) -> Result<Self, StreamError> {
        if let Some((_, earlier)) = ticket.as_ref().and_then(|hash| app.streams().tickets.remove(hash)) {
            earlier.ended.cancel();
            earlier.place.leave(app);
        }
        let place = Arc::new(
            app.streams()
                .places
                .take(user, app.config.user_connections)
                .ok_or(StreamError::TooManyStreams { retry_after_s: 60 })?,
        );
        let ended = CancellationToken::new();
        if let Some(hash) = &ticket {
            let now = Ticketed { ended: ended.clone(), place: Arc::clone(&place) };
            if let Some(beside) = app.streams().tickets.insert(hash.clone(), now) {
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
            self.app.streams().tickets.remove(hash);
        }
    }
}

fn names(text: &str) -> Vec<String> {
    text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn check(channels: Vec<String>) -> Result<Vec<String>, StreamError> {
    match channels.len() {
        0 => Err(Problem::invalid("channels", "required").into()),
        1..=CHANNELS_MAX if channels.iter().all(|name| name.len() <= 255 && name.is_ascii()) => Ok(channels),
        1..=CHANNELS_MAX => Err(Problem::invalid("channels", "invalid").into()),
        _ => Err(StreamError::ChannelLimit.into()),
    }
}

/// The actor of a ticket that is still valid.
async fn redeem(app: &App, hash: &[u8]) -> Result<(Actor, Vec<String>), StreamError> {
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
    .fetch_optional(&app.pools().live)
    .await?;
    let row = row.ok_or(StreamError::BadTicket)?;
    let claims: Claims = serde_json::from_value(row.claims)?;
    let actor = Actor::new(claims);
    if app.revocations().is_revoked(&actor) {
        return Err(StreamError::BadTicket.into());
    }
    Ok((actor, row.channels))
}

fn final_error(error: wassally_realtime::Error) -> Error<StreamError> {
    match error.code {
        102 => StreamError::NotFound.into(),
        403 => StreamError::Forbidden.into(),
        400..=499 => StreamError::NotFound.into(),
        3000..=4999 => StreamError::Unauthorized.into(),
        _ => Problem::busy().into(),
    }
}

/// 200, when to come again, and end.
fn come_again(problem: &Problem) -> Response {
    let base_ms = u64::from(problem.retry_after_s.unwrap_or(1)) * 1000;
    let body = format!("retry: {}\n\n", base_ms + fastrand::u64(0..2000));
    (StatusCode::OK, [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-cache")], body).into_response()
}

/// Stores a ticket, hashed.
pub async fn ticket(app: App, actor: Actor, input: TicketInput) -> Result<Untransacted<Created<Ticket>>, StreamError> {
    let channels = check(input.channels)?;
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
    .execute(&app.pools().live)
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
    .execute(&app.pools().live)
    .await?;
    Ok(Untransacted(Created(Ticket { ticket, expires_in: OPENS_WITHIN.num_seconds() })))
}
