//! The layers: which modules may use which, what generic code may name, and where errors and routes are created.
use super::{code, root, sources};
use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::{collections::BTreeSet, fs, path::Path};

/// The layers of the crate, from the bottom to the top; a module uses its own layer and those below it.
const LAYERS: [(&str, &[&str]); 7] = [
    (
        "foundations",
        &[
            "actor",
            "categories",
            "clock",
            "config",
            "embedded",
            "event",
            "handle",
            "i18n",
            "ids",
            "keys",
            "money",
            "page",
            "problem",
            "reply",
            "request",
            "subject",
            "telemetry",
            "text",
        ],
    ),
    ("database", &["db"]),
    ("background", &["tasks"]),
    ("borders", &["http", "live", "operations"]),
    ("business", &["domain"]),
    ("around the business", &["admin", "meta", "seed"]),
    ("assembly", &["app", "main"]),
];

/// Edges that point upwards nevertheless: file, module used, reason.
const UPWARD: [(&str, &str, &str); 0] = [];

/// Names in generic code that are also the name of a slice or of a channel namespace: file, name, reason.
const ORDINARY: [(&str, &str, &str); 3] = [
    ("src/actor.rs", "delivery", "an alias of the role `crew`, accepted on input"),
    ("src/config.rs", "wallet", "a value of WASSALLY_PROOF_REQUIRED: which payment mode needs a proof"),
    ("src/http/openapi.rs", "delivery", "the product is a delivery marketplace"),
];

/// Slices whose names are ordinary words of programs: only texts are searched for them, not identifiers.
const ORDINARY_SLICES: [&str; 3] = ["auth", "ops", "users"];

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module))
}

/// The module of `src` that a file belongs to.
fn module_of(path: &Path) -> String {
    let first = path.strip_prefix("src").expect("below src").components().next().expect("a name");
    first.as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned()
}

fn parsed(path: &Path, text: &str) -> TokenStream {
    // Doc comments would become texts of the code.
    let text: String = code(text).map(|line| format!("{line}\n")).collect();
    text.parse().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The first names of the paths after `crate::` and `wassally::`, also inside `crate::{…}`.
fn used_modules(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(sign)) if sign.as_char() == ':');
    for (at, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Group(group) => used_modules(group.stream(), found),
            TokenTree::Ident(name) if (*name == "crate" || *name == "wassally") && is_colon(at + 1) && is_colon(at + 2) => {
                match tokens.get(at + 3) {
                    Some(TokenTree::Ident(name)) => {
                        found.insert(name.to_string());
                    }
                    Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                        let mut is_first = true;
                        for token in group.stream() {
                            match token {
                                TokenTree::Ident(name) if is_first => {
                                    found.insert(name.to_string());
                                    is_first = false;
                                }
                                TokenTree::Punct(sign) => is_first = sign.as_char() == ',',
                                _ => {}
                            }
                        }
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
}

#[test]
fn modules_use_only_layers_at_or_below_their_own() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).expect("the crate's root");
    for module in lib.lines().filter_map(|line| line.strip_prefix("pub mod ")) {
        assert!(layer(module.trim_end_matches(';')).is_some(), "{module} is in no layer");
    }
    let (mut edges, mut wrong, mut used_exceptions) = (0, Vec::new(), BTreeSet::new());
    for (path, text) in sources("src", ".rs") {
        let own = module_of(&path);
        let Some(own) = layer(&own) else { continue };
        let mut used = BTreeSet::new();
        used_modules(parsed(&path, &text), &mut used);
        for module in used {
            let Some(other) = layer(&module) else { continue };
            edges += 1;
            if other <= own {
                continue;
            }
            match UPWARD.iter().find(|(place, excused, _)| path == Path::new(place) && *excused == module) {
                Some(exception) => {
                    used_exceptions.insert(exception);
                }
                None => wrong.push(format!("{}: {module} of {}, from {}", path.display(), LAYERS[other].0, LAYERS[own].0)),
            }
        }
    }
    assert!(edges > 500, "the edges are read: {edges}");
    assert!(wrong.is_empty(), "modules use what is above them: {wrong:#?}");
    assert_eq!(used_exceptions.len(), UPWARD.len(), "exceptions that nothing needs any more: {UPWARD:?}");
}

/// Channel namespaces that slices declare.
fn namespaces() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (_, text) in sources("src/domain", ".rs") {
        for rest in text.split("const NAMESPACE: &'static str = \"").skip(1) {
            found.insert(rest.split('"').next().expect("a closing quote").to_owned());
        }
    }
    assert!(found.len() > 5, "{found:?}");
    found
}

/// The names of slices and namespaces in identifiers and texts.
fn business_names(tokens: TokenStream, slices: &[String], namespaces: &BTreeSet<String>, found: &mut BTreeSet<String>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => business_names(group.stream(), slices, namespaces, found),
            TokenTree::Ident(name) => {
                let name = name.to_string();
                let is_ordinary = |slice: &&String| ORDINARY_SLICES.contains(&slice.as_str());
                let named = slices.iter().filter(|slice| !is_ordinary(slice));
                found.extend(named.filter(|slice| name.split('_').any(|part| part == slice.as_str())).cloned());
            }
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if !text.contains('"') {
                    continue;
                }
                let words: Vec<&str> = text.split(|c: char| !(c.is_alphanumeric() || c == '_')).collect();
                found.extend(slices.iter().filter(|slice| words.contains(&slice.as_str())).cloned());
                found.extend(namespaces.iter().filter(|name| text.contains(&format!("{name}:"))).cloned());
            }
            TokenTree::Punct(_) => {}
        }
    }
}

#[test]
fn generic_code_names_no_slice_and_no_channel_of_one() {
    let (slices, namespaces) = (super::ranks(), namespaces());
    let is_generic = |path: &Path| layer(&module_of(path)).is_some_and(|own| Some(own) < layer("domain"));
    let (mut files, mut wrong, mut used) = (0, Vec::new(), BTreeSet::new());
    for (path, text) in sources("src", ".rs").into_iter().filter(|(path, _)| is_generic(path)) {
        files += 1;
        let mut found = BTreeSet::new();
        business_names(parsed(&path, &text), &slices, &namespaces, &mut found);
        for name in found {
            match ORDINARY.iter().find(|(place, excused, _)| path == Path::new(place) && *excused == name) {
                Some(exception) => {
                    used.insert(exception);
                }
                None => wrong.push(format!("{}: {name}", path.display())),
            }
        }
    }
    assert!(files > 40, "the files are read: {files}");
    assert!(wrong.is_empty(), "generic code names the business: {wrong:#?}");
    assert_eq!(used.len(), ORDINARY.len(), "exceptions that nothing needs any more: {ORDINARY:?}, {used:?}");
}

/// The lines of the files below `folder` that a check finds.
fn lines(folder: &str, is_wrong: impl Fn(&Path, &str) -> bool) -> Vec<String> {
    let files = sources(folder, ".rs");
    let found = files.iter().flat_map(|(path, text)| code(text).map(move |line| (path, line)));
    found.filter(|(path, line)| is_wrong(path, line)).map(|(path, line)| format!("{}: {}", path.display(), line.trim())).collect()
}

#[test]
fn operations_are_declared_and_documented_by_their_types_alone() {
    let wrong = lines("src", |_, line| line.contains("utoipa::path") || line.contains("routes!"));
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn events_and_messages_are_typed() {
    let wrong = lines("src/domain", |path, line| {
        path.file_name().is_some_and(|name| name == "events.rs" || name == "messages.rs") && line.contains("json!")
    });
    assert!(wrong.is_empty(), "a message is a variant of its enum: {wrong:#?}");
}

#[test]
fn problems_are_made_of_declared_errors() {
    let makers =
        ["src/problem", "src/problem.rs", "src/operations", "src/http", "src/live", "src/db", "src/tasks", "src/keys.rs"];
    let wrong = lines("src", |path, line| {
        let makes = line.contains("Problem::new(") || line.contains("Problem { status") || line.contains("Problem { code: \"");
        makes && !makers.iter().any(|maker| path.starts_with(maker))
    });
    assert!(wrong.is_empty(), "an operation's errors are variants of its enum: {wrong:#?}");
}

#[test]
fn every_path_of_the_api_is_a_declared_operation() {
    // A route made by hand would serve what no document names.
    let calls = [".route(\"/api", ".route_service(\"/api", ".nest(\"/api", ".nest_service(\"/api"];
    let mut found = Vec::new();
    for (path, text) in sources("src", ".rs") {
        let code: String = code(&text).flat_map(str::split_whitespace).collect();
        for call in calls {
            let routes = code.match_indices(call);
            found.extend(
                routes.map(|(at, _)| (path.display().to_string(), code[at..].split('"').nth(1).expect("a path").to_owned())),
            );
        }
    }
    // The document describes itself no more than the pages that show it.
    assert_eq!(found, [("src/http/openapi.rs".to_owned(), "/api/openapi.json".to_owned())]);
}

#[test]
fn files_stay_below_400_lines() {
    let mut wrong = Vec::new();
    for (path, _) in ["src", "realtime", "loadtest"].iter().flat_map(|folder| sources(folder, ".rs")) {
        let lines = fs::read_to_string(root().join(&path)).expect("text").lines().count();
        if lines > 400 {
            wrong.push(format!("{}: {lines}", path.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
