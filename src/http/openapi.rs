//! The OpenAPI document, made from the code, and its two readers served locally.
use crate::App;
use axum::{
    Router,
    response::{Html, Redirect},
    routing::get,
};
use utoipa::{
    Modify, OpenApi, ToSchema,
    openapi::{
        Content, PathItem, Ref, RefOr, Response,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

const PROBLEM: &str = "application/problem+json";

#[derive(OpenApi)]
#[openapi(
    info(title = "Wassally", description = "The live back end of a delivery marketplace. Every refusal is `application/problem+json`; its `code` never changes.", license(name = "MIT")),
    modifiers(&Bearer),
    components(schemas(ApiError)),
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// What every refusal looks like; some carry members of their own.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes what `Problem::body` writes")]
struct ApiError {
    r#type: String,
    /// In the caller's language.
    title: String,
    status: u16,
    /// The slug; never translated, never changed.
    #[schema(example = "not_found")]
    code: String,
    detail: Option<String>,
    request_id: Option<String>,
    /// With 422 `invalid`: a fault per field.
    errors: Option<Vec<crate::problem::FieldError>>,
}

/// Splits the slices' routes into the router and the document, and adds the document's own paths.
pub fn split(routes: OpenApiRouter<App>) -> (Router<App>, utoipa::openapi::OpenApi) {
    let (router, mut document) = OpenApiRouter::with_openapi(Document::openapi()).merge(routes).split_for_parts();
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            complete(path, method, operation);
        }
    }
    (router, document)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut Operation)> {
    let PathItem { get, post, put, patch, delete, .. } = item;
    let all = [("get", get), ("post", post), ("put", put), ("patch", patch), ("delete", delete)];
    all.into_iter().filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// What handlers need not repeat: a name that is used once, the refusal of a missing token, and the shape of every refusal.
fn complete(path: &str, method: &str, operation: &mut Operation) {
    let words = path.trim_start_matches("/api").split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    operation.operation_id = Some(std::iter::once(method).chain(words).collect::<Vec<_>>().join("_"));
    let responses = &mut operation.responses.responses;
    if operation.security.is_some() {
        let unauthorized = || RefOr::T(Response::new("unauthorized, token_expired"));
        responses.entry("401".to_owned()).or_insert_with(unauthorized);
    }
    responses.insert("default".to_owned(), RefOr::T(Response::new("any other refusal")));
    for (status, response) in responses {
        let RefOr::T(response) = response else { continue };
        match status.as_str() {
            "401" if response.description.is_empty() => response.description.push_str("unauthorized, token_expired"),
            "404" if response.description.is_empty() => response.description.push_str("not_found"),
            _ => {}
        }
        if status == "default" || status.starts_with('4') {
            response.content.insert(PROBLEM.to_owned(), Content::new(Some(Ref::from_schema_name("ApiError"))).into());
        }
    }
}

/// Redoc; its own logo would come from another host.
async fn redoc() -> ([(&'static str, &'static str); 1], Html<&'static str>) {
    ([("content-security-policy", "img-src 'self' data: blob:")], Html(include_str!("redoc.html")))
}

/// `/api/openapi.json`, Swagger UI and Redoc.
pub fn router(document: utoipa::openapi::OpenApi) -> Router<App> {
    Router::new()
        .merge(utoipa_swagger_ui::SwaggerUi::new("/swagger").url("/api/openapi.json", document))
        .route("/redoc/", get(redoc))
        .route("/redoc", get(|| async { Redirect::permanent("/redoc/") }))
}
