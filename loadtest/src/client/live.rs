//! One person's WebSocket: connects, comes back with jittered waits, resumes every channel where it was, and checks what it is given.

use super::order::{Counts, Stream};
use super::pace::Backoff;
use super::rest::{Person, Trouble};
use super::session::{CALL_PATIENCE, Closed, Pending, Session};
use super::wire::{Call, Channel, Command, Connect, Refresh, Reply, Send, Subscribe};
use anyhow::{Context, Result, bail};
use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout};

/// What a person hears.
#[derive(Debug)]
pub enum Happening {
    /// A subscription stands. `data` is the snapshot; there is none after a recovery.
    Subscribed {
        channel: String,
        data: Option<Value>,
    },
    Said {
        channel: String,
        data: Value,
    },
    /// The right ended, or the subscription was refused: the server will say no more here.
    Ended {
        channel: String,
        code: u32,
    },
    /// The socket is gone; it comes back by itself.
    Down,
}

enum Ask {
    Subscribe(String),
    Unsubscribe(String),
    Rpc { method: String, data: Box<RawValue>, answer: oneshot::Sender<Result<Value, Trouble>> },
    Send(Box<RawValue>),
}

/// The handle. Dropping it closes the socket.
pub struct Live {
    asks: mpsc::Sender<Ask>,
    task: tokio::task::JoinHandle<()>,
}

const QUEUE: usize = 1024;

impl Live {
    /// Opens the person's socket. What is heard goes to the receiver; a receiver that lets 1,024 wait loses the socket for a moment.
    pub fn open(person: Arc<Person>, counts: Arc<Counts>) -> (Self, mpsc::Receiver<Happening>) {
        let (asks, asked) = mpsc::channel(QUEUE);
        let (heard, hearing) = mpsc::channel(QUEUE);
        let worker = Worker { url: person.rest.socket_url(), person, counts, asked, heard, channels: BTreeMap::new() };
        (Self { asks, task: tokio::spawn(worker.run()) }, hearing)
    }

    pub async fn subscribe(&self, channel: &str) {
        // A worker that is gone has said so by closing the receiver.
        let _ = self.asks.send(Ask::Subscribe(channel.to_owned())).await;
    }

    pub async fn unsubscribe(&self, channel: &str) {
        let _ = self.asks.send(Ask::Unsubscribe(channel.to_owned())).await;
    }

    /// Calls a method and waits for its answer, 10 seconds at most.
    pub async fn call(&self, method: &str, data: &Value) -> Result<Value, Trouble> {
        let (answer, answered) = oneshot::channel();
        let ask = Ask::Rpc { method: method.to_owned(), data: raw(data), answer };
        let away = |why: &str| Trouble::Away(why.to_owned());
        self.asks.send(ask).await.map_err(|_| away("the socket is closed"))?;
        match timeout(CALL_PATIENCE, answered).await {
            Ok(Ok(result)) => result,
            Ok(Err(_)) => Err(away("the connection was lost")),
            Err(_) => Err(away("no answer within 10 s")),
        }
    }

    /// Sends a call that has no reply. Nothing is kept while the socket is away.
    pub fn send(&self, method: &str, data: &Value) -> bool {
        self.asks.try_send(Ask::Send(raw(&json!({ "method": method, "data": data })))).is_ok()
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
    asked: mpsc::Receiver<Ask>,
    pub(super) heard: mpsc::Sender<Happening>,
    pub(super) channels: BTreeMap<String, Subscription>,
}

impl Worker {
    async fn run(mut self) {
        let mut backoff = Backoff::default();
        while !self.heard.is_closed() {
            match self.connect().await {
                Ok(mut session) => {
                    let start = Instant::now();
                    let end = self.attend(&mut session).await;
                    self.learn(&end).await;
                    // A server that welcomes and then throws out is in trouble as well.
                    if start.elapsed() > Duration::from_secs(5) {
                        backoff.reset();
                    }
                    tracing::debug!(user = self.person.username, "the socket ended: {end:#}");
                }
                Err(error) => {
                    self.learn(&error).await;
                    tracing::debug!(user = self.person.username, "no socket: {error:#}");
                }
            }
            let _ = self.heard.try_send(Happening::Down);
            self.refuse_meanwhile(backoff.next_wait()).await;
        }
    }

    /// Codes from 3500 on say "do not come back like this": the next try is with a new token. 3014 makes all positions void.
    async fn learn(&mut self, end: &anyhow::Error) {
        let Some(closed) = end.downcast_ref::<Closed>() else { return };
        if (3500..4000).contains(&closed.code) {
            self.person.distrust_present().await;
        }
        if closed.code == 3014 {
            self.channels.values_mut().for_each(|sub| sub.can_recover = false);
        }
    }

    /// Waits before the next try; calls are told at once that nobody is there.
    async fn refuse_meanwhile(&mut self, wait: Duration) {
        let end = sleep(wait);
        tokio::pin!(end);
        loop {
            tokio::select! {
                () = &mut end => return,
                ask = self.asked.recv() => match ask {
                    Some(Ask::Subscribe(channel)) => { self.channels.entry(channel).or_default(); }
                    Some(Ask::Unsubscribe(channel)) => { self.channels.remove(&channel); }
                    Some(Ask::Rpc { answer, .. }) => { let _ = answer.send(Err(Trouble::Away("no connection".to_owned()))); }
                    Some(Ask::Send(_)) => {}
                    None => return,
                },
            }
        }
    }

    async fn connect(&mut self) -> Result<Session> {
        let token = self.person.access().await?;
        let mut session = Session::open(&self.url).await?;
        let subs =
            self.channels.iter().filter(|(_, sub)| sub.is_server_side).map(|(name, sub)| (name.as_str(), sub.ask(""))).collect();
        session
            .write(
                Command { connect: Some(Connect { token: &token, name: "city", subs }), ..Command::default() },
                Pending::Nothing,
            )
            .await?;
        let text = session.read().await?;
        let mut lines = text.lines();
        let reply: Reply = serde_json::from_str(lines.next().unwrap_or_default()).context("the answer to connect")?;
        if let Some(error) = reply.error {
            if !error.temporary {
                self.person.distrust(&token).await;
            }
            bail!("connect refused with {} {}", error.code, error.message);
        }
        let connected = reply.connect.context("no answer to connect")?;
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
            self.ask_for(&mut session, &name).await?;
        }
        for line in lines {
            self.hear(&mut session, line).await?;
        }
        Ok(session)
    }

    /// Serves one connection until it ends; says why.
    async fn attend(&mut self, session: &mut Session) -> anyhow::Error {
        loop {
            let (refresh_at, retry_at) = (session.refresh_at, session.retry_at);
            let result = tokio::select! {
                read = session.read() => match read {
                    Ok(text) => self.hear_all(session, &text).await,
                    Err(error) => Err(error),
                },
                ask = self.asked.recv() => match ask {
                    Some(ask) => self.ask(session, ask).await,
                    None => Err(anyhow::anyhow!("the owner is gone")),
                },
                () = wait_until(refresh_at) => self.refresh(session).await,
                () = wait_until(retry_at) => self.retry(session).await,
            };
            if let Err(error) = result {
                self.part(session).await;
                return error;
            }
        }
    }

    /// Closes politely, if the server still listens.
    async fn part(&mut self, session: &mut Session) {
        let _ = timeout(Duration::from_millis(200), session.socket.close(None)).await;
    }

    async fn ask(&mut self, session: &mut Session, ask: Ask) -> Result<()> {
        match ask {
            Ask::Subscribe(channel) => {
                if self.channels.contains_key(&channel) {
                    return Ok(());
                }
                self.channels.insert(channel.clone(), Subscription::default());
                self.ask_for(session, &channel).await
            }
            Ask::Unsubscribe(channel) => {
                if self.channels.remove(&channel).is_none() {
                    return Ok(());
                }
                session
                    .write(Command { unsubscribe: Some(Channel { channel: &channel }), ..Command::default() }, Pending::Nothing)
                    .await
            }
            Ask::Rpc { method, data, answer } => {
                session
                    .write(
                        Command { rpc: Some(Call { method: &method, data: &data }), ..Command::default() },
                        Pending::Rpc(answer),
                    )
                    .await
            }
            Ask::Send(data) => {
                let command = Command { send: Some(Send { data: &data }), ..Command::default() };
                session.write_text(serde_json::to_string(&command)?).await
            }
        }
    }

    pub(super) async fn ask_for(&mut self, session: &mut Session, channel: &str) -> Result<()> {
        let Some(sub) = self.channels.get(channel) else { return Ok(()) };
        session
            .write(Command { subscribe: Some(sub.ask(channel)), ..Command::default() }, Pending::Subscribe(channel.to_owned()))
            .await
    }

    async fn retry(&mut self, session: &mut Session) -> Result<()> {
        session.retry_at = None;
        for channel in std::mem::take(&mut session.retry) {
            self.ask_for(session, &channel).await?;
        }
        Ok(())
    }

    async fn refresh(&mut self, session: &mut Session) -> Result<()> {
        // Tried again soon if the server does not answer this one.
        session.refresh_at = Some(Instant::now() + Duration::from_secs(10));
        let token = match self.person.access().await {
            Err(trouble) if trouble.is_away() => return Ok(()),
            token => token?,
        };
        session.write(Command { refresh: Some(Refresh { token: &token }), ..Command::default() }, Pending::Nothing).await
    }
}

impl Subscription {
    fn ask<'a>(&'a self, channel: &'a str) -> Subscribe<'a> {
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
