//! Carries an event to a channel of another region, from a transaction that may not write there.
use super::{Planned, Said, tx::region_of};
use crate::{
    App,
    chores::{Chore, ChoreResult},
    clock::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A publication to be made in its channel's own region.
#[derive(Debug, Serialize, Deserialize)]
pub struct Say {
    pub id: uuid::Uuid,
    pub said: Said,
}

impl Say {
    pub(super) fn planned(&self, at: Timestamp) -> Planned {
        self.at(at)
    }
}

impl Chore for Say {
    const KIND: &'static str = "say";

    fn key(&self) -> String {
        format!("say:{}", self.id)
    }

    async fn run(self, app: &App) -> ChoreResult {
        let mut tx = app.begin(region_of(&self.said.channel)).await?;
        tx.say(self.said);
        tx.commit(()).await?;
        Ok(())
    }
}
