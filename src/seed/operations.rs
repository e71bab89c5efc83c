//! Calls the REST operations in process: the demo's people act like every client.
use crate::{
    App,
    actor::{Claims, Role},
    http::endpoints,
    ids::{Region, SessionId, UserId},
};
use anyhow::{Context, bail};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, header},
};
use http_body_util::BodyExt;
use serde_json::Value;
use tower::ServiceExt;

/// Seconds that a person of the demo is signed in for one request.
const SIGNED_IN_S: i64 = 60;

/// The routes of all slices over one application.
pub struct Operations {
    app: App,
    router: Router,
}

/// Somebody and the role they act in.
#[derive(Debug, Clone, Copy)]
pub struct Who {
    pub id: UserId,
    pub role: Role,
}

impl Operations {
    pub fn of(app: &App) -> Self {
        Self { app: app.clone(), router: endpoints::router(app.registry()).with_state(app.clone()) }
    }

    pub async fn get(&self, who: Who, path: &str) -> anyhow::Result<Value> {
        self.call(who, Method::GET, path, None).await
    }

    pub async fn post(&self, who: Who, path: &str, body: Value) -> anyhow::Result<Value> {
        self.call(who, Method::POST, path, Some(body)).await
    }

    /// Calls as `who`. Errors: any answer but success.
    pub async fn call(&self, who: Who, method: Method, path: &str, body: Option<Value>) -> anyhow::Result<Value> {
        let request = Request::builder()
            .method(&method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token(who)?))
            .header(header::CONTENT_TYPE, "application/json")
            .body(body.map_or_else(Body::empty, |body| Body::from(body.to_string())))?;
        let answer = self.router.clone().oneshot(request).await?;
        let status = answer.status();
        let text = answer.into_body().collect().await?.to_bytes();
        if !status.is_success() {
            bail!("{method} {path} as {:?}: {status} {}", who.role, String::from_utf8_lossy(&text));
        }
        serde_json::from_slice(&text).with_context(|| format!("{method} {path} answers no JSON"))
    }

    fn token(&self, who: Who) -> anyhow::Result<String> {
        let now = self.app.clock.now();
        #[allow(clippy::cast_precision_loss, reason = "milliseconds since 1970 are exact in 53 bits")]
        let iat = now.timestamp_millis() as f64 / 1000.0;
        let claims = Claims {
            id: who.id,
            role: who.role,
            roles: vec![who.role],
            sid: SessionId::fresh(&self.app, Region::GLOBAL),
            jti: crate::ids::new(Region::GLOBAL, &self.app.clock, &self.app.random),
            iat,
            exp: now.timestamp() + SIGNED_IN_S,
        };
        Ok(self.app.keys.access_token(&claims)?)
    }
}
