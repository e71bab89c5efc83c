//! Who is on a channel on this node: read from the subscriptions, without a list of its own.

use rustc_hash::FxHashSet;

use crate::{
    channels::{Channels, Subscription, state::Inner},
    host::Presence,
    protocol::ClientInfo,
};

/// Everybody who is subscribed here with presence, one entry per connection.
pub fn list(channels: &Channels, channel: &str) -> Vec<ClientInfo> {
    let Some(channel) = channels.registry.find(channel) else { return Vec::new() };
    let inner = channel.lock();
    present(&inner).map(|subscription| subscription.info()).collect()
}

/// How many connections and users those are.
pub fn counts(channels: &Channels, channel: &str) -> (usize, usize) {
    let Some(channel) = channels.registry.find(channel) else { return (0, 0) };
    let inner = channel.lock();
    let users: FxHashSet<&str> = present(&inner).map(|subscription| &*subscription.user).collect();
    (present(&inner).count(), users.len())
}

fn present(inner: &Inner) -> impl Iterator<Item = &Subscription> {
    inner.answered().filter(|of| of.grant.as_ref().is_some_and(|grant| grant.presence != Presence::Off))
}
