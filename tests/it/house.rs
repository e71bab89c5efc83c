//! What holds for every path: rejections are problem+json, limits hold, the documents are served.
use crate::kit::TestApp;
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn every_rejection_is_a_problem_in_the_callers_language() {
    let house = TestApp::start().await;
    house.get("/api/nothing/here/").await.refused(404, "not_found");
    house.get("/nowhere").await.refused(404, "not_found");
    house.ask(Method::DELETE, "/api/auth/login/", None).await.refused(405, "method_not_allowed");
    house.get("/api/auth/user/").await.refused(401, "unauthorized");
    crate::kit::as_token(&house, Method::GET, "/api/auth/user/", "x.y.z").await.refused(401, "unauthorized");
    let login = format!("{}/api/auth/login/", house.url);
    let text = house.http.post(&login).header(header::CONTENT_TYPE, "text/plain").body("{}").send().await.expect("answers");
    assert_eq!(text.status(), 415);
    let big = house
        .http
        .post(&login)
        .header(header::CONTENT_TYPE, "application/json")
        .body(vec![b' '; 10 << 20])
        .send()
        .await
        .expect("answers");
    assert_eq!(big.status(), 413);
    assert_eq!(big.headers()[header::CONTENT_TYPE], "application/problem+json");
    for (body, status) in [("{", 400), ("{\"username\":\"a\",\"password\":NaN}", 400), ("\u{feff}", 400)] {
        let answer =
            house.http.post(&login).header(header::CONTENT_TYPE, "application/json").body(body).send().await.expect("answers");
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
    let unknown = house
        .post("/api/auth/login/", json!({ "username": "a", "password": "b", "colour": "red" }))
        .await
        .refused(422, "invalid");
    assert_eq!((&unknown["errors"][0]["field"], &unknown["errors"][0]["code"]), (&json!("colour"), &json!("unknown")));
    let arabic = house.http.get(&login).header(header::ACCEPT_LANGUAGE, "ar").send().await.expect("answers");
    assert_eq!(arabic.headers()[header::CONTENT_LANGUAGE], "ar");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_the_documents_are_served() {
    let house = TestApp::start().await;
    assert_eq!(house.get("/healthz").await.status, 200);
    assert_eq!(house.get("/readyz").await.ok()["ready"], true);
    assert!(house.get("/metrics").await.body.as_str().is_some_and(|text| text.contains("wassally_connections")));
    let document = house.get("/api/openapi.json").await.ok();
    assert!(document["paths"].get("/api/auth/login/").is_some());
    for page in ["/swagger/", "/redoc/"] {
        let answer = house.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.to_string().contains("https://cdn"), "{page} asks another host");
    }
    house.end().await;
}

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

#[tokio::test(flavor = "multi_thread")]
async fn the_document_says_what_is_served() {
    let house = TestApp::start().await;
    let document = house.get("/api/openapi.json").await.ok();
    let mut found = vec![];
    references(&document, &mut found);
    let dangling: BTreeSet<_> = found.iter().filter(|name| document.pointer(name.trim_start_matches('#')).is_none()).collect();
    assert!(dangling.is_empty(), "{dangling:?}");

    // An enum's words there are those that come over the wire.
    let words = |name: &str| document["components"]["schemas"][name]["enum"].clone();
    assert_eq!(words("PrepStatus"), json!(["NEW", "ACCEPTED", "READY", "REJECTED"]));
    assert_eq!(words("Fulfilment"), json!(["delivery", "pickup"]));

    let mut names = BTreeSet::new();
    for (path, method, operation) in operations(&document) {
        let at = format!("{method} {path}");
        assert!(names.insert(operation["operationId"].as_str().expect("a name").to_owned()), "{at} has the name of another");
        assert!(operation["tags"].as_array().is_some_and(|tags| !tags.is_empty()), "{at} has no tag");
        for name in path.split(['{', '}']).skip(1).step_by(2) {
            let is_told =
                |parameter: &Value| parameter["name"] == name && parameter["in"] == "path" && parameter["required"] == true;
            assert!(
                operation["parameters"].as_array().is_some_and(|all| all.iter().any(is_told)),
                "{at} does not say what {name} is"
            );
        }
        let security = operation["security"].as_array().cloned().unwrap_or_default();
        if security.contains(&json!({})) {
            continue;
        }
        // A token is asked for before anything else is looked at, exactly where the document says so.
        let filled = path.replace("{id}", "00000000-0000-7001-8000-000000000000");
        let answer = house.ask(method, &filled, Some(&json!({}))).await;
        assert_eq!(!security.is_empty(), answer.body["code"] == "unauthorized", "{at}: {}", answer.body);
    }
    house.end().await;
}

/// Slugs that any path may answer, or that a socket or a stream does.
const ANYWHERE: [&str; 22] = [
    "internal",
    "busy",
    "outcome_unknown",
    "draining",
    "not_found",
    "forbidden",
    "unauthorized",
    "token_expired",
    "malformed",
    "invalid",
    "method_not_allowed",
    "timeout",
    "payload_too_large",
    "unsupported_type",
    "too_many_requests",
    "idempotency_key_reused",
    "repeat_in_progress",
    "invalid_transition",
    "insufficient_funds",
    "channel_limit",
    "bad_ticket",
    "reason_required",
];

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_has_a_title_and_a_path_that_names_it() {
    let house = TestApp::start().await;
    let document = house.get("/api/openapi.json").await.ok();
    let titles: Value = serde_json::from_str(include_str!("../../src/i18n/en.json")).expect("JSON");
    let titled: BTreeSet<&str> =
        titles.as_object().expect("titles").keys().map(String::as_str).filter(|slug| !slug.contains('.')).collect();
    // Products are added by the seeding alone yet, and nothing can be returned.
    let without_path = ["sku_taken", "return_open"];
    let mut named: BTreeSet<String> = ANYWHERE.into_iter().chain(without_path).map(str::to_owned).collect();
    for (path, method, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().expect("responses") {
            if status.starts_with('4') {
                let text = response["description"].as_str().unwrap_or_default();
                assert!(!text.is_empty(), "{method} {path}: {status} names no refusal");
                // `cart_changed, with cart` names one slug, `wrong_pin with tries_left` too.
                named.extend(
                    text.split(", ")
                        .filter_map(|named| named.split(' ').next())
                        .filter(|slug| *slug != "with")
                        .map(str::to_owned),
                );
            }
        }
    }
    let untitled: Vec<_> = named.iter().filter(|slug| !titled.contains(slug.as_str())).collect();
    assert!(untitled.is_empty(), "the document names what has no title: {untitled:?}");
    let unnamed: Vec<_> = titled.iter().filter(|slug| !named.contains(**slug)).collect();
    assert!(unnamed.is_empty(), "no path names {unnamed:?}");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_column_holds_is_the_callers_fault() {
    let house = TestApp::start().await;
    let anna = house.customer().await;
    for path in ["/api/orders/?from=-5000-01-01T00:00:00Z", "/api/wallet/transactions/?to=-5000-01-01T00:00:00Z"] {
        anna.get(path).await.refused(422, "invalid");
    }
    // A list is not taken for the fields by their order, and an id has one spelling.
    anna.ask(Method::POST, "/api/auth/logout/", Some(&json!([true])), &[]).await.refused(422, "invalid");
    let order = uuid::Uuid::from_u128(0x0198_c2e4_77aa_7001_9c31_0000_0000_00ab);
    for id in [order.to_string().to_uppercase(), order.simple().to_string(), order.urn().to_string(), "x".to_owned()] {
        anna.get(&format!("/api/orders/{id}/")).await.refused(404, "not_found");
    }
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn callers_who_send_slowly_take_nobodys_place() {
    use tokio::io::AsyncWriteExt;
    let house = TestApp::start_with(&[("WASSALLY_REQUEST_LIMIT", "2")]).await;
    let address = house.url.trim_start_matches("http://").to_owned();
    let mut halves = Vec::new();
    for _ in 0..8 {
        let mut socket = tokio::net::TcpStream::connect(&address).await.expect("accepted");
        let head = format!(
            "POST /api/auth/login/ HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"u"
        );
        socket.write_all(head.as_bytes()).await.expect("half a body");
        halves.push(socket);
    }
    house.get("/api/shops/").await.ok();
    drop(halves);
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_this_machine_alone() {
    let house = TestApp::start().await;
    let forwarded =
        house.http.get(format!("{}/metrics", house.url)).header("x-forwarded-for", "198.51.100.7").send().await.expect("answers");
    assert_eq!(forwarded.status(), 404);
    house.end().await;
}
