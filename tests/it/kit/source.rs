//! A raw EventSource: what a browser would get, message by message, with the id that it would send when it reconnects.
use super::{PATIENCE, TestApp};
use futures_util::{Stream, StreamExt};
use serde_json::Value;
use std::{collections::VecDeque, pin::Pin};

type Body = Pin<Box<dyn Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>;

/// One response of `GET /api/live/`.
pub struct Source {
    body: Body,
    text: String,
    unread: VecDeque<String>,
    /// The last event id that was received.
    pub id: Option<String>,
}

impl Source {
    /// Listens to `query` (`channels=a,b` or `ticket=…`); `Err` is the status of a refusal.
    pub async fn open(url: &str, query: &str, token: Option<&str>, id: Option<&str>) -> Result<Self, u16> {
        let mut request = reqwest::Client::new().get(format!("{url}/api/live/?{query}"));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(id) = id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.map_err(|_| 0_u16)?;
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Self {
            body: Box::pin(response.bytes_stream()),
            text: String::new(),
            unread: VecDeque::new(),
            id: id.map(str::to_owned),
        })
    }

    /// The next message; `None` when the response ended.
    pub async fn next(&mut self) -> Option<Value> {
        Some(serde_json::from_str(&self.next_text().await?).expect("the hub sends JSON"))
    }

    /// The next message as it was sent.
    pub async fn next_text(&mut self) -> Option<String> {
        loop {
            if let Some(message) = self.unread.pop_front() {
                return Some(message);
            }
            let piece = self.body.next().await?.ok()?;
            self.text.push_str(std::str::from_utf8(&piece).expect("pieces end with a message"));
            while let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                for line in event.lines() {
                    if let Some(id) = line.strip_prefix("id: ") {
                        self.id = Some(id.to_owned());
                    } else if let Some(data) = line.strip_prefix("data: ") {
                        self.unread.push_back(data.to_owned());
                    }
                }
            }
        }
    }

    /// Waits for a message that fits; others are passed over.
    pub async fn expect(&mut self, fits: impl Fn(&Value) -> bool) -> Value {
        let mut passed = Vec::new();
        loop {
            match tokio::time::timeout(PATIENCE, self.next()).await {
                Ok(Some(message)) if fits(&message) => return message,
                Ok(Some(message)) => passed.push(message),
                Ok(None) => panic!("the stream ended; passed over: {passed:?}"),
                Err(_) => panic!("nothing that fits came; passed over: {passed:?}"),
            }
        }
    }

    /// Waits until the response ends.
    pub async fn ended(&mut self) {
        let end = async { while self.next().await.is_some() {} };
        tokio::time::timeout(PATIENCE, end).await.expect("the stream ends");
    }
}

impl TestApp {
    /// Listens with a bearer token.
    pub async fn listen(&self, channels: &[&str], token: &str, id: Option<&str>) -> Result<Source, u16> {
        Source::open(&self.url, &format!("channels={}", channels.join(",")), Some(token), id).await
    }
}
