//! `GET /api/shops/categories/`: the kinds of shops.
use super::{ShopCategoryId, store};
use crate::{App, clock::Timestamp, http::json::Query, ids::Region, page::Page, problem::Result};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

/// A kind of shop.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ShopCategory)]
pub struct Category {
    pub id: ShopCategoryId,
    pub parent_id: Option<ShopCategoryId>,
    pub name: String,
    pub name_ar: Option<String>,
    pub position: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// All kinds of shops, in their order; a tree by `parent_id`.
#[utoipa::path(get, path = "/api/shops/categories/", tag = "shops", responses((status = 200, body = Page<Category>)))]
pub async fn list(State(app): State<App>, Query(NoParameters {}): Query<NoParameters>) -> Result<Json<Page<Category>>> {
    let mut conn = app.read_stale(Region::FIRST).await?;
    Ok(Json(Page { items: store::categories(&mut conn).await?, next: None }))
}
