//! Lists: `{ items, next }`, by `limit`, `cursor`, `search`, `ordering` and the filters of the module.
use crate::problem::{Checked, Problem};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::ArrayBuilder},
};
use uuid::Uuid;

const LIMIT: i64 = 20;
const LIMIT_MAX: i64 = 100;
/// The keys of every list; the rest of the query string are the module's filters.
pub const KEYS: [&str; 4] = ["limit", "cursor", "search", "ordering"];

/// A page of a list.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Opaque; `null` on the last page.
    pub next: Option<String>,
}

impl<T: ToSchema> PartialSchema for Page<T> {
    fn schema() -> RefOr<Schema> {
        let next = <Option<String> as PartialSchema>::schema();
        let object = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(crate::reply::reference::<T>()))
            .required("items")
            .property("next", next)
            .required("next")
            .description(Some("A page of a list; `next` is the cursor of the page after it, `null` on the last one."));
        object.into()
    }
}

impl<T: ToSchema> ToSchema for Page<T> {
    fn name() -> std::borrow::Cow<'static, str> {
        format!("Page_{}", T::name()).into()
    }

    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
        crate::reply::named::<T>(found);
    }
}

/// Which page of a list, and the module's filters `F`.
#[derive(Debug, Clone)]
pub struct Listing<F> {
    /// 1 to 100.
    pub limit: i64,
    /// The last id of the page before; lists are ordered by id, newest first, unless the module says otherwise.
    pub after: Option<Uuid>,
    pub search: Option<String>,
    pub ordering: Option<String>,
    pub filters: F,
}

/// What every list takes in addition to its own filters.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Keys {
    /// 1 to 100; 20 unless given.
    limit: Option<i64>,
    /// The `next` of the page before.
    cursor: Option<String>,
    search: Option<String>,
    ordering: Option<String>,
}

/// For modules without filters.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoFilters {}

impl<F> Listing<F> {
    /// Checks the keys. Errors: 422 with the parameter named.
    pub fn new(keys: Keys, filters: F) -> Checked<Self> {
        let limit = keys.limit.unwrap_or(LIMIT);
        if !(1..=LIMIT_MAX).contains(&limit) {
            return Err(Problem::invalid("limit", "out_of_range"));
        }
        let after = keys.cursor.as_deref().map(read_cursor).transpose()?;
        let search = keys.search.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if search.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err(Problem::invalid("search", "too_long"));
        }
        Ok(Self { limit, after, search, ordering: keys.ordering, filters })
    }

    /// The page out of `limit + 1` rows: ask for [`Self::rows`].
    pub fn page<T>(&self, mut items: Vec<T>, id: impl Fn(&T) -> Uuid) -> Page<T> {
        let limit = usize::try_from(self.limit).unwrap_or_default();
        let has_more = items.len() > limit;
        items.truncate(limit);
        let next = has_more.then(|| items.last().map(|last| cursor(id(last)))).flatten();
        Page { items, next }
    }

    /// How many rows to read: one more than shown, to know whether there is a next page.
    pub fn rows(&self) -> i64 {
        self.limit + 1
    }

    /// The search text as a pattern of `ilike`.
    pub fn pattern(&self) -> Option<String> {
        self.search.as_ref().map(|text| format!("%{}%", text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")))
    }

    /// Refuses orderings the module does not know.
    pub fn ordering_in(&self, known: &[&str]) -> Checked<()> {
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

fn read_cursor(text: &str) -> Checked<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| Uuid::from_slice(&bytes).ok());
    bytes.ok_or_else(|| Problem::invalid("cursor", "invalid"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operations::{Fields, Input};

    fn parse(query: &str) -> Checked<Listing<NoFilters>> {
        let mut fields = Fields::default();
        fields.push_query(query)?;
        Input::read(fields)
    }

    #[test]
    fn a_cursor_leads_to_the_next_page_and_the_last_has_none() {
        let ids: Vec<Uuid> = (1..=3_u128).map(Uuid::from_u128).collect();
        let first = parse("limit=2").expect("limit");
        let page = first.page(ids.clone(), |id| *id);
        assert_eq!(page.items.len(), 2);
        let second = parse(&format!("cursor={}", page.next.expect("more"))).expect("cursor");
        assert_eq!(second.after, Some(ids[1]));
        assert!(second.page(vec![ids[2]], |id| *id).next.is_none());
    }

    #[test]
    fn bad_parameters_are_named() {
        for (query, field) in [("limit=0", "limit"), ("limit=x", "limit"), ("cursor=%%", "cursor"), ("colour=red", "colour")] {
            let problem = parse(query).expect_err(query);
            assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{query}");
        }
    }
}
