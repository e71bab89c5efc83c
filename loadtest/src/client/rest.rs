//! REST: people who are signed in, with tokens that are renewed before they expire.

use super::pace::{Backoff, Pace};
use anyhow::{Context, Result};
use reqwest::{Method, StatusCode, header};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Why a call gave no result.
#[derive(Debug, Clone)]
pub enum CallError {
    /// The server refused: a status, a slug and the whole problem.
    Api { status: u16, code: String, problem: Value },
    /// No answer, or one that means "later": the same call may be tried again.
    Unavailable(String),
}

impl CallError {
    /// The slug of the refusal, or nothing when there was no answer.
    pub fn code(&self) -> &str {
        match self {
            Self::Api { code, .. } => code,
            Self::Unavailable(_) => "",
        }
    }

    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Api { status, code, problem } => {
                write!(f, "refused with {status} {code}: {}", problem["detail"].as_str().unwrap_or_default())?;
                if problem["errors"].is_array() { write!(f, " {}", problem["errors"]) } else { Ok(()) }
            }
            Self::Unavailable(why) => write!(f, "no answer: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

/// The server's REST API, shared by all players.
pub struct Rest {
    http: reqwest::Client,
    base: String,
    /// Every call waits for its turn here, so that all together never flood the server.
    calls: Pace,
    sign_ins: Pace,
}

impl Rest {
    /// `base` is like `http://127.0.0.1:8080`. Sign-ins come at 5 a second; other calls at `per_second`.
    pub fn new(base: &str, per_second: f64) -> Result<Arc<Self>> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(15))
            .pool_max_idle_per_host(64)
            .user_agent("wassally-loadtest")
            .build()
            .context("cannot make an HTTP client")?;
        let base = base.trim_end_matches('/').to_owned();
        Ok(Arc::new(Self { http, base, calls: Pace::new(per_second), sign_ins: Pace::new(5.0) }))
    }

    /// Address of the server's WebSocket.
    pub fn socket_url(&self) -> String {
        wassally_client::websocket_url(&self.base)
    }

    /// Waits until the server is ready; `false` when it was not within `patience`.
    pub async fn is_ready(&self, patience: Duration) -> bool {
        let end = Instant::now() + patience;
        while Instant::now() < end {
            let answer = self.http.get(format!("{}/readyz", self.base)).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return true;
            }
            sleep(Duration::from_millis(500)).await;
        }
        false
    }

    /// Any call. `Ok` holds the body, or null when there is none.
    pub async fn call(
        &self,
        method: Method,
        path: &str,
        token: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, CallError> {
        self.calls.turn().await;
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if !token.is_empty() {
            request = request.bearer_auth(token);
        }
        if let Some(key) = key {
            request = request.header("Idempotency-Key", key);
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| CallError::Unavailable(in_full(&error)))?;
        let status = answer.status();
        let wait = answer.headers().get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let bytes = answer.bytes().await.map_err(|error| CallError::Unavailable(in_full(&error)))?;
        let value = if bytes.is_empty() { Value::Null } else { serde_json::from_slice(&bytes).unwrap_or(Value::Null) };
        if status.is_success() {
            return Ok(value);
        }
        let code = value["code"].as_str().unwrap_or_default().to_owned();
        if matches!(
            status,
            StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::BAD_GATEWAY
                | StatusCode::GATEWAY_TIMEOUT
                | StatusCode::TOO_MANY_REQUESTS
        ) {
            return Err(CallError::Unavailable(format!("{status} {code} {wait}").trim().to_owned()));
        }
        Err(CallError::Api { status: status.as_u16(), code, problem: value })
    }
}

/// An error with its causes: the top line of a failed request says only that it failed.
fn in_full(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

struct Tokens {
    access: String,
    refresh: String,
    renew_at: Instant,
}

impl Tokens {
    fn read(answer: &Value) -> Option<Self> {
        let lasts_s = answer["expires_in"].as_u64().unwrap_or(900);
        Some(Self {
            access: answer["access"].as_str()?.to_owned(),
            refresh: answer["refresh"].as_str()?.to_owned(),
            // At two thirds of its life, so that one lost refresh does no harm.
            renew_at: Instant::now() + Duration::from_secs(lasts_s * 2 / 3),
        })
    }
}

/// A person who is signed in.
pub struct Person {
    pub rest: Arc<Rest>,
    pub username: String,
    pub id: String,
    password: String,
    tokens: tokio::sync::Mutex<Tokens>,
}

impl Person {
    /// Signs in with name and password, waiting for its turn.
    pub async fn sign_in(rest: &Arc<Rest>, username: &str, password: &str) -> Result<Arc<Self>, CallError> {
        let (id, tokens) = login(rest, username, password).await?;
        Ok(Arc::new(Self {
            rest: rest.clone(),
            username: username.to_owned(),
            id,
            password: password.to_owned(),
            tokens: tokio::sync::Mutex::new(tokens),
        }))
    }

    /// A person with an access token from elsewhere; when it is refused there is no other.
    #[cfg(test)]
    pub fn with_token(rest: &Arc<Rest>, username: &str, id: &str, access: &str) -> Arc<Self> {
        let renew_at = Instant::now() + Duration::from_secs(24 * 3600);
        Arc::new(Self {
            rest: rest.clone(),
            username: username.to_owned(),
            id: id.to_owned(),
            password: String::new(),
            tokens: tokio::sync::Mutex::new(Tokens { access: access.to_owned(), refresh: String::new(), renew_at }),
        })
    }

    /// Signs in, again and again while the server is unavailable. Errors: a refusal.
    pub async fn arrive(rest: &Arc<Rest>, username: &str, password: &str) -> Result<Arc<Self>, CallError> {
        let mut backoff = Backoff::default();
        loop {
            match Self::sign_in(rest, username, password).await {
                Err(error) if error.is_unavailable() => sleep(backoff.next_wait()).await,
                result => return result,
            }
        }
    }

    /// A token that is valid for some minutes; an old one is renewed, or replaced by signing in again.
    pub async fn access(&self) -> Result<String, CallError> {
        let mut tokens = self.tokens.lock().await;
        if Instant::now() < tokens.renew_at {
            return Ok(tokens.access.clone());
        }
        let body = json!({ "refresh": tokens.refresh });
        let renewed = match self.rest.call(Method::POST, "/api/auth/refresh/", "", None, Some(&body)).await {
            Ok(answer) => Tokens::read(&answer),
            Err(CallError::Api { .. }) => None,
            Err(unavailable) => return Err(unavailable),
        };
        *tokens = match renewed {
            Some(renewed) => renewed,
            None => login(&self.rest, &self.username, &self.password).await?.1,
        };
        Ok(tokens.access.clone())
    }

    /// Makes the next call renew the token, because the server refused this one.
    pub async fn distrust(&self, access: &str) {
        let mut tokens = self.tokens.lock().await;
        if tokens.access == access {
            tokens.renew_at = Instant::now();
        }
    }

    /// The same, whichever token is in use.
    pub async fn distrust_present(&self) {
        self.tokens.lock().await.renew_at = Instant::now();
    }

    async fn call(&self, method: Method, path: &str, key: Option<&str>, body: Option<&Value>) -> Result<Value, CallError> {
        let access = self.access().await?;
        match self.rest.call(method.clone(), path, &access, key, body).await {
            Err(CallError::Api { status: 401, .. }) => {
                self.distrust(&access).await;
                let access = self.access().await?;
                self.rest.call(method, path, &access, key, body).await
            }
            result => result,
        }
    }

    pub async fn get(&self, path: &str) -> Result<Value, CallError> {
        self.call(Method::GET, path, None, None).await
    }

    pub async fn delete(&self, path: &str) -> Result<Value, CallError> {
        self.call(Method::DELETE, path, None, None).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Result<Value, CallError> {
        self.call(Method::PATCH, path, None, Some(body)).await
    }

    /// Sends a command that is carried out once: every try has the same key. At most `TRIES` of them while the server is unavailable.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Value, CallError> {
        const TRIES: u32 = 8;
        let mut backoff = Backoff::default();
        for _ in 1..TRIES {
            match self.call(Method::POST, path, Some(key), Some(body)).await {
                Err(CallError::Unavailable(_)) => sleep(backoff.next_wait()).await,
                result => return result,
            }
        }
        self.call(Method::POST, path, Some(key), Some(body)).await
    }

    /// The entries of a list, page after page, at most `limit` of them.
    pub async fn list(&self, path: &str, limit: usize) -> Result<Vec<Value>, CallError> {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let mut page = self.get(&format!("{path}{join}limit=100{cursor}")).await?;
            if let Value::Array(more) = page["items"].take() {
                items.extend(more);
            }
            match page["next"].as_str() {
                Some(next) if items.len() < limit => cursor = format!("&cursor={next}"),
                _ => return Ok(items),
            }
        }
    }
}

async fn login(rest: &Rest, username: &str, password: &str) -> Result<(String, Tokens), CallError> {
    rest.sign_ins.turn().await;
    let answer = rest
        .call(Method::POST, "/api/auth/login/", "", None, Some(&json!({ "username": username, "password": password })))
        .await?;
    let tokens = Tokens::read(&answer).ok_or_else(|| CallError::Unavailable("a login answer without tokens".to_owned()))?;
    Ok((answer["user"]["id"].as_str().unwrap_or_default().to_owned(), tokens))
}
