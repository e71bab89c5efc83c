//! The catalogue has a text for every word that the server answers with, and none for a word that it never does.
use crate::{
    architecture::{code, sources},
    kit::TestApp,
};
use serde_json::Value;
use std::collections::BTreeSet;

/// The words that a section of the catalogue has texts for. All languages have the same: the catalogue's own tests see to it.
fn words(section: &str) -> BTreeSet<String> {
    let catalogue: Value = serde_json::from_str(include_str!("../../src/i18n/en.json")).expect("JSON");
    catalogue[section].as_object().expect("a section").keys().cloned().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_order_status_has_a_label_and_every_label_its_status() {
    let app = TestApp::start().await;
    let document = app.get("/api/openapi.json").await.ok();
    let statuses = document["components"]["schemas"]["OrderStatus"]["enum"].as_array().expect("statuses").clone();
    let statuses: BTreeSet<String> = statuses.iter().filter_map(Value::as_str).map(str::to_owned).collect();
    assert_eq!(statuses, words("order_status"));
    app.end().await;
}

/// The words of our own that stand in quotes in a piece of code.
fn quoted(code: &str) -> impl Iterator<Item = &str> {
    code.split('"')
        .skip(1)
        .step_by(2)
        .filter(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'))
}

/// What stands between the parenthesis that `code` begins after and the one that closes it.
fn arguments(code: &str) -> &str {
    let mut depth = 1;
    let end = code.find(|c| {
        depth += i32::from(c == '(') - i32::from(c == ')');
        depth == 0
    });
    &code[..end.unwrap_or(code.len())]
}

#[test]
fn every_code_of_a_field_has_a_sentence_and_every_sentence_its_code() {
    let (mut used, mut all) = (BTreeSet::new(), BTreeSet::new());
    for (path, text) in sources("src", ".rs") {
        let code: String = code(&text).collect::<Vec<_>>().join("\n");
        all.extend(quoted(&code).map(str::to_owned));
        for call in ["invalid(", "faults.push(("] {
            // Field and code, in this order; a code that is no literal is one of those that `text.rs` gives.
            let calls = code.split(call).skip(1).map(arguments).filter(|arguments| arguments.contains(','));
            let last = |arguments: &str| quoted(arguments.rsplit(',').next().unwrap_or_default()).last().map(str::to_owned);
            used.extend(calls.filter_map(last));
        }
        if path.ends_with("text.rs") {
            used.extend(code.split("Err(").skip(1).map(arguments).flat_map(quoted).map(str::to_owned));
        }
    }
    let sentences = words("fields");
    assert!(used.len() >= 6, "the codes are read: {used:?}");
    let silent: Vec<_> = used.difference(&sentences).collect();
    assert!(silent.is_empty(), "no sentence for {silent:?}");
    let idle: Vec<_> = sentences.difference(&all).collect();
    assert!(idle.is_empty(), "no code gives {idle:?}");
}

#[test]
fn every_reason_of_a_rule_is_given_somewhere() {
    let given: BTreeSet<String> =
        sources("src", ".rs").iter().flat_map(|(_, text)| quoted(text).map(str::to_owned).collect::<Vec<_>>()).collect();
    let idle: Vec<_> = words("reasons").difference(&given).cloned().collect();
    assert!(idle.is_empty(), "no rule gives {idle:?}");
}
