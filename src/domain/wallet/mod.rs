//! Money: double entry in a wallet per person and currency. Nobody else moves any.
//!
//! A command only notes what shall move (`hold`, `release`, `capture`, `pay`); at the end of its commit every account with a floor is locked in
//! one statement by id, checked, and posted to. A hold sets free money aside; it ends once, released or captured, and ending it again
//! changes nothing. Sums of a hold's shares add up to the hold; what no share takes goes back.
mod account;
mod entries;
mod read;
mod store;
mod sweep;

pub use account::{Account, HoldFor, Kind};
pub use entries::{HoldError, LedgerEntries, capture, hold, pay, pay_for, reduce, release};
pub use read::{WalletView, cash_in_hand, standing};

use crate::domain::Slice;
use std::time::Duration;
use utoipa_axum::routes;

/// How often all balances are recomputed from their postings.
const RECOUNT: Duration = Duration::from_secs(600);

pub fn slice() -> Slice {
    Slice::new("wallet")
        .routes(routes!(read::get))
        .routes(routes!(read::transactions))
        .routes(routes!(read::trial_balance))
        .pre_commit(entries::settle)
        .sweep("wallet.recount", RECOUNT, sweep::recount)
}
