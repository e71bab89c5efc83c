//! `GET /api/shops/categories/`: the kinds of shops.
use super::{ShopCategoryId, store};
use crate::{App, clock::Timestamp, http::json::Query, ids::Region, page::Page, problem::Result};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

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

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Shape {
    /// Kinds within their parents, as `children`; else a flat list.
    tree: Option<bool>,
}

/// All kinds of shops, in their order.
#[utoipa::path(get, path = "/api/shops/categories/", tag = "shops", params(Shape), responses((status = 200, body = Page<Category>)))]
pub async fn list(State(app): State<App>, Query(shape): Query<Shape>) -> Result<Json<Page<Category>>> {
    let mut conn = app.read_stale(Region::FIRST).await?;
    let flat = store::categories(&mut conn).await?;
    let items = if shape.tree == Some(true) { grow(None, &mut flat.into_iter().map(Some).collect::<Vec<_>>()) } else { flat };
    Ok(Json(Page { items, next: None }))
}

/// The kinds directly within `parent`, each with its own taken out of the rest.
fn grow(parent: Option<ShopCategoryId>, rest: &mut [Option<Category>]) -> Vec<Category> {
    let mut here: Vec<_> = rest.iter_mut().filter_map(|kind| kind.take_if(|kind| kind.parent_id == parent)).collect();
    for kind in &mut here {
        kind.children = Some(grow(Some(kind.id), rest));
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(id: u128, parent: Option<u128>) -> Category {
        let id_of = |number| ShopCategoryId(uuid::Uuid::from_u128(number));
        let (at, name) = (Timestamp::default(), id.to_string());
        let parent_id = parent.map(id_of);
        Category { id: id_of(id), parent_id, name, name_ar: None, position: 0, created_at: at, updated_at: at, children: None }
    }

    #[test]
    fn a_tree_holds_each_kind_once_within_its_parent() {
        let mut rest: Vec<_> = [kind(3, Some(1)), kind(1, None), kind(4, Some(3)), kind(2, None)].map(Some).into();
        let tree = grow(None, &mut rest);
        let names = |kinds: &[Category]| kinds.iter().map(|kind| kind.name.clone()).collect::<Vec<_>>();
        let within = |kind: &Category| kind.children.as_deref().map(names).unwrap_or_default();
        assert_eq!(names(&tree), ["1", "2"]);
        assert_eq!(within(&tree[0]), ["3"]);
        assert_eq!(within(&tree[0].children.as_ref().expect("children")[0]), ["4"]);
        assert!(rest.iter().all(Option::is_none));
    }
}
