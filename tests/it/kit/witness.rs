//! Compares what the server says during a test with its documents: every status and code with OpenAPI, every message with AsyncAPI.
use super::{Socket, TestApp};
use axum::{
    Router,
    body::Body,
    extract::{Request, State},
    http::{Method, header},
    middleware::{self, Next},
    response::Response,
};
use jsonschema::Validator;
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};
use wassally::App;
use wassally_client::{Observer, Passed};

/// What the documents of this release promise. They are made from the code alone, so that all apps of this binary share them.
struct Promised {
    operations: Vec<Operation>,
    /// Index into `operations` by the name that sockets call.
    calls: HashMap<String, usize>,
    asyncapi: Value,
    /// By namespace and `type`; made when first needed.
    schemas: Mutex<HashMap<String, Option<Arc<Validator>>>>,
}

struct Operation {
    method: Method,
    path: String,
    /// The segments of the path: `None` where a parameter stands.
    segments: Vec<Option<String>>,
    /// The codes of each status; a success has none.
    answers: BTreeMap<u16, BTreeSet<String>>,
}

/// What was said in one test and stands in no document.
pub struct Witness {
    promised: &'static Promised,
    undocumented: Mutex<BTreeSet<String>>,
}

impl Witness {
    pub fn of(app: &App) -> Arc<Self> {
        static PROMISED: OnceLock<Promised> = OnceLock::new();
        let documents = app.documents();
        let promised = PROMISED.get_or_init(|| Promised::of(&documents.openapi, &documents.asyncapi));
        Arc::new(Self { promised, undocumented: Mutex::default() })
    }

    /// The router with a layer around it that notes what it answers.
    pub fn around(self: &Arc<Self>, router: Router) -> Router {
        router.layer(middleware::from_fn_with_state(Arc::clone(self), note_answer))
    }

    /// Sees what passes over one socket.
    pub fn of_socket(self: &Arc<Self>) -> Observer {
        let witness = Arc::clone(self);
        let mut sent: HashMap<u64, Value> = HashMap::new();
        Box::new(move |passed| match passed {
            Passed::Sent { id, command } => drop(sent.insert(id.into(), command.clone())),
            Passed::Received(message) => {
                let command = message["id"].as_u64().and_then(|id| sent.remove(&id)).unwrap_or_default();
                witness.note_message(&command, message);
            }
        })
    }

    fn note_message(&self, command: &Value, message: &Value) {
        if let (Some(method), Some(error)) = (command["rpc"]["method"].as_str(), message.get("error")) {
            self.note_refused_call(method, error);
        }
        if let Some(channel) = command["subscribe"]["channel"].as_str() {
            self.note_subscribed(channel, &message["subscribe"]);
        }
        for (channel, subscribed) in message["connect"]["subs"].as_object().into_iter().flatten() {
            self.note_subscribed(channel, subscribed);
        }
        let push = &message["push"];
        if let (Some(channel), Some(data)) = (push["channel"].as_str(), push["pub"].get("data")) {
            self.note_publication(channel, data);
        }
    }

    fn note_refused_call(&self, method: &str, error: &Value) {
        let status = error["code"].as_u64().and_then(|code| u16::try_from(code).ok()).unwrap_or_default();
        let code = error["message"].as_str().unwrap_or_default();
        // 100 to 112 are the protocol's own.
        let Some(operation) = self.promised.calls.get(method).filter(|_| !(100..=112).contains(&status)) else { return };
        self.check(&format!("rpc {method}"), &self.promised.operations[*operation], status, Some(code));
    }

    fn note_subscribed(&self, channel: &str, subscribed: &Value) {
        if let Some(data) = subscribed.get("data") {
            self.note_data(channel, "snapshot", data);
        }
        for publication in subscribed["publications"].as_array().into_iter().flatten() {
            self.note_publication(channel, &publication["data"]);
        }
    }

    /// A message of a channel, out of the log or off the wire.
    pub fn note_publication(&self, channel: &str, data: &Value) {
        match data["type"].as_str() {
            Some(kind) => self.note_data(channel, kind, data),
            None => self.note(format!("{channel}: a message without a type: {data}")),
        }
    }

    fn note_data(&self, channel: &str, kind: &str, data: &Value) {
        let namespace = channel.split(':').next().unwrap_or_default();
        match self.promised.schema(namespace, kind) {
            None => self.note(format!("{namespace}: the message {kind}")),
            Some(schema) => {
                if let Err(error) = schema.validate(data) {
                    self.note(format!("{namespace}: {kind} at {}: {error}", error.instance_path()));
                }
            }
        }
    }

    fn check(&self, name: &str, operation: &Operation, status: u16, code: Option<&str>) {
        let is_promised = match (operation.answers.get(&status), code) {
            (Some(codes), Some(code)) => codes.contains(code),
            (Some(codes), None) => codes.is_empty(),
            (None, _) => false,
        };
        if !is_promised {
            self.note(format!("{name}: {status} {}", code.unwrap_or_default()));
        }
    }

    fn note(&self, what: String) {
        self.undocumented.lock().insert(what);
    }

    /// What was said until now and stands in no document.
    pub fn undocumented(&self) -> BTreeSet<String> {
        self.undocumented.lock().clone()
    }

    /// Fails on what stands in no document.
    #[track_caller]
    pub fn assert_documented(&self) {
        let undocumented = self.undocumented();
        assert!(undocumented.is_empty(), "the server said what its documents do not have: {undocumented:#?}");
    }
}

impl Promised {
    fn of(openapi: &Value, asyncapi: &Value) -> Self {
        let (mut operations, mut calls) = (Vec::new(), HashMap::new());
        for (path, item) in openapi["paths"].as_object().expect("paths") {
            for (method, described) in item.as_object().expect("methods") {
                if let Some(name) = described["x-rpc"].as_str() {
                    calls.insert(name.to_owned(), operations.len());
                }
                operations.push(Operation::of(method, path, described));
            }
        }
        Self { operations, calls, asyncapi: asyncapi.clone(), schemas: Mutex::default() }
    }

    /// The operation that the router runs: the path is chosen first, and there a word comes before a parameter.
    fn operation(&self, method: &Method, path: &str) -> Option<&Operation> {
        let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
        let fitting = self.operations.iter().filter(|operation| {
            operation.segments.len() == segments.len()
                && operation.segments.iter().zip(&segments).all(|(own, given)| own.as_ref().is_none_or(|own| own == given))
        });
        let parameters = |operation: &Operation| -> Vec<bool> { operation.segments.iter().map(Option::is_none).collect() };
        let chosen = fitting.min_by_key(|operation| parameters(operation))?;
        self.operations.iter().find(|operation| operation.path == chosen.path && operation.method == method)
    }

    fn schema(&self, namespace: &str, kind: &str) -> Option<Arc<Validator>> {
        let name = format!("{namespace}.{kind}");
        let make = || {
            self.asyncapi["components"]["messages"].get(&name)?;
            let schema = json!({
                "$ref": format!("#/components/messages/{name}/payload"),
                "components": self.asyncapi["components"],
            });
            Some(Arc::new(jsonschema::validator_for(&schema).expect("a schema of the document")))
        };
        self.schemas.lock().entry(name.clone()).or_insert_with(make).clone()
    }
}

impl Operation {
    fn of(method: &str, path: &str, described: &Value) -> Self {
        let codes = |response: &Value| {
            let codes = &response["content"]["application/problem+json"]["schema"]["allOf"][1]["properties"]["code"]["enum"];
            codes.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let responses = described["responses"].as_object().expect("responses");
        Self {
            method: method.to_uppercase().parse().expect("a method"),
            path: path.to_owned(),
            segments: path
                .trim_matches('/')
                .split('/')
                .map(|segment| (!segment.starts_with('{')).then(|| segment.to_owned()))
                .collect(),
            answers: responses.iter().map(|(status, of)| (status.parse().expect("a status"), codes(of))).collect(),
        }
    }
}

/// Notes an answer. Only problems are read whole, so that event streams stay streams and upgrades stay open.
async fn note_answer(State(witness): State<Arc<Witness>>, request: Request, next: Next) -> Response {
    let Some(operation) = witness.promised.operation(request.method(), request.uri().path()) else {
        return next.run(request).await;
    };
    let name = format!("{} {}", operation.method, operation.path);
    let response = next.run(request).await;
    let status = response.status();
    let is_problem = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/problem+json");
    if !is_problem {
        witness.check(&name, operation, status.as_u16(), None);
        return response;
    }
    let (parts, body) = response.into_parts();
    let bytes = axum::body::to_bytes(body, usize::MAX).await.expect("a problem ends");
    let problem: Value = serde_json::from_slice(&bytes).expect("a problem is JSON");
    witness.check(&name, operation, status.as_u16(), Some(problem["code"].as_str().unwrap_or_default()));
    Response::from_parts(parts, Body::from(bytes))
}

impl TestApp {
    /// A raw socket that has not connected yet; what passes over it is compared with the documents.
    pub async fn open_socket(&self) -> Socket {
        Socket::open(&self.url).await.observed(self.witness.of_socket())
    }
}
