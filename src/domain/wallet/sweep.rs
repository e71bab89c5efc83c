//! The recount: every balance is the sum of its postings.
use super::store;
use crate::{App, ids::Region, problem::Result};
use futures_util::future::BoxFuture;

/// Logs each balance that differs from its postings. It repairs nothing: somebody must look.
pub fn recount(app: &App) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let mut conn = app.pools().background.acquire().await?;
        for region in Region::SERVED {
            for wrong in store::wrong_balances(&mut conn, region).await? {
                tracing::error!(
                    region = region.number(),
                    account.id = %wrong.account_id,
                    balance = %wrong.balance,
                    posted = %wrong.posted,
                    "a balance is not the sum of its postings",
                );
            }
        }
        Ok(())
    })
}
