//! No name in our code uses a word that the vocabulary replaced. Names are read from the Rust syntax tree and from the database catalogue.
use super::{root, sources};
use crate::kit::cluster;
use sqlx::PgPool;
use std::{collections::BTreeMap, fs, path::Path};
use syn::visit::{self, Visit};

/// Words that another one replaced, as whole segments of a name, and the word to use.
const REPLACED: [(&str, &str); 62] = [
    ("deed", "command, query or operation"),
    ("deeds", "commands, queries or operations"),
    ("door", "endpoint"),
    ("doors", "endpoints"),
    ("house", "core or app"),
    ("say", "publish"),
    ("says", "publishes"),
    ("said", "published"),
    ("tell", "notify"),
    ("tells", "notifies"),
    ("told", "notified or delivered"),
    ("hear", "observe or receive"),
    ("hears", "observes or receives"),
    ("heard", "observed or received"),
    ("hearer", "observer"),
    ("hearers", "observers"),
    ("keep", "retention"),
    ("kept", "durable"),
    ("fleeting", "ephemeral"),
    ("chore", "task"),
    ("chores", "tasks"),
    ("lookback", "catch_up"),
    ("look_back", "catch_up"),
    ("room", "channel state"),
    ("rooms", "channel states"),
    ("seat", "subscription id"),
    ("seats", "subscription ids"),
    ("book", "session registry"),
    ("letter", "message"),
    ("letters", "messages"),
    ("ear", "receiver"),
    ("ears", "receivers"),
    ("postbox", "inbox"),
    ("clockwork", "timer queue"),
    ("badge", "auth context"),
    ("badges", "auth contexts"),
    ("tail", "sequencer"),
    ("tails", "sequencers"),
    ("filler", "backfill"),
    ("leg", "ledger entry"),
    ("legs", "ledger entries"),
    ("closing", "pre_commit"),
    ("closings", "pre_commit hooks"),
    ("ways", "transport mode"),
    ("wish", "handshake options"),
    ("wishes", "handshake options"),
    ("perhaps", "optional"),
    ("asked", "requested or filter"),
    ("beat", "periodic"),
    ("react", "event_handlers"),
    ("reaction", "handler"),
    ("reactions", "event_handlers"),
    ("counter", "pickup"),
    ("sight", "visibility"),
    ("overrule", "override_status"),
    ("ends_for", "revokes"),
    ("sees", "inclusive or may_see"),
    ("turn_away", "reject"),
    ("turn_down", "reject"),
    ("be_ready", "mark_ready"),
    ("draw_up", "build_order"),
    ("forget_odd_id", "sanitize_request_id"),
];

/// Replaced only in the names of types and variants; `answer.refused(409, …)` is a plain verb.
const REPLACED_TYPES: [(&str, &str); 2] = [("refused", "error"), ("refusal", "error")];

/// Where a replaced word stands in its ordinary meaning: a file or folder, the name, and why.
const EXCEPTIONS: [(&str, &str, &str); 2] = [
    ("src/domain/ops", "room", "the staff room is the product's word for `staff:ops`"),
    ("src/domain/ops/room.rs", "Room", "the staff room is the product's word for `staff:ops`"),
];

/// The segments of a snake_case, CamelCase or SCREAMING_CASE name, in lower case.
fn segments(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for part in name.split(|c: char| !c.is_alphanumeric()) {
        let is_camel = part.chars().any(char::is_lowercase);
        let mut word = String::new();
        for c in part.chars() {
            if is_camel && c.is_uppercase() && !word.is_empty() {
                found.push(std::mem::take(&mut word));
            }
            word.extend(c.to_lowercase());
        }
        if !word.is_empty() {
            found.push(word);
        }
    }
    found
}

/// The replaced words in a name, each with the word to use.
fn replaced(name: &str, is_type: bool) -> Vec<(&'static str, &'static str)> {
    let segments = format!("_{}_", segments(name).join("_"));
    let words = REPLACED.iter().chain(if is_type { &REPLACED_TYPES[..] } else { &[] });
    words.filter(|(word, _)| segments.contains(&format!("_{word}_"))).copied().collect()
}

/// The names that a syntax tree declares, with their lines.
#[derive(Default)]
struct Names {
    found: Vec<(String, usize, bool)>,
}

impl Names {
    fn add(&mut self, name: &syn::Ident, is_type: bool) {
        self.found.push((name.to_string().trim_start_matches("r#").to_owned(), name.span().start().line, is_type));
    }
}

/// Visits one kind of node, notes the name it declares, and goes on inside.
macro_rules! declares {
    ($($visit:ident($node:ty): $is_type:expr, $($name:ident).+;)*) => {
        impl<'ast> Visit<'ast> for Names {
            $(fn $visit(&mut self, node: &'ast $node) {
                self.add(&node.$($name).+, $is_type);
                visit::$visit(self, node);
            })*
            fn visit_field(&mut self, node: &'ast syn::Field) {
                if let Some(name) = &node.ident {
                    self.add(name, false);
                }
                visit::visit_field(self, node);
            }
            fn visit_item_macro(&mut self, node: &'ast syn::ItemMacro) {
                if let Some(name) = &node.ident {
                    self.add(name, false);
                }
            }
        }
    };
}
declares! {
    visit_item_fn(syn::ItemFn): false, sig.ident;
    visit_impl_item_fn(syn::ImplItemFn): false, sig.ident;
    visit_trait_item_fn(syn::TraitItemFn): false, sig.ident;
    visit_item_struct(syn::ItemStruct): true, ident;
    visit_item_enum(syn::ItemEnum): true, ident;
    visit_item_union(syn::ItemUnion): true, ident;
    visit_item_trait(syn::ItemTrait): true, ident;
    visit_item_type(syn::ItemType): true, ident;
    visit_impl_item_type(syn::ImplItemType): true, ident;
    visit_trait_item_type(syn::TraitItemType): true, ident;
    visit_type_param(syn::TypeParam): true, ident;
    visit_variant(syn::Variant): true, ident;
    visit_item_const(syn::ItemConst): false, ident;
    visit_impl_item_const(syn::ImplItemConst): false, ident;
    visit_trait_item_const(syn::TraitItemConst): false, ident;
    visit_item_static(syn::ItemStatic): false, ident;
    visit_item_mod(syn::ItemMod): false, ident;
    visit_pat_ident(syn::PatIdent): false, ident;
}

/// Folders with Rust of ours.
const FOLDERS: [&str; 6] = ["src", "tests", "macros", "embedded", "realtime", "loadtest"];

#[test]
fn no_rust_name_uses_a_replaced_word() {
    let mut names = 0;
    let mut wrong = Vec::new();
    let mut used = BTreeMap::new();
    for (path, _) in FOLDERS.iter().flat_map(|folder| sources(folder, ".rs")) {
        let file = syn::parse_file(&fs::read_to_string(root().join(&path)).expect("a source file")).expect("Rust");
        let mut declared = Names::default();
        declared.visit_file(&file);
        let parts = path.iter().map(|part| part.to_string_lossy().trim_end_matches(".rs").to_owned());
        declared.found.extend(parts.map(|part| (part, 1, false)));
        names += declared.found.len();
        for (name, line, is_type) in declared.found {
            for (word, instead) in replaced(&name, is_type) {
                let exception =
                    EXCEPTIONS.iter().find(|(place, excused, _)| path.starts_with(Path::new(place)) && *excused == name);
                match exception {
                    Some(exception) => *used.entry(exception).or_insert(0) += 1,
                    None => wrong.push(format!("{}:{line}: {name}: {word}, now {instead}", path.display())),
                }
            }
        }
    }
    assert!(names > 10_000, "the names are read: {names}");
    assert!(wrong.is_empty(), "names with replaced words: {wrong:#?}");
    let unused: Vec<_> = EXCEPTIONS.iter().filter(|exception| !used.contains_key(exception)).collect();
    assert!(unused.is_empty(), "exceptions that nothing needs any more: {unused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_name_in_the_database_uses_a_replaced_word() {
    let pool = PgPool::connect(&cluster::fresh_database()).await.expect("a connection");
    let names: Vec<String> = sqlx::query_scalar(
        "select c.relname::text from pg_class c where c.relnamespace = 'public'::regnamespace
        union
        select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'public'::regnamespace and a.attnum > 0
        union
        select o.conname::text from pg_constraint o where o.connamespace = 'public'::regnamespace
        union
        select t.typname::text from pg_type t where t.typnamespace = 'public'::regnamespace
        union
        select p.proname::text from pg_proc p where p.pronamespace = 'public'::regnamespace
            and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')",
    )
    .fetch_all(&pool)
    .await
    .expect("the catalogue can be read");
    assert!(names.len() > 200, "the names are read: {}", names.len());
    let wrong: Vec<String> = names
        .iter()
        .flat_map(|name| replaced(name, false).into_iter().map(move |(word, instead)| format!("{name}: {word}, now {instead}")))
        .collect();
    assert!(wrong.is_empty(), "names with replaced words: {wrong:#?}");
}

#[test]
fn whole_segments_are_compared() {
    for (name, word) in
        [("told", "told"), ("is_told", "told"), ("DeedRun", "deed"), ("LOOK_BACK", "look_back"), ("runDeed", "deed")]
    {
        assert_eq!(replaced(name, false).first().map(|(word, _)| *word), Some(word), "{name}");
    }
    for name in ["clear", "appear", "keeper", "outdoors", "housekeeping", "threshold", "Refusal", "legal", "essay"] {
        assert!(replaced(name, false).is_empty(), "{name}");
    }
    assert_eq!(replaced("ClaimRefused", true).len(), 1);
}
