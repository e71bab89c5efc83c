//! Bounds of requests: how many at once, how long one may take, how often an address may fail to sign in.
use crate::{App, problem::Problem};
use axum::{
    extract::{ConnectInfo, FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    time::Duration,
};

/// A body that has not come by then is not waited for.
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// Refuses what is above the node's number of requests at once, and ends what takes too long.
///
/// The body is read before a place is taken, so that callers who send slowly wait at their own expense.
pub async fn bound(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_WITHIN, axum::body::to_bytes(body, app.config.body_limit)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) if is_too_large(&error) => return Problem::new(413, "payload_too_large").into_response(),
        Ok(Err(_)) => return Problem::new(400, "malformed").into_response(),
        Err(_) => return Problem::new(408, "timeout").into_response(),
    };
    let request = Request::from_parts(parts, body.into());
    let Ok(_permit) = app.requests.try_acquire() else { return Problem::busy().into_response() };
    if app.stop.is_cancelled() {
        return Problem::new(503, "draining").retry_after(1).into_response();
    }
    match tokio::time::timeout(app.config.request_timeout, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::busy().into_response(),
    }
}

fn is_too_large(error: &axum::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<http_body_util::LengthLimitError>())
}

/// The caller's address: the peer, or what a trusted proxy says of it.
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
