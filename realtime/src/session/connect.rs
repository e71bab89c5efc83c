//! Connect and refresh: who this is, and what the server subscribes it to.

use std::{collections::BTreeMap, sync::Arc};

use tokio::time::Instant;

use super::{Phase, Position, Rights, Session, Ways};
use crate::{
    host::{Error, Hello, Identity, Welcome},
    protocol::{Answer, ConnectRequest, ConnectResult, Disconnect, RefreshRequest, RefreshResult, Reply},
};

impl Session {
    pub(super) async fn connect(self: &Arc<Self>, id: u32, ask: ConnectRequest) {
        if let Err(error) = self.welcome(id, ask).await {
            // Nothing was accepted: the socket stays until the connect timeout, without answers.
            self.state.lock().phase = Phase::Refused;
            self.refuse(id, &error);
        }
    }

    async fn welcome(self: &Arc<Self>, id: u32, ask: ConnectRequest) -> Result<(), Error> {
        let request = self.state.lock().request.take();
        let hello = Hello {
            token: ask.token,
            data: Some(ask.data).filter(|data| !data.is_empty()),
            name: ask.name,
            version: ask.version,
            client_headers: ask.headers.into_iter().collect(),
            peer: request.as_ref().and_then(|request| request.peer),
            headers: request.map(|request| request.headers).unwrap_or_default(),
            is_one_way: self.ways == Ways::Out,
            channels: ask.subs.keys().map(|channel| channel.as_str().into()).collect(),
        };
        let Welcome { identity, subs, data } = self.hub.host.authorizer.connect(&hello).await?;
        drop(hello);
        let config = &self.hub.config;
        if subs.len() > config.channel_limit {
            return Err(Disconnect::CHANNEL_LIMIT.into());
        }
        let who = Arc::new(identity);
        if !self.hub.book.add(self, &who.user, config.user_connection_limit) {
            return Err(Disconnect::CONNECTION_LIMIT.into());
        }
        let _ = self.user.set(who.user.clone());
        {
            let mut state = self.state.lock();
            if state.phase == Phase::Closed {
                return Ok(());
            }
            state.who = Some(who.clone());
            state.phase = Phase::Live;
        }
        self.hub.host.watch.connected(&who, &self.client);

        let mut results = BTreeMap::new();
        let mut seats = Vec::with_capacity(subs.len());
        for (channel, grant) in subs {
            let position = ask.subs.get(&*channel).map(Position::of).unwrap_or_default();
            let entered = match self.enter(&channel, Rights::Granted(Box::new(grant)), position).await {
                Ok(entered) => entered,
                // Our own trouble: the whole connection tries again, as a client would drop a subscription that is missing here.
                Err(_) => return Err(Disconnect::SERVER_ERROR.into()),
            };
            results.insert(channel.to_string(), entered.result);
            seats.push(entered.seated);
        }

        let ping =
            if self.ways == Ways::NativePings { 0 } else { u32::try_from(config.ping_interval.as_secs()).unwrap_or(u32::MAX) };
        let (expires, ttl) = ttl(who.expires_at);
        let result = ConnectResult {
            client: self.client.to_string(),
            version: config.version.to_string(),
            expires,
            ttl,
            data: data.unwrap_or_default(),
            subs: results,
            ping,
            pong: ping > 0 && !config.pong_timeout.is_zero() && self.ways != Ways::Out,
            session: self.secret.as_deref().unwrap_or_default().to_owned(),
            node: self.secret.as_ref().map(|_| config.node.to_string()).unwrap_or_default(),
            ..ConnectResult::default()
        };
        self.reply(Reply::to(id, Answer::Connect(result)));
        for seated in seats {
            self.go_live(seated).await;
        }
        self.start_timers();
        Ok(())
    }

    pub(super) async fn refresh(self: &Arc<Self>, ask: RefreshRequest) -> Result<Answer, Error> {
        if ask.token.is_empty() {
            return Err(Disconnect::BAD_REQUEST.into());
        }
        let who = self.who()?;
        let fresh = match self.hub.host.authorizer.refresh(&who, &ask.token).await {
            Ok(fresh) => fresh,
            // An expired token ends the connection; the client comes back with a fresh one.
            Err(error) if error.code == 109 => return Err(Disconnect::EXPIRED.into()),
            Err(error) => return Err(error),
        };
        if fresh.user != who.user {
            return Err(Error::invalid_token());
        }
        Ok(Answer::Refresh(self.refreshed(fresh)))
    }

    /// The connection's right now ends at `expires_at`.
    pub fn extend(self: &Arc<Self>, expires_at: Option<Instant>) {
        {
            let mut state = self.state.lock();
            let Some(who) = &state.who else { return };
            state.who = Some(Arc::new(Identity { expires_at, ..(**who).clone() }));
        }
        self.reschedule();
    }

    fn refreshed(self: &Arc<Self>, fresh: Identity) -> RefreshResult {
        let (expires, ttl) = ttl(fresh.expires_at);
        self.state.lock().who = Some(Arc::new(fresh));
        self.reschedule();
        if !expires {
            return RefreshResult::default();
        }
        RefreshResult { client: self.client.to_string(), version: self.hub.config.version.to_string(), expires, ttl }
    }
}

/// `expires` and whole seconds until then, at least one.
pub(super) fn ttl(expires_at: Option<Instant>) -> (bool, u32) {
    let Some(at) = expires_at else { return (false, 0) };
    let left = at.saturating_duration_since(Instant::now());
    (true, u32::try_from(left.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1))
}
