//! Errors as `application/problem+json` (RFC 9457), and what an operation may end with instead of an answer.
mod database;
mod declared;
mod error;

pub use database::OnConstraint;
pub use declared::{ApiError, COMMON, Declared, Entry, Members, declared};
pub use error::{Checked, Error, Inherit, IntoProblem, NoError, Result};
pub use wassally_macros::ApiError;

use crate::i18n;
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::fmt;

/// What went wrong with one field of the input.
#[derive(Debug, Clone, PartialEq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Path of the field, such as `pings[3].lat`.
    pub field: String,
    /// Slug: `required`, `unknown`, `out_of_range`, …
    pub code: String,
    /// A sentence in the caller's language.
    pub message: String,
}

/// An error that the caller can act on.
#[derive(Debug, Clone)]
pub struct Problem {
    pub status: u16,
    /// The slug; never translated, never changed.
    pub code: &'static str,
    pub detail: Option<String>,
    pub errors: Vec<FieldError>,
    /// Members of this error, such as `tries_left`.
    pub members: Map<String, Value>,
    pub retry_after_s: Option<u32>,
}

impl FieldError {
    /// A fault of one field; its sentence is written when the problem is.
    pub fn new(field: impl Into<String>, code: &str) -> Self {
        Self { field: field.into(), code: code.to_owned(), message: String::new() }
    }
}

impl Problem {
    pub fn new(status: u16, code: &'static str) -> Self {
        Self { status, code, detail: None, errors: Vec::new(), members: Map::new(), retry_after_s: None }
    }

    /// 400: what cannot be read.
    pub fn malformed() -> Self {
        Self::new(400, "malformed")
    }

    /// 404: unknown, or not the caller's.
    pub fn not_found() -> Self {
        Self::new(404, "not_found")
    }

    /// 403: the caller's role may not.
    pub fn forbidden() -> Self {
        Self::new(403, "forbidden")
    }

    /// 401: no token, or a bad one.
    pub fn unauthorized() -> Self {
        Self::new(401, "unauthorized")
    }

    /// 503: the database is unavailable or a limit is reached; nothing was changed.
    pub fn busy() -> Self {
        Self::new(503, "busy").retry_after(1)
    }

    /// 422 with one field named.
    pub fn invalid(field: impl Into<String>, code: &str) -> Self {
        Self::invalids([(field.into(), code.to_owned())])
    }

    /// 422 with the fields named.
    pub fn invalids(errors: impl IntoIterator<Item = (String, String)>) -> Self {
        let errors = errors.into_iter().map(|(field, code)| FieldError { field, message: String::new(), code }).collect();
        Self { errors, ..Self::new(422, "invalid") }
    }

    /// The faults of single fields.
    #[must_use]
    pub fn faults(mut self, errors: &[FieldError]) -> Self {
        self.errors = errors.to_vec();
        self
    }

    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Adds a member that the caller needs.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Serialize) -> Self {
        self.members.insert(member.to_owned(), serde_json::to_value(value).unwrap_or(Value::Null));
        self
    }

    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The form stored under an idempotency key; a repeat renders it in its own language.
    pub fn stored(&self) -> Value {
        json!({ "status": self.status, "code": self.code, "members": self.members })
    }

    /// The body in `language`, with the request's id as its instance.
    pub fn body(&self, language: i18n::Language, request_id: Option<&str>) -> Value {
        let mut body = Map::new();
        body.insert("type".into(), json!(format!("/problems/{}", self.code)));
        body.insert("title".into(), json!(i18n::title(language, self.code)));
        body.insert("status".into(), json!(self.status));
        body.insert("code".into(), json!(self.code));
        // The developer's text is used where the catalogue has no sentence for the slug.
        let detail = i18n::detail(language, self.code, &self.members).or_else(|| self.detail.clone());
        body.insert("detail".into(), json!(detail.unwrap_or_else(|| i18n::title(language, self.code))));
        if let Some(id) = request_id {
            body.insert("request_id".into(), json!(id));
        }
        if !self.errors.is_empty() {
            let errors: Vec<_> =
                self.errors.iter().map(|e| FieldError { message: i18n::field(language, &e.code), ..e.clone() }).collect();
            body.insert("errors".into(), json!(errors));
        }
        body.extend(self.members.clone());
        Value::Object(body)
    }
}

impl IntoResponse for Problem {
    /// The body in English; `http::problems` replaces it by one in the caller's language.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = self.body(i18n::Language::En, None).to_string();
        let mut response = (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response.extensions_mut().insert(std::sync::Arc::new(self));
        response
    }
}
