//! One publication on its way to many connections: encoded once per protocol, alone or in a batch.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use super::delta;
use crate::{
    host::Channel,
    log::Entry,
    protocol::{self, Broadcast, Format, Unencodable},
};

/// A publication as the connections of a channel share it; its offset is 0 where nothing is numbered.
#[derive(Debug)]
pub struct Encoded {
    pub entry: Entry,
    /// Counts the publications of the channel on this node: a delta fits a subscriber that got the one before.
    pub number: u64,
    channel: Channel,
    previous: Option<Bytes>,
    push: Broadcast,
    deltas: OnceLock<Box<Deltas>>,
}

/// The forms for subscribers that use deltas. In JSON both are strings.
#[derive(Debug)]
struct Deltas {
    delta: Option<[Result<Bytes, Unencodable>; 2]>,
    whole: Result<Bytes, Unencodable>,
}

impl Encoded {
    /// A publication of `channel`; the encoding follows with the first frame asked for.
    pub fn new(channel: &Channel, entry: Entry) -> Self {
        let push = Broadcast::publication(channel, protocol::Publication::from(&entry));
        Self { number: entry.offset, entry, channel: channel.clone(), previous: None, push, deltas: OnceLock::new() }
    }

    /// The same with its number in the channel and the payload published before it.
    pub fn with_previous(mut self, number: u64, previous: Option<Bytes>) -> Self {
        (self.number, self.previous) = (number, previous);
        self
    }

    /// The complete WebSocket message.
    pub fn frame(&self, format: Format) -> Result<Bytes, Unencodable> {
        self.push.frame(format)
    }

    /// The complete WebSocket message for a subscriber that uses deltas and got `base` last.
    fn delta_frame(&self, format: Format, base: Option<u64>) -> Result<Bytes, Unencodable> {
        let deltas = self.deltas.get_or_init(|| Box::new(self.deltas()));
        let fits = base.is_some_and(|base| base + 1 == self.number);
        match (&deltas.delta, format) {
            (Some([json, _]), Format::Json) if fits => json.clone(),
            (Some([_, protobuf]), Format::Protobuf) if fits => protobuf.clone(),
            (_, Format::Json) => deltas.whole.clone(),
            (_, Format::Protobuf) => self.frame(format),
        }
    }

    fn deltas(&self) -> Deltas {
        let encode = |data: Result<Bytes, Unencodable>, format: Format, delta: bool| {
            let publication = protocol::Publication { data: data?, delta, ..(&self.entry).into() };
            Broadcast::publication(&self.channel, publication).frame(format)
        };
        let delta = self
            .previous
            .as_ref()
            .and_then(|previous| delta::encode(previous, &self.entry.body))
            .map(|delta| [encode(json_string(&delta), Format::Json, true), encode(Ok(delta.into()), Format::Protobuf, true)]);
        Deltas { delta, whole: encode(json_string(&self.entry.body), Format::Json, false) }
    }
}

/// The text of a payload as a JSON string.
fn json_string(payload: &[u8]) -> Result<Bytes, Unencodable> {
    let text = std::str::from_utf8(payload).map_err(|_| Unencodable)?;
    serde_json::to_vec(text).map(Bytes::from).map_err(|_| Unencodable)
}

/// Publications of a reply for a subscriber that uses deltas: the first whole, each other as a delta to the one before.
pub fn delta_chain(entries: &[Entry], format: Format) -> Result<Vec<protocol::Publication>, Unencodable> {
    let mut previous: Option<&Bytes> = None;
    let mut chain = Vec::with_capacity(entries.len());
    for entry in entries {
        let encoded = previous.and_then(|previous| delta::encode(previous, &entry.body));
        let delta = encoded.is_some();
        let data = encoded.map_or_else(|| entry.body.clone(), Bytes::from);
        let data = if format == Format::Json { json_string(&data)? } else { data };
        chain.push(protocol::Publication { data, delta, ..entry.into() });
        previous = Some(&entry.body);
    }
    Ok(chain)
}

/// Publications of one channel that go out together: one write per connection.
pub struct Batch {
    pub publications: Vec<Arc<Encoded>>,
    json: OnceLock<Joined>,
    protobuf: OnceLock<Joined>,
}

/// The frames of a batch in one piece, with the start of each.
struct Joined {
    bytes: Bytes,
    starts: Vec<usize>,
    is_whole: bool,
}

impl Batch {
    /// A batch in the channel's order.
    pub fn new(publications: Vec<Arc<Encoded>>) -> Self {
        Self { publications, json: OnceLock::new(), protobuf: OnceLock::new() }
    }

    /// The frames from `first` on in one piece; an error when one of them cannot be encoded in this format.
    pub fn frames(&self, format: Format, first: usize) -> Result<Bytes, Unencodable> {
        if let [only] = self.publications.as_slice() {
            return only.frame(format);
        }
        let slot = match format {
            Format::Json => &self.json,
            Format::Protobuf => &self.protobuf,
        };
        let joined = slot.get_or_init(|| self.join(format));
        if !joined.is_whole {
            return Err(Unencodable);
        }
        Ok(joined.starts.get(first).map_or_else(Bytes::new, |start| joined.bytes.slice(*start..)))
    }

    /// The same for a subscriber that uses deltas and got `base` last; `base` moves on.
    pub fn delta_frames(&self, format: Format, first: usize, base: &mut Option<u64>) -> Result<Bytes, Unencodable> {
        let mut bytes = BytesMut::new();
        for publication in &self.publications[first..] {
            bytes.extend_from_slice(&publication.delta_frame(format, *base)?);
            *base = Some(publication.number);
        }
        Ok(bytes.freeze())
    }

    fn join(&self, format: Format) -> Joined {
        let mut bytes = BytesMut::new();
        let mut starts = Vec::with_capacity(self.publications.len());
        let mut is_whole = true;
        for publication in &self.publications {
            starts.push(bytes.len());
            match publication.frame(format) {
                Ok(frame) => bytes.extend_from_slice(&frame),
                Err(Unencodable) => is_whole = false,
            }
        }
        Joined { bytes: bytes.freeze(), starts, is_whole }
    }
}
