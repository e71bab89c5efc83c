//! The rules by which users see a crew exactly, coarsely or not at all. Pure functions that fail closed: an unknown position is not
//! shown, and an unclear right shows it coarsely.
use crate::domain::orders::{OrderStatus, Relation};

/// How exactly the crew of one order is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Precision {
    Nothing,
    /// Only the cell that the crew is in: 600 m around its centre.
    Coarse,
    /// The same, because the crew delivers another order first.
    OtherStopFirst,
    Exact,
}

/// Whether an actor with this relation may follow the crew of an order in this state.
pub fn may_follow(relation: &Relation, status: OrderStatus) -> bool {
    match relation {
        Relation::Staff => true,
        Relation::Customer | Relation::Shops(_) => shown(status),
        // Crews follow no crew, not even themselves.
        Relation::Crew | Relation::FormerCrew => false,
    }
}

/// Whether the crew of an order in this state is shown at all.
pub fn shown(status: OrderStatus) -> bool {
    matches!(status, OrderStatus::Processing | OrderStatus::Shipped)
}

/// How exactly the crew of an order is shown: exactly once all goods are picked up. Of several such orders only the one with the nearest drop-off
/// shows it exactly, because the others' customers may not learn where that is.
pub fn precision(status: OrderStatus, is_nearest_dropoff: bool) -> Precision {
    match status {
        OrderStatus::Processing => Precision::Coarse,
        OrderStatus::Shipped if is_nearest_dropoff => Precision::Exact,
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
    fn each_relation_follows_only_in_its_states() {
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
    fn a_crew_is_exact_only_on_the_way_to_this_dropoff() {
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
