//! What a channel needs of a subscriber. Sessions and event streams implement it, so that channels know neither.

use std::sync::Arc;

use bytes::Bytes;

use super::{encoding::Batch, state::SubscriptionId};
use crate::{
    host::Channel,
    protocol::{Broadcast, Disconnect, Format},
};

/// A connection that takes a channel's frames.
///
/// The methods up to `close` are called under the channel's lock: they write or queue, and neither wait nor lock a channel. The rest are
/// notifications after the lock was released.
pub trait Subscriber: Send + Sync + 'static {
    /// The connection's id.
    fn client(&self) -> &Arc<str>;

    /// The user's id, empty for an anonymous one.
    fn user(&self) -> Arc<str>;

    /// `conn_info` as others see it.
    fn conn_info(&self) -> Option<Bytes>;

    /// The format of the connection's frames; `None` for a connection that takes no deltas.
    fn format(&self) -> Option<Format>;

    /// Writes the frames of `batch` from `first` on. Where they may not wait, they are refused with [`WriteResult::Lags`] while anything else
    /// waits. `delta_base`: the subscriber uses deltas, and this is the number it got last.
    fn write(
        &self,
        channel: &Channel,
        batch: &Batch,
        first: usize,
        may_wait: bool,
        delta_base: Option<&mut Option<u64>>,
    ) -> WriteResult;

    /// Writes a push that several connections share.
    fn push(&self, push: &Broadcast);

    /// Notifies the client that the server ended its subscription.
    fn unsubscribed(&self, channel: &Channel, code: u32, reason: &str);

    /// Closes the connection.
    fn close(&self, reason: Disconnect);

    /// The subscriber lags on this channel: it wants [a resync](super::Channels::resync) when its socket has drained.
    fn lagged(&self, channel: &Channel, id: SubscriptionId);

    /// The subscription is over: forget it.
    fn ended(&self, id: SubscriptionId);

    /// The subscription's rights must be read again.
    fn recheck(&self, id: SubscriptionId);
}

/// What became of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteResult {
    /// Handed to the kernel, at least its beginning.
    Sent,
    /// Waits for the socket.
    Queued,
    /// Not taken: something else waits, and this frame may be left out.
    Lags,
    /// Not taken: the queue would exceed its bound.
    Full,
    /// Not taken: the connection is closing.
    Closed,
}
