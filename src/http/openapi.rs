//! The OpenAPI document, made from the code, and its two readers served locally.
use crate::App;
use axum::{
    Router,
    response::{Html, Redirect},
    routing::get,
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

#[derive(OpenApi)]
#[openapi(
    info(title = "Wassally", description = "The live back end of a delivery marketplace. Every refusal is `application/problem+json`; its `code` never changes.", license(name = "MIT")),
    modifiers(&Bearer),
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// Splits the slices' routes into the router and the document, and adds the document's own paths.
pub fn split(routes: OpenApiRouter<App>) -> (Router<App>, utoipa::openapi::OpenApi) {
    OpenApiRouter::with_openapi(Document::openapi()).merge(routes).split_for_parts()
}

/// `/api/openapi.json`, Swagger UI and Redoc.
pub fn router(document: utoipa::openapi::OpenApi) -> Router<App> {
    Router::new()
        .merge(utoipa_swagger_ui::SwaggerUi::new("/swagger").url("/api/openapi.json", document))
        .route("/redoc/", get(|| async { Html(include_str!("redoc.html")) }))
        .route("/redoc", get(|| async { Redirect::permanent("/redoc/") }))
}
