//! What an operation takes: one struct, read out of path, query and body alike.
use super::fields::Fields;
use crate::{
    page::{self, Listing},
    problem::{Checked, Result},
};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

/// An operation's third argument.
pub trait Input: Clone + Send + Sync + 'static {
    /// Errors: 404 for a malformed id in the path, 422 with the field named.
    fn read(fields: Fields) -> Checked<Self>;

    /// Distinguishes different inputs under the same idempotency key.
    fn fingerprint(&self) -> Result<Vec<u8>>;

    /// The objects whose members are the input's.
    fn schema() -> Vec<RefOr<Schema>>;

    /// Name and schema of each component that [`Self::schema`] refers to.
    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>);

    /// Name of the type, for the body's component.
    fn name() -> String;
}

impl<T: DeserializeOwned + Serialize + ToSchema + Clone + Send + Sync + 'static> Input for T {
    fn read(fields: Fields) -> Checked<Self> {
        fields.read()
    }

    fn fingerprint(&self) -> Result<Vec<u8>> {
        Ok(Sha256::digest(serde_json::to_vec(self)?).to_vec())
    }

    fn schema() -> Vec<RefOr<Schema>> {
        vec![<T as utoipa::PartialSchema>::schema()]
    }

    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
        <T as ToSchema>::schemas(found);
    }

    fn name() -> String {
        <T as ToSchema>::name().into_owned()
    }
}

/// No input but the call itself.
#[derive(Debug, Clone, Copy, Serialize, serde::Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoInput {}

impl<F> Input for Listing<F>
where
    F: DeserializeOwned + ToSchema + Clone + Send + Sync + 'static,
{
    fn read(fields: Fields) -> Checked<Self> {
        // `flatten` with `deny_unknown_fields` is unsupported: page keys and filters are read apart.
        let (keys, filters) = fields.partition(|name| page::KEYS.contains(&name));
        Self::new(keys.read()?, filters.read()?)
    }

    fn fingerprint(&self) -> Result<Vec<u8>> {
        Ok(Vec::new())
    }

    fn schema() -> Vec<RefOr<Schema>> {
        vec![<F as utoipa::PartialSchema>::schema(), <page::Keys as utoipa::PartialSchema>::schema()]
    }

    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
        <F as ToSchema>::schemas(found);
    }

    fn name() -> String {
        <F as ToSchema>::name().into_owned()
    }
}
