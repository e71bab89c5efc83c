//! The AsyncAPI document, made from the declared channels.
use crate::operations::{ChannelRule, Described, MessageType, Registry};
use serde_json::{Map, Value, json};
use wassally_realtime::host::{Presence, Retention};

/// The document of all channels.
pub fn document(registry: &Registry) -> Value {
    let mut document = Document::default();
    for rule in registry.channels() {
        document.add(rule, registry.messages(rule.namespace));
    }
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Wassally",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "What the channels of the hub carry, over the Centrifuge client protocol or plain EventSource (`GET /api/live/`). \
                A message is told from others of its channel by `type`. The snapshot is the data of the subscribe reply.",
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "hub": { "host": "127.0.0.1:8080", "pathname": "/connection/websocket", "protocol": "ws" },
        },
        "channels": document.channels,
        "operations": document.operations,
        "components": { "messages": document.messages, "schemas": document.schemas },
    })
}

#[derive(Default)]
struct Document {
    channels: Map<String, Value>,
    operations: Map<String, Value>,
    messages: Map<String, Value>,
    schemas: Map<String, Value>,
}

impl Document {
    fn add<'a>(&mut self, rule: &ChannelRule, types: impl Iterator<Item = &'a MessageType>) {
        let namespace = rule.namespace;
        let mut messages = Map::new();
        for described in types.map(|message| message.described) {
            self.add_schemas(&described);
            for (tag, payload) in variants(&value(&(described.schema)())) {
                self.add_message(namespace, &tag, &payload, &mut messages);
            }
        }
        if let Some(described) = rule.snapshot_schema {
            self.add_schemas(&described);
            let name = (described.name)().into_owned();
            self.schemas.entry(name.clone()).or_insert_with(|| value(&(described.schema)()));
            let payload = json!({ "$ref": format!("#/components/schemas/{name}") });
            self.add_message(namespace, SNAPSHOT, &payload, &mut messages);
        }
        let channel = json!({
            "address": format!("{namespace}:{{id}}"),
            "title": namespace,
            "description": format!("Watched by {}.", rule.watched_by),
            "parameters": { "id": { "description": "what stands after the colon" } },
            "messages": messages,
            "x-retention": retention(rule.retention),
            "x-presence": presence(rule.presence),
            "x-server-side": rule.server_side.is_some(),
            "x-in-answers": rule.in_answers,
        });
        self.channels.insert(namespace.to_owned(), channel);
        let operation = json!({
            "action": "send",
            "channel": { "$ref": format!("#/channels/{namespace}") },
            "summary": format!("Publishes on {namespace}:{{id}}."),
        });
        self.operations.insert(format!("publish_{namespace}"), operation);
    }

    fn add_schemas(&mut self, described: &Described) {
        let mut found = vec![];
        (described.schemas)(&mut found);
        for (name, schema) in found {
            self.schemas.entry(name).or_insert_with(|| value(&schema));
        }
    }

    fn add_message(&mut self, namespace: &str, tag: &str, payload: &Value, messages: &mut Map<String, Value>) {
        let name = format!("{namespace}.{tag}");
        let mut message = json!({ "name": tag, "title": format!("{namespace}: {tag}"), "payload": payload });
        if let Some(text) = payload["description"].as_str() {
            message["summary"] = json!(text);
        }
        messages.insert(tag.to_owned(), json!({ "$ref": format!("#/components/messages/{name}") }));
        self.messages.insert(name, message);
    }
}

/// Name of the message that a subscription begins with.
const SNAPSHOT: &str = "snapshot";

fn value(schema: &impl serde::Serialize) -> Value {
    serde_json::to_value(schema).expect("schemas are plain data")
}

/// The variants of a tagged enum with their `type` words.
fn variants(schema: &Value) -> Vec<(String, Value)> {
    match schema["oneOf"].as_array() {
        Some(all) => all.iter().filter_map(|variant| Some((tag(variant)?, variant.clone()))).collect(),
        None => tag(schema).map(|tag| (tag, schema.clone())).into_iter().collect(),
    }
}

fn tag(variant: &Value) -> Option<String> {
    let own = variant["properties"]["type"]["enum"][0].as_str().map(str::to_owned);
    own.or_else(|| variant["allOf"].as_array()?.iter().find_map(tag))
}

fn retention(retention: Retention) -> &'static str {
    match retention {
        Retention::Durable => "durable",
        Retention::Ring(_) => "ring",
        Retention::Latest => "latest",
        Retention::Deltas => "deltas",
        Retention::Plain => "plain",
    }
}

fn presence(presence: Presence) -> &'static str {
    match presence {
        Presence::Off => "off",
        Presence::Counts => "counts",
        Presence::List => "list",
    }
}
