//! Who may call what, made from the declarations: every operation, by all six roles and by nobody, with their own ids and with others'.
use crate::kit::{Answer, Person, Stall, TestApp};
use serde_json::{Value, json};
use std::sync::Arc;
use wassally::{
    actor::{Access, Role},
    operations::Operation,
};

/// What must not reach a stranger: it stands in the order's address.
const SECRET: &str = "Mill Lane 1";

/// Where no relation is needed: any crew may try to claim any order, and the first one gets it.
const OPEN_TO_THE_ROLE: [&str; 1] = ["POST /api/delivery/orders/{id}/claim/"];

/// Own ids that answer 404 nevertheless: with a delivery a seller has nothing to confirm.
const NOT_ON_PICKUP: (&str, Role) = ("POST /api/orders/{id}/proof/confirm/", Role::Seller);

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

/// Things with ids, and the people whose they are: an order that a crew carries, and what belongs to it.
struct World {
    app: Arc<TestApp>,
    stall: Stall,
    customer: Person,
    crew: Person,
    order: String,
    cart_item: String,
}

impl World {
    async fn of(app: &Arc<TestApp>) -> Self {
        let (stall, customer, crew) = (app.stall(9).await, app.customer().await, app.crew_on_duty().await);
        let order = customer.order_from(&stall, 1).await;
        crew.claim(&order).await.ok();
        let cart = customer.wants(stall.product, 1).await;
        let cart_item = found(&cart, "product_id", &stall.product.to_string()).expect("the line");
        Self { app: app.clone(), stall, customer, crew, order, cart_item }
    }

    /// Who acts in `role` here; staff belong to no world.
    async fn person(&self, role: Role) -> Person {
        match role {
            Role::Customer => self.customer.clone(),
            Role::Seller => self.stall.owner.clone(),
            Role::Crew => self.crew.clone(),
            Role::Staff | Role::Admin | Role::Superadmin => self.app.person(role).await,
        }
    }

    /// The id of this world that an operation takes. `None`: this role has nothing of the kind.
    async fn id(&self, operation: &Operation, role: Role) -> Option<String> {
        let listed = async |path: &str| {
            let list = self.person(role).await.get(path).await.ok();
            Some(list["items"][0]["id"].as_str()?.to_owned())
        };
        match (operation.ids[0], operation.path) {
            ("order_id", _) => Some(self.order.clone()),
            ("item_id", _) => Some(self.cart_item.clone()),
            ("crew_id", _) => Some(self.crew.id.to_string()),
            (_, path) if path.starts_with("/api/shops/") => Some(self.stall.id.to_string()),
            (_, path) if path.starts_with("/api/product/products/") => Some(self.stall.product.to_string()),
            (_, path) if path.starts_with("/api/notifications/") => listed("/api/notifications/").await,
            (_, path) if path.starts_with("/api/auth/sessions/") => listed("/api/auth/sessions/").await,
            (field, path) => panic!("say here which {field} {path} takes"),
        }
    }
}

/// The `id` of the object below `value` whose member has this value.
fn found(value: &Value, member: &str, wanted: &str) -> Option<String> {
    match value {
        Value::Object(members) if value[member] == wanted && value["id"].is_string() => members["id"].as_str().map(str::to_owned),
        Value::Object(members) => members.values().find_map(|inner| found(inner, member, wanted)),
        Value::Array(items) => items.iter().find_map(|inner| found(inner, member, wanted)),
        _ => None,
    }
}

/// One operation with an input that is valid, so that nothing but the caller and the id decide.
struct Attempt<'a> {
    operation: &'a Operation,
    body: Option<Value>,
}

impl<'a> Attempt<'a> {
    fn of(document: &Value, operation: &'a Operation) -> Self {
        let described = &document["paths"][operation.path][operation.method.as_str().to_lowercase()];
        let schema = &described["requestBody"]["content"]["application/json"]["schema"];
        let mut body = (!schema.is_null()).then(|| body(document, schema));
        if operation.path == "/api/orders/{id}/proof/confirm/" {
            body = Some(json!({ "pin": "000000" }));
        }
        Self { operation, body }
    }

    fn path(&self, id: &str) -> String {
        let mut path = self.operation.path.to_owned();
        while let (Some(from), Some(to)) = (path.find('{'), path.find('}')) {
            path.replace_range(from..=to, id);
        }
        path
    }

    async fn by_rest(&self, who: &Person, id: &str) -> Answer {
        who.ask(self.operation.method.clone(), &self.path(id), self.body.as_ref(), &[]).await
    }

    /// Code and slug of an RPC's error; `None` where it has no RPC, or where it succeeds.
    async fn by_rpc(&self, who: &Person, id: &str) -> Option<(u64, String)> {
        let method = self.operation.rpc?;
        let mut input = self.body.clone().unwrap_or_else(|| json!({}));
        for field in &self.operation.ids {
            input[*field] = json!(id);
        }
        who.socket().await.call(method, input).await.err()
    }

    /// Whether who calls decides about the id: then a stranger gets 404.
    fn is_bound(&self, role: Role) -> bool {
        let operation = self.operation;
        let needs_relation = operation.access == Access::SignedIn && !OPEN_TO_THE_ROLE.contains(&operation.name);
        needs_relation && !operation.ids.is_empty() && role < Role::Staff
    }
}

/// Every operation that answers at once: a stream of events would not end.
fn operations(app: &TestApp) -> impl Iterator<Item = &Operation> {
    app.app.registry().operations.iter().filter(|operation| operation.content != Some("text/event-stream"))
}

fn is_refused(answer: &Answer, status: u16, code: &str) -> bool {
    answer.status == status && answer.body["code"] == code
}

fn nil() -> String {
    uuid::Uuid::nil().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_demanded_before_any_id_is_looked_up() {
    let app = TestApp::start().await;
    let world = World::of(&app).await;
    let document = &app.app.documents().openapi;
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations(&app) {
        let attempt = Attempt::of(document, operation);
        let mut ids = vec![nil(), "nonsense".into()];
        if !operation.ids.is_empty() {
            ids.extend(world.id(operation, Role::Customer).await);
        }
        for id in ids {
            let answer = app.ask(operation.method.clone(), &attempt.path(&id), attempt.body.as_ref()).await;
            tried += 1;
            let is_unauthorized = is_refused(&answer, 401, "unauthorized");
            let is_right = match operation.access {
                Access::SignedIn => is_unauthorized,
                Access::Optional | Access::Anyone => {
                    answer.status < 500 && (!is_unauthorized || operation.path.starts_with("/api/auth/"))
                }
            };
            if !is_right || answer.body.to_string().contains(SECRET) {
                wrong.push(format!("{} {id}: {} {}", operation.name, answer.status, answer.body));
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_an_operation_excludes_is_refused_before_any_id_is_looked_up() {
    let app = TestApp::start().await;
    let (own, other) = (World::of(&app).await, World::of(&app).await);
    let document = &app.app.documents().openapi;
    let (mut tried, mut wrong) = (0, Vec::new());
    for role in Role::ALL {
        let who = own.person(role).await;
        for operation in operations(&app).filter(|operation| !operation.roles().contains(&role)) {
            let attempt = Attempt::of(document, operation);
            let mut ids = vec![nil(), "nonsense".into()];
            if !operation.ids.is_empty() {
                ids.extend(other.id(operation, role).await);
                ids.extend(own.id(operation, role).await);
            }
            for id in &ids {
                let answer = attempt.by_rest(&who, id).await;
                tried += 1;
                if !is_refused(&answer, 403, "forbidden") {
                    wrong.push(format!("{} {id} by {}: {} {}", operation.name, role.name(), answer.status, answer.body));
                }
            }
            if let Some(rpc) = operation.rpc {
                let error = attempt.by_rpc(&who, &ids[ids.len() - 1]).await;
                if error != Some((403, "forbidden".into())) {
                    wrong.push(format!("{rpc} by {}: {error:?}", role.name()));
                }
            }
        }
    }
    assert!(tried > 200, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_is_not_found_and_nothing_of_it_changes() {
    let app = TestApp::start().await;
    let (own, other) = (World::of(&app).await, World::of(&app).await);
    let channels = [format!("order:{}", other.order), format!("shop:{}", other.stall.id), format!("crew:{}", other.crew.id)];
    let mut logs = Vec::new();
    for channel in &channels {
        logs.push(app.log(channel).await);
    }
    let document = &app.app.documents().openapi;
    let (mut tried, mut wrong) = (0, Vec::new());
    for role in [Role::Customer, Role::Seller, Role::Crew] {
        let who = own.person(role).await;
        for operation in operations(&app).filter(|operation| operation.roles().contains(&role) && !operation.ids.is_empty()) {
            let attempt = Attempt::of(document, operation);
            let foreign = other.id(operation, role).await;
            let ids = [foreign.clone(), Some(other.customer.id.to_string()), Some(nil()), Some("nonsense".into())];
            for id in ids.into_iter().flatten() {
                let answer = attempt.by_rest(&who, &id).await;
                tried += 1;
                let is_right = !attempt.is_bound(role) || is_refused(&answer, 404, "not_found");
                if !is_right || answer.status >= 500 || answer.body.to_string().contains(SECRET) {
                    wrong.push(format!("{} {id} by {}: {} {}", operation.name, role.name(), answer.status, answer.body));
                }
            }
            if let (Some(rpc), true) = (operation.rpc, attempt.is_bound(role)) {
                let error = attempt.by_rpc(&who, &foreign.unwrap_or_else(nil)).await;
                if error != Some((404, "not_found".into())) {
                    wrong.push(format!("{rpc} by {}: {error:?}", role.name()));
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (channel, log) in channels.iter().zip(logs) {
        assert_eq!(app.log(channel).await, log, "{channel} has something new");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ones_own_is_found_and_staff_see_all() {
    let app = TestApp::start().await;
    let document = &app.app.documents().openapi;
    let (mut tried, mut wrong) = (0, Vec::new());
    for operation in operations(&app) {
        let attempt = Attempt::of(document, operation);
        for role in operation.roles() {
            // Each call has people and things of its own, since the one before may have ended them.
            let (who, id) = if operation.ids.is_empty() {
                (app.person(role).await, Some(nil()))
            } else {
                let world = World::of(&app).await;
                (world.person(role).await, world.id(operation, role).await)
            };
            let Some(id) = id else { continue };
            let answer = attempt.by_rest(&who, &id).await;
            tried += 1;
            let is_refused_as_stranger = [(401, "unauthorized"), (403, "forbidden"), (404, "not_found")]
                .iter()
                .any(|&(status, code)| is_refused(&answer, status, code));
            let is_own = attempt.is_bound(role) && (operation.name, role) != NOT_ON_PICKUP;
            if answer.status >= 500 || is_own && is_refused_as_stranger {
                wrong.push(format!("{} by {}: {} {}", operation.name, role.name(), answer.status, answer.body));
            }
            if role >= Role::Staff && !operation.ids.is_empty() {
                let answer = attempt.by_rest(&who, "nonsense").await;
                if !is_refused(&answer, 404, "not_found") && !is_refused(&answer, 401, "unauthorized") {
                    wrong.push(format!("{} nonsense by {}: {} {}", operation.name, role.name(), answer.status, answer.body));
                }
            }
        }
    }
    assert!(tried > 100, "{tried}");
    assert!(wrong.is_empty(), "{wrong:#?}");
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
async fn the_watchers_of_an_order_follow_its_state() {
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
