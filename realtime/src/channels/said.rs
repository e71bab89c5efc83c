//! One publication on its way to many connections: encoded once per protocol, alone or in a batch.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::{
    host::Channel,
    log::Entry,
    protocol::{self, Broadcast, Format, Unencodable},
};

use super::fossil;

/// A publication as the connections of a channel share it; its offset is 0 where nothing is numbered.
#[derive(Debug)]
pub struct Said {
    pub row: Entry,
    /// Counts what was said in the room: a patch fits whoever got the one before.
    pub number: u64,
    channel: Channel,
    before: Option<Bytes>,
    push: Broadcast,
    deltas: OnceLock<Box<Deltas>>,
}

/// The forms for subscribers that take patches. In JSON both are strings.
#[derive(Debug)]
struct Deltas {
    patch: Option<[Result<Bytes, Unencodable>; 2]>,
    whole: Result<Bytes, Unencodable>,
}

impl Said {
    /// A publication of `channel`, not encoded yet.
    pub fn new(channel: &Channel, row: Entry) -> Self {
        let push = Broadcast::publication(channel, protocol::Publication::from(&row));
        Self { number: row.offset, row, channel: channel.clone(), before: None, push, deltas: OnceLock::new() }
    }

    /// The same with its number in the room and the payload said before it.
    pub fn after(mut self, number: u64, before: Option<Bytes>) -> Self {
        (self.number, self.before) = (number, before);
        self
    }

    /// The complete WebSocket message.
    pub fn frame(&self, format: Format) -> Result<Bytes, Unencodable> {
        self.push.frame(format)
    }

    /// The complete WebSocket message for a subscriber that takes patches and got `base` last.
    fn delta_frame(&self, format: Format, base: Option<u64>) -> Result<Bytes, Unencodable> {
        let deltas = self.deltas.get_or_init(|| Box::new(self.deltas()));
        let fits = base.is_some_and(|base| base + 1 == self.number);
        match (&deltas.patch, format) {
            (Some([json, _]), Format::Json) if fits => json.clone(),
            (Some([_, protobuf]), Format::Protobuf) if fits => protobuf.clone(),
            (_, Format::Json) => deltas.whole.clone(),
            (_, Format::Protobuf) => self.frame(format),
        }
    }

    fn deltas(&self) -> Deltas {
        let of = |data: Result<Bytes, Unencodable>, format: Format, delta: bool| {
            let publication = protocol::Publication { data: data?, delta, ..protocol::Publication::from(&self.row) };
            Broadcast::publication(&self.channel, publication).frame(format)
        };
        let patch = self
            .before
            .as_ref()
            .and_then(|before| fossil::patch(before, &self.row.body))
            .map(|patch| [of(as_string(&patch), Format::Json, true), of(Ok(patch.into()), Format::Protobuf, true)]);
        Deltas { patch, whole: of(as_string(&self.row.body), Format::Json, false) }
    }
}

/// The text of a payload as a JSON string.
fn as_string(payload: &[u8]) -> Result<Bytes, Unencodable> {
    let text = std::str::from_utf8(payload).map_err(|_| Unencodable)?;
    serde_json::to_vec(text).map(Bytes::from).map_err(|_| Unencodable)
}

/// Publications of a reply for a subscriber that takes patches: each of them from the one before, the first whole.
pub fn chained(rows: &[Entry], format: Format) -> Result<Vec<protocol::Publication>, Unencodable> {
    let mut before: Option<&Bytes> = None;
    let mut chained = Vec::with_capacity(rows.len());
    for row in rows {
        let patch = before.and_then(|before| fossil::patch(before, &row.body));
        let delta = patch.is_some();
        let data = patch.map_or_else(|| row.body.clone(), Bytes::from);
        let data = if format == Format::Json { as_string(&data)? } else { data };
        chained.push(protocol::Publication { data, delta, ..protocol::Publication::from(row) });
        before = Some(&row.body);
    }
    Ok(chained)
}

/// Publications of one channel that go out together: one write per connection.
pub struct Batch {
    pub said: Vec<Arc<Said>>,
    json: OnceLock<Joined>,
    protobuf: OnceLock<Joined>,
}

/// The frames of a batch in one piece, with the beginning of each.
struct Joined {
    bytes: Bytes,
    starts: Vec<usize>,
    is_whole: bool,
}

impl Batch {
    /// A batch in the channel's order.
    pub fn new(said: Vec<Arc<Said>>) -> Self {
        Self { said, json: OnceLock::new(), protobuf: OnceLock::new() }
    }

    /// The frames from `first` on in one piece; an error when one of them cannot be said in this format.
    pub fn frames(&self, format: Format, first: usize) -> Result<Bytes, Unencodable> {
        if let [only] = self.said.as_slice() {
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

    /// The same for a subscriber that takes patches and got `base` last; `base` moves on.
    pub fn delta_frames(&self, format: Format, first: usize, base: &mut Option<u64>) -> Result<Bytes, Unencodable> {
        let mut bytes = BytesMut::new();
        for said in &self.said[first..] {
            bytes.extend_from_slice(&said.delta_frame(format, *base)?);
            *base = Some(said.number);
        }
        Ok(bytes.freeze())
    }

    fn join(&self, format: Format) -> Joined {
        let mut bytes = BytesMut::new();
        let mut starts = Vec::with_capacity(self.said.len());
        let mut is_whole = true;
        for said in &self.said {
            starts.push(bytes.len());
            match said.frame(format) {
                Ok(frame) => bytes.extend_from_slice(&frame),
                Err(Unencodable) => is_whole = false,
            }
        }
        Joined { bytes: bytes.freeze(), starts, is_whole }
    }
}
