//! The live connection against a server of a few lines that follows the protocol exactly.

use super::{Counts, Live, Person, Rest, Update};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;

struct Served(WebSocketStream<TcpStream>);

impl Served {
    async fn accept(listener: &TcpListener) -> Self {
        let (socket, _) = listener.accept().await.unwrap();
        Self(tokio_tungstenite::accept_async(socket).await.unwrap())
    }

    async fn read(&mut self) -> Value {
        loop {
            if let Message::Text(text) = self.0.next().await.unwrap().unwrap() {
                return serde_json::from_str(&text).unwrap();
            }
        }
    }

    async fn write(&mut self, lines: &[Value]) {
        let text: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.0.send(Message::text(text.join("\n"))).await.unwrap();
    }

    /// Takes `connect`; replies with one server-side subscription and to the own one requested next.
    async fn welcome(&mut self, personal: Value, own: Value) -> (Value, Value) {
        let connect = self.read().await;
        self.write(&[json!({ "id": connect["id"], "connect": { "client": "c", "ping": 25, "pong": true, "subs": { "user:1": personal } } })]).await;
        let subscribe = self.read().await;
        let mut own = own;
        own["id"] = subscribe["id"].clone();
        self.write(&[own]).await;
        (connect["connect"].clone(), subscribe["subscribe"].clone())
    }
}

fn publication(channel: &str, offset: u64) -> Value {
    json!({ "push": { "channel": channel, "pub": { "data": { "n": offset }, "offset": offset } } })
}

#[tokio::test]
async fn a_cut_connection_comes_back_and_resumes_where_it_was() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let rest = Rest::new(&format!("http://{}", listener.local_addr().unwrap()), 100.0).unwrap();
    let person = Person::with_token(&rest, "anna", "1", "token");
    let counts = Arc::new(Counts::default());

    let server = tokio::spawn(async move {
        let first = json!({ "recoverable": true, "positioned": true, "epoch": "a", "offset": 7 });
        let mut served = Served::accept(&listener).await;
        let own = json!({ "subscribe": { "recoverable": true, "epoch": "b", "offset": 40, "data": { "status": "CREATED" } } });
        let (connect, subscribe) = served.welcome(first, own).await;
        assert_eq!((connect["token"].as_str(), subscribe["channel"].as_str()), (Some("token"), Some("order:9")));
        assert!(subscribe.get("recover").is_none());
        served.write(&[json!({}), publication("order:9", 41), publication("user:1", 8), publication("order:9", 42)]).await;
        assert_eq!(served.read().await, json!({}), "each ping gets its pong");
        let call = served.read().await;
        assert_eq!(call["rpc"], json!({ "method": "echo", "data": { "a": 1 } }));
        served.write(&[json!({ "id": call["id"], "rpc": { "data": { "b": 2 } } })]).await;
        drop(served);

        let mut served = Served::accept(&listener).await;
        let personal = json!({ "recoverable": true, "recovered": true, "was_recovering": true, "epoch": "a", "offset": 8 });
        let missed = json!([{ "data": { "n": 43 }, "offset": 43 }]);
        let own = json!({ "subscribe": { "recoverable": true, "recovered": true, "was_recovering": true, "epoch": "b", "offset": 42, "publications": missed } });
        let (connect, subscribe) = served.welcome(personal, own).await;
        assert_eq!(connect["subs"]["user:1"], json!({ "recover": true, "epoch": "a", "offset": 8 }));
        assert_eq!(subscribe, json!({ "channel": "order:9", "recover": true, "epoch": "b", "offset": 42 }));
        served
            .write(&[
                publication("order:9", 44),
                json!({ "push": { "channel": "order:9", "unsubscribe": { "code": 2000, "reason": "over" } } }),
            ])
            .await;
        let call = served.read().await;
        served.write(&[json!({ "id": call["id"], "error": { "code": 409, "message": "already_claimed" } })]).await;
        served.0.next().await
    });

    let (live, mut updates) = Live::open(person, counts.clone());
    live.subscribe("order:9").await;
    let mut orders = Vec::new();
    while orders.len() < 2 {
        if let Update::Published { channel, data } = updates.recv().await.unwrap()
            && channel == "order:9"
        {
            orders.push(data["n"].as_u64().unwrap());
        }
    }
    assert_eq!(live.call("echo", &json!({ "a": 1 })).await.unwrap(), json!({ "b": 2 }));
    loop {
        match updates.recv().await.unwrap() {
            Update::Published { data, .. } => orders.push(data["n"].as_u64().unwrap()),
            Update::Ended { channel, code } => {
                assert_eq!((channel.as_str(), code), ("order:9", 2000));
                break;
            }
            Update::Subscribed { .. } | Update::Down => {}
        }
    }
    assert_eq!(orders, [41, 42, 43, 44]);
    let refused = live.call("delivery.claim", &json!({})).await.unwrap_err();
    assert_eq!((refused.code(), refused.is_unavailable()), ("already_claimed", false));
    drop(live);
    server.await.unwrap();
    assert!(counts.is_clean());
    assert_eq!((Counts::get(&counts.connects), Counts::get(&counts.recovered), Counts::get(&counts.reloads)), (2, 1, 0));
}
