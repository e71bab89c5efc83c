//! From a commit to the hub: numbered, in any order; the tails put them in their place.
use crate::{App, db::Numbered};
use wassally_realtime::host::{Channel, Publication, Revoke};

/// Tells what this node committed.
pub fn publish(app: &App, publications: Vec<Numbered>) {
    if !publications.is_empty() {
        app.hub().publish(all(publications));
    }
}

/// Tells this node's subscribers what it read from the log.
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
