//! Authorizes connections and subscriptions by the access token and the slices' channel rules.
use super::{Bridge, actor, refused_subscription};
use crate::{App, actor::Actor, i18n::Language, problem::Problem};
use async_trait::async_trait;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use tokio::time::Instant;
use wassally_realtime::host::{Authorizer, Error, Grant, Hello, Identity, Subscribe, Welcome};

#[async_trait]
impl Authorizer for Bridge {
    async fn connect(&self, hello: &Hello) -> Result<Welcome, Error> {
        let app = self.app()?;
        if hello.token.is_empty() {
            return Err(Error::new(3501, "a token is needed"));
        }
        let actor = recognise(&app, &hello.token)?.reading(Language::accepted(&hello.headers));
        let subs =
            app.registry().server_side(&actor).map(|(channel, rule)| (channel.into(), Grant::of(rule.retention))).collect();
        let data = json!({ "now": app.clock.now(), "build": env!("CARGO_PKG_VERSION") });
        Ok(Welcome { identity: identity(&app, actor), subs, data: Some(data.to_string().into()) })
    }

    async fn refresh(&self, who: &Identity, token: &str) -> Result<Identity, Error> {
        let app = self.app()?;
        let language = actor(who)?.language;
        let actor = recognise(&app, token)
            .map_err(|error| if error.code == 109 { Error::new(3005, "connection expired") } else { error })?;
        Ok(identity(&app, actor.reading(language)))
    }

    fn knows(&self, channel: &str) -> bool {
        // A node that shuts down answers that instead.
        self.app().map_or(true, |app| app.registry().channel(split(channel).0).is_some())
    }

    async fn subscribe(&self, who: &Identity, ask: &Subscribe) -> Result<Grant, Error> {
        let app = self.app()?;
        let actor = actor(who)?;
        if app.revocations().is_revoked(actor) {
            return Err(Error::invalid_token());
        }
        let (namespace, rest) = split(&ask.channel);
        let rule = app.registry().channel(namespace).ok_or_else(Error::unknown_channel)?;
        (rule.may_watch)(&app, actor, rest).await.map_err(refused_subscription)?;
        Ok(Grant { presence: rule.presence, publish: rule.publish, ..Grant::of(rule.retention) })
    }
}

/// `order:0198…` as namespace and the rest.
pub(super) fn split(channel: &str) -> (&str, &str) {
    channel.split_once(':').unwrap_or((channel, ""))
}

fn recognise(app: &App, token: &str) -> Result<Actor, Error> {
    app.recognise(token).map_err(|problem: Problem| match problem.code {
        "token_expired" => Error::token_expired(),
        _ => Error::invalid_token(),
    })
}

/// The identity of an actor until their token runs out.
pub(super) fn identity(app: &App, actor: Actor) -> Identity {
    let left_s = u64::try_from(actor.exp - app.clock.now().timestamp()).unwrap_or_default();
    Identity {
        expires_at: Some(Instant::now() + Duration::from_secs(left_s)),
        auth: Arc::new(actor.clone()),
        ..Identity::new(actor.id.to_string())
    }
}
