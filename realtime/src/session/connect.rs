//! Connect and refresh: the identity of a connection, and its server-side subscriptions.

use std::{collections::BTreeMap, sync::Arc};

use tokio::time::Instant;

use super::{Phase, Session};
use crate::{
    channels::{ClientPosition, Rights, settle::ttl},
    host::{Error, Hello, Identity, Welcome},
    protocol::{Answer, ConnectRequest, ConnectResult, Disconnect, RefreshRequest, RefreshResult, Reply},
    transport::acceptor::TransportMode,
};

impl Session {
    pub(super) async fn connect(self: &Arc<Self>, id: u32, request: ConnectRequest) {
        if let Err(error) = self.welcome(id, request).await {
            // The connection was not accepted: the socket stays until the connect timeout, without answers.
            self.state.lock().phase = Phase::Rejected;
            self.refuse(id, &error);
        }
    }

    async fn welcome(self: &Arc<Self>, id: u32, request: ConnectRequest) -> Result<(), Error> {
        let http = self.state.lock().request.take();
        let hello = Hello {
            token: request.token,
            data: Some(request.data).filter(|data| !data.is_empty()),
            name: request.name,
            version: request.version,
            client_headers: request.headers.into_iter().collect(),
            peer: http.as_ref().and_then(|http| http.peer),
            headers: http.map(|http| http.headers).unwrap_or_default(),
            is_one_way: self.mode == TransportMode::OneWay,
            channels: request.subs.keys().map(|channel| channel.as_str().into()).collect(),
        };
        let Welcome { identity, subs, data } = self.host().authorizer.connect(&hello).await?;
        drop(hello);
        let config = self.config();
        if subs.len() > config.channel_limit {
            return Err(Disconnect::CHANNEL_LIMIT.into());
        }
        let identity = Arc::new(identity);
        if !self.sessions.registry.add(self, &identity.user, config.user_connection_limit) {
            return Err(Disconnect::CONNECTION_LIMIT.into());
        }
        let _ = self.user.set(identity.user.clone());
        {
            let mut state = self.state.lock();
            if state.phase == Phase::Closed {
                return Ok(());
            }
            state.identity = Some(identity.clone());
            state.phase = Phase::Live;
        }
        self.host().watch.connected(&identity, &self.client);

        let mut results = BTreeMap::new();
        let mut pending = Vec::with_capacity(subs.len());
        for (channel, grant) in subs {
            let position = request.subs.get(&*channel).map(ClientPosition::of).unwrap_or_default();
            let entered = match self.enter(&channel, Rights::Granted(Box::new(grant)), position).await {
                Ok(entered) => entered,
                // A fault of ours: the whole connection is closed and retried, as a client would drop a subscription that is missing here.
                Err(_) => return Err(Disconnect::SERVER_ERROR.into()),
            };
            results.insert(channel.to_string(), entered.result);
            pending.push(entered.pending);
        }

        let ping = if self.mode == TransportMode::NativePings {
            0
        } else {
            u32::try_from(config.ping_interval.as_secs()).unwrap_or(u32::MAX)
        };
        let (expires, ttl) = ttl(identity.expires_at);
        let result = ConnectResult {
            client: self.client.to_string(),
            version: config.version.to_string(),
            expires,
            ttl,
            data: data.unwrap_or_default(),
            subs: results,
            ping,
            pong: ping > 0 && !config.pong_timeout.is_zero() && self.mode != TransportMode::OneWay,
            session: self.secret.as_deref().unwrap_or_default().to_owned(),
            node: self.secret.as_ref().map(|_| config.node.to_string()).unwrap_or_default(),
            ..ConnectResult::default()
        };
        self.reply(Reply::to(id, Answer::Connect(result)));
        for pending in pending {
            self.go_live(pending).await;
        }
        self.start_timers();
        Ok(())
    }

    pub(super) async fn refresh(self: &Arc<Self>, request: RefreshRequest) -> Result<Answer, Error> {
        if request.token.is_empty() {
            return Err(Disconnect::BAD_REQUEST.into());
        }
        let identity = self.accepted()?;
        let fresh = match self.host().authorizer.refresh(&identity, &request.token).await {
            Ok(fresh) => fresh,
            // An expired token ends the connection; the client comes back with a fresh one.
            Err(error) if error.code == 109 => return Err(Disconnect::EXPIRED.into()),
            Err(error) => return Err(error),
        };
        if fresh.user != identity.user {
            return Err(Error::invalid_token());
        }
        Ok(Answer::Refresh(self.refreshed(fresh)))
    }

    /// The connection's right now expires at `expires_at`.
    pub fn extend(self: &Arc<Self>, expires_at: Option<Instant>) {
        {
            let mut state = self.state.lock();
            let Some(identity) = &state.identity else { return };
            state.identity = Some(Arc::new(Identity { expires_at, ..(**identity).clone() }));
        }
        self.reschedule();
    }

    fn refreshed(self: &Arc<Self>, fresh: Identity) -> RefreshResult {
        let (expires, ttl) = ttl(fresh.expires_at);
        self.state.lock().identity = Some(Arc::new(fresh));
        self.reschedule();
        if !expires {
            return RefreshResult::default();
        }
        RefreshResult { client: self.client.to_string(), version: self.config().version.to_string(), expires, ttl }
    }
}
