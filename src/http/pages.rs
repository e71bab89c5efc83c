//! The pages people see: built by `make`, embedded in the binary; and the style of their map.
use crate::{App, i18n::Language, problem::Problem};
use axum::{
    Router,
    extract::{Path, Query},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Built;

const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
/// Nothing is loaded from another origin. Allowed besides: styles that the component kit sets on elements, and workers and pictures made in
/// the page.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; worker-src 'self' blob:; \
    object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'";

/// `/` and the language paths, `/assets/`, the map's style.
pub fn router() -> Router<App> {
    let mut router = Router::new()
        .route("/", get(to_language))
        // As people type them, without a language.
        .route("/app", get(to_language))
        .route("/crew", get(to_language))
        .route("/staff", get(to_language))
        .route("/seller", get(to_language))
        .route("/assets/{*path}", get(asset))
        .route("/map/style.json", get(style));
    for language in Language::ALL.map(Language::tag) {
        router = router
            .route(&format!("/{language}"), get(move || async move { Redirect::permanent(&format!("/{language}/")) }))
            .route(&format!("/{language}/docs/"), get(|| async { Redirect::temporary("/swagger/") }))
            .route(&format!("/{language}/"), get(page))
            .route(&format!("/{language}/{{*path}}"), get(page));
    }
    router
}

/// The pages begin with the reader's language.
async fn to_language(headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    let to = format!("/{}{}{query}", Language::accepted(&headers).tag(), uri.path());
    ([(header::VARY, header::ACCEPT_LANGUAGE.as_str())], Redirect::temporary(&to)).into_response()
}

/// The one document behind every address of the pages.
async fn page(headers: HeaderMap) -> Response {
    let Some(mut response) = file("index.html", &headers, NO_CACHE) else {
        return (StatusCode::NOT_FOUND, [(header::CONTENT_TYPE, "text/plain")], "The pages are built by make.\n").into_response();
    };
    let guards = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ];
    for (name, value) in guards {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A file with its hash in the name. Browsers keep it forever; one of another build is 404, so that an old page notices.
async fn asset(Path(path): Path<String>, headers: HeaderMap) -> Response {
    file(&format!("assets/{path}"), &headers, IMMUTABLE).unwrap_or_else(|| Problem::not_found().into_response())
}

/// Answers with the smallest form of a built file that the client accepts.
fn file(path: &str, headers: &HeaderMap, cache: HeaderValue) -> Option<Response> {
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (coding, suffix) in [("br", ".br"), ("gzip", ".gz")] {
        let is_accepted = accepts.split(',').any(|part| part.trim().split(';').next() == Some(coding));
        if is_accepted && let Some(small) = Built::get(&format!("{path}{suffix}")) {
            return Some(answer(path, small, Some(coding), cache));
        }
    }
    Built::get(path).map(|plain| answer(path, plain, None, cache))
}

fn answer(path: &str, file: EmbeddedFile, coding: Option<&'static str>, cache: HeaderValue) -> Response {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(path)));
    headers.insert(header::CACHE_CONTROL, cache);
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    (headers, file.data.into_owned()).into_response()
}

/// Content type by a file's ending; the build makes no others.
fn kind(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[derive(Debug, Deserialize)]
struct Theme {
    theme: Option<String>,
}

/// The map's style, light or dark, over this server's own shapes.
async fn style(Query(filter): Query<Theme>, headers: HeaderMap) -> Response {
    let theme = if filter.theme.as_deref() == Some("dark") { "dark" } else { "light" };
    file(&format!("map/style.{theme}.json"), &headers, NO_CACHE).unwrap_or_else(|| Problem::not_found().into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_of_another_build_is_missing() {
        let response = asset(Path("index-OLD.js".to_owned()), HeaderMap::new()).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn the_first_address_is_in_the_readers_language() {
        let headers = HeaderMap::from_iter([(header::ACCEPT_LANGUAGE, HeaderValue::from_static("ar-EG,en;q=0.5"))]);
        let response = to_language(headers, Uri::from_static("/?slot=crew1")).await;
        assert_eq!(response.headers()[header::LOCATION], "/ar/?slot=crew1");
        let response = to_language(HeaderMap::new(), Uri::from_static("/crew")).await;
        assert_eq!(response.headers()[header::LOCATION], "/en/crew");
    }
}
