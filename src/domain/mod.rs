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
mod slice;
pub mod users;
pub mod wallet;

pub use slice::{ChannelRule, Observed, Registry, Slice, Snapshot};

use crate::db::Message;
use serde::Serialize;

/// Something that happened. Its `Serialize` is its wire form; it says for itself to whom what.
pub trait Event: Serialize + Send + Sync + 'static {
    /// The `type` of its publications.
    const TYPE: &'static str;
    /// Which channels hear it, and how.
    fn to(&self) -> Vec<Message>;
}

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
