//! Fleeting channels, presence, joins and leaves.

use serde_json::json;

use crate::kit::{Node, until};

#[tokio::test]
async fn a_snapshot_comes_with_the_reply_and_changes_follow() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    for channel in ["latest:1", "deltas:1"] {
        let result = anna.subscribe(channel).await;
        assert_eq!(result, json!({ "data": { "full": true, "at": 0 } }));
        node.hub.publish_ephemeral(channel, r#"{"moved":true}"#.into());
        assert_eq!(anna.publication(channel).await, json!({ "data": { "moved": true } }), "no offset where nothing is numbered");
    }
    assert_eq!(anna.subscribe("plain:1").await, json!({}));
    node.hub.publish_ephemeral("nobody:1", "1".into());
    let mut observed: Vec<String> = node.hub.channels_with_prefix("").iter().map(|of| of.to_string()).collect();
    observed.sort();
    assert_eq!(observed, ["deltas:1", "latest:1", "plain:1"]);
}

#[tokio::test]
async fn clients_publish_where_their_grant_allows_it() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let mut ben = node.connect("ben").await;
    anna.subscribe("plain:open").await;
    ben.subscribe("plain:open").await;
    let published = anna.request(json!({ "publish": { "channel": "plain:open", "data": { "typing": true } } })).await;
    assert_eq!(published["publish"], json!({}));
    let publication = ben.publication("plain:open").await;
    assert_eq!(publication["data"], json!({ "typing": true }));
    assert_eq!(publication["info"]["user"], "anna");
    assert_eq!(publication["info"]["client"], anna.hello["client"]);
    assert_eq!(anna.publication("plain:open").await["info"]["user"], "anna", "the publisher hears itself");
    let nothing = anna.request(json!({ "publish": { "channel": "plain:open" } })).await;
    assert_eq!(nothing["error"]["code"], 107);
}

#[tokio::test]
async fn presence_lists_the_subscribers() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let mut ben = node.connect("ben").await;
    let mut phone = node.connect("ben").await;
    anna.subscribe("plain:open").await;
    assert_eq!(anna.push("plain:open").await["join"]["info"]["user"], "anna", "its own join too");
    ben.subscribe("plain:open").await;
    assert_eq!(anna.push("plain:open").await["join"]["info"]["user"], "ben");
    phone.subscribe("plain:open").await;
    let present = anna.request(json!({ "presence": { "channel": "plain:open" } })).await;
    let present = present["presence"]["presence"].as_object().unwrap().clone();
    assert_eq!(present.len(), 3);
    let client = ben.hello["client"].as_str().unwrap();
    assert_eq!(present[client], json!({ "user": "ben", "client": client }));
    let counts = anna.request(json!({ "presence_stats": { "channel": "plain:open" } })).await;
    assert_eq!(counts["presence_stats"], json!({ "num_clients": 3, "num_users": 2 }));
    drop(phone);
    ben.request(json!({ "unsubscribe": { "channel": "plain:open" } })).await;
    assert_eq!(anna.push("plain:open").await["join"]["info"]["user"], "ben");
    for _ in 0..2 {
        assert_eq!(anna.push("plain:open").await["leave"]["info"]["user"], "ben");
    }
    assert_eq!(node.hub.presence("plain:open").len(), 1);
    anna.subscribe("plain:counted").await;
    assert_eq!(anna.request(json!({ "presence": { "channel": "plain:counted" } })).await["error"]["code"], 108);
    let counts = anna.request(json!({ "presence_stats": { "channel": "plain:counted" } })).await;
    assert_eq!(counts["presence_stats"]["num_clients"], 1);
    drop(anna);
    until("nobody is left", || node.hub.stats().subscriptions == 0).await;
    until("no room is left", || node.hub.channels_with_prefix("plain").is_empty()).await;
}

#[tokio::test]
async fn a_large_channel_is_served_by_its_own_task_in_order() {
    let node = Node::with(|config| config.fan_out_inline = 2).await;
    let mut clients = Vec::new();
    for user in 0..10 {
        let mut client = node.connect(&user.to_string()).await;
        client.subscribe("durable:1").await;
        client.subscribe("plain:1").await;
        clients.push(client);
    }
    for n in 1..=500 {
        node.publish("durable:1");
        node.hub.publish_ephemeral("plain:1", n.to_string().into());
    }
    for client in &mut clients {
        for n in 1..=500 {
            client.expect("durable:1", n).await;
            assert_eq!(client.publication("plain:1").await["data"], n);
        }
    }
}

#[tokio::test]
async fn clients_that_ask_get_deltas_to_the_previous_publication() {
    let node = Node::start().await;
    let mut whole = node.connect("anna").await;
    let mut delta_client = node.connect("ben").await;
    whole.subscribe("plain:1").await;
    let command = json!({ "subscribe": { "channel": "plain:1", "delta": "fossil" } });
    assert_eq!(delta_client.request(command).await["subscribe"], json!({ "delta": true }));
    let body = |status: &str| format!(r#"{{"id":"0198aa11","stops":[1,2,3,4,5,6,7,8,9],"status":"{status}"}}"#);
    for (at, status) in ["created", "принят", "shipped"].into_iter().enumerate() {
        node.hub.publish_ephemeral("plain:1", body(status).into());
        assert_eq!(whole.publication("plain:1").await["data"]["status"], status);
        let publication = delta_client.publication("plain:1").await;
        let text = publication["data"].as_str().unwrap();
        if at == 0 {
            assert_eq!((text, publication.get("delta")), (body(status).as_str(), None), "the first is whole, as text");
        } else {
            assert!(publication["delta"].as_bool().unwrap() && text.len() < body(status).len() / 2, "{text}");
        }
    }
}
