//! A raw client of the wire in JSON: what it sends and gets is in plain sight.
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::{collections::VecDeque, time::Duration};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{Message, client::IntoClientRequest, http::HeaderValue},
};

/// Longer than anything takes that comes at all.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// One connection.
pub struct Socket {
    wire: WebSocketStream<MaybeTlsStream<TcpStream>>,
    next_id: u32,
    unread: VecDeque<Value>,
    /// The result of connect.
    pub hello: Value,
}

impl Socket {
    /// Connects with an access token.
    pub async fn connect(url: &str, token: &str) -> Self {
        let mut socket = Self::open(url).await;
        let hello = socket.command(json!({ "connect": { "token": token, "name": "test" } })).await;
        assert!(hello.get("connect").is_some(), "connect: {hello}");
        socket.hello = hello["connect"].clone();
        socket
    }

    /// Connects again from where server-side subscriptions stood: `{ channel: (offset, epoch) }`.
    pub async fn reconnect(url: &str, token: &str, since: &[(&str, u64, &str)]) -> Self {
        let subs: serde_json::Map<String, Value> = since
            .iter()
            .map(|(channel, offset, epoch)| ((*channel).to_owned(), json!({ "recover": true, "offset": offset, "epoch": epoch })))
            .collect();
        let mut socket = Self::open(url).await;
        socket.hello = socket.command(json!({ "connect": { "token": token, "subs": subs } })).await["connect"].clone();
        socket
    }

    /// Connects with an access token, from a device that is set to `language`.
    pub async fn connect_reading(url: &str, token: &str, language: &'static str) -> Self {
        let mut socket = Self::open_with(url, &[("accept-language", language)]).await;
        socket.hello = socket.command(json!({ "connect": { "token": token } })).await["connect"].clone();
        socket
    }

    /// A socket that has not sent anything yet.
    pub async fn open(url: &str) -> Self {
        Self::open_with(url, &[]).await
    }

    /// The same, with headers in its handshake.
    async fn open_with(url: &str, headers: &[(&'static str, &'static str)]) -> Self {
        let url = format!("{}/connection/websocket", url.replacen("http", "ws", 1));
        let mut request = url.into_client_request().expect("a URL");
        for &(name, value) in headers {
            request.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        let (wire, _) = connect_async(request).await.expect("the hub upgrades");
        Self { wire, next_id: 0, unread: VecDeque::new(), hello: Value::Null }
    }

    /// Sends a command and waits for its reply; pushes meanwhile are kept.
    pub async fn command(&mut self, mut command: Value) -> Value {
        self.next_id += 1;
        let id = self.next_id;
        command["id"] = id.into();
        self.raw(&command.to_string()).await;
        loop {
            if let Some(at) = self.unread.iter().position(|message| message["id"] == id) {
                return self.unread.remove(at).expect("it was just found");
            }
            assert!(self.read().await, "the socket ended before the reply to {command}; unread: {:?}", self.unread);
        }
    }

    /// Sends text as it is.
    pub async fn raw(&mut self, text: &str) {
        self.wire.send(Message::text(text)).await.expect("the socket takes it");
    }

    /// Calls a method: its data, or `(code, slug)`.
    pub async fn call(&mut self, method: &str, data: Value) -> Result<Value, (u64, String)> {
        let reply = self.command(json!({ "rpc": { "method": method, "data": data } })).await;
        match reply.get("error") {
            Some(error) => {
                Err((error["code"].as_u64().unwrap_or_default(), error["message"].as_str().unwrap_or_default().to_owned()))
            }
            None => Ok(reply["rpc"]["data"].clone()),
        }
    }

    /// Subscribes: the result, or the error.
    pub async fn try_subscribe(&mut self, channel: &str) -> Result<Value, (u64, String)> {
        self.resubscribe(channel, None).await
    }

    /// Subscribes from `(offset, epoch)`.
    pub async fn resubscribe(&mut self, channel: &str, since: Option<(u64, &str)>) -> Result<Value, (u64, String)> {
        let mut ask = json!({ "channel": channel });
        if let Some((offset, epoch)) = since {
            ask = json!({ "channel": channel, "recover": true, "offset": offset, "epoch": epoch });
        }
        let reply = self.command(json!({ "subscribe": ask })).await;
        match reply.get("error") {
            Some(error) => {
                Err((error["code"].as_u64().unwrap_or_default(), error["message"].as_str().unwrap_or_default().to_owned()))
            }
            None => Ok(reply["subscribe"].clone()),
        }
    }

    pub async fn subscribe(&mut self, channel: &str) -> Value {
        self.try_subscribe(channel).await.unwrap_or_else(|error| panic!("subscribe {channel}: {error:?}"))
    }

    /// Waits for the next publication of `channel` with this `type`; others are passed over. The whole `pub`.
    pub async fn expect_push(&mut self, channel: &str, kind: &str) -> Value {
        self.expect(|message| message["push"]["channel"] == channel && message["push"]["pub"]["data"]["type"] == kind).await["push"]["pub"].clone()
    }

    /// Waits for a message that fits; others are passed over.
    pub async fn expect(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let mut passed = Vec::new();
        loop {
            while let Some(message) = self.unread.pop_front() {
                if fits(&message) {
                    return message;
                }
                passed.push(message);
            }
            assert!(self.read().await, "nothing that fits came; passed over: {passed:?}");
        }
    }

    /// Everything that came on `channel` until now: a call's reply marks the end, for one connection's messages come in order.
    pub async fn so_far(&mut self, channel: &str) -> Vec<Value> {
        let _ = self.call("no.such.method", json!({})).await;
        let (mine, others): (VecDeque<_>, VecDeque<_>) =
            self.unread.drain(..).partition(|message| message["push"]["channel"] == channel);
        self.unread = others;
        mine.into_iter().map(|message| message["push"]["pub"].clone()).collect()
    }

    /// The next message, whatever it is; null when the hub closes the socket instead.
    pub async fn read_any(&mut self) -> Value {
        if self.unread.is_empty() {
            self.read().await;
        }
        self.unread.pop_front().unwrap_or_default()
    }

    /// Reads one frame into `unread`; false at the end, or when nothing came. Pings are answered.
    async fn read(&mut self) -> bool {
        while let Ok(Some(Ok(message))) = tokio::time::timeout(PATIENCE, self.wire.next()).await {
            if let Message::Text(text) = message {
                self.take(&text).await;
                return true;
            }
        }
        false
    }

    async fn take(&mut self, text: &str) {
        for line in text.split('\n').filter(|line| !line.is_empty()) {
            match serde_json::from_str(line).expect("the hub speaks JSON") {
                Value::Object(empty) if empty.is_empty() => self.raw("{}").await,
                message => self.unread.push_back(message),
            }
        }
    }

    /// Stays on the line until something else is done, as a client does: reads, answers pings.
    pub async fn stay_until<T>(&mut self, done: impl Future<Output = T>) -> T {
        tokio::pin!(done);
        loop {
            let message = tokio::select! {
                done = &mut done => return done,
                message = self.wire.next() => message,
            };
            match message {
                Some(Ok(Message::Text(text))) => self.take(&text).await,
                Some(Ok(Message::Close(_)) | Err(_)) | None => panic!("the socket ended"),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Waits for the close frame and returns its code.
    pub async fn closed(&mut self) -> u16 {
        let wait = async {
            loop {
                match self.wire.next().await {
                    Some(Ok(Message::Close(Some(frame)))) => return frame.code.into(),
                    Some(Ok(_)) => {}
                    _ => return 1006,
                }
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.expect("the hub closes the socket")
    }
}
