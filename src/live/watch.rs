//! Passes ended subscriptions, and durable publications in their channel's order, to the slices.
use super::{Bridge, actor};
use wassally_realtime::host::{self, Channel, Identity, Observer, Watch};

impl Watch for Bridge {
    fn unsubscribed(&self, identity: &Identity, _client: &str, channel: &Channel) {
        let (Ok(app), Ok(actor)) = (self.app(), actor(identity)) else { return };
        for left in app.registry().left() {
            left(&app, actor, channel);
        }
    }
}

impl Observer for Bridge {
    fn observe(&self, publication: &host::Observed<'_>) {
        let Ok(app) = self.app() else { return };
        let internal = publication.internal.map(AsRef::as_ref);
        app.registry().observers().observe(&app, publication.channel, publication.offset, publication.body, internal);
    }
}
