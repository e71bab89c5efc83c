//! Money: double entry in a wallet per person and currency. No other slice moves money.
//!
//! A command only records what shall move (`hold`, `release`, `capture`, `pay`). At the end of its commit every account with a floor is locked in
//! one statement by id, checked, and posted to. A hold sets free money aside. It ends once, released or captured; ending it again
//! changes nothing. What the shares of a captured hold leave goes back to its owner.
mod account;
mod entries;
mod ledger;
mod messages;
mod read;
mod store;
mod sweep;

pub use account::{Account, Kind};
pub use entries::{HoldError, LedgerEntries, capture, hold, move_hold, pay, pay_for, reduce, release};
pub use messages::WalletMessage;
pub use read::{WalletView, cash_in_hand, standing};

use crate::operations::{Slice, get};
use std::time::Duration;

/// How often all balances are recomputed from their postings.
const RECOUNT: Duration = Duration::from_secs(600);

pub fn slice() -> Slice {
    Slice::new("wallet")
        .query(get("/api/wallet/", read::wallet))
        .query(get("/api/wallet/transactions/", read::transactions))
        .query(get("/api/admin/ledger/trial-balance/", read::trial_balance))
        .publishes::<WalletMessage>()
        .pre_commit(ledger::settle)
        .sweep("wallet.recount", RECOUNT, sweep::recount)
}
