//! Connection and subscription tokens: JWT with a shared secret.

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::time::Instant;
use wassally_realtime::Error;

/// The claims of a token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Claims {
    pub sub: String,
    exp: Option<f64>,
    nbf: Option<f64>,
    expire_at: Option<i64>,
    info: Option<Box<RawValue>>,
    b64info: Option<String>,
    pub channel: Option<String>,
    pub channels: Vec<String>,
    pub subs: HashMap<String, Sub>,
}

/// A server-side subscription in a token.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Sub {
    pub info: Option<Box<RawValue>>,
    pub data: Option<Box<RawValue>>,
}

/// Why a token is refused.
pub enum BadToken {
    /// Signature or claims are invalid.
    Invalid,
    /// It was valid before, or will be.
    Expired,
}

impl Claims {
    /// Checks a token. It must not have expired.
    pub fn read(secret: Option<&str>, token: &str) -> Result<Self, BadToken> {
        let secret = secret.ok_or(BadToken::Invalid)?;
        let mut validation = Validation::new(Algorithm::HS256);
        validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_aud = false;
        let key = DecodingKey::from_secret(secret.as_bytes());
        // The claims are read from the text again: raw values cannot pass through the decoder's own tree.
        jsonwebtoken::decode::<serde_json::Value>(token, &key, &validation).map_err(|_| BadToken::Invalid)?;
        let body = token.split('.').nth(1).unwrap_or_default();
        let body = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(body).map_err(|_| BadToken::Invalid)?;
        let claims: Self = serde_json::from_slice(&body).map_err(|_| BadToken::Invalid)?;
        let now = seconds();
        if claims.exp.is_some_and(|exp| exp <= now) || claims.nbf.is_some_and(|nbf| nbf > now) {
            return Err(BadToken::Expired);
        }
        Ok(claims)
    }

    /// When the connection or subscription ends. Errors: 110 when that is past.
    pub fn ends(&self) -> Result<Option<Instant>, Error> {
        let end = match self.expire_at {
            Some(0) => None,
            Some(at) => Some(at as f64),
            None => self.exp,
        };
        let Some(end) = end else { return Ok(None) };
        let left = end - seconds();
        if left <= 0.0 {
            return Err(Error::new(110, "expired"));
        }
        Ok(Some(Instant::now() + Duration::from_secs_f64(left)))
    }

    /// What others see of the token.
    pub fn info(&self) -> Option<Bytes> {
        let decoded = || Some(Bytes::from(STANDARD.decode(self.b64info.as_ref()?).ok()?));
        raw(self.info.as_deref()).or_else(decoded)
    }
}

/// A time in seconds since 1970 as an instant; 0 = never.
pub fn instant_of(at: i64) -> Option<Instant> {
    (at != 0).then(|| Instant::now() + Duration::from_secs_f64((at as f64 - seconds()).max(0.0)))
}

/// A raw value as bytes.
pub fn raw(value: Option<&RawValue>) -> Option<Bytes> {
    value.map(|value| Bytes::copy_from_slice(value.get().as_bytes()))
}

#[expect(clippy::disallowed_methods, reason = "tokens use the wall clock, and this is the example's one place for it")]
fn seconds() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}
