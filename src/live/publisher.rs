//! From a commit to the hub: numbered, in any order; the tails put them in their place.
use crate::{App, db::Numbered};
use wassally_realtime::host::{Channel, Ends, Kept};

/// Tells this node's subscribers what was committed.
pub fn publish(app: &App, publications: Vec<Numbered>) {
    if publications.is_empty() {
        return;
    }
    let kept = publications.into_iter().map(|numbered| self::kept(numbered.channel.as_str().into(), numbered)).collect();
    app.hub().publish(kept);
}

/// A numbered event as the hub takes it.
pub(super) fn kept(channel: Channel, numbered: Numbered) -> Kept {
    let ends_for =
        numbered.ends_for.into_iter().map(|ends| Ends { user: ends.user.to_string().into(), sees: ends.sees }).collect();
    Kept { channel, offset: numbered.offset, body: numbered.body.into(), ends_for, by: None }
}
