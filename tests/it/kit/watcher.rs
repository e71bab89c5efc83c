//! Clients that reconnect by themselves and record all they receive: a real SDK over WebSocket, an EventSource in a loop.
use super::{PATIENCE, Source};
use centrifuge::{Client, Protocol};
use futures_util::StreamExt;
use parking_lot::Mutex;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::task::JoinHandle;

/// Channel to (offset, body), in the order received.
type Received = Arc<Mutex<BTreeMap<String, Vec<(u64, String)>>>>;

/// A message of an EventSource, its body as it was sent.
#[derive(serde::Deserialize)]
struct Message<'a> {
    channel: String,
    offset: Option<u64>,
    #[serde(borrow)]
    data: Option<&'a serde_json::value::RawValue>,
}

/// A client that records.
pub struct Watcher {
    pub name: String,
    received: Received,
    tasks: Vec<JoinHandle<()>>,
    client: Option<Client>,
}

impl Watcher {
    /// A real SDK on `channels`, each from its beginning. Recovery is the SDK's own.
    pub async fn by_sdk(url: &str, token: &str, channels: &[String], protocol: Protocol) -> Self {
        let received = Received::default();
        let client = Client::builder(format!("{}/connection/websocket", url.replacen("http", "ws", 1)))
            .protocol(protocol)
            .token(token)
            .min_reconnect_delay(Duration::from_millis(50))
            .max_reconnect_delay(Duration::from_millis(500))
            .build()
            .expect("a client");
        let mut tasks = Vec::new();
        client.connect().expect("connects");
        for channel in channels {
            let subscription = client
                .new_subscription(channel)
                .recoverable(true)
                .min_resubscribe_delay(Duration::from_millis(50))
                .build()
                .expect(channel);
            let mut publications = subscription.publications();
            let (received, channel) = (received.clone(), channel.clone());
            tasks.push(tokio::spawn(async move {
                while let Some(publication) = publications.next().await {
                    let body = String::from_utf8(publication.data.to_vec()).expect("JSON");
                    received.lock().entry(channel.clone()).or_default().push((publication.offset, body));
                }
            }));
            subscription.subscribe();
            subscription.ready(Some(PATIENCE)).await.expect("the watcher may subscribe");
        }
        Self { name: format!("sdk {protocol:?}"), received, tasks, client: Some(client) }
    }

    /// An EventSource on `channels` that reconnects with its last id as soon as it is cut off.
    pub async fn by_sse(url: &str, token: &str, channels: &[String]) -> Self {
        let received = Received::default();
        let (query, url, token) = (format!("channels={}", channels.join(",")), url.to_owned(), token.to_owned());
        let first = Source::open(&url, &query, Some(&token), None).await.expect("a stream");
        let writes = received.clone();
        let task = tokio::spawn(async move {
            let mut source = first;
            loop {
                while let Some(text) = source.next_text().await {
                    let message: Message<'_> = serde_json::from_str(&text).expect("the hub sends JSON");
                    if let (Some(offset), Some(data)) = (message.offset, message.data) {
                        writes.lock().entry(message.channel).or_default().push((offset, data.get().to_owned()));
                    }
                }
                let id = source.id.clone();
                source = loop {
                    tokio::time::sleep(Duration::from_millis(50)).await;
                    if let Ok(again) = Source::open(&url, &query, Some(&token), id.as_deref()).await {
                        break again;
                    }
                };
            }
        });
        Self { name: "sse".into(), received, tasks: vec![task], client: None }
    }

    /// Waits until `channel` was received up to `top`, then fails unless each number from `since` + 1 on came once, in order, with the log's body.
    pub async fn received_all(&self, channel: &str, since: u64, log: &[(u64, String)]) {
        let top = log.last().map_or(since, |(top, _)| *top);
        let began = Instant::now();
        let last =
            || self.received.lock().get(channel).and_then(|received| received.last().map(|(offset, _)| *offset)).unwrap_or(since);
        while last() < top && began.elapsed() < 2 * PATIENCE {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let received = self.received.lock().get(channel).cloned().unwrap_or_default();
        let offsets: Vec<u64> = received.iter().map(|(offset, _)| *offset).collect();
        let wanted: Vec<u64> = log.iter().map(|(offset, _)| *offset).filter(|offset| *offset > since).collect();
        assert_eq!(offsets, wanted, "{} on {channel}", self.name);
        for ((offset, body), (_, logged)) in received.iter().zip(log.iter().filter(|(offset, _)| *offset > since)) {
            assert_eq!(body, logged, "{} on {channel} at {offset}", self.name);
        }
    }

    /// Waits until `channel` was received up to `offset`; how long that took.
    pub async fn reaches(&self, channel: &str, offset: u64) -> Duration {
        let began = Instant::now();
        while self.received.lock().get(channel).and_then(|received| received.last()).is_none_or(|(last, _)| *last < offset) {
            assert!(began.elapsed() < PATIENCE, "{} never received {channel} {offset}", self.name);
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        began.elapsed()
    }

    /// How many publications were received in all.
    pub fn count(&self) -> usize {
        self.received.lock().values().map(Vec::len).sum()
    }

    pub async fn close(self) {
        if let Some(client) = self.client {
            client.close().await;
        }
        for task in self.tasks {
            task.abort();
        }
    }
}
