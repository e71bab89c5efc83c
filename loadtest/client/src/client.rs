//! What tests do with a connection. Whatever goes wrong panics with what was received: that is how a test fails.

use crate::connection::{Connection, Lost};
use serde_json::{Map, Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

/// Longer than anything takes that comes at all.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// An error of the server: its code and its slug.
type Rejection = (u64, String);

/// What passes over a client's connection.
pub enum Passed<'a> {
    Sent { id: u32, command: &'a Value },
    Received(&'a Value),
}

/// Sees every command that a client sends and every message that it receives, pings excepted.
pub type Observer = Box<dyn FnMut(Passed<'_>) + Send>;

/// A client whose messages are read in the order in which they came, or searched for.
pub struct Client {
    connection: Connection,
    /// Received and not taken yet.
    inbox: VecDeque<Value>,
    /// The result of connect; null before.
    pub hello: Value,
    /// Whether it answers the server's pings.
    pub answers_pings: bool,
    /// How many pings came.
    pub pings: usize,
    observer: Option<Observer>,
}

impl Client {
    /// Opens a connection to a server's `http://` or `ws://` address; nothing is sent on it yet.
    pub async fn open(url: &str) -> Self {
        Self::of(Connection::open(url).await.expect("the server upgrades"))
    }

    /// The same with a receive buffer as small as the kernel allows.
    pub async fn open_narrow(url: &str) -> Self {
        Self::of(Connection::open_narrow(url).await.expect("the server upgrades"))
    }

    fn of(connection: Connection) -> Self {
        Self { connection, inbox: VecDeque::new(), hello: Value::Null, answers_pings: true, pings: 0, observer: None }
    }

    /// Shows `observer` whatever passes from now on.
    #[must_use]
    pub fn observed(mut self, observer: Observer) -> Self {
        self.observer = Some(observer);
        self
    }

    /// Opens a connection and connects with a token.
    pub async fn connect(url: &str, token: &str) -> Self {
        let mut client = Self::open(url).await;
        client.hello(json!({ "token": token, "name": "test" })).await;
        client
    }

    /// Connects with a token, from a device that is set to `language`.
    pub async fn connect_reading(url: &str, token: &str, language: &'static str) -> Self {
        let connection = Connection::open_with(url, &[("accept-language", language)]).await.expect("the server upgrades");
        let mut client = Self::of(connection);
        client.hello(json!({ "token": token })).await;
        client
    }

    /// The same from the positions of server-side subscriptions: `(channel, offset, epoch)`.
    pub async fn reconnect(url: &str, token: &str, since: &[(&str, u64, &str)]) -> Self {
        let position = |(channel, offset, epoch): &(&str, u64, &str)| {
            ((*channel).to_owned(), json!({ "recover": true, "offset": offset, "epoch": epoch }))
        };
        let subs: Map<String, Value> = since.iter().map(position).collect();
        let mut client = Self::open(url).await;
        client.hello(json!({ "token": token, "subs": subs })).await;
        client
    }

    /// Sends connect; its result is kept and returned.
    pub async fn hello(&mut self, connect: Value) -> Value {
        let mut reply = self.request(json!({ "connect": connect })).await;
        assert!(reply.get("connect").is_some(), "connect: {reply}");
        self.hello = reply["connect"].take();
        self.hello.clone()
    }

    /// Sends text as it is.
    pub async fn send(&mut self, text: &str) {
        self.connection.send(text).await.expect("the connection takes it");
    }

    /// Sends any frame.
    pub async fn send_frame(&mut self, frame: Message) {
        self.connection.send_frame(frame).await.expect("the connection takes it");
    }

    /// Sends a command under the next id, which is returned.
    pub async fn send_command(&mut self, command: Value) -> u32 {
        let id = self.connection.send_value(command.clone()).await.expect("the connection takes it");
        if let Some(observer) = &mut self.observer {
            observer(Passed::Sent { id, command: &command });
        }
        id
    }

    /// Sends a command and waits for its reply; what comes before it stays in the inbox.
    pub async fn request(&mut self, command: Value) -> Value {
        let id = self.send_command(command).await;
        self.reply(id).await
    }

    /// Waits for the reply to a command.
    pub async fn reply(&mut self, id: u32) -> Value {
        self.find(|message| message["id"] == id).await
    }

    /// Calls a method: its data, or the error.
    pub async fn call(&mut self, method: &str, data: Value) -> Result<Value, Rejection> {
        let mut reply = self.request(json!({ "rpc": { "method": method, "data": data } })).await;
        refused(&reply).map_or_else(|| Ok(reply["rpc"]["data"].take()), Err)
    }

    /// Subscribes: the result, or the error.
    pub async fn try_subscribe(&mut self, channel: &str) -> Result<Value, Rejection> {
        self.request_subscribe(json!({ "channel": channel })).await
    }

    /// Subscribes from a position: the result, or the error.
    pub async fn try_recover(&mut self, channel: &str, epoch: &str, offset: u64) -> Result<Value, Rejection> {
        self.request_subscribe(json!({ "channel": channel, "recover": true, "epoch": epoch, "offset": offset })).await
    }

    /// Subscribes; an error is a failure.
    pub async fn subscribe(&mut self, channel: &str) -> Value {
        self.try_subscribe(channel).await.unwrap_or_else(|error| panic!("subscribe {channel}: {error:?}"))
    }

    /// Subscribes from a position; an error is a failure.
    pub async fn recover(&mut self, channel: &str, epoch: &str, offset: u64) -> Value {
        self.try_recover(channel, epoch, offset).await.unwrap_or_else(|error| panic!("recover {channel}: {error:?}"))
    }

    async fn request_subscribe(&mut self, subscribe: Value) -> Result<Value, Rejection> {
        let mut reply = self.request(json!({ "subscribe": subscribe })).await;
        refused(&reply).map_or_else(|| Ok(reply["subscribe"].take()), Err)
    }

    /// Waits for the next push on a channel and returns its body; others stay in the inbox.
    pub async fn push(&mut self, channel: &str) -> Value {
        let mut message = self.find(|message| message["push"]["channel"] == channel).await;
        message["push"].take()
    }

    /// Waits for the next publication on a channel; other messages stay in the inbox.
    pub async fn publication(&mut self, channel: &str) -> Value {
        let is_publication = |message: &Value| message["push"]["channel"] == channel && message["push"].get("pub").is_some();
        let mut message = self.find(is_publication).await;
        message["push"]["pub"].take()
    }

    /// Waits for the next publication of `channel` with this `type`; what comes before it is dropped.
    pub async fn expect_push(&mut self, channel: &str, kind: &str) -> Value {
        let is_it = |message: &Value| message["push"]["channel"] == channel && message["push"]["pub"]["data"]["type"] == kind;
        let mut message = self.expect(is_it).await;
        message["push"]["pub"].take()
    }

    /// Waits for a message that fits; what comes before it is dropped.
    pub async fn expect(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let mut dropped = Vec::new();
        loop {
            while let Some(message) = self.inbox.pop_front() {
                if fits(&message) {
                    return message;
                }
                dropped.push(message);
            }
            if let Err(lost) = self.receive().await {
                panic!("{lost}; received and did not fit: {dropped:?}");
            }
        }
    }

    /// Waits for a message that fits; others stay in the inbox.
    pub async fn find(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        loop {
            if let Some(at) = self.inbox.iter().position(&fits) {
                return self.inbox.remove(at).expect("it was just found");
            }
            if let Err(lost) = self.receive().await {
                panic!("{lost}; in the inbox: {:?}", self.inbox);
            }
        }
    }

    /// A push on a channel that is in the inbox already.
    pub fn waiting(&mut self, channel: &str) -> Option<Value> {
        let at = self.inbox.iter().position(|message| message["push"]["channel"] == channel)?;
        Some(self.inbox.remove(at)?["push"].take())
    }

    /// Every publication that came on `channel` until now: messages of one connection keep their order, so a call's reply marks the end.
    pub async fn so_far(&mut self, channel: &str) -> Vec<Value> {
        let _ = self.call("no.such.method", Value::Null).await;
        let inbox = std::mem::take(&mut self.inbox);
        let (found, others) = inbox.into_iter().partition(|message| message["push"]["channel"] == channel);
        self.inbox = others;
        let found: VecDeque<Value> = found;
        found.into_iter().map(|mut message| message["push"]["pub"].take()).collect()
    }

    /// Fails when anything was pushed on `channel` until now.
    pub async fn expect_silence(&mut self, channel: &str) {
        let _ = self.call("no.such.method", Value::Null).await;
        let pushed = self.inbox.iter().find(|message| message["push"]["channel"] == channel);
        assert_eq!(pushed, None);
    }

    /// The next message, whatever it is; null when the server closes the connection instead.
    pub async fn next_message(&mut self) -> Value {
        if self.inbox.is_empty() {
            let _ = self.receive().await;
        }
        self.inbox.pop_front().unwrap_or_default()
    }

    /// The next frame as it came, unread.
    pub async fn read_frame(&mut self) -> Message {
        timeout(PATIENCE, self.connection.read_frame()).await.expect("nothing came").expect("a frame")
    }

    /// Receives one text: pings are answered, the rest goes to the inbox.
    pub async fn receive(&mut self) -> Result<(), Lost> {
        let text = timeout(PATIENCE, self.connection.read()).await.expect("nothing came")?;
        self.take(&text).await
    }

    async fn take(&mut self, text: &str) -> Result<(), Lost> {
        for line in text.lines().filter(|line| !line.is_empty()) {
            match serde_json::from_str(line).expect("the server sends JSON") {
                Value::Object(empty) if empty.is_empty() => {
                    self.pings += 1;
                    if self.answers_pings {
                        self.connection.pong().await?;
                    }
                }
                message => {
                    if let Some(observer) = &mut self.observer {
                        observer(Passed::Received(&message));
                    }
                    self.inbox.push_back(message);
                }
            }
        }
        Ok(())
    }

    /// Keeps receiving and answering pings until something else is done.
    pub async fn stay_until<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        loop {
            let text = tokio::select! {
                done = &mut done => return done,
                text = self.connection.read() => text.expect("the connection stays"),
            };
            self.take(&text).await.expect("the connection stays");
        }
    }

    /// Waits for the server's close: its code and reason, 1006 without one.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            match self.receive().await {
                Ok(()) => {}
                Err(Lost::Closed { code, reason }) => return (code, reason),
                Err(_) => return (1006, String::new()),
            }
        }
    }
}

fn refused(reply: &Value) -> Option<Rejection> {
    let error = reply.get("error")?;
    Some((error["code"].as_u64().unwrap_or_default(), error["message"].as_str().unwrap_or_default().to_owned()))
}
