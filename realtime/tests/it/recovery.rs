//! Durable channels: order, gaps, recovery, revocations; rings; server-side subscriptions.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use serde_json::json;

use crate::kit::{Node, until};

#[tokio::test]
async fn a_fresh_subscriber_gets_the_state_and_what_follows() {
    let node = Node::start().await;
    (1..=3).for_each(|_| drop(node.host.commit("durable:1", &[])));
    let mut anna = node.connect("anna").await;
    let result = anna.subscribe("durable:1").await;
    assert_eq!(
        result,
        json!({ "recoverable": true, "positioned": true, "epoch": "log1", "offset": 3, "data": { "full": true, "at": 3 } })
    );
    for offset in 4..=20 {
        assert_eq!(node.publish("durable:1"), offset);
        anna.expect("durable:1", offset).await;
    }
    assert_eq!(
        node.host.observed.lock().unwrap().iter().map(|(_, offset)| *offset).collect::<Vec<_>>(),
        (4..=20).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn repeats_and_crossings_arrive_once_and_in_order() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    anna.subscribe("durable:1").await;
    let rows: Vec<_> = (1..=6).map(|_| node.host.commit("durable:1", &[])).collect();
    for at in [1, 0, 0, 2, 4, 3, 2, 5, 1] {
        node.hub.publish(vec![rows[at].clone()]);
    }
    for offset in 1..=6 {
        anna.expect("durable:1", offset).await;
    }
    anna.expect_silence("durable:1").await;
    assert_eq!(node.host.observed.lock().unwrap().len(), 6);
}

#[tokio::test]
async fn missing_publications_are_backfilled_from_the_log() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    anna.subscribe("durable:1").await;
    node.publish("durable:1");
    anna.expect("durable:1", 1).await;
    (2..=9).for_each(|_| drop(node.host.commit("durable:1", &[])));
    node.publish("durable:1");
    for offset in 2..=10 {
        anna.expect("durable:1", offset).await;
    }
    assert_eq!(node.hub.stats().backfilled, 9);

    // The catch-up finds a loss that no later publication shows; the host publishes a channel without a sequencer.
    node.host.commit("durable:1", &[]);
    let unknown = node.hub.behind(&[("durable:1".into(), 11), ("durable:2".into(), 4)]);
    assert_eq!(unknown, ["durable:2".into()]);
    anna.expect("durable:1", 11).await;
    assert_eq!(node.host.observed.lock().unwrap().len(), 11);
}

#[tokio::test]
async fn publications_under_way_during_a_subscribe_are_observed_too() {
    let node = Node::start().await;
    let (first, second) = (node.host.commit("durable:1", &[]), node.host.commit("durable:1", &[]));
    let mut anna = node.connect("anna").await;
    assert_eq!(anna.subscribe("durable:1").await["offset"], 2);
    node.hub.publish(vec![second.clone(), second.clone()]);
    assert_eq!(node.host.observed.lock().unwrap().len(), 1);
    assert_eq!(node.hub.behind(&[("durable:1".into(), 2)]), [], "the last was observed");
    node.hub.publish(vec![first, second]);
    node.publish("durable:1");
    anna.expect("durable:1", 3).await;
    let observed: Vec<u64> = node.host.observed.lock().unwrap().iter().map(|(_, offset)| *offset).collect();
    assert_eq!(observed, [2, 1, 3]);
    node.host.commit("durable:2", &[]);
    anna.subscribe("durable:2").await;
    assert_eq!(
        node.hub.behind(&[("durable:2".into(), 1)]),
        ["durable:2".into()],
        "missing for the observers until the host fills it"
    );
}

#[tokio::test]
async fn an_unavailable_log_is_read_again() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    anna.subscribe("durable:1").await;
    node.publish("durable:1");
    anna.expect("durable:1", 1).await;
    node.host.is_log_away.store(true, SeqCst);
    let reads = node.host.reads.load(SeqCst);
    node.host.commit("durable:1", &[]);
    node.publish("durable:1");
    until("the log was asked in vain", || node.host.reads.load(SeqCst) > reads).await;
    node.host.is_log_away.store(false, SeqCst);
    anna.expect("durable:1", 2).await;
    anna.expect("durable:1", 3).await;
}

#[tokio::test]
async fn a_gap_too_wide_ends_the_subscription_and_recovery_is_refused() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    anna.subscribe("durable:1").await;
    node.publish("durable:1");
    anna.expect("durable:1", 1).await;
    (0..1500).for_each(|_| drop(node.host.commit("durable:1", &[])));
    node.publish("durable:1");
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2500);
    let result = anna.recover("durable:1", "log1", 1).await;
    assert_eq!((&result["was_recovering"], result.get("recovered")), (&json!(true), None), "1,501 are too many");
    assert_eq!((&result["offset"], &result["data"]["at"]), (&json!(1502), &json!(1502)));
    node.publish("durable:1");
    anna.expect("durable:1", 1503).await;
}

#[tokio::test]
async fn a_returning_client_gets_exactly_the_rest_from_any_node() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    anna.subscribe("durable:1").await;
    for _ in 1..=5 {
        node.publish("durable:1");
    }
    let offsets = |result: &serde_json::Value| -> Vec<u64> {
        result["publications"].as_array().unwrap().iter().map(|of| of["offset"].as_u64().unwrap()).collect()
    };
    let reads = node.host.reads.load(SeqCst);
    let mut back = node.connect("anna").await;
    let result = back.recover("durable:1", "log1", 2).await;
    assert_eq!((offsets(&result), &result["offset"], &result["recovered"]), (vec![3, 4, 5], &json!(2), &json!(true)));
    assert_eq!(node.host.reads.load(SeqCst), reads, "from memory");

    let other = node.beside().await;
    let mut there = other.connect("anna").await;
    let result = there.recover("durable:1", "log1", 2).await;
    assert_eq!(offsets(&result), [3, 4, 5], "from the log");
    let six = node.host.commit("durable:1", &[]);
    for node in [&node, &other] {
        node.hub.publish(vec![six.clone()]);
    }
    back.expect("durable:1", 6).await;
    there.expect("durable:1", 6).await;

    for (epoch, offset, recovered) in [("log1", 6, true), ("", 6, true), ("log1", 7, false), ("log0", 6, false), ("_", 0, false)]
    {
        back.request(json!({ "unsubscribe": { "channel": "durable:1" } })).await;
        let result = back.recover("durable:1", epoch, offset).await;
        assert_eq!(result.get("recovered").is_some(), recovered, "{epoch} {offset}: {result}");
        assert_eq!(result["offset"], 6);
    }
    back.request(json!({ "unsubscribe": { "channel": "durable:1" } })).await;
    let reload = back.request(json!({ "subscribe": { "channel": "durable:1", "recover": true, "epoch": "x", "flag": 2 } })).await;
    assert_eq!(reload["error"]["code"], 112);
    node.host.gone.lock().unwrap().insert("durable:9".into(), 3);
    (0..4).for_each(|_| drop(node.host.commit("durable:9", &[])));
    let gone = back.recover("durable:9", "log1", 1).await;
    assert_eq!((gone.get("recovered"), &gone["offset"]), (None, &json!(4)));
}

#[tokio::test]
async fn a_right_ends_at_its_revocation() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let mut ben = node.connect("ben").await;
    let mut staff = node.connect("staff").await;
    for client in [&mut anna, &mut ben, &mut staff] {
        client.subscribe("durable:1").await;
    }
    node.publish("durable:1");
    node.end("durable:1", &[("anna", true), ("ben", false)]);
    node.publish("durable:1");
    anna.expect("durable:1", 1).await;
    anna.expect("durable:1", 2).await;
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2000);
    ben.expect("durable:1", 1).await;
    assert_eq!(ben.push("durable:1").await["unsubscribe"]["code"], 2000);
    for offset in 1..=3 {
        staff.expect("durable:1", offset).await;
    }
    anna.expect_silence("durable:1").await;
    ben.expect_silence("durable:1").await;
}

#[tokio::test]
async fn a_revocation_below_the_position_is_checked_again() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let late = {
        let ends = [wassally_realtime::host::Revoke { user: "anna".into(), inclusive: true }];
        node.host.commit("durable:1", &ends)
    };
    node.host.commit("durable:1", &[]);
    anna.subscribe("durable:1").await;
    node.host.banned.lock().unwrap().insert("anna".into());
    node.hub.publish(vec![late]);
    anna.expect_silence("durable:1").await;
    // Below the sequencer nothing is delivered again; on a node that does not know the channel the revocation arrives late.
    let publication = node.end("durable:1", &[("anna", false)]);
    assert_eq!(publication.offset, 3);
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2000);
}

#[tokio::test]
async fn server_side_subscriptions_recover_too() {
    let node = Node::start().await;
    let first = node.connect("anna+durable:u,durable:v").await;
    assert_eq!(first.hello["subs"]["durable:u"]["offset"].as_u64(), None, "0 is left out");
    drop(first);
    for _ in 1..=4 {
        node.publish("durable:u");
    }
    let mut raw = node.raw().await;
    let subs = json!({ "durable:u": { "recover": true, "epoch": "log1", "offset": 1 } });
    let reply = raw.request(json!({ "connect": { "token": "anna+durable:u", "subs": subs } })).await;
    let sub = &reply["connect"]["subs"]["durable:u"];
    assert_eq!((&sub["recovered"], sub["publications"].as_array().unwrap().len()), (&json!(true), 3));
    node.publish("durable:u");
    assert_eq!(raw.publication("durable:u").await["offset"], 5);
    let again = raw.request(json!({ "subscribe": { "channel": "durable:u" } })).await;
    assert_eq!(again["error"]["code"], 105);

    let mut ben = node.connect("ben").await;
    node.hub.subscribe("ben", None, "durable:u", wassally_realtime::Grant::of(wassally_realtime::Retention::Durable));
    let push = ben.push("durable:u").await;
    assert_eq!(
        push["subscribe"],
        json!({ "recoverable": true, "epoch": "log1", "offset": 5, "positioned": true, "data": { "full": true, "at": 5 } })
    );
    node.publish("durable:u");
    ben.expect("durable:u", 6).await;
}

#[tokio::test]
async fn a_new_log_makes_every_client_start_over() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let mut ben = node.connect("ben+durable:1").await;
    anna.subscribe("durable:1").await;
    anna.subscribe("latest:1").await;
    node.publish("durable:1");
    node.hub.renew("log2".into(), Duration::from_millis(20));
    assert_eq!(anna.publication("durable:1").await["offset"], 1);
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2502);
    assert_eq!(ben.closed().await.0, 3014);
    assert_eq!(&*node.hub.epoch(), "log2");
    assert_eq!(node.hub.subscriber_count("latest:1"), 1);
}

#[tokio::test]
async fn a_ring_numbers_by_itself_and_recovers_what_it_holds() {
    let node = Node::start().await;
    let mut anna = node.connect("anna").await;
    let result = anna.subscribe("ring:1").await;
    let epoch = result["epoch"].as_str().unwrap().to_owned();
    assert!(result["recoverable"].as_bool().unwrap() && epoch.len() > 36, "{result}");
    for n in 1..=3 {
        node.hub.publish_ephemeral("ring:1", format!(r#"{{"n":{n}}}"#).into());
        anna.expect("ring:1", n).await;
    }
    drop(anna);
    until("anna left", || node.hub.subscriber_count("ring:1") == 0).await;
    (4..=6).for_each(|n| node.hub.publish_ephemeral("ring:1", format!(r#"{{"n":{n}}}"#).into()));
    let mut back = node.connect("anna").await;
    let result = back.recover("ring:1", &epoch, 3).await;
    assert_eq!((&result["recovered"], result["publications"].as_array().unwrap().len()), (&json!(true), 3));
    back.request(json!({ "unsubscribe": { "channel": "ring:1" } })).await;
    let result = back.recover("ring:1", &epoch, 0).await;
    assert_eq!((result.get("recovered"), &result["offset"]), (None, &json!(6)), "1 is gone from a ring of 5");
    assert_eq!(result["data"]["full"], true);
    let page = back.request(json!({ "history": { "channel": "ring:1", "limit": 2, "reverse": true } })).await;
    assert_eq!(page["history"]["publications"][0]["offset"], 6);
}

#[tokio::test]
async fn a_reader_with_new_rights_begins_with_the_state_not_with_what_it_missed() {
    let node = Node::start().await;
    let mut ben = node.connect("ben").await;
    ben.subscribe("durable:1").await;
    node.publish("durable:1");
    node.end("durable:1", &[("anna", false)]);
    node.publish("durable:1");
    for offset in 1..=3 {
        ben.expect("durable:1", offset).await;
    }
    // The right was granted again: recovering across its revocation would end it at that number again and again.
    let mut anna = node.connect("anna").await;
    let back = json!({ "subscribe": { "channel": "durable:1", "recover": true, "offset": 1, "epoch": "log1" } });
    let result = anna.request(back).await["subscribe"].clone();
    assert_eq!(
        result,
        json!({ "recoverable": true, "positioned": true, "was_recovering": true, "epoch": "log1", "offset": 3, "data": { "full": true, "at": 3 } })
    );
    node.publish("durable:1");
    anna.expect("durable:1", 4).await;
}

#[tokio::test]
async fn observers_get_the_internal_part_and_subscribers_never_do() {
    let [here, there] = Node::cluster(crate::broker_contract::in_memory(2)).await.try_into().ok().unwrap();
    let mut anna = there.connect("anna").await;
    anna.subscribe("durable:1").await;
    let commit = || {
        let mut publication = here.host.commit("durable:1", &[]);
        publication.internal = Some(format!("internal {}", publication.offset).into());
        here.host.replace(publication.clone());
        publication
    };
    // The first and third reach the other node by the broker, the second only by the log.
    here.hub.publish(vec![commit()]);
    let _lost = commit();
    here.hub.publish(vec![commit()]);
    for _ in 1..=3 {
        let publication = anna.publication("durable:1").await;
        assert!(!publication.to_string().contains("internal"), "{publication}");
    }
    let missed = anna.request(json!({ "history": { "channel": "durable:1", "limit": 9 } })).await;
    assert!(!missed.to_string().contains("internal"), "{missed}");
    let count = |offset: u64| {
        let wanted = format!("internal {offset}");
        there.host.internal.lock().unwrap().iter().filter(|part| **part == wanted).count()
    };
    until("the observers of both nodes got each part", || [count(1), count(2), count(3)] == [2, 2, 2]).await;
}
