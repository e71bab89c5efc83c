//! The catalogue: every sentence that people read, in each language. Slugs, kinds and states themselves are never translated.
//!
//! A key is dotted: `errors.<slug>.title` and `.detail`, `fields.<code>`, and what slices ask for by names of their own. A text may hold
//! `{name}`, which is filled from the values that its caller gives.
mod language;

pub use language::Language;

use serde_json::{Map, Value};
use std::{collections::HashMap, sync::LazyLock};

type Catalogue = HashMap<String, String>;

static CATALOGUES: LazyLock<[Catalogue; 3]> = LazyLock::new(|| Language::ALL.map(|language| flat(source(language))));

const fn source(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("i18n/en.json"),
        Language::Ar => include_str!("i18n/ar.json"),
        Language::Fr => include_str!("i18n/fr.json"),
    }
}

/// The texts of a file under their dotted keys.
fn flat(file: &str) -> Catalogue {
    fn walk(path: &str, value: Value, found: &mut Catalogue) {
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    let path = if path.is_empty() { name } else { format!("{path}.{name}") };
                    walk(&path, value, found);
                }
            }
            Value::String(text) => drop(found.insert(path.to_owned(), text)),
            other => panic!("{path} of a catalogue is no text but {other}"),
        }
    }
    let mut found = Catalogue::new();
    walk("", serde_json::from_str(file).expect("a catalogue is JSON: a test reads it"), &mut found);
    found
}

/// The text under `key`, if the catalogue has one.
pub fn text(language: Language, key: &str) -> Option<&'static str> {
    CATALOGUES[language as usize].get(key).map(String::as_str)
}

/// The text under `key` with each `{name}` filled. `None` without a text, or where it needs a value that is not given.
pub fn filled(language: Language, key: &str, values: &Map<String, Value>) -> Option<String> {
    fill(text(language, key)?, values)
}

fn fill(text: &str, values: &Map<String, Value>) -> Option<String> {
    let mut parts = text.split('{');
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        match values.get(name)? {
            Value::String(value) => filled.push_str(value),
            Value::Number(value) => filled.push_str(&value.to_string()),
            _ => return None,
        }
        filled.push_str(rest);
    }
    Some(filled)
}

/// The title of an error; the slug in words where the catalogue lacks it.
pub fn title(language: Language, slug: &str) -> String {
    text(language, &format!("errors.{slug}.title")).map_or_else(|| in_words(slug), str::to_owned)
}

/// The sentence that explains an error, filled from the error's members.
pub fn detail(language: Language, slug: &str, members: &Map<String, Value>) -> Option<String> {
    filled(language, &format!("errors.{slug}.detail"), members)
}

/// The sentence for what is wrong with a field.
pub fn field(language: Language, code: &str) -> String {
    text(language, &format!("fields.{code}")).map_or_else(|| in_words(code), str::to_owned)
}

/// The keys below `section`, without it: what a slice compares with what it asks for.
#[cfg(test)]
pub fn keys(section: &str) -> impl Iterator<Item = &'static str> {
    let prefix = format!("{section}.");
    CATALOGUES[0].keys().filter_map(move |key| key.strip_prefix(&prefix))
}

/// A slug as words: what a reader gets of one that a newer release wrote.
pub fn in_words(slug: &str) -> String {
    slug.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn placeholders(text: &str) -> BTreeSet<&str> {
        text.split('{').skip(1).map(|part| part.split_once('}').expect("a placeholder is closed").0).collect()
    }

    /// Each key with the placeholders of its text.
    fn texts(language: Language) -> BTreeMap<&'static str, BTreeSet<&'static str>> {
        CATALOGUES[language as usize].iter().map(|(key, text)| (key.as_str(), placeholders(text))).collect()
    }

    #[test]
    fn every_language_has_the_same_keys_with_the_same_placeholders() {
        let english = texts(Language::En);
        assert!(english.len() > 100, "{}", english.len());
        for language in Language::ALL {
            assert_eq!(texts(language), english, "{language:?}");
        }
    }

    #[test]
    fn no_text_is_empty_and_every_error_has_both_of_its_texts() {
        for language in Language::ALL {
            for (key, text) in &CATALOGUES[language as usize] {
                assert!(!text.trim().is_empty() && text.trim() == text, "{language:?} {key}");
                if let Some(slug) = key.strip_prefix("errors.").and_then(|key| key.strip_suffix(".title")) {
                    assert!(self::text(language, &format!("errors.{slug}.detail")).is_some(), "{slug} has no sentence");
                    assert!(!text.contains('{') && !text.ends_with('.'), "{language:?} {key} is a title");
                }
                if key.ends_with(".detail") || key.starts_with("fields.") {
                    assert!(text.ends_with('.'), "{language:?} {key} is a sentence");
                }
            }
        }
    }

    #[test]
    fn a_text_is_filled_from_its_values_or_not_given_at_all() {
        let values = |json: &str| serde_json::from_str::<Map<String, Value>>(json).expect("an object");
        let text = "{needed} {currency} of {limit}.";
        let all = values(r#"{"needed":"5.00","currency":"USD","limit":3}"#);
        assert_eq!(fill(text, &all).expect("filled"), "5.00 USD of 3.");
        for lacking in [r#"{"needed":"5.00","limit":3}"#, r#"{"needed":"5.00","currency":null,"limit":3}"#] {
            assert_eq!(fill(text, &values(lacking)), None, "{lacking}");
        }
    }

    #[test]
    fn an_unknown_slug_is_given_in_words() {
        assert_eq!(title(Language::Fr, "of_a_newer_release"), "of a newer release");
        assert_eq!(field(Language::Ar, "not_yet_known"), "not yet known");
        assert_eq!(detail(Language::En, "of_a_newer_release", &Map::new()), None);
    }
}
