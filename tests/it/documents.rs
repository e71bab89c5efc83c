//! The two documents: OpenAPI says what is served and how it can fail, AsyncAPI what the channels carry, the catalogues what people read.
use crate::kit::{TestApp, Witness};
use axum::{Router, body::Body, http::StatusCode, routing};
use reqwest::Method;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    process::Stdio,
};
use tokio::io::AsyncWriteExt;
use tower::ServiceExt;
use wassally::{
    Problem,
    operations::Operation,
    problem::{COMMON, Declared},
};
use wassally_client::Passed;

/// Path, method and operation of everything the document names.
fn operations(document: &Value) -> Vec<(String, Method, Value)> {
    let paths = document["paths"].as_object().expect("paths");
    let each = paths.iter().flat_map(|(path, item)| item.as_object().expect("an item").iter().map(move |entry| (path, entry)));
    each.filter_map(|(path, (method, operation))| {
        let method: Method = method.to_uppercase().parse().ok().filter(|_| operation.get("responses").is_some())?;
        Some((path.clone(), method, operation.clone()))
    })
    .collect()
}

/// Every `$ref` of a document.
fn references<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(members) => {
            found.extend(members.get("$ref").and_then(Value::as_str));
            members.values().for_each(|member| references(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}

/// Each answer has its description, each error its content and its codes, and no answer stands for whatever else may come.
fn answers_are_described(document: &Value, at: &str, operation: &Value) {
    for (status, response) in operation["responses"].as_object().expect("responses") {
        let number: u16 = status.parse().unwrap_or_else(|_| panic!("{at} answers {status}"));
        assert!(response["description"].as_str().is_some_and(|text| !text.is_empty()), "{at}: {status} has no description");
        if number < 400 {
            continue;
        }
        let schema = &response["content"]["application/problem+json"]["schema"];
        let parts = schema["allOf"].as_array().unwrap_or_else(|| panic!("{at}: {status} has no content"));
        assert_eq!(parts[0], json!({ "$ref": "#/components/schemas/Problem" }), "{at}: {status}");
        let codes = parts[1]["properties"]["code"]["enum"].as_array().unwrap_or_else(|| panic!("{at}: {status} has no codes"));
        assert!(!codes.is_empty(), "{at}: {status} has no code");
    }
    let required = document["components"]["schemas"]["Problem"]["required"].as_array().expect("required members");
    for member in ["type", "title", "status", "code", "detail"] {
        assert!(required.contains(&json!(member)), "a problem may lack {member}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_lists_what_is_served() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.ok();
    let mut found = vec![];
    references(&document, &mut found);
    let dangling: BTreeSet<_> = found.iter().filter(|name| document.pointer(name.trim_start_matches('#')).is_none()).collect();
    assert!(dangling.is_empty(), "{dangling:?}");

    // Enums have the words that come over the wire.
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(words("PrepStatus"), json!(["NEW", "ACCEPTED", "READY", "REJECTED"]));
    assert_eq!(words("Fulfilment"), json!(["delivery", "pickup"]));

    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().expect("a name").to_owned()), "{at} has another operation's name");
        assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{at} has no tag");
        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let is_described =
                |parameter: &Value| parameter["name"] == name && parameter["in"] == "path" && parameter["required"] == true;
            assert!(
                operation["parameters"].as_array().is_some_and(|all| all.iter().any(is_described)),
                "{at} does not describe {name}"
            );
        }
        answers_are_described(&document, &at, &operation);
        let security = operation["security"].as_array().cloned().unwrap_or_default();
        if security.contains(&json!({})) {
            continue;
        }
        // A token is required before anything else is looked at, exactly where the document says so.
        let filled = path.replace("{id}", "00000000-0000-7001-8000-000000000000");
        let answer = app.ask(method, &filled, Some(&json!({}))).await;
        assert_eq!(!security.is_empty(), answer.body["code"] == "unauthorized", "{at}: {}", answer.body);
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_document_has_the_values_that_are_sent() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let order = anna.get(&format!("/api/orders/{order}/")).await.ok();
    let document = app.get("/api/openapi.json").await.ok();
    for (schema, word) in [
        ("OrderStatus", &order["status"]),
        ("PrepStatus", &order["shop_orders"][0]["prep_status"]),
        ("Fulfilment", &order["fulfilment"]),
        ("PaymentMode", &order["payment_mode"]),
        ("PaymentStatus", &order["payment_status"]),
    ] {
        let words = document["components"]["schemas"][schema]["enum"].as_array().expect("words");
        assert!(words.contains(word), "{schema} {words:?} without {word}");
    }
    let parameters = &document["paths"]["/api/product/products/"]["get"]["parameters"];
    let named: BTreeSet<&str> =
        parameters.as_array().expect("parameters").iter().filter_map(|one| one["name"].as_str()).collect();
    assert!(named.is_superset(&["limit", "cursor", "search", "ordering", "in_stock"].into()), "{named:?}");
    app.end().await;
}

/// Every method a path may have.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

#[tokio::test(flavor = "multi_thread")]
async fn router_and_document_know_the_same_paths_and_methods() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.ok();
    let named: BTreeSet<(String, String)> =
        operations(&document).into_iter().map(|(path, method, _)| (path, method.to_string())).collect();
    let paths: BTreeSet<&str> = named.iter().map(|(path, _)| path.as_str()).collect();
    assert!(paths.len() > 40 && paths.contains("/api/meta/"), "{paths:?}");
    for path in paths {
        let filled = path.replace("{id}", "00000000-0000-7001-8000-000000000000");
        for method in METHODS {
            let answer = app.ask(method.clone(), &filled, Some(&json!({}))).await;
            let is_served = answer.status != 405;
            let is_named = named.contains(&(path.to_owned(), method.to_string()));
            assert_eq!(is_served, is_named, "{method} {path}: {} {}", answer.status, answer.body);
        }
    }
    app.end().await;
}

const CATALOGUES: [(&str, &str); 3] = [
    ("en", include_str!("../../src/i18n/en.json")),
    ("ar", include_str!("../../src/i18n/ar.json")),
    ("fr", include_str!("../../src/i18n/fr.json")),
];

/// Every declared error by its slug: those of the operations and those that any operation may give.
fn declared(operations: &[Operation]) -> BTreeMap<&'static str, Vec<Declared>> {
    let mut by_slug: BTreeMap<&str, Vec<Declared>> = BTreeMap::new();
    for error in operations.iter().flat_map(Operation::errors).chain(COMMON.iter().copied()) {
        by_slug.entry(error.slug).or_default().push(error);
    }
    by_slug
}

/// The slugs of `#[api(status, "slug")]` below `folder`: also of enums whose operation is still to come, as the seeding has some.
fn slugs_in_sources(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()) {
        if entry.is_dir() {
            slugs_in_sources(&entry, found);
        } else if entry.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&entry).expect("a source");
            found.extend(
                text.split("#[api(").skip(1).filter_map(|rest| Some(rest.split(")]").next()?.split('"').nth(1)?.to_owned())),
            );
        }
    }
}

/// The members of an error, by the names that its sentence may use.
fn members(error: &Declared) -> BTreeSet<String> {
    let schema = error.members.map(|members| serde_json::to_value((members.schema)()).expect("a schema"));
    schema.and_then(|schema| Some(schema["properties"].as_object()?.keys().cloned().collect())).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_declared_error_has_its_sentences_in_three_languages_and_no_sentence_lacks_its_error() {
    let app = TestApp::start().await;
    let declared = declared(&app.app.registry().operations);
    let mut known: BTreeSet<String> = declared.keys().map(|slug| (*slug).to_owned()).collect();
    slugs_in_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut known);
    let mut wrong = Vec::new();
    for (language, text) in CATALOGUES {
        let catalogue: Value = serde_json::from_str(text).expect("JSON");
        let errors = catalogue["errors"].as_object().expect("errors");
        for (slug, declarations) in &declared {
            let (title, detail) =
                (errors.get(*slug).map(|texts| &texts["title"]), errors.get(*slug).map(|texts| &texts["detail"]));
            if title.and_then(Value::as_str).is_none_or(str::is_empty) {
                wrong.push(format!("{language}: {slug} has no title"));
            }
            let Some(detail) = detail.and_then(Value::as_str).filter(|detail| !detail.is_empty()) else {
                wrong.push(format!("{language}: {slug} has no detail"));
                continue;
            };
            for placeholder in detail.split(['{', '}']).skip(1).step_by(2) {
                let lacks = |error: &&Declared| !members(error).contains(placeholder);
                if let Some(error) = declarations.iter().find(lacks) {
                    wrong.push(format!("{language}: {slug} ({}) names {placeholder}, which is no member of it", error.status));
                }
            }
        }
        wrong.extend(
            errors.keys().filter(|slug| !known.contains(*slug)).map(|slug| format!("{language}: nothing declares {slug}")),
        );
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_parser_reads_the_asyncapi_document_without_a_complaint() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js");
    let is_there = Path::new(folder).join("node_modules/@asyncapi/parser").exists();
    assert!(is_there, "the parser is not installed: `make test` does it, or run `npm ci` in tests/sdk/js");
    let app = TestApp::start().await;
    let document = app.get("/asyncapi.json").await.ok();
    let mut node = tokio::process::Command::new("node")
        .arg("asyncapi.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let mut input = node.stdin.take().expect("piped");
    input.write_all(document.to_string().as_bytes()).await.expect("takes the document");
    drop(input);
    let output = node.wait_with_output().await.expect("ends");
    assert!(output.status.success(), "the parser failed");
    let lines = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let complaints: Vec<&Value> =
        lines.iter().filter(|line| matches!(line["severity"].as_str(), Some("error" | "warning"))).collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let read = lines.iter().find_map(|line| line.get("channels")).expect("the parser read the channels");
    let read: BTreeSet<&str> = read.as_object().expect("channels").keys().map(String::as_str).collect();
    let declared: BTreeSet<&str> = app.app.registry().channels().map(|rule| rule.namespace).collect();
    assert_eq!(read, declared);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn undocumented_answers_and_messages_are_noticed() {
    let app = TestApp::start().await;
    let witness = Witness::of(&app.app);
    let problem = |status, code| move || async move { Problem::new(status, code) };
    let router = Router::new()
        .route("/api/wallet/", routing::get(problem(409, "made_up")))
        .route("/api/cart/", routing::get(problem(404, "forbidden")).delete(|| async { StatusCode::NO_CONTENT }))
        .route("/api/orders/", routing::get(problem(403, "made_up")).patch(problem(405, "method_not_allowed")))
        .route("/api/orders/{id}/", routing::get(problem(404, "not_found")))
        .route("/api/made/up/", routing::get(problem(404, "made_up")));
    let router = witness.around(router);
    let calls = ["GET wallet", "GET cart", "DELETE cart", "GET orders", "PATCH orders", "GET orders/1", "GET made/up"];
    for (method, path) in calls.iter().filter_map(|call| call.split_once(' ')) {
        let request = axum::http::Request::builder().method(method).uri(format!("/api/{path}/"));
        let request = request.body(Body::empty()).expect("a request");
        router.clone().oneshot(request).await.expect("answers");
    }
    let answers = [
        "DELETE /api/cart/: 204 ",
        "GET /api/cart/: 404 forbidden",
        "GET /api/orders/: 403 made_up",
        "GET /api/wallet/: 409 made_up",
    ];
    assert_eq!(witness.undocumented(), answers.map(str::to_owned).into());

    let witness = Witness::of(&app.app);
    let mut socket = witness.of_socket();
    for (id, (method, error)) in
        [("orders.accept", (409, "made_up")), ("orders.accept", (404, "not_found")), ("no.such", (104, "method not found"))]
            .into_iter()
            .enumerate()
    {
        let id = u32::try_from(id).expect("small") + 1;
        socket(Passed::Sent { id, command: &json!({ "rpc": { "method": method } }) });
        socket(Passed::Received(&json!({ "id": id, "error": { "code": error.0, "message": error.1 } })));
    }
    let push = |data: Value| json!({ "push": { "channel": "user:1", "pub": { "data": data } } });
    socket(Passed::Received(&push(json!({ "type": "cart_changed", "at": "2026-01-01T00:00:00Z", "version": 1, "items": 2 }))));
    socket(Passed::Received(&push(json!({ "type": "cart_changed", "at": "2026-01-01T00:00:00Z", "version": 1 }))));
    socket(Passed::Received(&push(json!({ "type": "made_up" }))));
    let noticed: Vec<String> = witness.undocumented().into_iter().collect();
    assert_eq!(noticed.len(), 3, "{noticed:?}");
    assert_eq!(noticed[0], "rpc orders.accept: 409 made_up");
    assert!(noticed[1].starts_with("user: cart_changed at ") && noticed[1].contains("items"), "{noticed:?}");
    assert_eq!(noticed[2], "user: the message made_up");
    app.end().await;
}
