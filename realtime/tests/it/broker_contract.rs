//! What every broker promises, see `broker::Broker`; and how a hub copes with one that keeps no more than that.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use bytes::Bytes;
use tokio::sync::watch;
use wassally_realtime::broker::{Broker, Link, Receiver, Topic, memory::Bus};

use crate::kit::{Node, until};

/// Makes connected brokers for so many nodes; none has joined yet.
type Make = fn(usize) -> Vec<Arc<dyn Broker>>;

pub fn in_memory(count: usize) -> Vec<Arc<dyn Broker>> {
    let bus = Arc::new(Bus::default());
    (0..count).map(|_| Arc::new(bus.node()) as Arc<dyn Broker>).collect()
}

/// One module a broker, one test a promise.
macro_rules! keeps_the_contract {
    ($($name:ident: $make:expr;)*) => {$(
        mod $name {
            use super::*;
            const MAKE: Make = $make;
            #[tokio::test]
            async fn a_message_reaches_all_others_once() { super::a_message_reaches_all_others_once(MAKE).await; }
            #[tokio::test]
            async fn messages_of_a_node_stay_in_order() { super::messages_of_a_node_stay_in_order(MAKE).await; }
            #[tokio::test]
            async fn messages_arrive_byte_for_byte() { super::messages_arrive_byte_for_byte(MAKE).await; }
            #[tokio::test]
            async fn a_node_that_left_receives_and_sends_nothing() { super::a_node_that_left_receives_and_sends_nothing(MAKE).await; }
            #[tokio::test]
            async fn a_node_knows_whether_it_is_alone() { super::a_node_knows_whether_it_is_alone(MAKE).await; }
            #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn a_flood_from_all_sides_waits_for_nobody() { super::a_flood_from_all_sides_waits_for_nobody(MAKE).await; }
        }
    )*};
}

keeps_the_contract! {
    memory: in_memory;
}

/// Notes what it receives.
#[derive(Default)]
struct Notes(Mutex<Vec<(Topic, Bytes)>>);

impl Receiver for Notes {
    fn receive(&self, topic: Topic, message: Bytes) {
        self.0.lock().unwrap().push((topic, message));
    }
}

impl Notes {
    fn messages(&self) -> Vec<(Topic, Bytes)> {
        self.0.lock().unwrap().clone()
    }

    async fn has(&self, count: usize) -> Vec<(Topic, Bytes)> {
        until("the messages arrive", || self.0.lock().unwrap().len() >= count).await;
        self.messages()
    }
}

fn joined(make: Make, count: usize) -> Vec<(Arc<dyn Broker>, Arc<Notes>)> {
    let join = |broker: Arc<dyn Broker>| {
        let notes = Arc::new(Notes::default());
        broker.join(notes.clone());
        (broker, notes)
    };
    make(count).into_iter().map(join).collect()
}

async fn a_message_reaches_all_others_once(make: Make) {
    let nodes = joined(make, 3);
    for topic in Topic::all() {
        nodes[0].0.publish(topic, Bytes::from(topic.to_string()));
    }
    // A last message shows that nothing else is under way.
    let last = (Topic::of("last"), Bytes::from_static(b"last"));
    nodes[1].0.publish(last.0, last.1.clone());
    let mut wanted: Vec<_> = Topic::all().map(|topic| (topic, Bytes::from(topic.to_string()))).collect();
    assert_eq!(nodes[1].1.has(wanted.len()).await, wanted);
    assert_eq!(nodes[0].1.has(1).await, std::slice::from_ref(&last), "its own messages are not among them");
    wanted.push(last);
    let mut received = nodes[2].1.has(wanted.len()).await;
    received.sort();
    wanted.sort();
    assert_eq!(received, wanted);
}

async fn messages_of_a_node_stay_in_order(make: Make) {
    let nodes = joined(make, 2);
    let topics = ["a", "b", "c"].map(Topic::of);
    for n in 0..3000_u32 {
        nodes[0].0.publish(topics[n as usize % 3], Bytes::copy_from_slice(&n.to_be_bytes()));
    }
    let received = nodes[1].1.has(3000).await;
    let mut last: HashMap<Topic, Bytes> = HashMap::new();
    for (topic, message) in received {
        assert!(last.insert(topic, message.clone()).is_none_or(|before| before < message));
    }
}

async fn messages_arrive_byte_for_byte(make: Make) {
    let nodes = joined(make, 2);
    let every_byte: Vec<u8> = (0..=255).collect();
    let messages = [Bytes::new(), Bytes::from(every_byte), Bytes::from_static(b"\r\n\0 \xff"), Bytes::from(vec![7; 1 << 20])];
    let topic = Topic::of("order:1");
    for message in &messages {
        nodes[0].0.publish(topic, message.clone());
    }
    assert_eq!(nodes[1].1.has(messages.len()).await, messages.map(|message| (topic, message)));
}

async fn a_node_that_left_receives_and_sends_nothing(make: Make) {
    let nodes = joined(make, 3);
    let topic = Topic::of("order:1");
    nodes[0].0.publish(topic, Bytes::from_static(b"before"));
    nodes[1].1.has(1).await;
    nodes[1].0.leave();
    nodes[1].0.leave();
    nodes[1].0.publish(topic, Bytes::from_static(b"after leaving"));
    nodes[0].0.publish(topic, Bytes::from_static(b"after"));
    assert_eq!(nodes[2].1.has(2).await.len(), 2);
    assert_eq!((nodes[1].1.messages().len(), nodes[0].1.messages().len()), (1, 0));
}

async fn a_node_knows_whether_it_is_alone(make: Make) {
    let brokers = make(2);
    assert!(!brokers[0].has_peers(), "nobody has joined");
    brokers[0].join(Arc::new(Notes::default()));
    assert!(!brokers[0].has_peers(), "it is no peer of its own");
    brokers[1].join(Arc::new(Notes::default()));
    until("the other is known", || brokers[0].has_peers()).await;
    assert_ne!(*brokers[0].link().borrow(), Link::Down);
    brokers[1].leave();
    until("the other is gone", || !brokers[0].has_peers()).await;
}

async fn a_flood_from_all_sides_waits_for_nobody(make: Make) {
    let nodes = joined(make, 4);
    let topic = Topic::of("order:1");
    let flood = |(broker, _): &(Arc<dyn Broker>, Arc<Notes>), from: u8| {
        let broker = broker.clone();
        tokio::spawn(async move {
            (0..2000_u16).for_each(|n| broker.publish(topic, Bytes::from(vec![from, (n >> 8) as u8, n as u8])))
        })
    };
    let floods: Vec<_> = nodes.iter().zip(0..).map(|(node, from)| flood(node, from)).collect();
    for flood in floods {
        flood.await.unwrap();
    }
    for ((broker, notes), own) in nodes.iter().zip(0..) {
        let is_whole = || notes.messages().len() == 6000 || *broker.link().borrow() == Link::Down;
        until("all arrive, or the node knows that its link is down", is_whole).await;
        let mut of: HashMap<u8, Vec<Bytes>> = HashMap::new();
        notes.messages().into_iter().for_each(|(_, message)| of.entry(message[0]).or_default().push(message));
        assert!(!of.contains_key(&own));
        assert!(of.values().all(|messages| messages.is_sorted()));
    }
}

/// Loses, doubles and swaps what the broker inside carries, by chance.
struct Bad {
    inner: Arc<dyn Broker>,
    random: Mutex<fastrand::Rng>,
    held: Mutex<Vec<(Topic, Bytes)>>,
    lost: Arc<AtomicUsize>,
}

impl Broker for Bad {
    fn name(&self) -> &'static str {
        "bad"
    }

    fn join(&self, receiver: Arc<dyn Receiver>) {
        self.inner.join(receiver);
    }

    fn publish(&self, topic: Topic, message: Bytes) {
        match self.random.lock().unwrap().u8(..10) {
            0 => drop(self.lost.fetch_add(1, SeqCst)),
            1 => (0..3).for_each(|_| self.inner.publish(topic, message.clone())),
            2 => return self.held.lock().unwrap().push((topic, message)),
            3 => self.inner.publish(topic, message.slice(..message.len() / 2)),
            _ => self.inner.publish(topic, message),
        }
        for (topic, message) in std::mem::take(&mut *self.held.lock().unwrap()) {
            self.inner.publish(topic, message);
        }
    }

    fn has_peers(&self) -> bool {
        self.inner.has_peers()
    }

    fn link(&self) -> watch::Receiver<Link> {
        self.inner.link()
    }

    fn leave(&self) {
        self.inner.leave();
    }
}

#[tokio::test]
async fn a_commit_here_is_seen_there_without_the_log() {
    let [here, there] = Node::cluster(in_memory(2)).await.try_into().ok().unwrap();
    let mut anna = there.connect("anna").await;
    anna.subscribe("durable:1").await;
    let reads = there.host.reads.load(SeqCst);
    for offset in 1..=50 {
        here.publish("durable:1");
        anna.expect("durable:1", offset).await;
    }
    assert_eq!(there.host.reads.load(SeqCst), reads, "the broker carried all of them");
    assert_eq!((here.hub.stats().broker_messages, there.hub.stats().broker_messages), (0, 50));

    let ended = here.end("durable:1", &[("anna", true)]);
    anna.expect("durable:1", ended.offset).await;
    assert_eq!(anna.push("durable:1").await["unsubscribe"]["code"], 2000, "rights travel with it");
}

#[tokio::test]
async fn subscribers_notice_nothing_of_a_bad_broker() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let lost = Arc::new(AtomicUsize::new(0));
    let bad = in_memory(3).into_iter().zip(0..).map(|(inner, n)| {
        let random = Mutex::new(fastrand::Rng::with_seed(seed + n));
        Arc::new(Bad { inner, random, held: Mutex::default(), lost: lost.clone() }) as Arc<dyn Broker>
    });
    let nodes = Node::cluster(bad.collect()).await;
    let mut readers = Vec::new();
    for node in &nodes {
        let mut reader = node.connect("anna").await;
        reader.subscribe("durable:1").await;
        reader.subscribe("durable:2").await;
        readers.push(reader);
    }
    for n in 0..400 {
        nodes[n % 3].publish(if n % 2 == 0 { "durable:1" } else { "durable:2" });
    }
    // The catch-up shows what was lost at the end.
    for node in &nodes {
        assert!(node.hub.behind(&[("durable:1".into(), 200), ("durable:2".into(), 200)]).is_empty());
    }
    for reader in &mut readers {
        for offset in 1..=200 {
            reader.expect("durable:1", offset).await;
            reader.expect("durable:2", offset).await;
        }
        reader.expect_silence("durable:1").await;
        reader.expect_silence("durable:2").await;
    }
    assert!(lost.load(SeqCst) > 0);
}

#[tokio::test]
async fn messages_of_another_epoch_are_ignored() {
    let [here, there] = Node::cluster(in_memory(2)).await.try_into().ok().unwrap();
    let mut anna = there.connect("anna").await;
    anna.subscribe("durable:1").await;
    here.hub.renew("log2".into(), std::time::Duration::ZERO);
    here.publish("durable:1");
    assert_eq!((there.hub.stats().broker_messages, there.hub.stats().broker_messages_ignored), (0, 1));
    assert!(there.hub.behind(&[("durable:1".into(), 1)]).is_empty());
    anna.expect("durable:1", 1).await;
}
