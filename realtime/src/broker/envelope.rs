//! The content of a broker message: a version, the sending node, the epoch of the log, and durable publications of one topic.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::Topic;
use crate::{
    host::{Epoch, Publication, Publisher, Revoke},
    protocol::ClientInfo,
};

/// The first byte of a message. A node ignores versions it does not know: during a roll-out the log carries what they held.
const VERSION: u8 = 1;

/// A message cannot be read: it has another version, or is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a message of another version, or a broken one")]
pub struct Unreadable;

/// A message, read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Envelope {
    /// The boot of the node that sent it.
    #[prost(string, tag = "1")]
    pub node: String,
    /// The epoch that the numbers belong to.
    #[prost(string, tag = "2")]
    pub epoch: String,
    #[prost(message, repeated, tag = "3")]
    rows: Vec<Row>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Row {
    #[prost(string, tag = "1")]
    channel: String,
    #[prost(uint64, tag = "2")]
    offset: u64,
    #[prost(bytes = "bytes", tag = "3")]
    body: Bytes,
    #[prost(message, repeated, tag = "4")]
    revokes: Vec<Revocation>,
    #[prost(message, optional, tag = "5")]
    by: Option<ClientInfo>,
    #[prost(bytes = "bytes", optional, tag = "6")]
    internal: Option<Bytes>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Revocation {
    #[prost(string, tag = "1")]
    user: String,
    #[prost(bool, tag = "2")]
    inclusive: bool,
}

/// Publications as messages, one a topic, each in the order given.
pub fn messages(node: &str, epoch: &Epoch, publications: &[Publication]) -> Vec<(Topic, Bytes)> {
    let mut topics: BTreeMap<Topic, Vec<Row>> = BTreeMap::new();
    for publication in publications {
        topics.entry(Topic::of(&publication.channel)).or_default().push(Row::from(publication));
    }
    let sealed = topics.into_iter().map(|(topic, rows)| {
        let envelope = Envelope { node: node.to_owned(), epoch: epoch.to_string(), rows };
        (topic, envelope.seal())
    });
    sealed.collect()
}

impl Envelope {
    fn seal(&self) -> Bytes {
        let mut message = Vec::with_capacity(1 + self.encoded_len());
        message.push(VERSION);
        message.extend_from_slice(&self.encode_to_vec());
        message.into()
    }

    /// Reads a message.
    pub fn open(message: Bytes) -> Result<Self, Unreadable> {
        match message.first() {
            Some(&VERSION) => Self::decode(message.slice(1..)).map_err(|_| Unreadable),
            _ => Err(Unreadable),
        }
    }

    /// The publications, in the order in which they were published.
    pub fn publications(self) -> Vec<Publication> {
        self.rows.into_iter().map(Publication::from).collect()
    }
}

impl From<&Publication> for Row {
    fn from(of: &Publication) -> Self {
        let revocation = |revoke: &Revoke| Revocation { user: revoke.user.to_string(), inclusive: revoke.inclusive };
        Self {
            channel: of.channel.to_string(),
            offset: of.offset,
            body: of.body.clone(),
            revokes: of.revokes.iter().map(revocation).collect(),
            by: of.by.as_deref().map(ClientInfo::from),
            internal: of.internal.clone(),
        }
    }
}

impl From<Row> for Publication {
    fn from(of: Row) -> Self {
        let revoke = |revocation: Revocation| Revoke { user: revocation.user.into(), inclusive: revocation.inclusive };
        Self {
            channel: of.channel.into(),
            offset: of.offset,
            body: of.body,
            internal: of.internal,
            revokes: of.revokes.into_iter().map(revoke).collect(),
            by: of.by.map(|by| Arc::new(publisher(by))),
        }
    }
}

fn publisher(of: ClientInfo) -> Publisher {
    let given = |info: Bytes| Some(info).filter(|info| !info.is_empty());
    Publisher { user: of.user.into(), client: of.client.into(), conn_info: given(of.conn_info), chan_info: given(of.chan_info) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publication(channel: &str, offset: u64) -> Publication {
        let by = Publisher { user: "anna".into(), client: "c1".into(), conn_info: Some("{}".into()), chan_info: None };
        Publication {
            channel: channel.into(),
            offset,
            body: Bytes::from_static(&[0, 255, 1]),
            internal: Some(Bytes::from_static(b"{\"fee\":3}")),
            revokes: vec![Revoke { user: "ben".into(), inclusive: true }],
            by: Some(Arc::new(by)),
        }
    }

    fn same(one: &Publication, other: &Publication) -> bool {
        (&one.channel, one.offset, &one.body, &one.internal, &one.revokes, &one.by)
            == (&other.channel, other.offset, &other.body, &other.internal, &other.revokes, &other.by)
    }

    #[test]
    fn a_message_holds_everything_of_its_publications() {
        let sent = [publication("order:1", 7), publication("order:1", 8)];
        let [(topic, message)] = messages("n1", &"log1".into(), &sent).try_into().expect("one channel, one topic");
        assert_eq!(topic, Topic::of("order:1"));
        let envelope = Envelope::open(message).expect("readable");
        assert_eq!((envelope.node.as_str(), envelope.epoch.as_str()), ("n1", "log1"));
        let read = envelope.publications();
        assert!(read.len() == 2 && read.iter().zip(&sent).all(|(one, other)| same(one, other)), "{read:?}");
    }

    #[test]
    fn each_topic_gets_its_own_message_in_the_order_published() {
        let sent: Vec<Publication> = (1..=200).map(|n| publication(&format!("order:{}", n % 50), n)).collect();
        let mut count = 0;
        for (topic, message) in messages("n1", &"log1".into(), &sent) {
            let rows = Envelope::open(message).expect("readable").publications();
            assert!(rows.iter().all(|row| Topic::of(&row.channel) == topic));
            assert!(rows.is_sorted_by_key(|row| row.offset));
            count += rows.len();
        }
        assert_eq!(count, sent.len());
    }

    #[test]
    fn other_versions_and_broken_messages_are_unreadable() {
        let (_, message) = messages("n1", &"log1".into(), &[publication("order:1", 7)]).remove(0);
        let mut newer = message.to_vec();
        newer[0] = VERSION + 1;
        assert_eq!(Envelope::open(newer.into()), Err(Unreadable));
        assert_eq!(Envelope::open(Bytes::new()), Err(Unreadable));
        assert_eq!(Envelope::open(message.slice(..message.len() - 1)), Err(Unreadable));
    }
}
