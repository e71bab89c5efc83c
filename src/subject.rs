//! What a hold, a ledger transaction, a notification or an audit entry is about, without naming the slice it belongs to.
use crate::problem::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{borrow::Cow, collections::BTreeMap, fmt};
use uuid::Uuid;

/// A thing of some slice, by its kind and id; `content_object` on the wire.
///
/// Slices register their kinds with `Slice::subject`. Tables store it as `subject_kind text, subject_id uuid`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ContentObject)]
pub struct Subject {
    /// The word in SQL and JSON, such as `order`.
    #[serde(rename = "type")]
    #[schema(value_type = String)]
    pub kind: Cow<'static, str>,
    pub id: Uuid,
}

impl Subject {
    /// The thing of this kind and id.
    pub fn new(kind: &'static str, id: impl Into<Uuid>) -> Self {
        Self { kind: Cow::Borrowed(kind), id: id.into() }
    }

    /// The subject that two columns of a row name, when they name one.
    pub fn stored(kind: Option<String>, id: Option<Uuid>) -> Option<Self> {
        Some(Self { kind: Cow::Owned(kind?), id: id? })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.id)
    }
}

/// The kinds that slices registered, each with its slice.
#[derive(Debug, Default)]
pub struct SubjectKinds(BTreeMap<&'static str, &'static str>);

impl SubjectKinds {
    /// Adds a kind of `slice`. Errors: another slice has it.
    pub fn add(&mut self, kind: &'static str, slice: &'static str) -> anyhow::Result<()> {
        match self.0.insert(kind, slice) {
            None => Ok(()),
            Some(other) => Err(anyhow::anyhow!("{slice} registers the kind of subject {kind:?} of {other}")),
        }
    }

    /// Errors: an internal error for a kind that no slice registered.
    pub fn check(&self, subject: &Subject) -> Result<()> {
        if self.0.contains_key(&*subject.kind) {
            return Ok(());
        }
        Err(Error::broken(anyhow::anyhow!("no slice registers the kind of subject {:?}", subject.kind)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_belongs_to_one_slice_and_only_registered_ones_are_subjects() {
        let mut kinds = SubjectKinds::default();
        kinds.add("order", "orders").expect("the first");
        let error = kinds.add("order", "carts").expect_err("the second");
        assert_eq!(error.to_string(), r#"carts registers the kind of subject "order" of orders"#);
        assert!(kinds.check(&Subject::new("order", Uuid::nil())).is_ok());
        assert!(kinds.check(&Subject::new("ordre", Uuid::nil())).is_err());
    }

    #[test]
    fn its_wire_form_has_type_and_id() {
        let subject = Subject::new("order", Uuid::nil());
        let json = serde_json::to_string(&subject).expect("two strings");
        assert_eq!(json, r#"{"type":"order","id":"00000000-0000-0000-0000-000000000000"}"#);
        assert_eq!(serde_json::from_str::<Subject>(&json).expect("its own form"), subject);
    }

    #[test]
    fn a_stored_subject_is_the_one_that_was_written() {
        assert_eq!(Subject::stored(Some("order".into()), Some(Uuid::nil())), Some(Subject::new("order", Uuid::nil())));
        assert_eq!(Subject::stored(None, Some(Uuid::nil())), None);
    }
}
