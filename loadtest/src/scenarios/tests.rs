//! The generator against a hub of a few lines, over real sockets.

use super::dialect::Dialect;
use super::machine::Server;
use super::traffic::{self, Shape};
use futures_util::{SinkExt, StreamExt};
use parking_lot::Mutex;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::Message;

/// Subscribers by channel, and a fault: one in `drops_every` publications is dropped.
#[derive(Default)]
struct Hub {
    readers: Mutex<HashMap<String, Vec<mpsc::UnboundedSender<String>>>>,
    drops_every: u64,
}

async fn serve(hub: Arc<Hub>, socket: TcpStream) {
    let (mut write, mut read) = tokio_tungstenite::accept_async(socket).await.unwrap().split();
    let (queue, mut queued) = mpsc::unbounded_channel::<String>();
    tokio::spawn(async move {
        while let Some(text) = queued.recv().await {
            if write.send(Message::text(text)).await.is_err() {
                return;
            }
        }
    });
    while let Some(Ok(Message::Text(text))) = read.next().await {
        for line in text.lines() {
            let command: Value = serde_json::from_str(line).unwrap();
            let id = command["id"].clone();
            if command["connect"].is_object() {
                queue.send(json!({ "id": id, "connect": { "client": "c" } }).to_string()).unwrap();
            } else if let Some(channel) = command["subscribe"]["channel"].as_str() {
                hub.readers.lock().entry(channel.to_owned()).or_default().push(queue.clone());
                queue.send(json!({ "id": id, "subscribe": {} }).to_string()).unwrap();
            } else if let Some(channel) = command["publish"]["channel"].as_str() {
                let data = line.split_once("\"data\":").unwrap().1.trim_end_matches("}}").to_owned() + "}";
                let number = command["publish"]["data"]["n"].as_u64().unwrap();
                if hub.drops_every == 0 || !number.is_multiple_of(hub.drops_every) {
                    let push = format!(r#"{{"push":{{"channel":"{channel}","pub":{{"data":{data}}}}}}}"#);
                    hub.readers.lock()[channel].iter().for_each(|reader| drop(reader.send(push.clone())));
                }
            }
        }
    }
}

async fn flow(drops_every: u64, messages_per_s: f64) -> traffic::Flow {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/connection/websocket", listener.local_addr().unwrap());
    let hub = Arc::new(Hub { drops_every, ..Hub::default() });
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            tokio::spawn(serve(hub.clone(), socket));
        }
    });
    let shape = Shape { channels: 2, subscribers: 3, messages_per_s, window: 8, payload_bytes: 128, seconds: 0.3 };
    let server = Server(vec![std::process::id()]);
    tokio::task::spawn_blocking(move || traffic::run(&Dialect::Hub { url, token: String::new() }, &server, shape))
        .await
        .unwrap()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_are_counted_and_timed() {
    let flow = flow(0, 500.0).await;
    assert_eq!((flow.lost, flow.doubled, flow.disordered), (0, 0, 0));
    assert!(flow.delivered > 0 && !flow.latency.is_empty() && flow.rss > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn losses_are_seen() {
    let flow = flow(10, 500.0).await;
    assert!(flow.lost > 0 && flow.doubled == 0);
}
