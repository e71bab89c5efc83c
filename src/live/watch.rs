//! Comings and goings of subscriptions, and kept publications in their place, told to the slices.
use super::{Bridge, actor};
use crate::domain::Observed;
use wassally_realtime::host::{Channel, Heard, Identity, Observer, Watch};

impl Watch for Bridge {
    fn unsubscribed(&self, who: &Identity, _client: &str, channel: &Channel) {
        let (Ok(app), Ok(actor)) = (self.app(), actor(who)) else { return };
        for left in &app.registry.left {
            left(&app, actor, channel);
        }
    }
}

impl Observer for Bridge {
    fn heard(&self, publication: &Heard<'_>) {
        let Ok(app) = self.app() else { return };
        let hearing = Observed { channel: publication.channel, offset: publication.offset, body: publication.body };
        for hear in &app.registry.observers {
            hear(&app, &hearing);
        }
    }
}
