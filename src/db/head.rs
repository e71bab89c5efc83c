//! The head of a durable channel: the last offset it gave out.
use super::Live;
use crate::{App, event::region_of, problem::Result};
use sqlx::PgConnection;

/// The last offset of a durable channel as `sql` sees it; 0 before the first message.
pub async fn top(sql: &mut PgConnection, channel: &str) -> sqlx::Result<u64> {
    let region = region_of(channel).number();
    let top = sqlx::query_scalar!("select top from channel_head where region = $1 and channel = $2", region, channel);
    Ok(top.fetch_optional(sql).await?.unwrap_or_default().unsigned_abs())
}

impl App {
    /// What an answer out of `view` carries, so that its reader follows the channel from there.
    pub async fn position(&self, view: &mut PgConnection, channel: String) -> Result<Live> {
        let offset = top(view, &channel).await?;
        Ok(Live { channel, offset, epoch: self.epoch().to_string() })
    }
}
