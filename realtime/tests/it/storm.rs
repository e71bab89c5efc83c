//! Recovery in a crowd: loss, repeats and reconnects at once, and many clients on a cold node.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use serde_json::json;

use crate::kit::{Node, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn in_a_storm_of_loss_and_reconnects_every_client_gets_everything_once() {
    const ALL: u64 = 3000;
    let seed = std::env::var("STORM_SEED").map_or_else(|_| fastrand::u64(..), |seed| seed.parse().unwrap());
    println!("STORM_SEED={seed}");
    let node = Node::with(|config| config.fan_out_inline = 6).await;
    let (hub, host) = (node.hub.clone(), node.host.clone());
    let mut random = fastrand::Rng::with_seed(seed);
    let readers: Vec<_> = (0..12).map(|reader| (reader, random.fork())).collect();
    let storm = tokio::spawn(async move {
        let mut late = Vec::new();
        for _ in 0..ALL {
            let publication = host.commit("durable:1", &[]);
            match random.u8(..10) {
                0 => {}
                1 => late.push(publication),
                2 => hub.publish(vec![publication.clone(), publication]),
                3 => {
                    late.push(publication);
                    random.shuffle(&mut late);
                    hub.publish(std::mem::take(&mut late));
                }
                _ => hub.publish(vec![publication]),
            }
            if random.u8(..20) == 0 {
                tokio::time::sleep(Duration::from_millis(random.u64(..4))).await;
            }
        }
        let _ = hub.behind(&[("durable:1".into(), ALL)]);
    });
    let mut reading = Vec::new();
    for (reader, mut random) in readers {
        let mut client = node.connect(&format!("reader{reader}")).await;
        reading.push(tokio::spawn(async move {
            let mut last = 0;
            let see = |publication: &serde_json::Value, last: &mut u64| {
                assert_eq!(publication["offset"].as_u64().unwrap(), *last + 1, "reader {reader}");
                *last += 1;
            };
            while last < ALL {
                let result = client.recover("durable:1", "log1", last).await;
                match result["recovered"].as_bool() {
                    Some(true) => result["publications"].as_array().into_iter().flatten().for_each(|of| see(of, &mut last)),
                    // Too far behind for the recovery's limit: the snapshot replaces everything before it.
                    _ => last = result["offset"].as_u64().unwrap(),
                }
                let stay = random.u64(1..400);
                let until = (last + stay).min(ALL);
                let mut is_subscribed = true;
                while last < until && is_subscribed {
                    let push = client.push("durable:1").await;
                    match push.get("pub") {
                        Some(publication) => see(publication, &mut last),
                        None => is_subscribed = push["unsubscribe"]["code"] != 2500,
                    }
                }
                client.request(json!({ "unsubscribe": { "channel": "durable:1" } })).await;
                while let Some(push) = client.waiting("durable:1") {
                    if let Some(publication) = push.get("pub") {
                        see(publication, &mut last);
                    }
                }
            }
        }));
    }
    storm.await.unwrap();
    for reader in reading {
        reader.await.unwrap();
    }
    // Subscribers came before the first publication arrived: what a reading of the log skipped is observed late, from the catch-up's window.
    node.hub.publish(node.host.all("durable:1"));
    let mut observed: Vec<u64> = node.host.observed.lock().unwrap().iter().map(|(_, offset)| *offset).collect();
    observed.sort_unstable();
    assert!(observed.iter().copied().eq(1..=ALL), "observers too, each once: {} of {ALL}", observed.len());
}

#[tokio::test]
async fn a_crowd_that_returns_to_a_cold_node_shares_its_readings_of_the_log() {
    const CROWD: usize = 300;
    let node = Node::start().await;
    for n in 0..CROWD {
        (1..=3).for_each(|_| drop(node.host.commit(&format!("durable:{n}"), &[])));
    }
    let slow = node.host.slow_log.write().await;
    let mut crowd = Vec::new();
    for n in 0..CROWD {
        let mut client = node.connect("anna").await;
        let channel = format!("durable:{n}");
        let command = json!({ "subscribe": { "channel": channel, "recover": true, "epoch": "log1", "offset": 1 } });
        crowd.push((channel, client.send_command(command).await, client));
    }
    until("all of them wait for the log", || node.hub.stats().subscriptions == CROWD).await;
    drop(slow);
    for (channel, id, client) in &mut crowd {
        let reply = client.reply(*id).await;
        let offsets: Vec<_> = reply["subscribe"]["publications"]
            .as_array()
            .unwrap()
            .iter()
            .map(|publication| publication["offset"].clone())
            .collect();
        assert_eq!((offsets, &reply["subscribe"]["recovered"]), (vec![json!(2), json!(3)], &json!(true)), "{channel}");
    }
    let reads = node.host.reads.load(SeqCst);
    assert!(reads <= 5, "two that began at once, and the rest in two hundreds: {reads}");
}
