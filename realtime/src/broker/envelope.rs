//! What stands in a letter: a version, who says it, in which life of the log, and kept publications of one topic.

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use prost::Message;

use super::Topic;
use crate::{
    channels::said,
    host::{Epoch, Publication, Publisher, Revoke},
    protocol::ClientInfo,
};

/// The first byte of a letter. A node ignores versions it does not know: during a roll-out the log carries what they held.
const VERSION: u8 = 1;

/// A letter cannot be read: of another version, or broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a letter of another version, or a broken one")]
pub struct Unreadable;

/// A letter, read.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Envelope {
    /// The boot of the node that says it.
    #[prost(string, tag = "1")]
    pub node: String,
    /// The life of the log that the numbers belong to.
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
    revokes: Vec<End>,
    #[prost(message, optional, tag = "5")]
    by: Option<ClientInfo>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct End {
    #[prost(string, tag = "1")]
    user: String,
    #[prost(bool, tag = "2")]
    sees: bool,
}

/// Publications as letters, one a topic, each in the order given.
pub fn letters(node: &str, epoch: &Epoch, publications: &[Publication]) -> Vec<(Topic, Bytes)> {
    let mut topics: BTreeMap<Topic, Vec<Row>> = BTreeMap::new();
    for kept in publications {
        topics.entry(Topic::of(&kept.channel)).or_default().push(Row::from(kept));
    }
    let sealed = topics.into_iter().map(|(topic, rows)| {
        let envelope = Envelope { node: node.to_owned(), epoch: epoch.to_string(), rows };
        (topic, envelope.seal())
    });
    sealed.collect()
}

impl Envelope {
    fn seal(&self) -> Bytes {
        let mut letter = Vec::with_capacity(1 + self.encoded_len());
        letter.push(VERSION);
        letter.extend_from_slice(&self.encode_to_vec());
        letter.into()
    }

    /// Opens a letter.
    pub fn open(letter: Bytes) -> Result<Self, Unreadable> {
        match letter.first() {
            Some(&VERSION) => Self::decode(letter.slice(1..)).map_err(|_| Unreadable),
            _ => Err(Unreadable),
        }
    }

    /// What it holds, in the order in which it was said.
    pub fn publications(self) -> Vec<Publication> {
        self.rows.into_iter().map(Publication::from).collect()
    }
}

impl From<&Publication> for Row {
    fn from(of: &Publication) -> Self {
        Self {
            channel: of.channel.to_string(),
            offset: of.offset,
            body: of.body.clone(),
            revokes: of.revokes.iter().map(|ends| End { user: ends.user.to_string(), sees: ends.sees }).collect(),
            by: of.by.as_deref().map(said::info),
        }
    }
}

impl From<Row> for Publication {
    fn from(of: Row) -> Self {
        Self {
            channel: of.channel.into(),
            offset: of.offset,
            body: of.body,
            revokes: of.revokes.into_iter().map(|ends| Revoke { user: ends.user.into(), sees: ends.sees }).collect(),
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

    fn kept(channel: &str, offset: u64) -> Publication {
        let by = Publisher { user: "anna".into(), client: "c1".into(), conn_info: Some("{}".into()), chan_info: None };
        let revokes = vec![Revoke { user: "ben".into(), sees: true }];
        Publication { channel: channel.into(), offset, body: Bytes::from_static(&[0, 255, 1]), revokes, by: Some(Arc::new(by)) }
    }

    fn same(one: &Publication, other: &Publication) -> bool {
        (&one.channel, one.offset, &one.body, &one.revokes, &one.by)
            == (&other.channel, other.offset, &other.body, &other.revokes, &other.by)
    }

    #[test]
    fn a_letter_holds_everything_of_its_publications() {
        let said = [kept("order:1", 7), kept("order:1", 8)];
        let [(topic, letter)] = letters("n1", &"log1".into(), &said).try_into().expect("one channel, one topic");
        assert_eq!(topic, Topic::of("order:1"));
        let envelope = Envelope::open(letter).expect("readable");
        assert_eq!((envelope.node.as_str(), envelope.epoch.as_str()), ("n1", "log1"));
        let read = envelope.publications();
        assert!(read.len() == 2 && read.iter().zip(&said).all(|(one, other)| same(one, other)), "{read:?}");
    }

    #[test]
    fn each_topic_gets_a_letter_of_its_own_in_the_order_said() {
        let said: Vec<Publication> = (1..=200).map(|n| kept(&format!("order:{}", n % 50), n)).collect();
        let letters = letters("n1", &"log1".into(), &said);
        let mut heard = 0;
        for (topic, letter) in letters {
            let rows = Envelope::open(letter).expect("readable").publications();
            assert!(rows.iter().all(|row| Topic::of(&row.channel) == topic));
            assert!(rows.is_sorted_by_key(|row| row.offset));
            heard += rows.len();
        }
        assert_eq!(heard, said.len());
    }

    #[test]
    fn another_version_and_broken_letters_are_unreadable() {
        let (_, letter) = letters("n1", &"log1".into(), &[kept("order:1", 7)]).remove(0);
        let mut newer = letter.to_vec();
        newer[0] = VERSION + 1;
        assert_eq!(Envelope::open(newer.into()), Err(Unreadable));
        assert_eq!(Envelope::open(Bytes::new()), Err(Unreadable));
        assert_eq!(Envelope::open(letter.slice(..letter.len() - 1)), Err(Unreadable));
    }
}
