//! `GET /api/shops/categories/`: the categories of shops.
use super::store;
use crate::{
    App,
    actor::Anyone,
    categories::{Category, Shape, shaped},
    ids::Region,
    page::Page,
    problem::Result,
};

/// All categories of shops, by position.
pub async fn list(app: App, _: Anyone, shape: Shape) -> Result<Page<Category>> {
    let mut conn = app.read_stale(Region::GLOBAL).await?;
    Ok(shaped(store::categories(&mut conn).await?, &shape))
}
