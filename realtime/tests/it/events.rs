//! Plain EventSource.

use futures_util::StreamExt;
use serde_json::{Value, json};

use crate::kit::{Node, PATIENCE, until};

struct Events {
    body: std::pin::Pin<Box<dyn futures_util::Stream<Item = reqwest::Result<bytes::Bytes>> + Send>>,
    text: String,
    last: Option<String>,
}

impl Events {
    async fn open(node: &Node, channels: &str, last: Option<&str>) -> Result<Self, u16> {
        Self::at(node, &format!("/events?{channels}"), last).await
    }

    async fn at(node: &Node, path: &str, last: Option<&str>) -> Result<Self, u16> {
        let mut request = reqwest::Client::new().get(format!("http://{}{path}", node.address));
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        if response.status() != 200 {
            return Err(response.status().as_u16());
        }
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Ok(Self { body: Box::pin(response.bytes_stream()), text: String::new(), last: None })
    }

    /// The next message; `None` at the end.
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.find("\n\n") {
                let event: String = self.text.drain(..end + 2).collect();
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                self.last = field("id: ").or(self.last.take());
                match field("data: ") {
                    Some(data) => return Some(serde_json::from_str(&data).unwrap()),
                    None => continue,
                }
            }
            let piece = tokio::time::timeout(PATIENCE, self.body.next()).await.expect("nothing came")?;
            self.text += std::str::from_utf8(&piece.unwrap()).unwrap();
        }
    }
}

#[tokio::test]
async fn a_dismissed_client_gets_the_reason() {
    let node = Node::start().await;
    let mut events = Events::open(&node, "durable:1,deltas:1", None).await.unwrap();
    assert_eq!(
        [events.next().await.unwrap()["channel"].take(), events.next().await.unwrap()["channel"].take()],
        ["durable:1", "deltas:1"]
    );
    node.hub.disconnect(|_, _| true, 3500, "session ended");
    for channel in ["durable:1", "deltas:1"] {
        assert_eq!(events.next().await.unwrap(), json!({ "channel": channel, "ended": "session ended" }));
    }
    assert_eq!(events.next().await, None);
    let mut other = Events::open(&node, "durable:1", None).await.unwrap();
    other.next().await.unwrap();
    node.hub.disconnect(|_, _| true, 3011, "force reconnect");
    assert_eq!(other.next().await, None, "this one comes back by itself");
}

#[tokio::test]
async fn several_channels_in_one_response_resume_by_the_last_id() {
    let node = Node::start().await;
    node.publish("durable:1");
    let mut events = Events::open(&node, "durable:1,deltas:1,durable:2", None).await.unwrap();
    let opening = events.next().await.unwrap();
    let snapshot = json!({ "full": true, "at": 1 });
    assert_eq!(
        opening,
        json!({ "channel": "durable:1", "epoch": "log1", "offset": 1, "recovered": false, "snapshot": snapshot })
    );
    assert_eq!(events.next().await.unwrap()["channel"], "deltas:1");
    assert_eq!(events.next().await.unwrap()["channel"], "durable:2");
    node.publish("durable:2");
    assert_eq!(events.next().await.unwrap(), json!({ "channel": "durable:2", "offset": 1, "data": { "n": 1 } }));
    node.publish("durable:1");
    assert_eq!(events.next().await.unwrap()["offset"], 2);
    node.hub.publish_ephemeral("deltas:1", "{\"a\":\n1}".into());
    assert_eq!(events.next().await.unwrap(), json!({ "channel": "deltas:1", "data": { "a": 1 } }));
    let last = events.last.take().unwrap();
    drop(events);
    until("the stream left", || node.hub.stats().subscriptions == 0).await;
    for _ in 0..3 {
        node.publish("durable:1");
    }

    let mut back = Events::open(&node, "durable:1,deltas:1,durable:2", Some(&last)).await.unwrap();
    assert_eq!(back.next().await.unwrap(), json!({ "channel": "durable:1", "epoch": "log1", "offset": 2, "recovered": true }));
    for offset in 3..=5 {
        assert_eq!(back.next().await.unwrap()["offset"], offset);
    }
    assert_eq!(back.next().await.unwrap()["snapshot"]["full"], true);
    assert_eq!(back.next().await.unwrap(), json!({ "channel": "durable:2", "epoch": "log1", "offset": 1, "recovered": true }));
    node.end("durable:2", &[("anna", true)]);
    assert_eq!(back.next().await.unwrap()["offset"], 2);
    assert_eq!(back.next().await.unwrap(), json!({ "channel": "durable:2", "ended": "server unsubscribe" }));
    node.publish("durable:1");
    assert_eq!(back.next().await.unwrap()["offset"], 6);
}

#[tokio::test]
async fn refusals_have_a_status_and_our_faults_have_none() {
    let node = Node::start().await;
    assert_eq!(Events::open(&node, "durable:1,closed:1", None).await.err(), Some(404));
    let mut busy = Events::open(&node, "durable:1,busy:1", None).await.unwrap();
    while let Some(message) = busy.next().await {
        assert_eq!(message["channel"], "durable:1");
    }
    drop(busy);
    until("nothing is left behind", || node.hub.stats().subscriptions == 0).await;
    let mut fresh = Events::open(&node, "durable:1", Some("nonsense")).await.unwrap();
    assert_eq!(fresh.next().await.unwrap()["recovered"], false);
}

#[tokio::test]
async fn the_protocol_over_an_endless_response_with_separate_commands() {
    let node = Node::start().await;
    let connect = r#"{"id":1,"connect":{"token":"anna"}}"#.replace('"', "%22");
    let mut events = Events::at(&node, &format!("/connection/sse?cf_connect={connect}"), None).await.unwrap();
    let connected = events.next().await.unwrap();
    let (session, at) = (connected["connect"]["session"].clone(), connected["connect"]["node"].clone());
    let post = async |body: Value| {
        let url = format!("http://{}/emulation", node.address);
        reqwest::Client::new().post(url).body(body.to_string()).send().await.unwrap().status().as_u16()
    };
    let commands = "{\"id\":2,\"subscribe\":{\"channel\":\"durable:1\"}}\n{\"id\":3,\"rpc\":{\"method\":\"echo\",\"data\":5}}";
    assert_eq!(post(json!({ "session": session, "node": at, "data": commands })).await, 204);
    assert_eq!(events.next().await.unwrap()["subscribe"]["recoverable"], true);
    assert_eq!(events.next().await.unwrap(), json!({ "id": 3, "rpc": { "data": 5 } }));
    node.publish("durable:1");
    assert_eq!(events.next().await.unwrap()["push"]["pub"]["offset"], 1);
    assert_eq!(post(json!({ "session": "other", "node": at, "data": "{}" })).await, 204);
    assert_eq!(post(json!({ "session": session, "node": "other", "data": "{}" })).await, 404);
    node.hub.disconnect(|_, _| true, 3503, "force disconnect");
    let last = events.next().await.unwrap();
    assert_eq!(last, json!({ "push": { "disconnect": { "code": 3503, "reason": "force disconnect" } } }));
    assert_eq!(events.next().await, None);
    until("the session left", || node.hub.stats().subscriptions == 0).await;
}

#[tokio::test]
async fn a_one_way_client_gets_bare_pushes() {
    let node = Node::start().await;
    let connect = r#"{"token":"anna+durable:u"}"#.replace('"', "%22").replace('+', "%2B");
    let mut events = Events::at(&node, &format!("/connection/uni_sse?cf_connect={connect}"), None).await.unwrap();
    let connected = events.next().await.unwrap();
    assert_eq!(connected["connect"]["subs"]["durable:u"]["recoverable"], true);
    assert_eq!((connected.get("id"), connected["connect"].get("pong")), (None, None));
    node.publish("durable:u");
    assert_eq!(events.next().await.unwrap(), json!({ "channel": "durable:u", "pub": { "data": { "n": 1 }, "offset": 1 } }));
    drop(events);
    until("the session left", || node.hub.stats().subscriptions == 0).await;
    let refused = r#"{"token":"old"}"#.replace('"', "%22");
    let mut refused = Events::at(&node, &format!("/connection/uni_sse?cf_connect={refused}"), None).await.unwrap();
    assert_eq!(refused.next().await.unwrap()["disconnect"]["code"], 3005);
    assert_eq!(refused.next().await, None);
}
