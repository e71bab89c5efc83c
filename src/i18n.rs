//! Titles and messages of refusals in the caller's language. Codes are never translated.
use std::{collections::HashMap, sync::LazyLock};

/// A language of the outer face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Language {
    #[default]
    En,
    Ar,
    Fr,
}

type Catalogue = HashMap<String, String>;

static TITLES: LazyLock<[Catalogue; 3]> = LazyLock::new(|| {
    [include_str!("i18n/en.json"), include_str!("i18n/ar.json"), include_str!("i18n/fr.json")]
        .map(|text| serde_json::from_str(text).expect("a catalogue is a flat JSON object: a test reads it"))
});

impl Language {
    /// The best match of an `Accept-Language` header: highest quality first, English when none fits.
    pub fn accepted(header: Option<&str>) -> Self {
        let mut best = (0.0_f32, Self::En);
        for part in header.unwrap_or_default().split(',').take(16) {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            let quality: f32 = quality.trim().parse().unwrap_or(0.0);
            let language = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("ar") => Self::Ar,
                Some("fr") => Self::Fr,
                Some("en") => Self::En,
                _ => continue,
            };
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    /// The two-letter tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ar => "ar",
            Self::Fr => "fr",
        }
    }
}

/// The title of a refusal; the slug in words where a catalogue lacks it.
pub fn title(language: Language, code: &str) -> String {
    look_up(language, code)
}

/// The sentence for a field's fault.
pub fn message(language: Language, code: &str) -> String {
    look_up(language, &format!("field.{code}"))
}

fn look_up(language: Language, key: &str) -> String {
    let catalogues = &*TITLES;
    let text = catalogues[language as usize].get(key).or_else(|| catalogues[Language::En as usize].get(key));
    text.cloned().unwrap_or_else(|| key.trim_start_matches("field.").replace('_', " "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_catalogue_has_every_key() {
        let english: std::collections::BTreeSet<_> = TITLES[0].keys().collect();
        for other in &TITLES[1..] {
            assert_eq!(english, other.keys().collect());
        }
    }

    #[test]
    fn the_highest_quality_wins() {
        for (header, language) in [
            ("fr-CA,fr;q=0.8,en;q=0.5", Language::Fr),
            ("de,ar;q=0.3,en;q=0.2", Language::Ar),
            ("", Language::En),
            ("xx", Language::En),
        ] {
            assert_eq!(Language::accepted(Some(header)), language, "{header}");
        }
    }
}
