//! What this server is: what a page reads first, and the shapes that its map draws.
use crate::{
    App,
    actor::Anyone,
    clock::Timestamp,
    i18n::Language,
    operations::{NoInput, Slice, get},
    problem::Result,
    seed::{demo, town},
};
use axum::{
    Router,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing,
};
use serde::Serialize;

/// What a page reads first.
pub fn slice() -> Slice {
    Slice::new("meta").query(get("/api/meta/", meta).summary("What this server is, and where its map begins"))
}

/// The shapes below `/map/`.
pub fn shapes() -> Router<App> {
    Router::new()
        .route("/map/streets.geojson", routing::get(|| async { shape(town::STREETS) }))
        .route("/map/areas.geojson", routing::get(|| async { shape(town::AREAS) }))
}

fn shape(text: &'static str) -> Response {
    let headers: [(HeaderName, &str); 2] =
        [(header::CONTENT_TYPE, "application/geo+json"), (header::CACHE_CONTROL, "public, max-age=3600")];
    (headers, text).into_response()
}

/// What this server is, for its pages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meta {
    name: &'static str,
    build: &'static str,
    now: Timestamp,
    #[schema(value_type = Vec<String>)]
    languages: [&'static str; 3],
    #[schema(value_type = String, example = "USD")]
    currency: crate::money::Currency,
    map: Map,
    /// People to try the city with; `null` where it is not a demo.
    demo: Option<Demo>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Map {
    style: &'static str,
    /// Longitude and latitude where a map begins.
    center: [f64; 2],
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct Demo {
    password: &'static str,
    people: Vec<DemoPerson>,
}

#[derive(Debug, Serialize, utoipa::ToSchema)]
struct DemoPerson {
    username: &'static str,
    role: &'static str,
}

/// Reads what this server is.
async fn meta(app: App, _: Anyone, _: NoInput) -> Result<Meta> {
    let demo = demo::is_seeded(&app).await?.then(|| Demo {
        password: demo::PASSWORD,
        people: demo::SHOWN.iter().map(|&(username, role)| DemoPerson { username, role: role.name() }).collect(),
    });
    let (lat, lng) = town::MIDDLE;
    Ok(Meta {
        name: "Wassally",
        build: env!("CARGO_PKG_VERSION"),
        now: app.clock.now(),
        languages: Language::ALL.map(Language::tag),
        currency: app.config.currency,
        map: Map { style: "/map/style.json", center: [lng, lat] },
        demo,
    })
}
