//! Lists: `{ items, next }`, by `limit`, `cursor`, `search`, `ordering` and the filters of the module.
use crate::{
    http::json::parse_query,
    problem::{Problem, Result},
};
use axum::{extract::FromRequestParts, http::request::Parts};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

const LIMIT: i64 = 20;
const LIMIT_MAX: i64 = 100;
/// The keys of every list; the rest of the query string are the module's filters.
const KEYS: [&str; 4] = ["limit", "cursor", "search", "ordering"];

/// A page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; `null` on the last page.
    pub next: Option<String>,
}

/// Which page of a list, and the module's filters `F`.
#[derive(Debug)]
pub struct Listing<F> {
    /// 1 to 100.
    pub limit: i64,
    /// The last id of the page before; lists are ordered by id, newest first, unless the module says otherwise.
    pub after: Option<Uuid>,
    pub search: Option<String>,
    pub ordering: Option<String>,
    pub filters: F,
}

/// What every list takes beside its own filters.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Keys {
    /// 1 to 100; 20 unless told.
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
    search: Option<String>,
    ordering: Option<String>,
}

/// For modules without filters.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}

impl<F: DeserializeOwned> Listing<F> {
    /// Reads a query string. Errors: 422 with the parameter named.
    pub fn parse(query: &str) -> Result<Self, Problem> {
        // `flatten` with `deny_unknown_fields` is unsupported: page keys and filters are read apart.
        let (keys, filters): (Vec<_>, Vec<_>) =
            form_urlencoded::parse(query.as_bytes()).into_owned().partition(|(name, _)| KEYS.contains(&name.as_str()));
        let write = |pairs: Vec<(String, String)>| form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
        let keys: Keys = parse_query(&write(keys))?;
        let limit = keys.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::invalid("limit", "out_of_range"));
        }
        let after = keys.cursor.as_deref().map(read_cursor).transpose()?;
        let search = keys.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if search.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err(Problem::invalid("search", "too_long"));
        }
        Ok(Self { limit, after, search, ordering: keys.ordering, filters: parse_query(&write(filters))? })
    }

    /// The page out of `limit + 1` rows: ask for [`Self::rows`].
    pub fn page<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = has_more.then(|| items.last().map(|last| cursor(id(last)))).flatten();
        Page { items, next }
    }

    /// How many rows to read: one more than shown tells whether there is a next page.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// The search text as a pattern of `ilike`.
    pub fn pattern(&self) -> Option<String> {
        self.search.as_ref().map(|text| format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")))
    }

    /// Refuses orderings the module does not know.
    pub fn ordering_in(&self, known: &[&str]) -> Result<(), Problem> {
        match &self.ordering {
            Some(ordering) if !known.contains(&ordering.as_str()) => Err(Problem::invalid("ordering", "invalid")),
            _ => Ok(()),
        }
    }
}

/// The cursor of the page behind this row.
pub fn cursor(last: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(last.as_bytes())
}

fn read_cursor(text: &str) -> Result<Uuid, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok());
    bytes.ok_or_else(|| Problem::invalid("cursor", "invalid"))
}

impl<F: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Listing<F> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::parse(parts.uri.query().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_to_the_next_page_and_the_last_has_none() {
        let ids: Vec<Uuid> = (1..=3_u128).map(Uuid::from_u128).collect();
        let first = Listing::<NoFilters>::parse("limit=2").expect("limit");
        let page = first.page(ids.clone(), |id| *id);
        assert_eq!(page.items.len(), 2);
        let second = Listing::<NoFilters>::parse(&format!("cursor={}", page.next.expect("more"))).expect("cursor");
        assert_eq!(second.after, Some(ids[1]));
        assert!(second.page(vec![ids[2]], |id| *id).next.is_none());
    }

    #[test]
    fn bad_parameters_are_named() {
        for (query, field) in [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=%%", "cursor"), ("colour=red", "colour")] {
            let problem = Listing::<NoFilters>::parse(query).expect_err(query);
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{query}");
        }
    }
}
