//! Reads of the seeding that no slice offers.
use crate::{
    ids::{Region, UserId},
    problem::Result,
};
use sqlx::PgConnection;

/// Whether money ever moved in the wallet of `user`: its account is made with the first posting.
pub(super) async fn has_wallet(conn: &mut PgConnection, region: Region, user: UserId) -> Result<bool> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from account where region = $1 and owner_id = $2 and kind = 'available') as "found!""#,
        region.number(),
        user.uuid(),
    )
    .fetch_one(&mut *conn)
    .await?;
    Ok(found)
}
