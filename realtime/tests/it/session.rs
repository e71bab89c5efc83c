//! One connection: order, limits, refusals, time.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use crate::kit::{Node, Raw, until};

#[tokio::test]
async fn the_first_command_is_connect_and_only_one_is() {
    let node = Node::start().await;
    let mut early = node.raw().await;
    early.send(r#"{"id":1,"subscribe":{"channel":"durable:1"}}"#).await;
    assert_eq!(early.closed().await, (3501, "bad request".to_owned()));

    let mut twice = node.connect("anna").await;
    twice.send_command(json!({ "connect": {} })).await;
    assert_eq!(twice.closed().await.0, 3501);
}

#[tokio::test]
async fn a_first_frame_with_everything_is_answered_in_order() {
    let node = Node::start().await;
    let mut raw = node.raw().await;
    let mut frame = String::from(r#"{"id":1,"connect":{"token":"gate"}}"#);
    for id in 2..=40 {
        frame += &format!("\n{{\"id\":{id},\"subscribe\":{{\"channel\":\"durable:{id}\"}}}}");
    }
    raw.send(&frame).await;
    node.host.gate.notify_one();
    for id in 1..=40 {
        let reply = raw.reply(id).await;
        assert!(reply.get("error").is_none(), "{reply}");
    }
}

#[tokio::test]
async fn the_connect_reply_carries_what_the_client_needs() {
    let node = Node::start().await;
    let client = node.connect("anna!30000").await;
    let connect = &client.hello;
    assert_eq!((&connect["ping"], &connect["pong"], &connect["expires"]), (&json!(25), &json!(true), &json!(true)));
    assert_eq!(connect["ttl"], 30);
    assert_eq!(connect["client"].as_str().unwrap().len(), 36);
}

#[tokio::test]
async fn refused_connects() {
    let node = Node::with(|config| config.connect_timeout = Duration::from_millis(300)).await;
    let mut closed = node.raw().await;
    closed.send_command(json!({ "connect": { "token": "closed" } })).await;
    assert_eq!(closed.closed().await, (3500, "invalid token".to_owned()));

    let mut old = node.raw().await;
    let reply = old.request(json!({ "connect": { "token": "old" } })).await;
    assert_eq!(reply["error"], json!({ "code": 109, "message": "token expired" }));
    old.send_command(json!({ "rpc": { "method": "echo" } })).await;
    assert_eq!(old.closed().await.0, 3502, "no answer any more, and an end in time");
    assert_eq!(node.raw().await.closed().await, (3502, "stale".to_owned()));
}

#[tokio::test]
async fn invalid_frames_close_the_connection() {
    let node = Node::start().await;
    for bad in ["", "{", "[]", "\n", r#"{"id":1}"#, r#"{"id":0,"rpc":{}}"#] {
        let mut client = node.connect("anna").await;
        client.send(bad).await;
        assert_eq!(client.closed().await.0, 3501, "{bad}");
    }
    let mut protobuf = Raw::open(&format!("{}?cf_protocol=protobuf", node.url())).await;
    protobuf.send_frame(Message::binary(vec![0xff; 10])).await;
    assert_eq!(protobuf.closed().await.0, 3501, "a length of 2^63 and more");
    let mut large = node.connect("anna").await;
    large.send(&"x".repeat(64 * 1024 + 1)).await;
    assert_eq!(large.closed().await.0, 1009);
}

#[tokio::test]
async fn refusals_have_their_numbers() {
    let node = Node::with(|config| config.channel_limit = 2).await;
    let mut client = node.connect("anna").await;
    let code = |reply: serde_json::Value| reply["error"]["code"].as_u64().unwrap();
    let subscribe = |channel: &str| json!({ "subscribe": { "channel": channel } });
    assert_eq!(code(client.request(subscribe("closed:1")).await), 103);
    assert_eq!(code(client.request(subscribe(&"k".repeat(256))).await), 107);
    assert_eq!(
        client.request(subscribe("busy:1")).await["error"],
        json!({ "code": 100, "message": "internal server error", "temporary": true })
    );
    client.subscribe("durable:1").await;
    assert_eq!(code(client.request(subscribe("durable:1")).await), 105);
    client.subscribe("durable:2").await;
    assert_eq!(code(client.request(subscribe("durable:3")).await), 106);
    assert_eq!(code(client.request(json!({ "rpc": { "method": "nothing" } })).await), 104);
    assert_eq!(
        client.request(json!({ "rpc": { "method": "conflict" } })).await["error"],
        json!({ "code": 409, "message": "outbid" })
    );
    assert_eq!(code(client.request(json!({ "publish": { "channel": "durable:1", "data": 1 } })).await), 103);
    assert_eq!(code(client.request(json!({ "presence": { "channel": "durable:1" } })).await), 108);
    assert_eq!(code(client.request(json!({ "sub_refresh": { "channel": "durable:9", "token": "ms5" } })).await), 103);
    assert_eq!(client.request(json!({ "unsubscribe": { "channel": "nowhere" } })).await["unsubscribe"], json!({}));
    assert_eq!(client.request(json!({ "unsubscribe": { "channel": "durable:1" } })).await["unsubscribe"], json!({}));
    assert_eq!(node.hub.subscriber_count("durable:1"), 0);
    client.send_command(json!({ "unsubscribe": { "channel": "" } })).await;
    assert_eq!(client.closed().await.0, 3501);
}

#[tokio::test]
async fn payloads_travel_byte_for_byte() {
    let node = Node::start().await;
    let mut client = node.connect("anna").await;
    let odd = r#"{"b": 1E+2,"a":12345678901234567890,"a":null}"#;
    client.send(&format!(r#"{{"id":7,"rpc":{{"method":"echo","data":{odd}}}}}"#)).await;
    let Message::Text(text) = client.read_frame().await else { panic!("no text") };
    assert_eq!(text.as_str(), format!(r#"{{"id":7,"rpc":{{"data":{odd}}}}}"#));
}

#[tokio::test]
async fn the_seventeenth_command_behind_a_slow_one_is_too_many() {
    let node = Node::start().await;
    let mut client = node.connect("anna").await;
    let slow = client.send_command(json!({ "rpc": { "method": "wait", "data": 0 } })).await;
    let mut queued = Vec::new();
    for _ in 0..16 {
        queued.push(client.send_command(json!({ "rpc": { "method": "echo", "data": 1 } })).await);
    }
    let reply = client.request(json!({ "rpc": { "method": "echo" } })).await;
    assert_eq!(reply["error"], json!({ "code": 111, "message": "too many requests", "temporary": true }));
    // As an SDK after a reconnect: all its subscriptions at once, beside the calls that wait.
    let mut subscriptions = Vec::new();
    for n in 0..100 {
        subscriptions.push(client.send_command(json!({ "subscribe": { "channel": format!("durable:{n}") } })).await);
    }
    client.send(r#"{"send":{"data":"at once"}}"#).await;
    until("the message is taken although a call runs", || !node.host.sent.lock().unwrap().is_empty()).await;
    node.host.gate.notify_one();
    assert_eq!(client.reply(slow).await["rpc"]["data"], 0);
    for id in queued {
        assert_eq!(client.reply(id).await["rpc"]["data"], 1);
    }
    for id in subscriptions {
        assert!(client.reply(id).await.get("error").is_none());
    }
    client.send(r#"{"send":{"data":"close"}}"#).await;
    assert_eq!(client.closed().await, (4501, "go away".to_owned()));
}

#[tokio::test]
async fn missing_pongs_close_a_connection_and_pongs_hold_it_open() {
    let quick = |config: &mut wassally_realtime::Config| {
        config.ping_interval = Duration::from_millis(400);
        config.pong_timeout = Duration::from_millis(300);
    };
    let node = Node::with(quick).await;
    let mut lively = node.connect("anna").await;
    let mut silent = node.connect("ben").await;
    silent.answers_pings = false;
    let answering = tokio::spawn(async move {
        while lively.pings < 4 {
            let Message::Text(text) = lively.read_frame().await else { panic!("no text") };
            assert_eq!(text.as_str(), "{}");
            lively.pings += 1;
            lively.send("{}").await;
        }
        lively.send("{}").await;
        assert_eq!(lively.closed().await.0, 3501, "two pongs to one ping");
    });
    assert_eq!(silent.closed().await, (3012, "no pong".to_owned()));
    answering.await.unwrap();
    until("both left", || node.host.left.lock().unwrap().len() == 2).await;
    assert_eq!(node.hub.stats().connections, 0);
}

#[tokio::test]
async fn rights_run_out_unless_refreshed() {
    let node = Node::with(|config| config.expiry_grace = Duration::from_millis(50)).await;
    let mut late = node.connect("anna!100").await;
    assert_eq!(late.closed().await, (3005, "connection expired".to_owned()));

    let mut anna = node.connect("anna!500").await;
    let refreshed = anna.request(json!({ "refresh": { "token": "anna!60000" } })).await;
    assert_eq!((&refreshed["refresh"]["expires"], &refreshed["refresh"]["ttl"]), (&json!(true), &json!(60)));
    anna.request(json!({ "subscribe": { "channel": "durable:1", "token": "ms100" } })).await;
    let push = anna.push("durable:1").await;
    assert_eq!(push["unsubscribe"], json!({ "code": 2501, "reason": "subscription expired" }));
    let subscribed = anna.request(json!({ "subscribe": { "channel": "durable:1", "token": "ms200" } })).await;
    assert_eq!(subscribed["subscribe"]["ttl"], 1);
    let refreshed = anna.request(json!({ "sub_refresh": { "channel": "durable:1", "token": "ms90000" } })).await;
    assert_eq!(refreshed["sub_refresh"], json!({ "expires": true, "ttl": 90 }));
    let forever = anna.request(json!({ "refresh": { "token": "anna" } })).await;
    assert_eq!(forever["refresh"], json!({}));
    anna.send_command(json!({ "refresh": { "token": "ben" } })).await;
    assert_eq!(anna.closed().await.0, 3500);
}

#[tokio::test]
async fn the_server_ends_connections_and_subscriptions() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let mut ben = node.connect("ben").await;
    anna.subscribe("durable:1").await;
    node.hub.unsubscribe("anna", None, "durable:1", 2000, "server unsubscribe");
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2000);
    assert_eq!(node.host.ended.lock().unwrap().as_slice(), [("anna".to_owned(), "durable:1".to_owned())]);
    assert_eq!(node.hub.disconnect(|identity, _| *identity.user == *"anna", 4401, "123"), 1);
    let (code, reason) = anna.closed().await;
    assert_eq!(code, 4401);
    assert!(serde_json::from_str::<serde_json::Value>(&reason).is_err(), "an SDK parses the reason first: {reason}");
    let draining = tokio::spawn({
        let hub = node.hub.clone();
        async move { hub.drain(Duration::from_millis(100)).await }
    });
    assert_eq!(ben.closed().await, (3001, "shutdown".to_owned()));
    draining.await.unwrap();
    let refused = tokio_tungstenite::connect_async(format!("ws://{}/connection/websocket", node.address)).await;
    assert!(refused.unwrap_err().to_string().contains("503"));
    assert!(node.host.reads.load(SeqCst) < 5);
}

#[tokio::test]
async fn a_user_has_a_limit_of_connections() {
    let node = Node::with(|config| config.user_connection_limit = 1).await;
    let _first = node.connect("anna").await;
    let mut second = node.raw().await;
    second.send_command(json!({ "connect": { "token": "anna" } })).await;
    assert_eq!(second.closed().await.0, 3504);
    node.connect("ben").await;
}
