//! The pages people see: built by `make`, embedded in the binary.
use crate::App;
use axum::{Router, response::Html, routing::get};

/// `/` and the language paths, `/assets/`.
pub fn router() -> Router<App> {
    Router::new().route("/", get(|| async { Html("<p>The pages are built by <code>make</code>.</p>") }))
}
