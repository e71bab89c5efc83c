//! Passes ended subscriptions, and durable publications in order, to the slices.
use super::{Bridge, actor};
use crate::domain::Observed;
use wassally_realtime::host::{self, Channel, Identity, Observer, Watch};

impl Watch for Bridge {
    fn unsubscribed(&self, identity: &Identity, _client: &str, channel: &Channel) {
        let (Ok(app), Ok(actor)) = (self.app(), actor(identity)) else { return };
        for left in &app.registry.left {
            left(&app, actor, channel);
        }
    }
}

impl Observer for Bridge {
    fn observe(&self, publication: &host::Observed<'_>) {
        let Ok(app) = self.app() else { return };
        let observed = Observed { channel: publication.channel, offset: publication.offset, body: publication.body };
        for observe in &app.registry.observers {
            observe(&app, &observed);
        }
    }
}
