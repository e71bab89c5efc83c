//! Readers that do not keep up, and the one writer under everything at once.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::kit::{Client, Node, Raw, until};

async fn narrow(node: &Node, user: &str) -> Client {
    let mut raw = Raw::open_narrow(&node.url()).await;
    raw.hello(json!({ "token": user })).await;
    Client(raw)
}

#[tokio::test]
async fn a_durable_reader_that_is_too_slow_is_closed_and_resumes() {
    let node = Node::start().await;
    let mut slow = narrow(&node, "anna").await;
    let mut quick = node.connect("ben").await;
    slow.subscribe("durable:1").await;
    quick.subscribe("durable:1").await;
    let body = format!(r#"{{"n":0,"pad":"{}"}}"#, "x".repeat(20_000));
    for _ in 0..60 {
        let mut publication = node.host.commit("durable:1", &[]);
        publication.body = body.clone().into();
        node.hub.publish(vec![publication]);
        quick.publication("durable:1").await;
    }
    until("the slow reader is closed", || node.hub.stats().slow == 1).await;
    let mut last = 0;
    let code = loop {
        match slow.read_frame().await {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                last += 1;
                assert_eq!(message["push"]["pub"]["offset"], last, "whole frames, in order, to the last");
            }
            Message::Close(frame) => break u16::from(frame.unwrap().code),
            _ => {}
        }
    };
    assert_eq!(code, 3008);
    let mut back = node.connect("anna").await;
    let result = back.recover("durable:1", "log1", last).await;
    assert_eq!(result["publications"].as_array().unwrap().len() as u64, 60 - last);
}

#[tokio::test]
async fn a_ping_behind_unread_bytes_excuses_a_missing_pong() {
    const WRITES: u64 = 60;
    let quick = |config: &mut wassally_realtime::Config| {
        config.ping_interval = Duration::from_millis(600);
        config.pong_timeout = Duration::from_millis(500);
    };
    let node = Node::with(quick).await;
    let mut slow = narrow(&node, "anna").await;
    let mut silent = node.connect("ben").await;
    silent.answers_pings = false;
    slow.subscribe("durable:1").await;
    for n in 1..=WRITES {
        let mut publication = node.host.commit("durable:1", &[]);
        publication.body = format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat(2000)).into();
        node.hub.publish(vec![publication]);
    }
    assert_eq!(silent.closed().await.0, 3012, "nothing was on its way to this one");
    for offset in 1..=WRITES {
        // The pace of the line: 2 kB each 40 ms, so that its first ping stands behind two seconds of older bytes.
        tokio::time::sleep(Duration::from_millis(40)).await;
        slow.expect("durable:1", offset).await;
    }
    while slow.pings < 2 {
        slow.receive().await.unwrap();
    }
    slow.expect_silence("durable:1").await;
}

#[tokio::test]
async fn an_ephemeral_reader_that_lags_gets_the_full_state() {
    let node = Node::start().await;
    let mut slow = narrow(&node, "anna").await;
    slow.subscribe("deltas:1").await;
    let delta = format!(r#"{{"added":"{}"}}"#, "x".repeat(2000));
    let snapshots = node.host.snapshots.load(SeqCst);
    let mut sent = 0;
    while node.hub.stats().lagged == 0 {
        node.hub.publish_ephemeral("deltas:1", delta.clone().into());
        sent += 1;
        assert!(sent < 2000, "the kernel buffers a bounded amount");
    }
    (0..1000).for_each(|_| node.hub.publish_ephemeral("deltas:1", delta.clone().into()));
    let mut deltas = 0;
    loop {
        let publication = slow.publication("deltas:1").await;
        if publication["data"]["full"] == true {
            break;
        }
        deltas += 1;
    }
    assert!(deltas <= sent, "{deltas} of {sent}: nothing was queued for it");
    assert_eq!(node.host.snapshots.load(SeqCst), snapshots + 1);
    node.hub.publish_ephemeral("deltas:1", r#"{"after":1}"#.into());
    assert_eq!(slow.publication("deltas:1").await["data"]["after"], 1);
    assert_eq!(node.hub.stats().slow, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_writer_under_direct_writes_pings_calls_and_small_buffers() {
    const WRITES: u64 = 34_000;
    let node = Node::with(|config| config.queue_limit = 64 << 20).await;
    let mut clients = Vec::new();
    for user in ["anna", "ben", "carl"] {
        let mut client = narrow(&node, user).await;
        client.subscribe("durable:1").await;
        clients.push(client);
    }
    let hub = node.hub.clone();
    let host = node.host.clone();
    let writer = tokio::task::spawn_blocking(move || {
        for n in 0..WRITES {
            let mut publication = host.commit("durable:1", &[]);
            publication.body = format!(r#"{{"n":{n},"pad":"{}"}}"#, "x".repeat((n * 37 % 900) as usize)).into();
            hub.publish(vec![publication]);
        }
    });
    let readers = clients.into_iter().map(|mut client| {
        tokio::spawn(async move {
            let (mut next, mut pongs, mut calls) = (1, 0, 0);
            // tungstenite is the strict decoder: a torn or mixed frame is an error of its own.
            while next <= WRITES || pongs < 50 || calls < 50 {
                if next % 100 == 0 && calls < 50 {
                    calls += 1;
                    client.send_command(json!({ "rpc": { "method": "echo", "data": calls } })).await;
                }
                if pongs < 50 {
                    client.send_frame(Message::Ping(vec![7; 60].into())).await;
                }
                match client.read_frame().await {
                    Message::Text(text) => {
                        let message: Value = serde_json::from_str(&text).unwrap();
                        if let Some(publication) = message.pointer("/push/pub") {
                            assert_eq!(publication["offset"], next);
                            next += 1;
                        }
                    }
                    Message::Pong(payload) => {
                        assert_eq!(payload.len(), 60);
                        pongs += 1;
                    }
                    other => panic!("{other:?}"),
                }
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    writer.await.unwrap();
    assert_eq!(node.hub.stats().slow, 0);
}
