//! Takes the broker's messages of other nodes and publishes their content here.

use std::sync::Weak;

use bytes::Bytes;

use super::Channels;
use crate::broker::{Envelope, Receiver, Topic};

/// The receiver of a node's channels.
pub struct Inbox(pub Weak<Channels>);

impl Receiver for Inbox {
    fn receive(&self, topic: Topic, message: Bytes) {
        let Some(channels) = self.0.upgrade() else { return };
        let envelope = Envelope::open(message).ok();
        // Numbers of another epoch mean something else; a node that is wrong about the epoch finds out by its catch-up.
        let epoch = channels.epoch();
        let is_ours = |envelope: &Envelope| epoch.is_empty() || envelope.epoch == *epoch;
        match envelope.filter(is_ours) {
            Some(envelope) => {
                channels.counts.broker_message(true);
                channels.publish(envelope.publications());
            }
            None => {
                channels.counts.broker_message(false);
                tracing::debug!(%topic, "a broker message was ignored; the log carries its content");
            }
        }
    }
}
