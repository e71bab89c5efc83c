//! A real client SDK against the hub, in both forms of the wire.

use std::{collections::BTreeSet, time::Duration};

use centrifuge::{Client, Protocol, TransportEndpoint};
use futures_util::StreamExt;
use tokio::time::timeout;

use crate::kit::{Node, PATIENCE, until};

async fn plays(protocol: Protocol, is_emulated: bool) {
    let node = Node::start().await;
    let address = node.address;
    let builder = if is_emulated {
        let transport = TransportEndpoint::http_stream(format!("http://{address}/connection/http_stream"));
        Client::builder_with_transports([transport]).emulation_endpoint(format!("http://{address}/emulation"))
    } else {
        Client::builder(format!("ws://{address}/connection/websocket"))
    };
    let client =
        builder.protocol(protocol).token("anna+durable:u").min_reconnect_delay(Duration::from_millis(20)).build().unwrap();
    let publication = client.new_subscription("durable:1").build().unwrap();
    let open = client.new_subscription("plain:open").build().unwrap();
    let mut publications = publication.publications();
    let mut typing = open.publications();
    publication.subscribe();
    open.subscribe();
    client.connect().unwrap();
    client.ready(Some(PATIENCE)).await.unwrap();
    publication.ready(Some(PATIENCE)).await.unwrap();
    open.ready(Some(PATIENCE)).await.unwrap();

    for _ in 1..=3 {
        node.publish("durable:1");
    }
    for offset in 1..=3 {
        let publication = timeout(PATIENCE, publications.next()).await.unwrap().unwrap();
        assert_eq!((publication.offset, &publication.data[..]), (offset, format!("{{\"n\":{offset}}}").as_bytes()));
    }
    assert_eq!(&client.rpc("echo", &b"{\"a\":1}"[..]).await.unwrap().data[..], b"{\"a\":1}");
    let refused = client.rpc("conflict", &b"1"[..]).await.unwrap_err().to_string();
    assert!(refused.contains("409") && refused.contains("outbid"), "{refused}");
    open.publish(&b"\"hello\""[..]).await.unwrap();
    let received = timeout(PATIENCE, typing.next()).await.unwrap().unwrap();
    assert_eq!(&received.data[..], b"\"hello\"");
    assert_eq!(open.presence().await.unwrap().clients.len(), 1);
    assert_eq!(publication.presence_stats().await.unwrap().num_clients, 1);

    // Cut off, it comes back by itself and gets exactly what it missed.
    node.hub.disconnect(|_, _| true, 3011, "force reconnect");
    for _ in 4..=9 {
        node.publish("durable:1");
    }
    let mut seen = BTreeSet::new();
    while seen.len() < 6 {
        let publication = timeout(PATIENCE, publications.next()).await.unwrap().unwrap();
        assert!(seen.insert(publication.offset), "{} twice", publication.offset);
    }
    assert_eq!(seen, (4..=9).collect());
    client.close().await;
    until("it left", || node.hub.stats().connections == 0).await;
}

#[tokio::test]
async fn the_rust_sdk_plays_in_json() {
    plays(Protocol::Json, false).await;
}

#[tokio::test]
async fn the_rust_sdk_plays_in_protobuf() {
    plays(Protocol::Protobuf, false).await;
}

#[tokio::test]
async fn the_rust_sdk_plays_without_websocket() {
    plays(Protocol::Json, true).await;
    plays(Protocol::Protobuf, true).await;
}
