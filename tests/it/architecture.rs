//! The invariants of the code base, read from its sources and from the catalogue of a migrated database.
mod layers;
mod names;
mod sql;
mod tables;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folder` with this ending and their text, without the unit tests.
pub fn sources(folder: &str, end: &str) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(end) {
                let text = fs::read_to_string(&path).expect("text");
                let is_test = path.starts_with(root().join("src")) && path.file_name().is_some_and(|name| name == "tests.rs");
                let text = if is_test { "" } else { text.split("\n#[cfg(test)]\n").next().unwrap_or_default() };
                let text = text.to_owned();
                found.push((path.strip_prefix(root()).expect("below the root").to_owned(), text));
            }
        }
    }
    found.sort();
    found
}

/// Lines of code, without comments.
pub fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The slices in rank order, as `domain/mod.rs` lists them.
fn ranks() -> Vec<String> {
    let list = fs::read_to_string(root().join("src/domain/mod.rs")).expect("the list");
    let list = list.split("pub fn slices()").nth(1).expect("the ranked list");
    let ranks: Vec<String> = list
        .split(|c: char| !(c.is_alphanumeric() || c == ':' || c == '_'))
        .filter_map(|word| word.strip_suffix("::slice"))
        .map(str::to_owned)
        .collect();
    assert!(ranks.len() > 5, "{ranks:?}");
    ranks
}

/// The slice a file belongs to.
fn slice_of(path: &Path) -> Option<&str> {
    let inner = path.strip_prefix("src/domain").ok()?.components().next()?.as_os_str().to_str()?;
    Some(inner.trim_end_matches(".rs")).filter(|name| !matches!(*name, "mod" | "slice"))
}

/// Names used as `domain::name` or inside `domain::{…}`, also after `use crate::{`.
fn used_slices(text: &str, ranks: &[String]) -> Vec<String> {
    let code: String = code(text).collect::<Vec<_>>().join("\n");
    let mut used = Vec::new();
    for rest in code.split("domain::").skip(1) {
        let group = match rest.strip_prefix('{') {
            // Up to the brace that closes the group.
            Some(rest) => {
                let mut depth = 1;
                let end = rest.find(|c| {
                    depth += i32::from(c == '{') - i32::from(c == '}');
                    depth == 0
                });
                &rest[..end.expect("braces close")]
            }
            None => rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default(),
        };
        let mut depth = 0;
        let mut word = String::new();
        for c in group.chars().chain([',']) {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                c if depth == 0 && (c.is_alphanumeric() || c == '_') => {
                    word.push(c);
                    continue;
                }
                _ => {}
            }
            if depth == 0 || c == '{' {
                let name = std::mem::take(&mut word);
                if ranks.contains(&name) {
                    used.push(name);
                }
            }
        }
    }
    used
}

#[test]
fn a_slice_calls_only_those_before_it() {
    let ranks = ranks();
    let rank = |name: &str| ranks.iter().position(|slice| slice == name);
    let mut edges = 0;
    let mut wrong = Vec::new();
    for (path, text) in sources("src/domain", ".rs") {
        let Some(slice) = slice_of(&path) else { continue };
        let own = rank(slice).unwrap_or_else(|| panic!("{slice} stands in no list"));
        for used in used_slices(&text, &ranks) {
            edges += 1;
            if rank(&used).expect("listed") > own {
                wrong.push(format!("{}: {used}", path.display()));
            }
        }
    }
    assert!(edges > 20, "the edges are read: {edges}");
    assert!(wrong.is_empty(), "slices call upwards: {wrong:#?}");
}

/// Table to the migration that made it.
fn tables() -> BTreeMap<String, String> {
    let mut tables = BTreeMap::new();
    for (path, text) in sources("migrations", ".sql") {
        let name = path.file_stem().expect("a name").to_string_lossy().split_once('_').expect("a number").1.to_owned();
        for rest in text.to_lowercase().split("create table ").skip(1) {
            let table = rest
                .trim_start_matches("if not exists ")
                .split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .next()
                .expect("a name");
            tables.insert(table.to_owned(), name.clone());
        }
    }
    tables
}

/// Tables written by the SQL in a text.
fn written(text: &str, tables: &BTreeMap<String, String>) -> Vec<String> {
    let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).filter(|word| !word.is_empty()).collect();
    let mut found = Vec::new();
    for at in 0..words.len().saturating_sub(2) {
        let table = match (words[at], words[at + 1]) {
            ("insert", "into") | ("delete", "from") => words[at + 2],
            ("update", table) if words[at + 2..].iter().take(3).any(|word| *word == "set") => table,
            _ => continue,
        };
        if tables.contains_key(table) {
            found.push(table.to_owned());
        }
    }
    found
}

/// Whether a line begins a statement on rows. `set …` decides nothing.
fn is_statement(line: &str) -> bool {
    ["sqlx::query!", "sqlx::query_", "sqlx::query("].iter().any(|call| line.contains(call))
        && !line.contains("sqlx::query(\"set ")
}

#[test]
fn sql_stands_in_stores_and_in_the_core() {
    // The tables of the core, and what the seeding writes.
    let app = ["src/db", "src/live", "src/tasks", "src/seed", "src/http/ops.rs", "src/clock.rs"];
    let wrong: Vec<String> = sources("src", ".rs")
        .into_iter()
        .filter(|(path, text)| {
            let is_store = path.file_name().is_some_and(|name| name == "store.rs")
                || path.components().any(|part| part.as_os_str() == "store");
            !is_store && !app.iter().any(|place| path.starts_with(place)) && code(text).any(is_statement)
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "SQL outside of a store: {wrong:#?}");
}

#[test]
fn the_hub_knows_nothing_of_the_business() {
    let words = ["order_id", "OrderId", "shop_id", "ShopId", "sqlx", "wassally::", "postgres", "delivery", "wallet", "auction"];
    for (path, text) in sources("realtime/src", ".rs") {
        for line in code(&text) {
            for word in words {
                assert!(!line.contains(word), "{}: {word}: {line}", path.display());
            }
        }
    }
    let manifest = fs::read_to_string(root().join("realtime/Cargo.toml")).expect("a manifest");
    for word in ["sqlx", "wassally.workspace", "wassally-geo"] {
        assert!(!manifest.split("[dev-dependencies]").next().unwrap_or_default().contains(word), "{word}");
    }
}

#[test]
fn only_a_commit_publishes_to_durable_channels() {
    let callers: Vec<String> = sources("src", ".rs")
        .into_iter()
        .filter(|(_, text)| {
            code(text).any(|line| {
                ["hub().publish(", "hub().fill(", "app.publish(", "publisher::publish(", "publisher::fill("]
                    .iter()
                    .any(|way| line.contains(way))
            })
        })
        .map(|(path, _)| path.display().to_string())
        .collect();
    // tx and doubt: after COMMIT; app: the way; publisher: the bridge; catch_up: rows out of the log.
    assert_eq!(callers, ["src/db/commit.rs", "src/db/doubt.rs", "src/live/catch_up.rs", "src/live/publisher.rs"]);
}

#[test]
fn time_in_the_domain_comes_from_the_database() {
    let wrong: Vec<String> = sources("src/domain", ".rs")
        .into_iter()
        .filter(|(_, text)| code(text).any(|line| line.contains("Utc::now()") || line.contains("SystemTime::now()")))
        .map(|(path, _)| path.display().to_string())
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}
