//! Bodies and parameters: what cannot be read is refused with the field named; what is unknown is refused, not ignored.
use crate::problem::{Problem, Result};
use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{header, request::Parts},
};
use serde::de::DeserializeOwned;
use std::str::FromStr;

/// A JSON body as `T`. `T` denies unknown fields.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).map(str::to_owned);
        let body = Bytes::from_request(request, state).await.map_err(|rejection| match rejection.status().as_u16() {
            413 => Problem::new(413, "payload_too_large"),
            408 => Problem::new(408, "timeout"),
            _ => Problem::new(400, "malformed"),
        })?;
        if body.is_empty() {
            return parse(b"{}").map(Self);
        }
        if !kind.as_deref().is_some_and(is_json) {
            return Err(Problem::new(415, "unsupported_type"));
        }
        if body.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
            // A list would be taken for the fields by their order.
            return Err(Problem::invalid("", "wrong_type"));
        }
        parse(&body).map(Self)
    }
}

fn is_json(kind: &str) -> bool {
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

/// Reads JSON as `T`.
///
/// Errors: 400 for what is no JSON, 422 with the field for what does not fit; U+0000, which the database cannot store, is 422 too.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    let text = std::str::from_utf8(body).map_err(|_| Problem::new(400, "malformed"))?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        describe(path, error.inner())
    })?;
    reader.end().map_err(|_| Problem::new(400, "malformed"))?;
    if has_nul(text) {
        return Err(Problem::invalid("", "bad_text"));
    }
    Ok(value)
}

/// Whether some string of this JSON text holds U+0000, escaped or (illegally) plain.
fn has_nul(text: &str) -> bool {
    text.match_indices("\\u0000").any(|(at, _)| text[..at].bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 0)
        || text.contains('\0')
}

fn describe(path: String, error: &serde_json::Error) -> Problem {
    use serde_json::error::Category;
    match error.classify() {
        Category::Data => field_of(path, &error.to_string()),
        _ => Problem::new(400, "malformed").detail(error),
    }
}

/// Turns serde's sentence into field and code: the only place where it tells which field was unknown or missing.
fn field_of(path: String, sentence: &str) -> Problem {
    let quoted = sentence.split('`').nth(1).unwrap_or_default();
    let at = |name: &str| match path.as_str() {
        "." | "" => name.to_owned(),
        path if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        path => format!("{path}.{name}"),
    };
    if sentence.starts_with("unknown field") {
        Problem::invalid(at(quoted), "unknown")
    } else if sentence.starts_with("missing field") {
        Problem::invalid(at(quoted), "required")
    } else if sentence.starts_with("invalid type") {
        Problem::invalid(path.trim_start_matches('.').to_owned(), "wrong_type")
    } else {
        Problem::invalid(path.trim_start_matches('.').to_owned(), "invalid").detail(sentence)
    }
}

/// The query string as `T`. `T` denies unknown fields.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parse_query(parts.uri.query().unwrap_or_default()).map(Self)
    }
}

/// Reads a query string as `T`. Errors: 422 with the parameter named.
pub fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, Problem> {
    let decoded: Vec<(String, String)> = serde_urlencoded::from_str(query).map_err(|_| Problem::new(400, "malformed"))?;
    if decoded.iter().any(|(name, value)| name.contains('\0') || value.contains('\0')) {
        return Err(Problem::invalid("", "bad_text"));
    }
    let reader = serde_urlencoded::Deserializer::new(form_urlencoded_parse(query));
    serde_path_to_error::deserialize(reader).map_err(|error| {
        let path = error.path().to_string();
        field_of(path, &error.inner().to_string())
    })
}

fn form_urlencoded_parse(query: &str) -> form_urlencoded::Parse<'_> {
    form_urlencoded::parse(query.as_bytes())
}

/// An id, or a few, out of the path. A malformed one is 404: nothing of that name exists.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: FromStr, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let axum::extract::Path(text) =
            axum::extract::Path::<String>::from_request_parts(parts, state).await.map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Ask {
        name: String,
        #[serde(default)]
        pings: Vec<Ping>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Ping {
        lat: f64,
    }

    fn refusal(body: &str) -> (u16, String, String) {
        let problem = parse::<Ask>(body.as_bytes()).expect_err(body);
        let error = problem.errors.first().cloned();
        (problem.status, error.as_ref().map_or(String::new(), |e| e.field.clone()), error.map_or(String::new(), |e| e.code))
    }

    #[test]
    fn each_fault_names_its_field() {
        for (body, field, code) in [
            (r#"{"name":"a","colour":1}"#, "colour", "unknown"),
            (r#"{}"#, "name", "required"),
            (r#"{"name":1}"#, "name", "wrong_type"),
            (r#"{"name":"a","pings":[{"lat":1,"lng":2}]}"#, "pings[0].lng", "unknown"),
            (r#"{"name":"a","pings":[{}]}"#, "pings[0].lat", "required"),
            (r#"{"name":"a\u0000"}"#, "", "bad_text"),
        ] {
            assert_eq!(refusal(body), (422, field.to_owned(), code.to_owned()), "{body}");
        }
    }

    #[test]
    fn what_is_no_json_is_malformed() {
        for body in ["{", "NaN", r#"{"name":"a"} x"#, r#"{"name":NaN}"#] {
            assert_eq!(refusal(body).0, 400, "{body}");
        }
        assert_eq!(parse::<Ask>(b"{\"name\":\"\xff\"}").expect_err("no UTF-8").status, 400);
    }

    #[test]
    fn an_unknown_parameter_is_refused() {
        let problem = parse_query::<Ping>("lat=1&lon=2").expect_err("lon");
        assert_eq!((problem.status, problem.errors[0].field.as_str(), problem.errors[0].code.as_str()), (422, "lon", "unknown"));
    }
}
