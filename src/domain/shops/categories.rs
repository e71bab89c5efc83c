//! `GET /api/shops/categories/`: the kinds of shops.
use super::{ShopCategoryId, store};
use crate::{
    App,
    actor::Anyone,
    clock::Timestamp,
    ids::Region,
    page::Page,
    problem::Result,
    tree::{Branch, Shape, shaped},
};
use serde::Serialize;

/// A kind of shops.
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
    /// In a tree alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub children: Option<Vec<Category>>,
}

impl Branch for Category {
    type Id = ShopCategoryId;

    fn id(&self) -> ShopCategoryId {
        self.id
    }

    fn parent(&self) -> Option<ShopCategoryId> {
        self.parent_id
    }

    fn set_children(&mut self, children: Vec<Self>) {
        self.children = Some(children);
    }
}

/// All kinds of shops, in their order.
pub async fn list(app: App, _: Anyone, shape: Shape) -> Result<Page<Category>> {
    let mut conn = app.read_stale(Region::FIRST).await?;
    Ok(shaped(store::categories(&mut conn).await?, &shape))
}
