//! Which browser origins may connect.

use http::{HeaderMap, HeaderValue, header};

/// Browsers send an origin; a request without one is allowed. `*` allows all, and the server's own is always allowed.
pub fn is_allowed(headers: &HeaderMap, allowed: &[String]) -> bool {
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if allowed.iter().any(|of| of == "*" || of.eq_ignore_ascii_case(origin)) {
        return true;
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin.split_once("://").map(|(_, host)| host).zip(host).is_some_and(|(of, host)| of.eq_ignore_ascii_case(host))
}

/// Lets an allowed origin read the answer; any other gets no header.
pub fn allow(answer: &mut HeaderMap, request: &HeaderMap, allowed: &[String]) {
    let Some(origin) = request.get(header::ORIGIN) else { return };
    if !is_allowed(request, allowed) {
        return;
    }
    answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    answer.insert(header::VARY, HeaderValue::from_static("Origin"));
    if let Some(headers) = request.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        answer.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, headers.clone());
    }
}
