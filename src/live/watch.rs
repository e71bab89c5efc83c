//! Comings and goings of subscriptions, and durable publications in their order, handed to the slices.
use super::{Bridge, actor};
use wassally_realtime::host::{Channel, Heard, Identity, Observer, Watch};

impl Watch for Bridge {
    fn unsubscribed(&self, who: &Identity, _client: &str, channel: &Channel) {
        let (Ok(app), Ok(actor)) = (self.app(), actor(who)) else { return };
        for left in app.registry().left() {
            left(&app, actor, channel);
        }
    }
}

impl Observer for Bridge {
    fn heard(&self, publication: &Heard<'_>) {
        let Ok(app) = self.app() else { return };
        app.registry().observers().observe(&app, publication.channel, publication.offset, publication.body, None);
    }
}
