//! Access rules: tokens and the options of the channel's namespace.

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use async_trait::async_trait;
use bytes::Bytes;
use wassally_realtime::{
    Channel, Error, Grant, Hub, Identity, Offset, Presence, Retention,
    channels::name,
    host::{
        Authorizer, Hello, History, HistoryLost, JoinLeave, Look, Missed, Page, Publish, Published, Publisher, Recovery, Rpc,
        Snapshot, Subscribe, Welcome,
    },
};

use crate::{
    options::{Access, Channels, Options, Switch},
    store::Store,
    tokens::{BadToken, Claims, raw},
};

/// The host of the example.
pub struct Rules {
    options: Options,
    namespaces: HashMap<String, Channels>,
    pub store: Store,
    pub hub: OnceLock<Hub>,
}

impl Rules {
    /// Rules for these options.
    pub fn new(options: Options, namespaces: HashMap<String, Channels>) -> Self {
        Self { options, namespaces, store: Store::new(), hub: OnceLock::new() }
    }

    /// The options of a channel. Errors: 102 where its namespace does not exist.
    pub fn channels(&self, channel: &str) -> Result<&Channels, Error> {
        self.namespaces.get(name::namespace(channel)).ok_or_else(Error::unknown_channel)
    }

    fn read(&self, token: &str) -> Result<Claims, BadToken> {
        Claims::read(self.options.hmac_secret.as_deref(), token)
    }

    /// A connection token as an identity.
    fn identity(&self, token: &str) -> Result<(Identity, Claims), Error> {
        let claims = self.read(token).map_err(|error| match error {
            BadToken::Invalid => Error::invalid_token(),
            BadToken::Expired => Error::token_expired(),
        })?;
        if claims.channel.is_some() {
            return Err(Error::invalid_token());
        }
        let mut identity = Identity::new(claims.sub.as_str());
        identity.info = claims.info();
        identity.expires_at = if self.options.insecure { None } else { claims.ends()? };
        Ok((identity, claims))
    }

    fn grant(&self, of: &Channels, identity: &Identity, request: &Subscribe, is_subscriber: bool) -> Grant {
        let retention = if of.has_history() { Retention::Durable } else { Retention::Plain };
        let may_see_history = of.has_history() && self.may(of.see_history, identity, is_subscriber);
        let enabled = |switch: Switch, requested: bool| match switch {
            Switch::Force => true,
            Switch::Allow => requested,
            Switch::Off => requested && may_see_history,
        };
        let recovery = match (enabled(of.recovery, request.recoverable), enabled(of.positioning, request.positioned)) {
            (true, _) if of.is_cache => Recovery::Cache,
            (true, _) => Recovery::Stream,
            (false, true) => Recovery::Positioned,
            (false, false) => Recovery::Off,
        };
        let may_see_presence = of.presence && self.may(of.see_presence, identity, is_subscriber);
        let join_leave = match of.join_leave {
            Switch::Off => JoinLeave::Off,
            Switch::Force => JoinLeave::Both,
            Switch::Allow if request.join_leave && may_see_presence => JoinLeave::Both,
            Switch::Allow => JoinLeave::Announced,
        };
        Grant {
            presence: if of.presence { Presence::List } else { Presence::Off },
            publish: self.may(of.publish, identity, is_subscriber),
            join_leave,
            recovery,
            delta: of.delta,
            ..Grant::of(retention)
        }
    }

    fn may(&self, allowed: Access, identity: &Identity, is_subscriber: bool) -> bool {
        self.options.insecure
            || match allowed {
                Access::None => false,
                Access::Subscriber => is_subscriber,
                Access::Client => !identity.user.is_empty(),
                Access::Anyone => true,
            }
    }

    /// A subscription token for this user and channel.
    fn subscription(&self, identity: &Identity, request: &Subscribe) -> Result<Claims, Error> {
        let claims = self.read(&request.token).map_err(|error| match error {
            BadToken::Invalid => Error::permission_denied(),
            BadToken::Expired => Error::token_expired(),
        })?;
        // A connection token names no channel.
        let Some(channel) = &claims.channel else { return Err(Error::permission_denied()) };
        if claims.sub != *identity.user || *channel != *request.channel {
            return Err(Error::invalid_token());
        }
        Ok(claims)
    }

    /// The options a server-side subscription starts from.
    pub fn server_side(&self, channel: &Channel, identity: &Identity) -> Result<Grant, Error> {
        let of = self.channels(channel)?;
        let request = Subscribe {
            channel: channel.clone(),
            token: String::new(),
            data: None,
            client: "".into(),
            positioned: false,
            recoverable: false,
            join_leave: false,
            delta: false,
        };
        Ok(self.grant(of, identity, &request, true))
    }

    /// Publishes: with a history where the namespace has one, else to the present subscribers. Returns the offset in the history.
    pub fn publish(
        &self,
        channel: &Channel,
        body: Bytes,
        by: Option<Arc<Publisher>>,
        skips_history: bool,
    ) -> Result<Option<Offset>, Error> {
        let of = self.channels(channel)?;
        let hub = self.hub.get().ok_or_else(Error::internal)?;
        if of.has_history() && !skips_history {
            let publication = self.store.append(channel, of, body, by);
            let offset = publication.offset;
            hub.publish(vec![publication]);
            return Ok(Some(offset));
        }
        hub.publish_ephemeral_by(channel, body, by);
        Ok(None)
    }
}

#[async_trait]
impl Authorizer for Rules {
    async fn connect(&self, hello: &Hello) -> Result<Welcome, Error> {
        let (identity, claims) = match hello.token.as_str() {
            "" if self.options.insecure || self.options.anonymous => (Identity::new(""), Claims::default()),
            "" => return Err(Error::new(3501, "bad request")),
            token => self.identity(token)?,
        };
        let mut subs = Vec::new();
        if self.options.personal_channel && !identity.user.is_empty() {
            let channel: Channel = format!("#{}", identity.user).into();
            let grant = self.server_side(&channel, &identity)?;
            subs.push((channel, grant));
        }
        for channel in &claims.channels {
            let channel: Channel = channel.as_str().into();
            let grant = self.server_side(&channel, &identity).map_err(|_| Error::new(3501, "bad request"))?;
            subs.push((channel, grant));
        }
        for (channel, sub) in &claims.subs {
            let channel: Channel = channel.as_str().into();
            let mut grant = self.server_side(&channel, &identity).map_err(|_| Error::new(3501, "bad request"))?;
            (grant.info, grant.data) = (raw(sub.info.as_deref()), raw(sub.data.as_deref()));
            subs.push((channel, grant));
        }
        for channel in hello.channels.iter().filter(|_| hello.is_one_way) {
            let of = self.channels(channel).map_err(|_| Error::new(3501, "bad request"))?;
            let may = self.options.insecure || self.may(of.subscribe, &identity, false);
            if may && !name::is_private(channel) && !subs.iter().any(|(known, _)| known == channel) {
                subs.push((channel.clone(), self.server_side(channel, &identity)?));
            }
        }
        Ok(Welcome { identity, subs, data: None })
    }

    fn knows(&self, channel: &str) -> bool {
        self.channels(channel).is_ok()
    }

    async fn refresh(&self, _identity: &Identity, token: &str) -> Result<Identity, Error> {
        Ok(self.identity(token)?.0)
    }

    async fn subscribe(&self, identity: &Identity, request: &Subscribe) -> Result<Grant, Error> {
        let of = self.channels(&request.channel)?;
        if !request.token.is_empty() {
            let claims = self.subscription(identity, request)?;
            let mut grant = self.grant(of, identity, request, true);
            (grant.info, grant.expires_at) = (claims.info(), claims.ends()?);
            return Ok(grant);
        }
        let is_private = name::is_private(&request.channel);
        let is_theirs =
            of.user_limited && name::users(&request.channel).is_some_and(|mut users| users.any(|user| *user == *identity.user));
        let is_limited = of.user_limited && name::users(&request.channel).is_some();
        let may = !is_private && (is_theirs || (!is_limited && self.may(of.subscribe, identity, false)));
        if may || (self.options.insecure && !is_private) {
            Ok(self.grant(of, identity, request, true))
        } else {
            Err(Error::permission_denied())
        }
    }

    async fn refresh_subscription(&self, identity: &Identity, request: &Subscribe) -> Result<Grant, Error> {
        let claims = self.subscription(identity, request)?;
        Ok(Grant { expires_at: claims.ends()?, ..Grant::of(Retention::Plain) })
    }

    async fn look(&self, identity: &Identity, channel: &Channel, what: Look, grant: Option<&Grant>) -> Result<(), Error> {
        let of = self.channels(channel)?;
        let (is_there, allowed) = match what {
            Look::Presence | Look::Counts => (of.presence, of.see_presence),
            Look::History => (of.has_history(), of.see_history),
        };
        if !is_there {
            return Err(Error::not_available());
        }
        if self.may(allowed, identity, grant.is_some()) { Ok(()) } else { Err(Error::permission_denied()) }
    }
}

#[async_trait]
impl Rpc for Rules {
    async fn call(&self, _identity: &Identity, method: &str, data: Bytes) -> Result<Bytes, Error> {
        match (self.options.rpc_echo, method) {
            (true, "echo") => Ok(data),
            (true, _) => Err(Error::method_not_found()),
            (false, _) => Err(Error::not_available()),
        }
    }

    async fn publish(&self, identity: &Identity, request: &Publish) -> Result<Published, Error> {
        let of = self.channels(&request.channel)?;
        if !self.may(of.publish, identity, request.is_subscribed) {
            return Err(Error::permission_denied());
        }
        let by = Publisher {
            user: identity.user.clone(),
            client: request.client.clone(),
            conn_info: identity.info.clone(),
            chan_info: request.info.clone(),
        };
        Self::publish(self, &request.channel, request.data.clone(), Some(Arc::new(by)), false)?;
        Ok(Published::ByHost)
    }
}

#[async_trait]
impl History for Rules {
    async fn since(&self, positions: &[(Channel, Offset)]) -> Vec<Result<Missed, HistoryLost>> {
        positions.iter().map(|(channel, offset)| self.store.since(channel, *offset)).collect()
    }

    async fn snapshot(&self, channel: &Channel, _identity: &Identity) -> Result<Snapshot, Error> {
        Ok(Snapshot { offset: self.store.top(channel), epoch: self.store.epoch.clone(), data: None })
    }

    async fn page(&self, channel: &Channel, request: &Page) -> Result<Missed, Error> {
        self.store.page(channel, request)
    }
}
