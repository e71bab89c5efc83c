//! Kinds that lie within one another, of shops or of products: as a flat list, or as a tree.
use crate::page::Page;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shape {
    /// Kinds within their parents, as `children`; else a flat list.
    tree: Option<bool>,
}

/// A row that may lie within another.
pub trait Branch: Sized {
    type Id: Copy + PartialEq;
    fn id(&self) -> Self::Id;
    fn parent(&self) -> Option<Self::Id>;
    fn set_children(&mut self, children: Vec<Self>);
}

/// All rows in the shape that was asked for, each level in the order of the rows.
pub fn shaped<T: Branch>(flat: Vec<T>, shape: &Shape) -> Page<T> {
    let items = if shape.tree == Some(true) { grow(None, &mut flat.into_iter().map(Some).collect::<Vec<_>>()) } else { flat };
    Page { items, next: None }
}

/// The rows directly within `parent`, each with its own taken out of the rest.
fn grow<T: Branch>(parent: Option<T::Id>, rest: &mut [Option<T>]) -> Vec<T> {
    let mut here: Vec<_> = rest.iter_mut().filter_map(|row| row.take_if(|row| row.parent() == parent)).collect();
    for row in &mut here {
        row.set_children(grow(Some(row.id()), rest));
    }
    here
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, PartialEq)]
    struct Kind(u8, Option<u8>, Vec<Kind>);

    impl Branch for Kind {
        type Id = u8;
        fn id(&self) -> u8 {
            self.0
        }
        fn parent(&self) -> Option<u8> {
            self.1
        }
        fn set_children(&mut self, children: Vec<Self>) {
            self.2 = children;
        }
    }

    #[test]
    fn a_tree_holds_each_kind_once_within_its_parent() {
        let flat = || [(3, Some(1)), (1, None), (4, Some(3)), (2, None)].map(|(id, parent)| Kind(id, parent, vec![])).into();
        let tree = shaped::<Kind>(flat(), &Shape { tree: Some(true) }).items;
        let of_four = Kind(3, Some(1), vec![Kind(4, Some(3), vec![])]);
        assert_eq!(tree, [Kind(1, None, vec![of_four]), Kind(2, None, vec![])]);
        assert_eq!(shaped(flat(), &Shape { tree: None }).items, flat());
    }
}
