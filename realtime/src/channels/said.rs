//! One publication on its way to many connections: encoded once per protocol, alone or in a batch.

use std::sync::{Arc, OnceLock};

use bytes::{Bytes, BytesMut};

use crate::{
    host::{Channel, Publisher},
    log::Publication,
    protocol::{self, Broadcast, ClientInfo, Format, Unencodable},
};

/// A publication as the connections of a channel share it; its offset is 0 where nothing is numbered.
#[derive(Debug)]
pub struct Said {
    pub row: Publication,
    push: Broadcast,
}

impl Said {
    /// A publication of `channel`, not encoded yet.
    pub fn new(channel: &Channel, row: Publication) -> Self {
        let push = Broadcast::publication(channel, on_wire(&row));
        Self { row, push }
    }

    /// The complete WebSocket message.
    pub fn frame(&self, format: Format) -> Result<Bytes, Unencodable> {
        self.push.frame(format)
    }
}

/// A publication as clients see it.
pub fn on_wire(row: &Publication) -> protocol::Publication {
    protocol::Publication {
        data: row.body.clone(),
        info: row.by.as_deref().map(info),
        offset: row.offset,
        ..protocol::Publication::default()
    }
}

/// `ClientInfo` of a publisher.
pub fn info(by: &Publisher) -> ClientInfo {
    ClientInfo {
        user: by.user.to_string(),
        client: by.client.to_string(),
        conn_info: by.conn_info.clone().unwrap_or_default(),
        chan_info: by.chan_info.clone().unwrap_or_default(),
    }
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
