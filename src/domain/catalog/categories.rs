//! `GET /api/product/categories/`: the kinds of products.
use super::{ProductCategoryId, store};
use crate::{App, clock::Timestamp, http::json::Query, ids::Region, page::Page, problem::Result};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

/// A kind of product.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = ProductCategory)]
pub struct Category {
    pub id: ProductCategoryId,
    pub parent_id: Option<ProductCategoryId>,
    pub name: String,
    pub name_ar: Option<String>,
    pub position: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoParameters {}

/// All kinds of products, in their order; a tree by `parent_id`.
#[utoipa::path(get, path = "/api/product/categories/", tag = "catalogue", responses((status = 200, body = Page<Category>)))]
pub async fn list(State(app): State<App>, Query(NoParameters {}): Query<NoParameters>) -> Result<Json<Page<Category>>> {
    let mut conn = app.read_stale(Region::FIRST).await?;
    Ok(Json(Page { items: store::categories(&mut conn).await?, next: None }))
}
