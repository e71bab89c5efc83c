//! The slices of the business, ranked: each calls only those before it. Upwards they speak by event.
pub mod auth;
pub mod carts;
pub mod catalog;
pub mod delivery;
pub mod fleet;
pub mod inventory;
pub mod notifications;
pub mod ops;
pub mod orders;
pub mod shops;
pub mod users;
pub mod wallet;

use crate::operations::Slice;

/// All slices, in rank order.
pub fn slices() -> Vec<Slice> {
    vec![
        users::slice(),
        auth::slice(),
        wallet::slice(),
        shops::slice(),
        catalog::slice(),
        inventory::slice(),
        carts::slice(),
        orders::slice(),
        delivery::slice(),
        fleet::slice(),
        notifications::slice(),
        ops::slice(),
    ]
}
