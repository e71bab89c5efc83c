//! One person's live connection: connects, reconnects with jittered waits, resumes every channel at its position, and checks what it receives.

use super::pace::Backoff;
use super::rest::{CallError, Person};
use super::session::{CALL_PATIENCE, Pending, Session};
use super::stream::{Counts, Stream};
use anyhow::{Context, Result, bail};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};
use wassally_client::Lost;
use wassally_client::wire::{Channel, Command, Connect, Refresh, Reply, Rpc, Send, Subscribe};

/// What a person receives.
#[derive(Debug)]
pub enum Update {
    /// A subscription stands. `data` is the snapshot; there is none after a recovery.
    Subscribed {
        channel: String,
        data: Option<Value>,
    },
    Published {
        channel: String,
        data: Value,
    },
    /// The right ended, or the subscription was refused: nothing more comes on this channel.
    Ended {
        channel: String,
        code: u32,
    },
    /// The connection is lost; it is opened again by itself.
    Down,
}

enum Request {
    Subscribe(String),
    Unsubscribe(String),
    Rpc { method: String, data: Box<RawValue>, reply: oneshot::Sender<Result<Value, CallError>> },
    Send(Box<RawValue>),
}

/// The handle. Dropping it closes the connection.
pub struct Live {
    requests: mpsc::Sender<Request>,
    task: tokio::task::JoinHandle<()>,
}

const QUEUE: usize = 1024;

impl Live {
    /// Opens the person's connection. Updates go to the receiver; one that lets 1,024 wait loses the connection for a moment.
    pub fn open(person: Arc<Person>, counts: Arc<Counts>) -> (Self, mpsc::Receiver<Update>) {
        let (requests, queue) = mpsc::channel(QUEUE);
        let (updates, receiver) = mpsc::channel(QUEUE);
        let worker =
            Worker { url: person.rest.socket_url(), person, counts, requests: queue, updates, channels: BTreeMap::new() };
        (Self { requests, task: tokio::spawn(worker.run()) }, receiver)
    }

    pub async fn subscribe(&self, channel: &str) {
        // A worker that ended has closed the receiver, which tells the owner.
        let _ = self.requests.send(Request::Subscribe(channel.to_owned())).await;
    }

    pub async fn unsubscribe(&self, channel: &str) {
        let _ = self.requests.send(Request::Unsubscribe(channel.to_owned())).await;
    }

    /// Calls a method and waits for its answer, 10 seconds at most.
    pub async fn call(&self, method: &str, data: &Value) -> Result<Value, CallError> {
        let (reply, replied) = oneshot::channel();
        let request = Request::Rpc { method: method.to_owned(), data: raw(data), reply };
        let unavailable = |why: &str| CallError::Unavailable(why.to_owned());
        self.requests.send(request).await.map_err(|_| unavailable("the connection is closed"))?;
        match timeout(CALL_PATIENCE, replied).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(unavailable("the connection was lost")),
            Err(_) => Err(unavailable("no answer within 10 s")),
        }
    }

    /// Sends a call that has no reply. It is dropped while there is no connection.
    pub fn send(&self, method: &str, data: &Value) -> bool {
        self.requests.try_send(Request::Send(raw(&json!({ "method": method, "data": data })))).is_ok()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn raw(data: &Value) -> Box<RawValue> {
    to_raw_value(data).expect("a JSON value is JSON")
}

#[derive(Default)]
pub(super) struct Subscription {
    pub(super) is_server_side: bool,
    pub(super) stream: Stream,
    pub(super) can_recover: bool,
}

pub(super) struct Worker {
    url: String,
    person: Arc<Person>,
    pub(super) counts: Arc<Counts>,
    requests: mpsc::Receiver<Request>,
    pub(super) updates: mpsc::Sender<Update>,
    pub(super) channels: BTreeMap<String, Subscription>,
}

impl Worker {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        while !self.updates.is_closed() {
            match self.connect().await {
                Ok(mut session) => {
                    let start = Instant::now();
                    let end = self.serve(&mut session).await;
                    self.note_close(&end).await;
                    // A server that accepts and disconnects at once has a problem too, so the wait keeps growing.
                    if start.elapsed() > Duration::from_secs(5) {
                        backoff.reset();
                    }
                    tracing::debug!(user = self.person.username, "the connection ended: {end:#}");
                }
                Err(error) => {
                    self.note_close(&error).await;
                    tracing::debug!(user = self.person.username, "no connection: {error:#}");
                }
            }
            let _ = self.updates.try_send(Update::Down);
            self.refuse_meanwhile(backoff.next_wait()).await;
        }
    }

    /// Codes from 3500 on mean "do not reconnect like this": the next try has a new token. 3014 makes all positions void.
    async fn note_close(&mut self, end: &anyhow::Error) {
        let Some(Lost::Closed { code, .. }) = end.downcast_ref::<Lost>() else { return };
        if (3500..4000).contains(code) {
            self.person.distrust_present().await;
        }
        if *code == 3014 {
            self.channels.values_mut().for_each(|sub| sub.can_recover = false);
        }
    }

    /// Waits before the next try; calls fail at once meanwhile.
    async fn refuse_meanwhile(&mut self, wait: Duration) {
        let end = sleep(wait);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                request = self.requests.recv() => match request {
                    Some(Request::Subscribe(channel)) => { self.channels.entry(channel).or_default(); }
                    Some(Request::Unsubscribe(channel)) => { self.channels.remove(&channel); }
                    Some(Request::Rpc { reply, .. }) => { let _ = reply.send(Err(CallError::Unavailable("no connection".to_owned()))); }
                    Some(Request::Send(_)) => {}
                    None => return,
                },
            }
        }
    }

    async fn connect(&mut self) -> Result<Session> {
        let token = self.person.access().await?;
        let mut session = Session::open(&self.url).await?;
        let subs = self
            .channels
            .iter()
            .filter(|(_, sub)| sub.is_server_side)
            .map(|(name, sub)| (name.as_str(), sub.request("")))
            .collect();
        session
            .send_command(
                Command { connect: Some(Connect { token: &token, name: "city", subs }), ..Command::default() },
                Pending::Nothing,
            )
            .await?;
        let text = session.read().await?;
        let mut lines = text.lines();
        let reply: Reply = serde_json::from_str(lines.next().unwrap_or_default()).context("the reply to connect")?;
        if let Some(error) = reply.error {
            if !error.temporary {
                self.person.distrust(&token).await;
            }
            bail!("connect refused with {} {}", error.code, error.message);
        }
        let connected = reply.connect.context("no reply to connect")?;
        Counts::add(&self.counts.connects, 1);
        session.answers_pings = connected.pong;
        session.silence = Duration::from_secs(u64::from(if connected.ping > 0 { connected.ping } else { 3600 }) + 10);
        session.plan_refresh(connected.expires, connected.ttl);
        self.channels.retain(|name, sub| !sub.is_server_side || connected.subs.contains_key(name));
        for (name, subscribed) in &connected.subs {
            self.channels.entry(name.clone()).or_default().is_server_side = true;
            self.subscribed(name, subscribed)?;
        }
        let own: Vec<String> =
            self.channels.iter().filter(|(_, sub)| !sub.is_server_side).map(|(name, _)| name.clone()).collect();
        for name in own {
            self.subscribe(&mut session, &name).await?;
        }
        for line in lines {
            self.receive(&mut session, line).await?;
        }
        Ok(session)
    }

    /// Serves one connection until it ends; returns why.
    async fn serve(&mut self, session: &mut Session) -> anyhow::Error {
        loop {
            let (refresh_at, retry_at) = (session.refresh_at, session.retry_at);
            let result = tokio::select! {
                read = session.read() => match read {
                    Ok(text) => self.receive_all(session, &text).await,
                    Err(error) => Err(error),
                },
                request = self.requests.recv() => match request {
                    Some(request) => self.send_request(session, request).await,
                    None => Err(anyhow::anyhow!("the owner is gone")),
                },
                () = wait_until(refresh_at) => self.refresh(session).await,
                () = wait_until(retry_at) => self.retry(session).await,
            };
            if let Err(error) = result {
                session.close().await;
                return error;
            }
        }
    }

    async fn send_request(&mut self, session: &mut Session, request: Request) -> Result<()> {
        match request {
            Request::Subscribe(channel) => {
                if self.channels.contains_key(&channel) {
                    return Ok(());
                }
                self.channels.insert(channel.clone(), Subscription::default());
                self.subscribe(session, &channel).await
            }
            Request::Unsubscribe(channel) => {
                if self.channels.remove(&channel).is_none() {
                    return Ok(());
                }
                session
                    .send_command(
                        Command { unsubscribe: Some(Channel { channel: &channel }), ..Command::default() },
                        Pending::Nothing,
                    )
                    .await
            }
            Request::Rpc { method, data, reply } => {
                session
                    .send_command(
                        Command { rpc: Some(Rpc { method: &method, data: &data }), ..Command::default() },
                        Pending::Rpc(reply),
                    )
                    .await
            }
            Request::Send(data) => {
                let command = Command { send: Some(Send { data: &data }), ..Command::default() };
                session.send(&serde_json::to_string(&command)?).await
            }
        }
    }

    pub(super) async fn subscribe(&mut self, session: &mut Session, channel: &str) -> Result<()> {
        let Some(sub) = self.channels.get(channel) else { return Ok(()) };
        session
            .send_command(
                Command { subscribe: Some(sub.request(channel)), ..Command::default() },
                Pending::Subscribe(channel.to_owned()),
            )
            .await
    }

    async fn retry(&mut self, session: &mut Session) -> Result<()> {
        session.retry_at = None;
        for channel in std::mem::take(&mut session.retry) {
            self.subscribe(session, &channel).await?;
        }
        Ok(())
    }

    async fn refresh(&mut self, session: &mut Session) -> Result<()> {
        // Tried again soon if the server does not reply to this one.
        session.refresh_at = Some(Instant::now() + Duration::from_secs(10));
        let token = match self.person.access().await {
            Err(error) if error.is_unavailable() => return Ok(()),
            token => token?,
        };
        session.send_command(Command { refresh: Some(Refresh { token: &token }), ..Command::default() }, Pending::Nothing).await
    }
}

impl Subscription {
    fn request<'a>(&'a self, channel: &'a str) -> Subscribe<'a> {
        if !self.can_recover {
            return Subscribe { channel, ..Subscribe::default() };
        }
        Subscribe { channel, recover: true, epoch: &self.stream.epoch, offset: self.stream.offset, data: None }
    }
}

async fn wait_until(at: Option<Instant>) {
    match at {
        Some(at) => sleep_until(at).await,
        None => std::future::pending().await,
    }
}
