//! What this server is: what a page asks first, and the shapes that its map draws.
use crate::{
    App,
    clock::Timestamp,
    i18n::Language,
    problem::Result,
    seed::{demo, town},
};
use axum::{
    Json, Router,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;
use utoipa_axum::{router::OpenApiRouter, routes};

/// What a page asks first.
pub fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(meta))
}

/// The shapes below `/map/`.
pub fn shapes() -> Router<App> {
    Router::new()
        .route("/map/streets.geojson", get(|| async { shape(town::STREETS) }))
        .route("/map/areas.geojson", get(|| async { shape(town::AREAS) }))
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

/// What this server is, and where its map begins
#[utoipa::path(get, path = "/api/meta/", tag = "meta", responses((status = 200, body = Meta)))]
async fn meta(State(app): State<App>) -> Result<Json<Meta>> {
    let demo = demo::is_seeded(&app).await?.then(|| Demo {
        password: demo::PASSWORD,
        people: demo::SHOWN.iter().map(|&(username, role)| DemoPerson { username, role: role.name() }).collect(),
    });
    let (lat, lng) = town::MIDDLE;
    Ok(Json(Meta {
        name: "Wassally",
        build: env!("CARGO_PKG_VERSION"),
        now: app.clock.now(),
        languages: Language::ALL.map(Language::tag),
        currency: app.config.currency,
        map: Map { style: "/map/style.json", center: [lng, lat] },
        demo,
    }))
}
