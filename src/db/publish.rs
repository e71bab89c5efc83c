//! Carries an event to a channel of another region, from a transaction that may not write there.
use super::{Message, Planned, tx::region_of};
use crate::{
    App,
    clock::Timestamp,
    tasks::{Task, TaskResult},
};
use serde::{Deserialize, Serialize};

/// A publication to be made in its channel's own region.
#[derive(Debug, Serialize, Deserialize)]
pub struct Publish {
    pub id: uuid::Uuid,
    pub messages: Message,
}

impl Publish {
    pub(super) fn planned(&self, at: Timestamp) -> Planned {
        self.at(at)
    }
}

impl Task for Publish {
    const KIND: &'static str = "publish";

    fn key(&self) -> String {
        format!("publish:{}", self.id)
    }

    async fn run(self, app: &App) -> TaskResult {
        let mut tx = app.begin(region_of(&self.messages.channel)).await?;
        tx.publish(self.messages);
        tx.commit(()).await?;
        Ok(())
    }
}
