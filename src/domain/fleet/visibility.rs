//! Who may see which crew, and how exactly. Pure, and fails closed: what is unknown is not told, what is unclear is told coarsely.
use crate::domain::orders::{OrderStatus, Relation};

/// How exactly a crew is shown on the way of one order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    Nothing,
    /// The cell the crew is in, 600 m around its centre.
    Coarse,
    /// The same, because the crew is on its way to another door of theirs first.
    OtherStopFirst,
    Exact,
}

/// Whether somebody may follow the crew of an order in this state.
pub fn may_follow(relation: &Relation, status: OrderStatus) -> bool {
    match relation {
        Relation::Staff => true,
        Relation::Customer | Relation::Shops(_) => shown(status),
        // Crews follow nobody, not even themselves.
        Relation::Crew | Relation::FormerCrew => false,
    }
}

/// Whether anything is shown of the crew of an order in this state.
pub fn shown(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Processing | OrderStatus::Shipped)
}

/// How exactly the crew of an order is shown: exactly once all goods are on their way, and of several such orders only on the way to the
/// nearest door, for what it does for others is nobody's business.
pub fn precision(status: OrderStatus, is_nearest_door: bool) -> Precision {
    match status {
        OrderStatus::Processing => Precision::Coarse,
        OrderStatus::Shipped if is_nearest_door => Precision::Exact,
        OrderStatus::Shipped => Precision::OtherStopFirst,
        _ => Precision::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use OrderStatus::{Cancelled, Completed, Created, Delivered, DeliveryFailed, Processing, ReturnedToShop, Shipped};

    const ALL: [OrderStatus; 8] = [Created, Processing, Shipped, Delivered, Completed, Cancelled, DeliveryFailed, ReturnedToShop];

    #[test]
    fn each_role_follows_in_its_states_alone() {
        for status in ALL {
            let is_under_way = matches!(status, Processing | Shipped);
            for (relation, may) in [
                (Relation::Customer, is_under_way),
                (Relation::Shops(vec![]), is_under_way),
                (Relation::Staff, true),
                (Relation::Crew, false),
                (Relation::FormerCrew, false),
            ] {
                assert_eq!(may_follow(&relation, status), may, "{relation:?} {status}");
            }
        }
    }

    #[test]
    fn exactly_only_on_the_way_to_this_very_door() {
        for status in ALL {
            for is_nearest in [true, false] {
                let expected = match (status, is_nearest) {
                    (Shipped, true) => Precision::Exact,
                    (Shipped, false) => Precision::OtherStopFirst,
                    (Processing, _) => Precision::Coarse,
                    _ => Precision::Nothing,
                };
                assert_eq!(precision(status, is_nearest), expected, "{status} {is_nearest}");
                assert_eq!(precision(status, is_nearest) != Precision::Nothing, shown(status));
            }
        }
    }
}
