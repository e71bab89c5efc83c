//! The crate's own shape: its modules depend on each other in one direction.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

type Edges = BTreeMap<String, BTreeSet<String>>;

/// All source files, each with the top module it belongs to.
fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut found: Vec<PathBuf> = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    let module = |path: &Path| {
        let first = path.strip_prefix(&root).unwrap().components().next().unwrap();
        first.as_os_str().to_str().unwrap().trim_end_matches(".rs").to_owned()
    };
    found.iter().map(|path| (module(path), fs::read_to_string(path).unwrap())).filter(|(of, _)| of != "lib").collect()
}

/// The top modules that a file names behind `crate::`, in a path or in a group of a `use`. Unit tests do not count.
fn used(text: &str) -> BTreeSet<String> {
    let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap();
    let lines = code.lines().map(|line| line.split("//").next().unwrap());
    let code: String = lines.collect::<Vec<_>>().join("\n");
    let mut modules = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        match rest.strip_prefix('{') {
            Some(group) => modules.extend(names_of_group(group)),
            None => modules.extend(name(rest)),
        }
    }
    // `pub use` of a type at the root, as in `crate::Hub`, is none of the modules.
    modules.retain(|name| name.starts_with(|first: char| first.is_lowercase()));
    modules
}

fn name(text: &str) -> Option<String> {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len());
    (end > 0).then(|| text[..end].to_owned())
}

/// The first names of a group's members, whose own groups are skipped.
fn names_of_group(group: &str) -> Vec<String> {
    let mut names = Vec::new();
    let (mut depth, mut starts_member) = (0, true);
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => return names,
            '}' => depth -= 1,
            ',' if depth == 0 => starts_member = true,
            c if c.is_whitespace() => {}
            _ if depth == 0 && std::mem::take(&mut starts_member) => names.extend(name(&group[at..])),
            _ => {}
        }
    }
    names
}

/// A way from a module back to itself, if there is one.
fn cycle(edges: &Edges) -> Option<Vec<String>> {
    fn walk(at: &str, edges: &Edges, path: &mut Vec<String>, done: &mut BTreeSet<String>) -> bool {
        if let Some(start) = path.iter().position(|module| module == at) {
            path.drain(..start);
            path.push(at.to_owned());
            return true;
        }
        if done.contains(at) {
            return false;
        }
        path.push(at.to_owned());
        if edges.get(at).is_some_and(|targets| targets.iter().any(|target| walk(target, edges, path, done))) {
            return true;
        }
        path.pop();
        done.insert(at.to_owned());
        false
    }
    let mut done = BTreeSet::new();
    edges.keys().find_map(|module| {
        let mut path = Vec::new();
        walk(module, edges, &mut path, &mut done).then_some(path)
    })
}

#[test]
fn modules_form_no_cycle() {
    let mut edges = Edges::new();
    for (module, text) in sources() {
        let targets = used(&text).into_iter().filter(|target| *target != module);
        edges.entry(module.clone()).or_default().extend(targets);
    }
    for module in ["hub", "channels", "session", "transport", "presence", "counts", "broker", "log", "protocol", "host"] {
        assert!(edges.contains_key(module), "{module} is read");
    }
    assert!(edges["hub"].contains("session") && edges["session"].contains("channels"), "the edges are read: {edges:?}");
    assert_eq!(cycle(&edges), None, "{edges:#?}");
}

#[test]
fn a_cycle_would_be_found() {
    let edges = |text: &[(&str, &str)]| -> Edges { text.iter().map(|(from, code)| ((*from).to_owned(), used(code))).collect() };
    let acyclic =
        [("hub", "use crate::{\n    channels::{Channels, state::Inner},\n    log,\n};"), ("channels", "use crate::log::Entry;")];
    assert_eq!(edges(&acyclic)["hub"], ["channels", "log"].map(str::to_owned).into());
    assert_eq!(cycle(&edges(&acyclic)), None);
    let cyclic = [acyclic[0], ("log", "fn f(_: &crate::hub::Hub) {}")];
    assert_eq!(cycle(&edges(&cyclic)), Some(["hub", "log", "hub"].map(str::to_owned).into()));
}
