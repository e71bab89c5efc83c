//! Limits of requests: how many at the same time, how long one may take, how often an address may fail to sign in.
use crate::problem::Checked;
use crate::{App, problem::Problem};
use axum::{
    body::Body,
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};
use tokio::sync::Semaphore;

/// A body that has not come by then is not waited for.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// Bytes of a body that is too large which are still read.
const FORGOTTEN_MAX: usize = 32 << 20;

/// Requests that may be worked on at once.
pub struct Requests(Semaphore);

impl Requests {
    pub fn new(most: usize) -> Self {
        Self(Semaphore::new(most))
    }
}

/// Refuses requests above the node's limit of concurrent ones, and ends those that take too long.
///
/// The body is read before a place is taken, so that callers who send slowly wait at their own expense.
pub async fn bound(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_WITHIN, read(body, app.config.body_limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(problem)) => return problem.into_response(),
        Err(_) => return Problem::new(408, "timeout").into_response(),
    };
    let request = Request::from_parts(parts, body.into());
    let Ok(_permit) = app.part::<Requests>().0.try_acquire() else { return Problem::busy().into_response() };
    if app.stop.is_cancelled() {
        return Problem::new(503, "draining").retry_after(1).into_response();
    }
    let only_reads = request.method().is_safe();
    match tokio::time::timeout(app.config.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) if only_reads => Problem::busy().into_response(),
        // Its commit may still succeed: a repeat with the same key returns the outcome.
        Err(_) => Problem::new(503, "outcome_unknown").retry_after(2).into_response(),
    }
}

/// The whole body. One that is too large is read on for a while and dropped: a client that is still writing would not read the error.
async fn read(body: Body, limit: usize) -> Checked<Bytes> {
    let mut parts = body.into_data_stream();
    let (mut whole, mut over) = (BytesMut::new(), 0);
    while let Some(part) = parts.next().await {
        let part = part.map_err(|_| Problem::new(400, "malformed"))?;
        if over == 0 && whole.len() + part.len() <= limit {
            whole.extend_from_slice(&part);
        } else {
            whole = BytesMut::new();
            over += part.len();
            if over > FORGOTTEN_MAX {
                break;
            }
        }
    }
    if over > 0 { Err(Problem::new(413, "payload_too_large")) } else { Ok(whole.freeze()) }
}

/// The caller's address: the peer's, or the one that a trusted proxy names.
#[derive(Debug, Clone, Copy)]
pub struct Address(pub IpAddr);

impl FromRequestParts<App> for Address {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let peer =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |info| info.0.ip());
        let forwarded = parts.headers.get("x-forwarded-for").and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self(believed(peer, forwarded, &app.config.trusted_proxies)))
    }
}

/// The last address in the chain that no trusted proxy speaks for.
fn believed(peer: IpAddr, forwarded: &str, trusted: &[IpAddr]) -> IpAddr {
    let mut address = peer;
    for hop in forwarded.rsplit(',') {
        if !trusted.contains(&address) {
            break;
        }
        match hop.trim().parse() {
            Ok(earlier) => address = earlier,
            Err(_) => break,
        }
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let [peer, proxy, client]: [IpAddr; 3] = ["10.0.0.9", "10.0.0.1", "198.51.100.7"].map(|text| text.parse().expect(text));
        assert_eq!(believed(peer, "198.51.100.7", &[proxy]), peer);
        assert_eq!(believed(proxy, "198.51.100.7", &[proxy]), client);
        assert_eq!(believed(proxy, "1.2.3.4, 198.51.100.7, 10.0.0.1", &[proxy]), client);
        assert_eq!(believed(proxy, "garbage", &[proxy]), proxy);
    }
}
