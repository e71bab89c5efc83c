//! The languages people are answered in, and which of them a request asks for.
use axum::http::{HeaderMap, header::ACCEPT_LANGUAGE};
use serde::{Deserialize, Serialize};

/// A language that the catalogue is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, Deserialize, sqlx::Type, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
#[sqlx(type_name = "text", rename_all = "lowercase")]
pub enum Language {
    #[default]
    En,
    Ar,
    Fr,
}

/// Ranges of a header that are looked at: browsers send fewer, and a long list costs time.
const RANGES_MAX: usize = 32;

impl Language {
    pub const ALL: [Self; 3] = [Self::En, Self::Ar, Self::Fr];

    /// The two-letter tag.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Ar => "ar",
            Self::Fr => "fr",
        }
    }

    /// The language that the request's `Accept-Language` prefers; English when it names none of the supported ones.
    pub fn accepted(headers: &HeaderMap) -> Self {
        // Several lines of one header are one list (RFC 9110, 5.3).
        let lines: Vec<&str> = headers.get_all(ACCEPT_LANGUAGE).iter().filter_map(|line| line.to_str().ok()).collect();
        Self::preferred(&lines.join(","))
    }

    fn preferred(list: &str) -> Self {
        // Range by range: the library would sort the whole list, and a quality of `NaN` must not reach a sort.
        let ranges: Vec<(String, f32)> = list
            .split(',')
            .take(RANGES_MAX)
            .flat_map(|range| accept_language::parse_with_quality(&range.replace('\t', "")))
            .map(|(tag, quality)| (tag.to_ascii_lowercase(), quality))
            .filter(|(_, quality)| (0.0..=1.0).contains(quality))
            .collect();
        let named = |range: &str| Self::ALL.into_iter().find(|language| range.split('-').next() == Some(language.tag()));
        // `*` means those that no other range names.
        let rest = Self::ALL.into_iter().find(|language| !ranges.iter().any(|(range, _)| named(range) == Some(*language)));
        let mut best = (0.0, Self::default());
        for (range, quality) in &ranges {
            let language = if range == "*" { rest } else { named(range) };
            if let Some(language) = language.filter(|_| *quality > best.0) {
                best = (*quality, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn the_highest_quality_wins_and_of_equals_the_first() {
        for (header, language) in [
            ("fr-CA,fr;q=0.8,en;q=0.5", Language::Fr),
            ("fr; q=0.2, en", Language::En),
            ("de,ar;q=0.3,en;q=0.2", Language::Ar),
            ("fr , ar", Language::Fr),
            ("FR;Q=0.9, en ; q=0.1", Language::Fr),
            ("ar;\tq=0.4,en;q=0.3", Language::Ar),
            ("fr-CH;q=0, fr;q=0.7, en;q=0.6", Language::Fr),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }

    #[test]
    fn a_language_of_quality_zero_is_not_wanted_and_a_star_is_any_other() {
        for (header, language) in [
            ("fr;q=0, ar;q=0.1", Language::Ar),
            ("fr;q=0.5, *", Language::En),
            ("fr, *;q=0.5", Language::Fr),
            ("en;q=0, *", Language::Ar),
            ("*", Language::En),
        ] {
            assert_eq!(Language::preferred(header), language, "{header}");
        }
    }

    #[test]
    fn nonsense_is_english() {
        let endless = "ar;q=nan,fr;q=0.1,".repeat(5_000);
        for header in ["", "xx", "frisian", ";q=1", "fr;q=yolo", "fr;q=7", "fr;q=-1", "ar;q=nan", "=;,=", ",,,"] {
            assert_eq!(Language::preferred(header), Language::En, "{header}");
        }
        assert_eq!(Language::preferred(&endless), Language::Fr);
    }

    #[test]
    fn several_lines_are_one_list() {
        let mut headers = HeaderMap::new();
        assert_eq!(Language::accepted(&headers), Language::En);
        for line in ["fr;q=0.4", "ar;q=0.9, en;q=0.5"] {
            headers.append(ACCEPT_LANGUAGE, HeaderValue::from_static(line));
        }
        assert_eq!(Language::accepted(&headers), Language::Ar);
    }
}
