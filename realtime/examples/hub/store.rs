//! History in memory: a bounded stream per channel, one epoch for all.

use std::{collections::HashMap, sync::Arc, time::Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use wassally_realtime::{
    Channel, Epoch, Error, Offset, Publication,
    host::{HistoryLost, Missed, Page, Publisher},
    log::{Bounds, Entry, Ring},
};

use crate::options::Channels;

/// All streams.
pub struct Store {
    pub epoch: Epoch,
    streams: Mutex<HashMap<Channel, Ring>>,
}

impl Store {
    /// Empty, in a new epoch.
    pub fn new() -> Self {
        Self { epoch: format!("{:x}", fastrand::u64(..)).into(), streams: Mutex::default() }
    }

    /// Numbers and stores a publication.
    pub fn append(&self, channel: &Channel, of: &Channels, body: Bytes, by: Option<Arc<Publisher>>) -> Publication {
        let now = Instant::now();
        let bounds = Bounds { count: of.history_size, bytes: usize::MAX, age: of.history_ttl };
        let mut streams = self.streams.lock();
        let ring = streams.entry(channel.clone()).or_insert_with(|| Ring::new(bounds));
        let row = ring.append(Entry { by, ..Entry::new(0, body) }, now);
        publication(channel, row)
    }

    /// The last number; 0 where nothing was published.
    pub fn top(&self, channel: &str) -> Offset {
        self.streams.lock().get(channel).map_or(0, Ring::top)
    }

    /// All after an offset.
    pub fn since(&self, channel: &Channel, offset: Offset) -> Result<Missed, HistoryLost> {
        let mut streams = self.streams.lock();
        let epoch = self.epoch.clone();
        let Some(ring) = streams.get_mut(channel) else {
            return match offset {
                0 => Ok(Missed { publications: Vec::new(), top: 0, epoch }),
                _ => Err(HistoryLost::Gone { top: 0, epoch }),
            };
        };
        ring.expire(Instant::now());
        let top = ring.top();
        let rows = ring.since(offset).map(|rows| rows.cloned().map(|row| publication(channel, row)).collect());
        rows.map(|publications| Missed { publications, top, epoch: epoch.clone() }).ok_or(HistoryLost::Gone { top, epoch })
    }

    /// One page. Errors: 112 for another epoch.
    pub fn page(&self, channel: &Channel, request: &Page) -> Result<Missed, Error> {
        if let Some((_, Some(epoch))) = &request.since
            && *epoch != self.epoch
        {
            return Err(Error::unrecoverable_position());
        }
        let mut streams = self.streams.lock();
        let Some(ring) = streams.get_mut(channel) else {
            return Ok(Missed { publications: Vec::new(), top: 0, epoch: self.epoch.clone() });
        };
        ring.expire(Instant::now());
        let since = request.since.as_ref().map(|(offset, _)| *offset);
        let rows = ring.page(since, request.limit.unwrap_or(usize::MAX), request.reverse);
        let publications = rows.into_iter().map(|row| publication(channel, row)).collect();
        Ok(Missed { publications, top: ring.top(), epoch: self.epoch.clone() })
    }

    /// Drops a channel's publications; its position stays.
    pub fn remove(&self, channel: &str) {
        if let Some(ring) = self.streams.lock().get_mut(channel) {
            ring.clear();
        }
    }
}

fn publication(channel: &Channel, row: Entry) -> Publication {
    Publication {
        channel: channel.clone(),
        offset: row.offset,
        body: row.body,
        internal: row.internal,
        revokes: Vec::new(),
        by: row.by,
    }
}
