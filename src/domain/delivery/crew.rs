//! A crew's row as commands hold it, and the rules of claiming an order. Free of IO.
use crate::{
    domain::orders::{Fulfilment, InvalidTransition, Order, OrderStatus, PaymentMode},
    ids::UserId,
    money::{Amount, Money},
    problem::ApiError,
};
use wassally_geo::Vehicle;

/// Most orders a crew carries at once.
pub const ACTIVE_LIMIT: i32 = 5;
/// A crew with this much cash in hand, in units of the currency, cannot claim another order that is paid in cash.
pub const CASH_CAP: Amount = Amount::whole(500);

/// The row of a crew, on duty or off. Every command that changes it locks it.
#[derive(Debug, Clone, PartialEq)]
pub struct CrewRow {
    pub crew_id: UserId,
    /// First name only.
    pub name: String,
    pub vehicle: Vehicle,
    pub on_duty: bool,
    pub duty_no: i64,
    /// How many orders the crew carries.
    pub active: i32,
    /// The centre of the area where the crew looks for orders: `(lat, lng)`. `None`: around itself.
    pub area: Option<(f64, f64)>,
    pub area_radius_m: Option<i32>,
}

/// Why a crew cannot claim an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ApiError)]
pub enum ClaimError {
    /// Another crew has claimed this order.
    #[api(409, "already_claimed")]
    AlreadyClaimed,
    /// The order was cancelled.
    #[api(409, "order_cancelled")]
    OrderCancelled,
    /// This order cannot be claimed.
    #[api(409, "not_claimable")]
    NotClaimable,
    /// The crew is not on duty.
    #[api(409, "off_duty")]
    OffDuty,
    /// The crew carries as many orders as it may.
    #[api(409, "active_limit")]
    ActiveLimit { limit: i32 },
    /// The crew has too much cash in hand.
    #[api(409, "cash_cap")]
    CashCap { limit: Amount },
    #[api(inherit)]
    State(InvalidTransition),
}

/// Whether `order` can be claimed now.
pub fn check_order(order: &Order) -> Result<(), ClaimError> {
    match order.status {
        OrderStatus::Cancelled => Err(ClaimError::OrderCancelled),
        _ if order.fulfilment == Fulfilment::Pickup => Err(ClaimError::NotClaimable),
        OrderStatus::Created if order.is_claimable() => Ok(()),
        OrderStatus::Created => Err(ClaimError::NotClaimable),
        _ => Err(ClaimError::AlreadyClaimed),
    }
}

impl CrewRow {
    /// Whether this crew can claim one more order. `cash`: its cash in hand, for an order that is paid in cash.
    pub fn check(&self, cash: Option<Money>) -> Result<(), ClaimError> {
        if !self.on_duty {
            return Err(ClaimError::OffDuty);
        }
        if self.active >= ACTIVE_LIMIT {
            return Err(ClaimError::ActiveLimit { limit: ACTIVE_LIMIT });
        }
        if cash.is_some_and(|cash| cash.amount() >= CASH_CAP) {
            return Err(ClaimError::CashCap { limit: CASH_CAP });
        }
        Ok(())
    }
}

/// Whether the crew collects cash when it delivers this order.
pub fn is_cash(order: &Order) -> bool {
    order.payment_mode == PaymentMode::Cod
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crew(on_duty: bool, active: i32) -> CrewRow {
        CrewRow {
            crew_id: UserId(uuid::Uuid::nil()),
            name: "Rami".into(),
            vehicle: Vehicle::Bicycle,
            on_duty,
            duty_no: 1,
            active,
            area: None,
            area_radius_m: None,
        }
    }

    fn usd(amount: i64) -> Option<Money> {
        Some(Money::of_minor(amount * 100, "USD".parse().expect("a currency")))
    }

    #[test]
    fn duty_five_orders_and_little_cash_bound_a_crew() {
        assert_eq!(crew(true, 4).check(usd(499)), Ok(()));
        assert_eq!(crew(true, 0).check(None), Ok(()));
        assert_eq!(crew(false, 0).check(None), Err(ClaimError::OffDuty));
        assert_eq!(crew(true, 5).check(None), Err(ClaimError::ActiveLimit { limit: ACTIVE_LIMIT }));
        assert_eq!(crew(true, 0).check(usd(500)), Err(ClaimError::CashCap { limit: CASH_CAP }));
    }
}
