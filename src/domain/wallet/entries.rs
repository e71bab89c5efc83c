//! What a command wants to happen to money. It is only recorded here; the ledger carries it out when the transaction commits.
use super::account::{Account, Kind};
use crate::{
    db::Tx,
    ids::UserId,
    money::{Amount, Currency, Money},
    problem::ApiError,
    subject::Subject,
};

/// The money steps of one transaction, in the order they were recorded.
#[derive(Debug, Default)]
pub struct LedgerEntries(pub(super) Vec<LedgerEntry>);

#[derive(Debug)]
pub(super) enum LedgerEntry {
    Hold {
        user: UserId,
        subject: Subject,
        money: Money,
    },
    Release {
        subject: Subject,
    },
    Reduce {
        subject: Subject,
        by: Money,
    },
    Capture {
        subject: Subject,
        shares: Vec<(Account, Money)>,
    },
    /// A hold passes to another user, or changes its amount.
    Move {
        subject: Subject,
        user: UserId,
        money: Money,
    },
    Pay {
        from: Account,
        to: Account,
        money: Money,
        kind: Kind,
        subject: Option<Subject>,
    },
}

/// Why an account cannot pay.
#[derive(Debug, ApiError)]
pub enum HoldError {
    /// The free balance is smaller than what is needed.
    #[api(402, "insufficient_funds")]
    Short { needed: Amount, balance: Amount, currency: &'static str },
}

/// Sets `money` of `user` aside for `subject` until it is released or captured. A subject has one hold; nothing is held for zero.
///
/// `HoldError::Short` (402) comes out of the commit.
pub fn hold(tx: &mut Tx, user: UserId, subject: Subject, money: Money) {
    record(tx, LedgerEntry::Hold { user, subject, money });
}

/// Gives back what is held for `subject`. Without a hold, or with a finished one, nothing changes.
pub fn release(tx: &mut Tx, subject: Subject) {
    record(tx, LedgerEntry::Release { subject });
}

/// Gives back a part of what is held for `subject`; giving back all of it ends the hold. Without an open hold nothing changes.
pub fn reduce(tx: &mut Tx, subject: Subject, by: Money) {
    record(tx, LedgerEntry::Reduce { subject, by });
}

/// Holds `money` of `user` for `subject` in place of what is held for it now, if anything, which goes back to its owner.
///
/// The caller has locked the subject's own row, so that its hold has one owner at a time. `HoldError::Short` (402) comes out of the commit.
pub fn move_hold(tx: &mut Tx, subject: Subject, user: UserId, money: Money) {
    record(tx, LedgerEntry::Move { subject, user, money });
}

/// Pays what is held for `subject` out in `shares`; the rest goes back to its owner. Without an open hold nothing changes.
///
/// The shares are in the hold's currency and add up to no more than the hold.
pub fn capture(tx: &mut Tx, subject: Subject, shares: Vec<(Account, Money)>) {
    record(tx, LedgerEntry::Capture { subject, shares });
}

/// Moves money from one account to another. Nothing moves for zero.
pub fn pay(tx: &mut Tx, from: Account, to: Account, money: Money, kind: Kind) {
    record(tx, LedgerEntry::Pay { from, to, money, kind, subject: None });
}

/// The same as [`pay`], with what it is about.
pub fn pay_for(tx: &mut Tx, from: Account, to: Account, money: Money, kind: Kind, subject: Subject) {
    record(tx, LedgerEntry::Pay { from, to, money, kind, subject: Some(subject) });
}

fn record(tx: &mut Tx, entry: LedgerEntry) {
    tx.notes::<LedgerEntries>().0.push(entry);
}

impl LedgerEntry {
    /// What it is about.
    pub(super) fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Hold { subject, .. }
            | Self::Release { subject }
            | Self::Reduce { subject, .. }
            | Self::Capture { subject, .. }
            | Self::Move { subject, .. } => Some(subject),
            Self::Pay { subject, .. } => subject.as_ref(),
        }
    }

    /// The subject whose hold it changes.
    pub(super) fn held_subject(&self) -> Option<&Subject> {
        self.subject().filter(|_| !matches!(self, Self::Pay { .. }))
    }

    /// The accounts it moves money between, besides those of the hold that is there already.
    pub(super) fn accounts(&self) -> Vec<(Account, Currency)> {
        match self {
            Self::Hold { user, money, .. } | Self::Move { user, money, .. } => {
                vec![(Account::Available(*user), money.currency()), (Account::Held(*user), money.currency())]
            }
            Self::Release { .. } | Self::Reduce { .. } => vec![],
            Self::Capture { shares, .. } => shares.iter().map(|(account, money)| (*account, money.currency())).collect(),
            Self::Pay { from, to, money, .. } => vec![(*from, money.currency()), (*to, money.currency())],
        }
    }
}
