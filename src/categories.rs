//! Categories within categories, of shops or of products, each in a table of its slice: as a flat list or as a tree.
use crate::{clock::Timestamp, page::Page};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Categories within their parents, as `children`; otherwise a flat list.
    tree: Option<bool>,
}

/// A category as it is stored.
#[derive(Debug, Clone)]
pub struct CategoryRow {
    pub id: Uuid,
    pub parent_id: Option<Uuid>,
    pub name: String,
    pub name_ar: Option<String>,
    pub position: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A category of shops or of products.
#[derive(Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Category {
    pub id: Uuid,
    pub parent_id: Option<Uuid>,
    pub name: String,
    pub name_ar: Option<String>,
    pub position: i32,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
    /// Only in a tree.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(no_recursion)]
    pub children: Option<Vec<Category>>,
}

impl From<CategoryRow> for Category {
    fn from(row: CategoryRow) -> Self {
        let CategoryRow { id, parent_id, name, name_ar, position, created_at, updated_at } = row;
        Self { id, parent_id, name, name_ar, position, created_at, updated_at, children: None }
    }
}

/// All categories in the requested shape, each level in the order of the rows.
pub fn shaped(rows: Vec<CategoryRow>, shape: &Shape) -> Page<Category> {
    let flat = rows.into_iter().map(Category::from);
    let items = if shape.tree == Some(true) { tree(None, &mut flat.map(Some).collect::<Vec<_>>()) } else { flat.collect() };
    Page { items, next: None }
}

/// The categories directly within `parent`, each with its own, taken out of `rest`.
fn tree(parent: Option<Uuid>, rest: &mut [Option<Category>]) -> Vec<Category> {
    let mut level: Vec<_> = rest.iter_mut().filter_map(|row| row.take_if(|row| row.parent_id == parent)).collect();
    for category in &mut level {
        category.children = Some(tree(Some(category.id), rest));
    }
    level
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: u128, parent: Option<u128>) -> CategoryRow {
        CategoryRow {
            id: Uuid::from_u128(id),
            parent_id: parent.map(Uuid::from_u128),
            name: id.to_string(),
            name_ar: None,
            position: 0,
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// `1(3(4)) 2` for a tree, `3 1 4 2` for a list.
    fn written(categories: &[Category]) -> String {
        let one = |category: &Category| match category.children.as_deref() {
            None | Some([]) => category.name.clone(),
            Some(children) => format!("{}({})", category.name, written(children)),
        };
        categories.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_tree_holds_each_category_once_within_its_parent() {
        let rows = || vec![row(3, Some(1)), row(1, None), row(4, Some(3)), row(2, None)];
        assert_eq!(written(&shaped(rows(), &Shape { tree: Some(true) }).items), "1(3(4)) 2");
        assert_eq!(written(&shaped(rows(), &Shape { tree: None }).items), "3 1 4 2");
    }
}
