//! The host of the tests. Tokens: `anna`; `anna!300` expires in 300 ms; `anna+durable:1,ring:2` has server-side subscriptions; `closed` is
//! refused; `gate+…` waits for the gate. Channels by prefix: `durable`, `ring` (of 5), `latest`, `deltas`, `plain`; `closed` is refused.

use std::{
    collections::{HashMap, HashSet},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

use async_trait::async_trait;
use bytes::Bytes;
use tokio::{sync::Notify, time::Instant};
use wassally_realtime::{
    Channel, Epoch, Error, Grant, Identity, Offset, Presence, Publication, Retention,
    host::{
        Authorizer, Hello, History, HistoryLost, JoinLeave, Left, Missed, Observed, Observer, Page, Revoke, Rpc, Snapshot,
        Subscribe, Watch, Welcome,
    },
};

#[derive(Default)]
pub struct TestHost {
    log: Mutex<HashMap<Channel, Vec<Publication>>>,
    /// Numbers up to this one are gone from the log.
    pub gone: Mutex<HashMap<String, Offset>>,
    pub gate: Notify,
    pub is_log_away: AtomicBool,
    /// Held for writing, readings of the log wait.
    pub slow_log: tokio::sync::RwLock<()>,
    pub reads: AtomicUsize,
    pub snapshots: AtomicUsize,
    /// Users that may subscribe to nothing any more.
    pub banned: Mutex<HashSet<String>>,
    pub observed: Mutex<Vec<(String, Offset)>>,
    /// The internal parts that the observer got.
    pub internal: Mutex<Vec<String>>,
    pub left: Mutex<Vec<(String, Left)>>,
    pub ended: Mutex<Vec<(String, String)>>,
    pub sent: Mutex<Vec<Bytes>>,
}

pub const EPOCH: &str = "log1";

impl TestHost {
    /// Writes the next number of a channel, without publishing it.
    pub fn commit(&self, channel: &str, revokes: &[Revoke]) -> Publication {
        let mut log = self.log.lock().unwrap();
        let rows = log.entry(channel.into()).or_default();
        let offset = rows.len() as Offset + 1;
        let body = format!(r#"{{"n":{offset}}}"#).into();
        let publication =
            Publication { channel: channel.into(), offset, body, internal: None, revokes: revokes.to_vec(), by: None };
        rows.push(publication.clone());
        publication
    }

    /// Changes what is in the log at this number.
    pub fn replace(&self, publication: Publication) {
        let mut log = self.log.lock().unwrap();
        let rows = log.get_mut(&publication.channel).unwrap();
        let at = publication.offset as usize - 1;
        rows[at] = publication;
    }

    /// All that was committed to a channel.
    pub fn all(&self, channel: &str) -> Vec<Publication> {
        self.log.lock().unwrap()[channel].clone()
    }

    fn top(&self, channel: &str) -> Offset {
        self.log.lock().unwrap().get(channel).map_or(0, |rows| rows.len() as Offset)
    }

    fn grant(channel: &str) -> Result<Grant, Error> {
        let retention = match channel.split(':').next().unwrap() {
            "durable" => Retention::Durable,
            "ring" => Retention::Ring(5),
            "latest" => Retention::Latest,
            "deltas" => Retention::Deltas,
            "plain" => Retention::Plain,
            "busy" => return Err(Error::internal()),
            _ => return Err(Error::permission_denied()),
        };
        let is_open = channel.contains("open");
        Ok(Grant {
            presence: if is_open { Presence::List } else { Presence::Counts },
            publish: is_open,
            delta: true,
            join_leave: if is_open { JoinLeave::Both } else { JoinLeave::Off },
            ..Grant::of(retention)
        })
    }

    fn identity(token: &str) -> Identity {
        let (user, end) = token.split_once('!').map_or((token, None), |(user, end)| (user, Some(end)));
        let mut identity = Identity::new(user);
        identity.expires_at = end.map(|ms| Instant::now() + Duration::from_millis(ms.parse().unwrap()));
        identity
    }
}

#[async_trait]
impl Authorizer for TestHost {
    async fn connect(&self, hello: &Hello) -> Result<Welcome, Error> {
        let (token, channels) = hello.token.split_once('+').unwrap_or((&hello.token, ""));
        match token {
            "closed" => return Err(Error::invalid_token()),
            "old" => return Err(Error::token_expired()),
            "gate" => self.gate.notified().await,
            _ => {}
        }
        let channels = channels.split(',').filter(|channel| !channel.is_empty());
        let subs = channels.map(|channel| Ok((Channel::from(channel), Self::grant(channel)?))).collect::<Result<_, Error>>()?;
        Ok(Welcome { identity: Self::identity(token), subs, data: None })
    }

    async fn refresh(&self, _identity: &Identity, token: &str) -> Result<Identity, Error> {
        Ok(Self::identity(token))
    }

    async fn subscribe(&self, identity: &Identity, request: &Subscribe) -> Result<Grant, Error> {
        if self.banned.lock().unwrap().contains(&*identity.user) {
            return Err(Error::permission_denied());
        }
        let mut grant = Self::grant(&request.channel)?;
        if let Some(ms) = request.token.strip_prefix("ms") {
            grant.expires_at = Some(Instant::now() + Duration::from_millis(ms.parse().unwrap()));
        }
        Ok(grant)
    }

    async fn refresh_subscription(&self, identity: &Identity, request: &Subscribe) -> Result<Grant, Error> {
        self.subscribe(identity, request).await
    }
}

#[async_trait]
impl Rpc for TestHost {
    async fn call(&self, _identity: &Identity, method: &str, data: Bytes) -> Result<Bytes, Error> {
        match method {
            "echo" => Ok(data),
            "wait" => {
                self.gate.notified().await;
                Ok(data)
            }
            "conflict" => Err(Error::new(409, "outbid")),
            _ => Err(Error::method_not_found()),
        }
    }

    fn send(&self, _identity: &Identity, data: Bytes) -> Result<(), Error> {
        if &data[..] == b"\"close\"" {
            return Err(Error::new(4501, "go away"));
        }
        self.sent.lock().unwrap().push(data);
        Ok(())
    }
}

#[async_trait]
impl History for TestHost {
    async fn since(&self, positions: &[(Channel, Offset)]) -> Vec<Result<Missed, HistoryLost>> {
        self.reads.fetch_add(1, SeqCst);
        drop(self.slow_log.read().await);
        let epoch: Epoch = EPOCH.into();
        let answer = |(channel, offset): &(Channel, Offset)| {
            if self.is_log_away.load(SeqCst) {
                return Err(HistoryLost::Unavailable);
            }
            let top = self.top(channel);
            if self.gone.lock().unwrap().get(&**channel).is_some_and(|gone| offset < gone) {
                return Err(HistoryLost::Gone { top, epoch: epoch.clone() });
            }
            let log = self.log.lock().unwrap();
            let rows = log.get(channel).map(|rows| rows.iter().skip(*offset as usize).cloned().collect());
            Ok(Missed { publications: rows.unwrap_or_default(), top, epoch: epoch.clone() })
        };
        positions.iter().map(answer).collect()
    }

    async fn snapshot(&self, channel: &Channel, _identity: &Identity) -> Result<Snapshot, Error> {
        self.snapshots.fetch_add(1, SeqCst);
        let offset = self.top(channel);
        let data = format!(r#"{{"full":true,"at":{offset}}}"#);
        Ok(Snapshot { offset, epoch: EPOCH.into(), data: Some(data.into()) })
    }

    async fn page(&self, channel: &Channel, request: &Page) -> Result<Missed, Error> {
        let log = self.log.lock().unwrap();
        let rows = log.get(channel).cloned().unwrap_or_default();
        let top = rows.len() as Offset;
        Ok(Missed { publications: rows.into_iter().take(request.limit.unwrap()).collect(), top, epoch: EPOCH.into() })
    }
}

impl Watch for TestHost {
    fn left(&self, identity: &Identity, _client: &str, reason: Left) {
        self.left.lock().unwrap().push((identity.user.to_string(), reason));
    }

    fn unsubscribed(&self, identity: &Identity, _client: &str, channel: &Channel) {
        self.ended.lock().unwrap().push((identity.user.to_string(), channel.to_string()));
    }
}

impl Observer for TestHost {
    fn observe(&self, publication: &Observed<'_>) {
        self.observed.lock().unwrap().push((publication.channel.to_string(), publication.offset));
        let internal = publication.internal.map(|part| String::from_utf8_lossy(part).into_owned());
        self.internal.lock().unwrap().extend(internal);
    }
}
