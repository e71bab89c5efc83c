//! Publications of durable channels between the hub and the host's log.

use std::sync::Arc;

use bytes::Bytes;

use super::{Channel, Epoch, Offset};

/// A durable publication on its way in. Any order, repeats are fine: the channel's sequencer puts them in order.
#[derive(Debug, Clone)]
pub struct Publication {
    pub channel: Channel,
    pub offset: Offset,
    /// Raw JSON on one line (or opaque bytes where all readers use Protobuf).
    pub body: Bytes,
    /// What observers get beside the body, and subscribers never.
    pub internal: Option<Bytes>,
    /// Whose rights this publication ends. Never sent to clients.
    pub revokes: Vec<Revoke>,
    /// Which client published it, where one did.
    pub by: Option<Arc<Publisher>>,
}

/// `ClientInfo` of a publisher.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publisher {
    pub user: Arc<str>,
    pub client: Arc<str>,
    pub conn_info: Option<Bytes>,
    pub chan_info: Option<Bytes>,
}

/// The right of `user` ends with this publication.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revoke {
    pub user: Arc<str>,
    /// The user still gets the publication itself.
    pub inclusive: bool,
}

/// A publication in order, as an observer sees it.
#[derive(Debug)]
pub struct Observed<'a> {
    pub channel: &'a Channel,
    pub offset: Offset,
    pub body: &'a Bytes,
    pub internal: Option<&'a Bytes>,
}

/// What was published on a channel after an offset.
#[derive(Debug, Clone)]
pub struct Missed {
    /// Ascending; each `channel` is the one asked for.
    pub publications: Vec<Publication>,
    /// The channel's last offset, read in the same statement.
    pub top: Offset,
    pub epoch: Epoch,
}

/// Why the publications after an offset cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryLost {
    /// Too far behind, or no longer kept; the channel stands at `top`.
    Gone { top: Offset, epoch: Epoch },
    /// The log cannot be read now.
    Unavailable,
}

/// A state and the position it belongs to.
#[derive(Debug, Clone)]
pub struct Snapshot {
    pub offset: Offset,
    pub epoch: Epoch,
    /// `None`: the channel has a position and no state.
    pub data: Option<Bytes>,
}

/// A page of history.
#[derive(Debug, Clone, Default)]
pub struct Page {
    /// `None` = as many as allowed; 0 = only the position.
    pub limit: Option<usize>,
    /// Exclusive.
    pub since: Option<(Offset, Option<Epoch>)>,
    pub reverse: bool,
}
