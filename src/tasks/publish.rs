//! Publishes a message in its channel's own region, planned by a transaction that may not write there.
use super::{Task, TaskResult};
use crate::{App, db::PUBLISH, event::Message};
use serde::{Deserialize, Serialize};

/// See [`crate::db::PUBLISH`]: the commit plans it under a key of its own.
#[derive(Debug, Serialize, Deserialize)]
pub struct PublishElsewhere {
    message: Message,
}

impl Task for PublishElsewhere {
    const KIND: &'static str = PUBLISH;

    fn key(&self) -> String {
        format!("{PUBLISH}:{}", self.message.channel)
    }

    async fn run(self, app: &App) -> TaskResult {
        let mut tx = app.begin(self.message.region()).await?;
        tx.publish(self.message);
        tx.end(()).await?;
        Ok(())
    }
}
