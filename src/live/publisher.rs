//! From a commit to the hub: numbered, in any order; the tails put them in their place.
use crate::{
    App,
    db::Numbered,
    event::{ChannelMessage, channel_of},
};
use wassally_realtime::host::{Channel, Publication, Revoke};

/// Publishes what this node committed.
pub fn publish(app: &App, publications: Vec<Numbered>) {
    if !publications.is_empty() {
        app.hub().publish(all(publications));
    }
}

/// Publishes to this node's subscribers what was read from the log.
pub(super) fn fill(app: &App, rows: Vec<Numbered>) {
    app.hub().fill(all(rows));
}

fn all(numbered: Vec<Numbered>) -> Vec<Publication> {
    numbered.into_iter().map(|numbered| publication(numbered.channel.as_str().into(), numbered)).collect()
}

/// A numbered event as the hub takes it.
pub(super) fn publication(channel: Channel, numbered: Numbered) -> Publication {
    let revokes = numbered
        .revokes
        .into_iter()
        .map(|revoke| Revoke { user: revoke.user.to_string().into(), inclusive: revoke.inclusive })
        .collect();
    let internal = numbered.internal.map(Into::into);
    Publication { channel, offset: numbered.offset, body: numbered.body.into(), internal, revokes, by: None }
}

impl App {
    /// Publishes on an ephemeral channel to its subscribers on this node.
    pub fn publish_ephemeral<M: ChannelMessage>(&self, id: &M::Id, message: &M) {
        let body = serde_json::to_vec(message).expect("messages are plain enums with string keys");
        self.hub().publish_ephemeral(&channel_of::<M>(id), body.into());
    }

    /// Whether the channel of `id` has subscribers on this node: without them a message need not be built.
    pub fn has_subscribers<M: ChannelMessage>(&self, id: &M::Id) -> bool {
        self.hub().subscriber_count(&channel_of::<M>(id)) > 0
    }
}
