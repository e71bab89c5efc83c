//! The recount: every balance is the sum of its postings.
use super::store;
use crate::{App, problem::Result};
use futures_util::future::BoxFuture;

/// Logs each balance that differs from its postings. It repairs nothing: somebody must look.
pub fn recount(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let mut conn = app.pools().background.acquire().await?;
        for (region, account, balance, posted) in store::wrong_balances(&mut conn).await? {
            tracing::error!(region, account.id = %account, %balance, %posted, "a balance is not the sum of its postings");
        }
        Ok(())
    })
}
