//! What a page reads first: the server, its languages, its map, its demo people.
use crate::{
    App,
    actor::Anyone,
    clock::Timestamp,
    domain::users,
    ids::Region,
    operations::{NoInput, Slice, get},
    problem::Result,
};
use serde::Serialize;

/// Middle of the demo town.
const TOWN: [f64; 2] = [26.5, 28.5];

pub fn slice() -> Slice {
    Slice::new("meta").query(get("/api/meta/", meta).summary("What this server is, and where its map begins"))
}

/// What this server is, for its pages.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Meta {
    name: &'static str,
    build: &'static str,
    now: Timestamp,
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

const DEMO: [(&str, &str); 6] = [
    ("customer1", "customer"),
    ("crew1", "crew"),
    ("staff1", "staff"),
    ("customer2", "customer"),
    ("crew2", "crew"),
    ("seller1", "seller"),
];

/// Reads what this server is.
async fn meta(app: App, _: Anyone, _: NoInput) -> Result<Meta> {
    let demo = is_demo(&app).await?.then(|| Demo {
        password: "wassally-demo",
        people: DEMO.iter().map(|&(username, role)| DemoPerson { username, role }).collect(),
    });
    Ok(Meta {
        name: "Wassally",
        build: env!("CARGO_PKG_VERSION"),
        now: app.clock.now(),
        languages: ["en", "ar", "fr"],
        currency: app.config.currency,
        map: Map { style: "/map/style.json", center: TOWN },
        demo,
    })
}

/// Whether the demo's people are here: by their addresses, which nobody else can have.
async fn is_demo(app: &App) -> Result<bool> {
    let mut sql = app.read_stale(Region::GLOBAL).await?;
    Ok(users::by_login(&mut sql, "customer1@example.com").await?.is_some())
}
