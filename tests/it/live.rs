//! The wire against the real server: rights to connect and subscribe, durable channels without gaps, calls, EventSource, real SDKs.
use crate::kit::{PATIENCE, Person, Socket, Source, Stall, TestApp, Watcher};
use centrifuge::Protocol;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

/// A stall, a customer and an order of theirs with four events: created, accepted, ready, cancelled.
async fn story(app: &Arc<TestApp>) -> (Stall, Person, String) {
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    stall.owner.act(&order, "accept", json!({})).await.ok();
    stall.owner.act(&order, "ready", json!({})).await.ok();
    anna.act(&order, "cancel", json!({})).await.ok();
    (stall, anna, order)
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_good_token_connects() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    for (connect, code) in [(json!({ "token": "x.y.z" }), 3500), (json!({}), 3501)] {
        let mut socket = app.open_socket().await;
        socket.send(&json!({ "id": 1, "connect": connect }).to_string()).await;
        assert_eq!(socket.closed().await.0, code, "{connect}");
    }
    let hello = anna.socket().await.hello;
    let own = &hello["subs"][format!("user:{}", anna.id)];
    assert_eq!(
        (&own["recoverable"], &own["positioned"], &own["data"]["wallet"]["currency"]),
        (&json!(true), &json!(true), &json!("USD")),
        "{hello}"
    );
    assert_eq!(own["epoch"], *app.app.epoch());
    app.pass(TimeDelta::minutes(16)).await;
    let refused = app.open_socket().await.request(json!({ "connect": { "token": anna.token } })).await;
    assert_eq!(refused["error"]["code"], 109, "{refused}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_subscription_reveals_no_more_than_it_must() {
    let app = TestApp::start().await;
    let (stall, anna, order) = story(&app).await;
    let mut stranger = app.customer().await.socket().await;
    for (channel, code, slug) in [
        (format!("order:{order}"), 404, "not_found"),
        ("order:nonsense".into(), 404, "not_found"),
        (format!("order:{}", anna.id), 404, "not_found"),
        (format!("shop:{}", stall.id), 404, "not_found"),
        (format!("user:{}", anna.id), 404, "not_found"),
        ("nobodys:1".into(), 102, "unknown channel"),
    ] {
        assert_eq!(stranger.try_subscribe(&channel).await.expect_err(&channel), (code, slug.into()), "{channel}");
    }
    for ask in ["history", "presence", "presence_stats", "publish"] {
        let reply = stranger.request(json!({ ask: { "channel": "nobodys:1", "data": 1 } })).await;
        assert_eq!(reply["error"]["code"], 102, "{ask}: whose it is comes before what one may: {reply}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_channel_is_recovered_from_any_number() {
    let app = TestApp::start().await;
    let (_, anna, order) = story(&app).await;
    let channel = format!("order:{order}");
    let log = app.log(&channel).await;
    let kinds: Vec<Value> =
        log.iter().map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON")["type"].clone()).collect();
    assert_eq!(kinds, ["order_created", "order_accepted", "order_ready", "order_cancelled"]);
    assert_eq!(log.iter().map(|(offset, _)| *offset).collect::<Vec<_>>(), [1, 2, 3, 4]);
    let mut socket = anna.socket().await;
    let fresh = socket.subscribe(&channel).await;
    assert_eq!((&fresh["offset"], &fresh["data"]["status"]), (&json!(4), &json!("CANCELLED")), "{fresh}");
    let epoch = fresh["epoch"].as_str().expect("an epoch").to_owned();
    // This node has it in memory; another one reads it from the log.
    let other = TestApp::over(&app.database, &app.database, &[]).await;
    for (url, since) in [&app.url, &other.url].into_iter().flat_map(|url| (0..=4).map(move |since| (url, since))) {
        let mut again = Socket::connect(url, &anna.token).await;
        let result = again.try_recover(&channel, &epoch, since).await.expect("subscribes");
        assert_eq!(result["recovered"], true, "{since}: {result}");
        let received: Vec<_> = result["publications"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|publication| (publication["offset"].as_u64().expect("an offset"), publication["data"].to_string()))
            .collect();
        assert_eq!(received, log[usize::try_from(since).expect("small")..].iter().map(reparsed).collect::<Vec<_>>(), "{since}");
    }
    for (since, epoch) in [(5, &*epoch), (2, "another")] {
        let result = anna.socket().await.try_recover(&channel, epoch, since).await.expect("subscribes");
        assert_ne!(result["recovered"], true, "{since} {epoch}: {result}");
        assert_eq!(result["data"]["status"], "CANCELLED", "what cannot be recovered begins with the state: {result}");
    }
    other.end().await;
    app.end().await;
}

fn reparsed((offset, body): &(u64, String)) -> (u64, String) {
    (*offset, serde_json::from_str::<Value>(body).expect("JSON").to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_own_channel_is_recovered_at_connect() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let own = format!("user:{}", anna.id);
    let hello = anna.socket().await.hello;
    let (offset, epoch) = (hello["subs"][&own]["offset"].as_u64().unwrap_or_default(), app.app.epoch());
    anna.order_from(&stall, 1).await;
    let log = app.log(&own).await;
    assert!(log.len() as u64 > offset, "a checkout is published to its customer");
    let again = Socket::reconnect(&app.url, &anna.token, &[(&own, offset, &epoch)]).await.hello;
    let result = &again["subs"][&own];
    assert_eq!(result["recovered"], true, "{again}");
    let offsets: Vec<_> =
        result["publications"].as_array().expect("some").iter().map(|p| p["offset"].as_u64().expect("an offset")).collect();
    assert_eq!(offsets, (offset + 1..=log.len() as u64).collect::<Vec<_>>());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_is_refused_by_status_and_slug() {
    let app = TestApp::start().await;
    let (stall, anna, order) = story(&app).await;
    let (mut owner, mut customer) = (stall.owner.socket().await, anna.socket().await);
    for (method, data, code, slug) in [
        ("orders.accept", json!({ "order_id": order }), 409, "invalid_transition"),
        ("orders.accept", json!({ "order_id": order, "colour": "red" }), 422, "invalid"),
        ("orders.accept", json!({}), 422, "invalid"),
        ("orders.accept", json!([1]), 422, "invalid"),
        ("orders.accept", json!({ "order_id": anna.id }), 404, "not_found"),
        ("orders.dance", json!({}), 104, "method not found"),
    ] {
        assert_eq!(owner.call(method, data.clone()).await.expect_err(method), (code, slug.into()), "{method} {data}");
    }
    assert_eq!(
        customer.call("orders.accept", json!({ "order_id": order })).await.expect_err("a seller's command"),
        (403, "forbidden".into())
    );
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_is_shared_by_rest_and_rpc() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let mut socket = stall.owner.socket().await;
    let path = format!("/api/orders/{order}/accept/");
    let by_rest = stall.owner.post_once(&path, json!({ "prep_minutes": 7 }), "k1").await.ok();
    let ask = json!({ "order_id": order, "prep_minutes": 7, "idempotency_key": "k1" });
    assert_eq!(socket.call("orders.accept", ask).await.expect("the same answer"), by_rest);
    let other = json!({ "order_id": order, "prep_minutes": 8, "idempotency_key": "k1" });
    assert_eq!(socket.call("orders.accept", other).await.expect_err("another body"), (422, "idempotency_key_reused".into()));
    let by_call = socket.call("orders.ready", json!({ "order_id": order, "idempotency_key": "k2" })).await.expect("is ready");
    assert_eq!(stall.owner.post_once(&format!("/api/orders/{order}/ready/"), json!({}), "k2").await.ok(), by_call);
    assert_eq!(app.log(&format!("order:{order}")).await.len(), 3, "each happened once");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_frame_of_ours_closes_the_socket() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    for text in ["hello", "{\"id\":0,\"subscribe\":{}}", "{\"id\":1,\"connect\":{}}", ""] {
        let mut socket = anna.socket().await;
        socket.send(text).await;
        assert_eq!(socket.closed().await.0, 3501, "{text}");
    }
    let mut early = app.open_socket().await;
    early.send("{\"id\":1,\"subscribe\":{\"channel\":\"order:1\"}}").await;
    assert_eq!(early.closed().await.0, 3501);
    let mut large = anna.socket().await;
    large.send(&"x".repeat(70_000)).await;
    assert_eq!(large.closed().await.0, 1009);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_source_begins_with_the_state_and_resumes_by_its_last_id() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let order = anna.order_from(&stall, 1).await;
    let (channel, own) = (format!("order:{order}"), format!("user:{}", anna.id));
    let mut source = app.listen(&[&channel, &own], &anna.token, None).await.expect("a stream");
    let begun = source.expect(|message| message["channel"] == *channel).await;
    assert_eq!(
        (&begun["offset"], &begun["recovered"], &begun["snapshot"]["status"]),
        (&json!(1), &json!(false), &json!("CREATED")),
        "{begun}"
    );
    source.expect(|message| message["channel"] == *own && message.get("snapshot").is_some()).await;
    stall.owner.act(&order, "accept", json!({})).await.ok();
    let received = source.expect(|message| message["channel"] == *channel && message["offset"] == 2).await;
    assert_eq!(received["data"]["type"], "order_accepted");
    let id = source.id.clone().expect("an id");
    drop(source);

    stall.owner.act(&order, "ready", json!({})).await.ok();
    anna.act(&order, "cancel", json!({})).await.ok();
    let mut source = app.listen(&[&channel, &own], &anna.token, Some(&id)).await.expect("a stream");
    let begun = source.expect(|message| message["channel"] == *channel).await;
    assert_eq!((&begun["recovered"], begun.get("snapshot")), (&json!(true), None), "{begun}");
    for (offset, kind) in [(3, "order_ready"), (4, "order_cancelled")] {
        let received = source.expect(|message| message["channel"] == *channel).await;
        assert_eq!((&received["offset"], &received["data"]["type"]), (&json!(offset), &json!(kind)), "{received}");
    }
    for (channels, token, status) in [
        (channel.as_str(), None, 401),
        (channel.as_str(), Some(app.customer().await.token), 404),
        ("nobodys:1", Some(anna.token.clone()), 404),
        ("", Some(anna.token.clone()), 422),
        (&vec![channel.as_str(); 33].join(","), Some(anna.token.clone()), 422),
    ] {
        let refused = Source::open(&app.url, &format!("channels={channels}"), token.as_deref(), None).await.err();
        assert_eq!(refused, Some(status), "{channels}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_opens_one_stream_and_ends_with_its_session() {
    let app = TestApp::start().await;
    let (_, anna, order) = story(&app).await;
    let channel = format!("order:{order}");
    let ticket = async || {
        let answer = anna.post("/api/live/ticket/", json!({ "channels": [channel] })).await.ok();
        assert_eq!(answer["expires_in"], 60);
        format!("ticket={}", answer["ticket"].as_str().expect("a ticket"))
    };
    let (used, late) = (ticket().await, ticket().await);
    let mut first = Source::open(&app.url, &used, None, None).await.expect("opens");
    first.expect(|message| message["snapshot"]["status"] == "CANCELLED").await;
    let mut second = Source::open(&app.url, &used, None, first.id.as_deref()).await.expect("reopens");
    second.expect(|message| message["recovered"] == true).await;
    first.ended().await;
    app.pass(TimeDelta::seconds(61)).await;
    assert_eq!(Source::open(&app.url, &late, None, None).await.err(), Some(404), "never opened in time");
    let mut third = Source::open(&app.url, &used, None, second.id.as_deref()).await.expect("reopens at any time");
    second.ended().await;
    anna.post("/api/auth/logout/", json!({})).await.ok();
    third.ended().await;
    assert_eq!(Source::open(&app.url, &used, None, None).await.err(), Some(404), "its session is over");
    let hashes: i64 = sqlx::query_scalar("select count(*) from live_ticket where encode(hash, 'escape') = any($1)")
        .bind([used.trim_start_matches("ticket="), late.trim_start_matches("ticket=")])
        .fetch_one(&app.app.pools().background)
        .await
        .expect("reads");
    assert_eq!(hashes, 0, "stored hashed");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_has_so_many_sockets_and_streams_and_no_more() {
    let app = TestApp::start_with(&[("WASSALLY_USER_CONNECTIONS", "2")]).await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    let (first, _second) = (anna.socket().await, anna.socket().await);
    let third = async || {
        let mut socket = app.open_socket().await;
        socket.send(&json!({ "id": 1, "connect": { "token": anna.token } }).to_string()).await;
        socket
    };
    assert_eq!(third().await.closed().await.0, 3504);
    let _others = ben.socket().await;
    // Only the hub's registry shows when a place is free again.
    drop(first);
    let again = async { while third().await.next_message().await["connect"].is_null() {} };
    tokio::time::timeout(PATIENCE, again).await.expect("a place that was left is free");

    let own = format!("user:{}", anna.id);
    let listen = async || app.listen(&[&own], &anna.token, None).await;
    let ticket = anna.post("/api/live/ticket/", json!({ "channels": [own] })).await.ok();
    let ticket = format!("ticket={}", ticket["ticket"].as_str().expect("a ticket"));
    let by_ticket = async || Source::open(&app.url, &ticket, None, None).await;
    let first = listen().await.expect("a stream");
    let mut second = by_ticket().await.expect("another");
    assert_eq!(listen().await.err(), Some(429));
    app.listen(&[&format!("user:{}", ben.id)], &ben.token, None).await.expect("others have their own");
    // A ticket's next stream takes the place of its last.
    let _second_again = by_ticket().await.expect("the same place");
    second.ended().await;
    assert_eq!(listen().await.err(), Some(429));
    drop(first);
    let again = async { while listen().await.is_err() {} };
    tokio::time::timeout(PATIENCE, again).await.expect("a place that was left is free");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_closes_its_sockets_within_a_second() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    let mut socket = anna.socket().await;
    anna.post("/api/auth/logout/", json!({})).await.ok();
    let began = std::time::Instant::now();
    assert_eq!(socket.closed().await.0, 3500);
    assert!(began.elapsed().as_millis() < 1500, "{:?}", began.elapsed());
    anna.get("/api/auth/user/").await.refused(401, "unauthorized");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_real_sdk_cut_off_receives_everything_once() {
    for protocol in [Protocol::Json, Protocol::Protobuf] {
        let app = TestApp::start().await;
        let (stall, anna) = (app.stall(9).await, app.customer().await);
        let shop = format!("shop:{}", stall.id);
        let board = Watcher::by_sdk(&app.url, &stall.owner.token, std::slice::from_ref(&shop), protocol).await;
        let stream = Watcher::by_sse(&app.url, &stall.owner.token, std::slice::from_ref(&shop)).await;
        for n in 0..6 {
            let order = anna.order_from(&stall, 1).await;
            // Every other time everybody is cut off in between.
            if n % 2 == 0 {
                app.app.hub().disconnect(|_, _| true, 3011, "force reconnect");
            }
            stall.owner.act(&order, "accept", json!({})).await.ok();
            anna.act(&order, "cancel", json!({})).await.ok();
        }
        let log = app.log(&shop).await;
        assert_eq!(log.len(), 18);
        board.received_all(&shop, 0, &log).await;
        stream.received_all(&shop, 0, &log).await;
        board.close().await;
        stream.close().await;
        app.end().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_javascript_sdk_cut_off_receives_everything_once() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/sdk/js");
    let is_there = std::path::Path::new(folder).join("node_modules/centrifuge").exists();
    assert!(is_there, "the SDK is not installed: `make test` does it, or run `npm ci` in tests/sdk/js");
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let shop = format!("shop:{}", stall.id);
    let mut node = tokio::process::Command::new("node")
        .args(["watch.mjs", &app.url.replacen("http", "ws", 1), &stall.owner.token, &shop, "9"])
        .current_dir(folder)
        .stdout(std::process::Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("node runs");
    let mut lines = tokio::io::AsyncBufReadExt::lines(tokio::io::BufReader::new(node.stdout.take().expect("piped")));
    let mut next = async || -> Value {
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("it says something").expect("reads");
        serde_json::from_str(&line.expect("another line")).expect("JSON")
    };
    assert_eq!(next().await["subscribed"], shop);
    for _ in 0..3 {
        let order = anna.order_from(&stall, 1).await;
        app.app.hub().disconnect(|_, _| true, 3011, "force reconnect");
        stall.owner.act(&order, "accept", json!({})).await.ok();
        anna.act(&order, "cancel", json!({})).await.ok();
    }
    let log = app.log(&shop).await;
    for (offset, body) in &log {
        let received = loop {
            let received = next().await;
            if received.get("offset").is_some() {
                break received;
            }
            assert_ne!(received["recovered"], false, "{received}");
        };
        assert_eq!((&received["offset"], received["data"].to_string()), (&json!(offset), reparsed(&(*offset, body.clone())).1));
    }
    assert!(node.wait().await.expect("ends").success());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_without_a_broker_get_each_others_messages_by_the_log() {
    let app = TestApp::start().await;
    let other = TestApp::over(&app.database, &app.database, &[]).await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let shop = format!("shop:{}", stall.id);
    let board = Watcher::by_sdk(&other.url, &stall.owner.token, std::slice::from_ref(&shop), Protocol::Json).await;
    let mut took = std::time::Duration::MAX;
    for n in 1..=3 {
        let order = anna.order_from(&stall, 1).await;
        took = board.reaches(&shop, 2 * n - 1).await;
        anna.act(&order, "cancel", json!({})).await.ok();
        board.reaches(&shop, 2 * n).await;
    }
    assert!(took.as_secs() < 4, "once they know of each other they look every second: {took:?}");
    board.received_all(&shop, 0, &app.log(&shop).await).await;
    board.close().await;
    other.end().await;
    app.end().await;
}
