//! The OpenAPI document, made from the declared operations.
use crate::{
    App,
    actor::Access,
    db::Live,
    operations::{Operation, Registry},
    problem::{Declared, FieldError},
};
use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    response::{Html, Redirect},
    routing::get,
};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};
use utoipa_swagger_ui::{Config, SwaggerUi};

const PROBLEM: &str = "application/problem+json";

/// What every problem looks like; some carry members of their own.
#[derive(ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code, reason = "describes what `Problem::body` writes")]
struct ProblemBody {
    r#type: String,
    /// In the caller's language.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The slug; never translated, never changed.
    #[schema(example = "not_found")]
    code: String,
    /// A sentence in the caller's language.
    detail: String,
    request_id: Option<String>,
    /// With 422 `invalid`: a fault per field.
    errors: Option<Vec<FieldError>>,
}

type Components = BTreeMap<String, Value>;

/// The document of all operations.
pub fn document(registry: &Registry) -> Value {
    let mut components = Components::new();
    add::<ProblemBody>(&mut components);
    add::<FieldError>(&mut components);
    add::<Live>(&mut components);
    let mut paths: Map<String, Value> = Map::new();
    for operation in &registry.operations {
        let described = describe(operation, &mut components);
        let item = paths.entry(operation.path).or_insert_with(|| json!({}));
        item[operation.method.as_str().to_ascii_lowercase()] = described;
    }
    let tags: BTreeSet<&str> = registry.operations.iter().map(|operation| operation.slice).collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Wassally",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The live back end of a delivery marketplace. Every error is `application/problem+json`; its `code` never changes.",
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "tags": tags.into_iter().map(|name| json!({ "name": name })).collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer", "bearerFormat": "JWT" } },
        },
    })
}

fn add<T: ToSchema>(components: &mut Components) {
    let mut found = vec![(T::name().into_owned(), <T as PartialSchema>::schema())];
    T::schemas(&mut found);
    add_all(components, found);
}

fn add_all(components: &mut Components, found: Vec<(String, RefOr<Schema>)>) {
    for (name, schema) in found {
        components.entry(name).or_insert_with(|| value(&schema));
    }
}

fn value(schema: &RefOr<Schema>) -> Value {
    serde_json::to_value(schema).expect("schemas are plain data")
}

fn describe(operation: &Operation, components: &mut Components) -> Value {
    let input = Members::of(operation, components);
    let mut described = json!({
        "operationId": operation_id(operation),
        "tags": [operation.slice],
        "parameters": input.parameters(operation),
        "responses": responses(operation, components),
        "x-roles": operation.roles().iter().map(|role| role.name()).collect::<Vec<_>>(),
    });
    let text = input.description.or_else(|| operation.summary.map(str::to_owned)).unwrap_or_default();
    let (summary, rest) = text.split_once("\n\n").unwrap_or((&text, ""));
    described["summary"] = json!(summary.replace('\n', " "));
    if !rest.is_empty() {
        described["description"] = json!(rest);
    }
    match operation.access {
        Access::SignedIn => described["security"] = json!([{ "bearer": [] }]),
        Access::Optional => described["security"] = json!([{}, { "bearer": [] }]),
        Access::Anyone => {}
    }
    if let Some(rpc) = operation.rpc {
        described["x-rpc"] = json!(rpc);
    }
    if operation.has_body() && !input.rest.is_empty() {
        let required = input.rest.iter().any(|(name, _)| input.required.contains(name));
        let name = (operation.input_name)();
        components.entry(name.clone()).or_insert_with(|| body_schema(&input.rest, &input.required));
        let schema = json!({ "$ref": format!("#/components/schemas/{name}") });
        described["requestBody"] = json!({ "required": required, "content": { "application/json": { "schema": schema } } });
    }
    described
}

/// `post_orders_id_accept`: used once, and readable.
fn operation_id(operation: &Operation) -> String {
    let path = operation.path.trim_start_matches("/api");
    let words = path.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    std::iter::once(operation.method.as_str().to_ascii_lowercase().as_str()).chain(words).collect::<Vec<_>>().join("_")
}

/// The members of an operation's input: those that the path fills, and the rest.
struct Members {
    description: Option<String>,
    in_path: BTreeMap<String, Value>,
    rest: Vec<(String, Value)>,
    required: BTreeSet<String>,
}

impl Members {
    fn of(operation: &Operation, components: &mut Components) -> Self {
        let mut found = vec![];
        (operation.input_schemas)(&mut found);
        add_all(components, found);
        let mut members = Self { description: None, in_path: BTreeMap::new(), rest: vec![], required: BTreeSet::new() };
        for schema in (operation.input_schema)() {
            let schema = value(&schema);
            if members.description.is_none() {
                members.description = schema["description"].as_str().map(str::to_owned);
            }
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            members.required.extend(required.map(str::to_owned));
            for (name, of) in schema["properties"].as_object().into_iter().flatten() {
                if operation.ids.contains(&name.as_str()) {
                    members.in_path.insert(name.clone(), of.clone());
                } else {
                    members.rest.push((name.clone(), of.clone()));
                }
            }
        }
        members
    }

    fn parameters(&self, operation: &Operation) -> Value {
        let in_path = operation.parameters().map(|(name, field)| {
            let schema = self.in_path.get(field).cloned().unwrap_or_else(|| json!({ "type": "string" }));
            json!({ "name": name, "in": "path", "required": true, "schema": schema })
        });
        let in_query = self.rest.iter().filter(|_| !operation.has_body()).map(|(name, schema)| {
            let mut schema = schema.clone();
            let described = schema.as_object_mut().and_then(|members| members.remove("description"));
            let mut parameter =
                json!({ "name": name, "in": "query", "required": self.required.contains(name), "schema": schema });
            if let Some(text) = described {
                parameter["description"] = text;
            }
            parameter
        });
        let key = operation.takes_key().then(|| {
            json!({
                "name": "Idempotency-Key",
                "in": "header",
                "required": false,
                "description": "a success under this key is answered again for 24 hours, word for word",
                "schema": { "type": "string", "minLength": 1, "maxLength": 255 },
            })
        });
        let mut all: Vec<Value> = in_path.chain(in_query).collect();
        all.extend(key);
        json!(all)
    }
}

fn body_schema(members: &[(String, Value)], required: &BTreeSet<String>) -> Value {
    let properties: Map<String, Value> = members.iter().cloned().collect();
    let required: Vec<&String> = members.iter().map(|(name, _)| name).filter(|name| required.contains(*name)).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn responses(operation: &Operation, components: &mut Components) -> Value {
    let mut all = Map::new();
    all.insert(operation.status.to_string(), success(operation, components));
    let mut by_status: BTreeMap<u16, Vec<Declared>> = BTreeMap::new();
    for error in operation.errors() {
        by_status.entry(error.status).or_default().push(error);
    }
    for (status, errors) in by_status {
        all.insert(status.to_string(), failure(status, &errors, components));
    }
    Value::Object(all)
}

fn success(operation: &Operation, components: &mut Components) -> Value {
    let mut found = vec![];
    (operation.reply_schemas)(&mut found);
    add_all(components, found);
    let description = StatusCode::from_u16(operation.status).ok().and_then(|status| status.canonical_reason()).unwrap_or("OK");
    let Some(content) = operation.content else { return json!({ "description": description }) };
    let schema = value(&(operation.reply_schema)());
    let shown = schema["$ref"].as_str().and_then(|name| components.get(name.rsplit('/').next().unwrap_or_default()));
    let has_live = shown.is_some_and(|shown| shown["properties"].get("live").is_some());
    // A command's answer carries the positions that its commit gave.
    let schema = match operation.is_command && !has_live && operation.access != Access::Anyone {
        true => json!({ "allOf": [schema, {
            "type": "object",
            "required": ["live"],
            "properties": { "live": { "type": "array", "items": { "$ref": "#/components/schemas/Live" } } },
        }] }),
        false => schema,
    };
    json!({ "description": description, "content": { content: { "schema": schema } } })
}

fn failure(status: u16, errors: &[Declared], components: &mut Components) -> Value {
    let slugs: BTreeSet<&str> = errors.iter().map(|error| error.slug).collect();
    let mut properties = Map::from_iter([("code".to_owned(), json!({ "type": "string", "enum": slugs }))]);
    for members in errors.iter().filter_map(|error| error.members) {
        let mut found = vec![];
        (members.schemas)(&mut found);
        add_all(components, found);
        if let Value::Object(described) = value(&(members.schema)())["properties"].take() {
            properties.extend(described);
        }
    }
    let lines = errors.iter().map(|error| match error.doc {
        "" => format!("`{}`", error.slug),
        doc => format!("`{}`: {}", error.slug, doc.trim_end_matches('.')),
    });
    let schema = json!({ "allOf": [{ "$ref": "#/components/schemas/Problem" }, { "type": "object", "properties": properties }] });
    let mut response =
        json!({ "description": lines.collect::<Vec<_>>().join("; "), "content": { PROBLEM: { "schema": schema } } });
    if matches!(status, 429 | 503) {
        response["headers"] = json!({ "Retry-After": { "description": "seconds", "schema": { "type": "integer" } } });
    }
    response
}

/// The documents as they are served: made once.
pub struct Documents {
    pub openapi: Value,
    pub asyncapi: Value,
}

impl App {
    /// The documents of this release.
    pub fn documents(&self) -> &Documents {
        self.part()
    }
}

/// Redoc; its own logo would come from another host.
async fn redoc() -> ([(&'static str, &'static str); 1], Html<&'static str>) {
    ([("content-security-policy", "img-src 'self' data: blob:")], Html(include_str!("redoc.html")))
}

/// `/api/openapi.json`, `/asyncapi.json`, Swagger UI and Redoc.
pub fn router() -> Router<App> {
    Router::new()
        .merge(SwaggerUi::new("/swagger").config(Config::from("/api/openapi.json")))
        .route("/api/openapi.json", get(|State(app): State<App>| async move { Json(app.documents().openapi.clone()) }))
        .route("/asyncapi.json", get(|State(app): State<App>| async move { Json(app.documents().asyncapi.clone()) }))
        .route("/redoc/", get(redoc))
        .route("/redoc", get(|| async { Redirect::permanent("/redoc/") }))
}
