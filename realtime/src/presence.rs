//! Who is in a channel on this node: no list of its own, but the subscribers themselves.

use rustc_hash::FxHashSet;

use crate::{host::Presence, hub::Inner, protocol::ClientInfo};

/// Everybody who is subscribed here with presence, one entry per connection.
pub(crate) fn of(hub: &Inner, channel: &str) -> Vec<ClientInfo> {
    let Some(room) = hub.channels.find(channel) else { return Vec::new() };
    let inner = room.lock();
    let seen = inner.live().filter(|of| of.grant.as_ref().is_some_and(|grant| grant.presence != Presence::Off));
    seen.map(|of| of.info()).collect()
}

/// How many connections and users those are.
pub(crate) fn counts(hub: &Inner, channel: &str) -> (usize, usize) {
    let Some(room) = hub.channels.find(channel) else { return (0, 0) };
    let inner = room.lock();
    let seen = || inner.live().filter(|of| of.grant.as_ref().is_some_and(|grant| grant.presence != Presence::Off));
    let users: FxHashSet<&str> = seen().map(|of| &*of.user).collect();
    (seen().count(), users.len())
}
