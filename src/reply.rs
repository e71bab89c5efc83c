//! What an operation answers with: the status follows from the type.
use crate::problem::Result;
use axum::response::Response;
use serde::{Serialize, Serializer};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{RefOr, Schema},
};

/// An answer's type.
pub trait Reply: Send + 'static {
    const STATUS: u16;
    /// Content type of the body; `None` when there is none.
    const CONTENT: Option<&'static str> = Some("application/json");

    fn body(self) -> Result<Body>;

    /// The body's schema, by reference to a component where it has a name.
    fn schema() -> RefOr<Schema>;

    /// Name and schema of each component the body's schema refers to, its own included.
    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>);
}

/// An answer's body.
#[derive(Debug)]
pub enum Body {
    Json(serde_json::Value),
    Empty,
    /// An answer of its own form, such as an event stream.
    Whole(Box<Response>),
}

impl<T: Serialize + ToSchema + Send + 'static> Reply for T {
    const STATUS: u16 = 200;

    fn body(self) -> Result<Body> {
        Ok(Body::Json(serde_json::to_value(self)?))
    }

    fn schema() -> RefOr<Schema> {
        reference::<T>()
    }

    fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
        named::<T>(found);
    }
}

/// A reference to the component of `T`, or its schema where it is no object of its own.
pub fn reference<T: ToSchema>() -> RefOr<Schema> {
    match T::schema() {
        RefOr::T(Schema::Array(array)) => RefOr::T(Schema::Array(array)),
        RefOr::Ref(reference) => RefOr::Ref(reference),
        RefOr::T(_) => utoipa::openapi::Ref::from_schema_name(T::name()).into(),
    }
}

/// Adds the components of `T` to `found`.
pub fn named<T: ToSchema>(found: &mut Vec<(String, RefOr<Schema>)>) {
    T::schemas(found);
    if let schema @ RefOr::T(_) = T::schema()
        && !matches!(schema, RefOr::T(Schema::Array(_)))
    {
        found.push((T::name().into_owned(), schema));
    }
}

macro_rules! wrappers {
    ($($(#[$doc:meta])* $name:ident = $status:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name<T>(pub T);

        impl<T: Serialize> Serialize for $name<T> {
            fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
                self.0.serialize(serializer)
            }
        }

        impl<T: Serialize + ToSchema + Send + 'static> Reply for $name<T> {
            const STATUS: u16 = $status;

            fn body(self) -> Result<Body> {
                Reply::body(self.0)
            }

            fn schema() -> RefOr<Schema> {
                reference::<T>()
            }

            fn schemas(found: &mut Vec<(String, RefOr<Schema>)>) {
                named::<T>(found);
            }
        }
    )+};
}

wrappers! {
    /// 201.
    Created = 201;
    /// 202: taken, and carried out later.
    Accepted = 202;
}

/// 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Serialize for NoContent {
    fn serialize<S: Serializer>(&self, serializer: S) -> std::result::Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl Reply for NoContent {
    const STATUS: u16 = 204;
    const CONTENT: Option<&'static str> = None;

    fn body(self) -> Result<Body> {
        Ok(Body::Empty)
    }

    fn schema() -> RefOr<Schema> {
        <() as PartialSchema>::schema()
    }

    fn schemas(_: &mut Vec<(String, RefOr<Schema>)>) {}
}
