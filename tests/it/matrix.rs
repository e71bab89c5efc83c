//! Every path that takes an id, by all six roles, with an id of somebody else's: never their data, never a 500.
use crate::kit::{Person, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use wassally::actor::Role;

const ROLES: [Role; 6] = [Role::Customer, Role::Seller, Role::Crew, Role::Staff, Role::Admin, Role::Superadmin];

/// What must not reach a stranger: it stands in the order's address and note.
const SECRET: &str = "Mill Lane 1";

/// A body that fits the path, as far as one can be guessed from its schema.
fn body(document: &Value, schema: &Value) -> Value {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => &document["components"]["schemas"][reference.rsplit('/').next().expect("a name")],
        None => schema,
    };
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str()).unwrap_or_default();
    match kind {
        "object" | "" if schema.get("properties").is_some() => {
            let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties
                .filter(|(name, _)| required.contains(&name.as_str()) || *name == "reason")
                .map(|(name, of)| (name.clone(), body(document, of)))
                .collect()
        }
        "string" => schema["enum"].get(0).cloned().unwrap_or_else(|| match schema["format"].as_str() {
            Some("uuid") => json!(uuid::Uuid::nil()),
            Some("date-time") => json!("2026-01-01T00:00:00Z"),
            _ => json!("something"),
        }),
        "integer" | "number" => json!(1),
        "boolean" => json!(true),
        "array" => json!([]),
        _ => json!({}),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_shows_or_changes_what_is_anothers() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let ids = [
        order,
        anna.id.to_string(),
        stall.id.to_string(),
        stall.product.to_string(),
        uuid::Uuid::nil().to_string(),
        "nonsense".into(),
    ];
    let document = app.get("/api/openapi.json").await.ok();
    let mut strangers = Vec::new();
    for role in ROLES {
        strangers.push((role, app.person(role).await));
    }
    let (mut tried, mut wrong) = (0, Vec::new());
    for (path, methods) in document["paths"].as_object().expect("paths") {
        if !path.contains('{') {
            continue;
        }
        for (method, operation) in methods.as_object().expect("methods") {
            let Ok(method) = method.to_uppercase().parse::<Method>() else { continue };
            let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
            let body = (!schema.is_null()).then(|| body(&document, schema));
            let is_public =
                operation["security"].as_array().is_none_or(|schemes| schemes.iter().any(|scheme| *scheme == json!({})));
            for (role, who) in &strangers {
                for id in &ids {
                    let mut path = path.clone();
                    while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
                        path.replace_range(from..=to, id);
                    }
                    let answer = who.ask(method.clone(), &path, body.as_ref(), &[]).await;
                    tried += 1;
                    let text = answer.body.to_string();
                    // Staff and above see all orders, and act on them: that they do not break is all that is asked of them here.
                    let is_stranger = *role < Role::Staff;
                    let may_succeed = is_public || !is_stranger;
                    let is_success = answer.status < 300;
                    if answer.status >= 500
                        || is_stranger && (text.contains(SECRET) || is_success && !may_succeed)
                        || !is_stranger && method != Method::GET && id == "nonsense" && is_success
                    {
                        wrong.push(format!("{method} {path} by {}: {} {text}", role.name(), answer.status));
                    }
                    if is_stranger && !is_success {
                        assert!(
                            matches!(answer.status, 400 | 401 | 403 | 404 | 405 | 409 | 415 | 422),
                            "{method} {path} by {}: {} {text}",
                            role.name(),
                            answer.status
                        );
                    }
                }
            }
        }
    }
    assert!(tried > 500, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_changes_nothing_of_an_order() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let log = app.log(&format!("order:{order}")).await;
    let (ben, owner) = (app.customer().await, app.stall(1).await.owner);
    let crew = app.crew_on_duty().await;
    for command in ["accept", "ready", "reject", "cancel", "complete", "proof/confirm"] {
        for who in [&ben, &owner, &crew] {
            let body = match command {
                "reject" => json!({ "reason": "because" }),
                "proof/confirm" => json!({ "pin": "000000" }),
                _ => json!({}),
            };
            let answer = who.act(&order, command, body).await;
            assert!(matches!(answer.status, 403 | 404), "{command} by {}: {} {}", who.username, answer.status, answer.body);
        }
    }
    for command in ["release", "advance", "problem"] {
        let body = if command == "problem" { json!({ "kind": "shop" }) } else { json!({}) };
        crew.post(&format!("/api/delivery/orders/{order}/{command}/"), body).await.refused(404, "not_found");
    }
    for who in [&ben, &owner, &crew] {
        for path in [format!("/api/orders/{order}/"), format!("/api/orders/{order}/history/")] {
            assert_eq!(who.get(&path).await.status, 404, "{path} by {}", who.username);
        }
    }
    for who in [&ben, &owner, &crew, &stall.owner] {
        let status = who.get(&format!("/api/orders/{order}/proof/")).await.status;
        assert!(matches!(status, 403 | 404), "proof to {}: {status}", who.username);
    }
    assert_eq!(app.log(&format!("order:{order}")).await, log, "not a word");
    app.end().await;
}

/// Who may watch which channel of an order in which state: (channel, who) → whether.
async fn may_watch(who: &Person, channel: &str) -> bool {
    match who.socket().await.try_subscribe(channel).await {
        Ok(_) => true,
        Err((code, _)) => {
            assert!(matches!(code, 102 | 403 | 404), "{channel}: {code}");
            false
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_watches_an_order_follows_its_state() {
    let app = TestApp::start().await;
    let (stall, anna, crew, other) =
        (app.stall(9).await, app.customer().await, app.crew_on_duty().await, app.crew_on_duty().await);
    let (ben, staff) = (app.customer().await, app.staff().await);
    let order = anna.order_from(&stall, 1).await;
    let channel = format!("order:{order}");
    let watchers: Arc<[(&str, Person)]> = Arc::new([
        ("customer", anna.clone()),
        ("shop", stall.owner.clone()),
        ("staff", staff),
        ("crew", crew.clone()),
        ("other crew", other),
        ("stranger", ben),
    ]);
    let see = async |wanted: [&str; 4]| {
        for (name, who) in watchers.iter() {
            assert_eq!(may_watch(who, &channel).await, wanted.contains(name), "{name}, wanted {wanted:?}");
        }
    };
    see(["customer", "shop", "staff", ""]).await;
    crew.claim(&order).await.ok();
    see(["customer", "shop", "staff", "crew"]).await;
    let mut socket = crew.socket().await;
    socket.subscribe(&channel).await;
    crew.post(&format!("/api/delivery/orders/{order}/release/"), json!({})).await.ok();
    let ended = socket.expect(|message| message["push"]["unsubscribe"].is_object()).await;
    assert_eq!((&ended["push"]["channel"], &ended["push"]["unsubscribe"]["code"]), (&json!(channel), &json!(2000)), "{ended}");
    see(["customer", "shop", "staff", ""]).await;
    crew.claim(&order).await.ok();
    crew.advance(&order).await.ok();
    see(["customer", "shop", "staff", "crew"]).await;
    socket.subscribe(&channel).await;
    let pin = anna.get(&format!("/api/orders/{order}/proof/")).await.ok()["pin"].clone();
    crew.act(&order, "proof/confirm", json!({ "pin": pin })).await.ok();
    let ended = socket.expect(|message| message["push"]["unsubscribe"].is_object()).await;
    assert_eq!((&ended["push"]["channel"], &ended["push"]["unsubscribe"]["code"]), (&json!(channel), &json!(2000)), "{ended}");
    see(["customer", "shop", "staff", ""]).await;
    app.end().await;
}
