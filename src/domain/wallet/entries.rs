//! What shall move, as commands record it; and the wallet's step of every commit, which moves it.
use super::{
    account::{Account, HoldFor, Kind},
    messages::WalletMessage,
    store,
};
use crate::{
    db::Tx,
    event::Message,
    ids::UserId,
    money::{Amount, Currency, Money},
    problem::Result,
};
use futures_util::future::BoxFuture;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use wassally_macros::ApiError;

/// The money steps of one transaction, in the order they were recorded.
#[derive(Debug, Default)]
pub struct LedgerEntries(Vec<LedgerEntry>);

#[derive(Debug)]
enum LedgerEntry {
    Hold { who: UserId, about: HoldFor, money: Money },
    Release { about: HoldFor },
    Reduce { about: HoldFor, by: Money },
    Capture { about: HoldFor, shares: Vec<(Account, Money)> },
    Pay { from: Account, to: Account, money: Money, kind: Kind, about: Option<HoldFor> },
}

/// The wallet cannot carry it.
#[derive(Debug, ApiError)]
pub enum HoldError {
    /// The free balance is smaller than what is needed.
    #[api(402, "insufficient_funds")]
    Short { needed: Amount, balance: Amount, currency: &'static str },
}

/// Sets `money` of `who` aside for `about` until it is released or captured. One hold per subject; nothing is held for zero.
///
/// `HoldError::Short` (402) comes out of the commit.
pub fn hold(tx: &mut Tx, who: UserId, about: HoldFor, money: Money) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Hold { who, about, money });
}

/// Gives what is held for `about` back. A finished hold, or none: nothing changes.
pub fn release(tx: &mut Tx, about: HoldFor) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Release { about });
}

/// Gives a part of what is held for `about` back; all of it ends the hold. A finished hold, or none: nothing changes.
pub fn reduce(tx: &mut Tx, about: HoldFor, by: Money) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Reduce { about, by });
}

/// Pays what is held for `about` out in `shares`; what they leave goes back. A finished hold, or none: nothing changes.
///
/// The shares are in the hold's currency and add up to no more than the hold.
pub fn capture(tx: &mut Tx, about: HoldFor, shares: Vec<(Account, Money)>) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Capture { about, shares });
}

/// Moves money from one account to another. Nothing moves for zero.
pub fn pay(tx: &mut Tx, from: Account, to: Account, money: Money, kind: Kind) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Pay { from, to, money, kind, about: None });
}

/// The same, saying what it is about.
pub fn pay_for(tx: &mut Tx, from: Account, to: Account, money: Money, kind: Kind, about: HoldFor) {
    tx.notes::<LedgerEntries>().0.push(LedgerEntry::Pay { from, to, money, kind, about: Some(about) });
}

/// The wallet's step before a commit: locks, checks, posts.
pub(super) fn settle(tx: &mut Tx) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let entries = std::mem::take(&mut tx.notes::<LedgerEntries>().0);
        if entries.is_empty() { Ok(()) } else { Book::open(tx, &entries).await?.settle(tx, entries).await }
    })
}

/// A hold as it stands in this transaction.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub id: Uuid,
    pub about: HoldFor,
    pub who: UserId,
    pub money: Money,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Released,
    Captured,
}

/// One row of the ledger to be.
#[derive(Debug)]
pub(super) struct Posting {
    pub debit: (Account, Currency),
    pub credit: (Account, Currency),
    pub amount: Decimal,
    pub kind: Kind,
    pub about: Option<HoldFor>,
}

/// Everything this transaction's money touches, locked.
#[derive(Debug, Default)]
struct Book {
    holds: BTreeMap<HoldFor, Hold>,
    /// Floored accounts by id: what they hold, and their floor.
    balances: BTreeMap<Uuid, (Decimal, Decimal)>,
    postings: Vec<Posting>,
    opened: BTreeSet<HoldFor>,
    changed: BTreeSet<HoldFor>,
}

impl Book {
    /// Accounts first, in one statement by id, then holds: the order of locks.
    async fn open(tx: &mut Tx, entries: &[LedgerEntry]) -> Result<Self> {
        let abouts: BTreeSet<HoldFor> = entries.iter().filter_map(LedgerEntry::hold).collect();
        // Whose a hold is never changes, so it may be read before its lock.
        let known = store::holds(tx, &abouts, false).await?;
        let mut accounts = BTreeMap::new();
        for entry in entries {
            for (account, currency) in entry.touches(&known) {
                accounts.insert(account.id(tx.region(), currency), (account, currency));
            }
        }
        store::ensure_accounts(tx, &accounts).await?;
        let floored: Vec<Uuid> = accounts.iter().filter(|(_, (account, _))| account.has_floor()).map(|(id, _)| *id).collect();
        let balances = store::lock_balances(tx, &floored).await?;
        let holds = store::holds(tx, &abouts, true).await?.into_iter().map(|hold| (hold.about, hold)).collect();
        Ok(Self { holds, balances, ..Self::default() })
    }

    async fn settle(mut self, tx: &mut Tx, entries: Vec<LedgerEntry>) -> Result<()> {
        let before = self.balances.clone();
        for entry in entries {
            self.apply(tx, entry)?;
        }
        store::post(tx, &self.postings).await?;
        let moved = |id: &Uuid, amount: &Decimal| before.get(id).is_none_or(|(old, _)| old != amount);
        let balances: Vec<(Uuid, Decimal)> =
            self.balances.iter().map(|(id, (amount, _))| (*id, *amount)).filter(|(id, amount)| moved(id, amount)).collect();
        store::set_balances(tx, &balances).await?;
        let opened: Vec<&Hold> = self.opened.iter().filter_map(|about| self.holds.get(about)).collect();
        store::insert_holds(tx, &opened).await?;
        let changed: Vec<&Hold> = self.changed.difference(&self.opened).filter_map(|about| self.holds.get(about)).collect();
        store::save_holds(tx, &changed).await?;
        publish(tx, &self.postings).await
    }

    fn apply(&mut self, tx: &Tx, entry: LedgerEntry) -> Result<()> {
        match entry {
            LedgerEntry::Hold { money, .. } if money.amount.is_zero() => Ok(()),
            LedgerEntry::Hold { who, about, money } => {
                if self.holds.contains_key(&about) {
                    return Err(crate::Error::broken(anyhow::anyhow!("{} {} has a hold already", about.kind(), about.id())));
                }
                self.move_money(tx, Account::Available(who), Account::Held(who), money, Kind::EscrowHold, Some(about))?;
                let id = crate::ids::new(tx.region(), &tx.app().clock, &tx.app().random);
                self.holds.insert(about, Hold { id, about, who, money, status: Status::Open });
                self.opened.insert(about);
                Ok(())
            }
            LedgerEntry::Release { about } => {
                let Some(hold) = self.end(about, Status::Released) else { return Ok(()) };
                self.move_money(
                    tx,
                    Account::Held(hold.who),
                    Account::Available(hold.who),
                    hold.money,
                    Kind::EscrowRelease,
                    Some(about),
                )
            }
            LedgerEntry::Reduce { about, by } => {
                let Some(hold) = self.holds.get_mut(&about).filter(|hold| hold.status == Status::Open) else { return Ok(()) };
                if by.amount >= hold.money.amount {
                    return self.apply(tx, LedgerEntry::Release { about });
                }
                hold.money.amount -= by.amount;
                let who = hold.who;
                self.changed.insert(about);
                self.move_money(tx, Account::Held(who), Account::Available(who), by, Kind::EscrowRelease, Some(about))
            }
            LedgerEntry::Capture { about, shares } => {
                let Some(hold) = self.end(about, Status::Captured) else { return Ok(()) };
                let mut rest = hold.money;
                for (to, share) in shares {
                    rest.amount -= share.amount;
                    self.move_money(tx, Account::Held(hold.who), to, share, Kind::Payment, Some(about))?;
                }
                self.move_money(tx, Account::Held(hold.who), Account::Available(hold.who), rest, Kind::EscrowRelease, Some(about))
            }
            LedgerEntry::Pay { from, to, money, kind, about } => self.move_money(tx, from, to, money, kind, about),
        }
    }

    /// Ends an open hold.
    fn end(&mut self, about: HoldFor, status: Status) -> Option<Hold> {
        let hold = self.holds.get_mut(&about).filter(|hold| hold.status == Status::Open)?;
        hold.status = status;
        self.changed.insert(about);
        Some(hold.clone())
    }

    fn move_money(
        &mut self,
        tx: &Tx,
        from: Account,
        to: Account,
        money: Money,
        kind: Kind,
        about: Option<HoldFor>,
    ) -> Result<()> {
        if money.amount.is_zero() {
            return Ok(());
        }
        if money.amount.is_sign_negative() || !money.is_exact() {
            return Err(crate::Error::broken(anyhow::anyhow!("{money} cannot move: negative, or finer than its currency")));
        }
        if let Some((balance, floor)) = self.balances.get_mut(&from.id(tx.region(), money.currency)) {
            if *balance - money.amount < *floor {
                let amount = |amount| Amount::of(amount, money.currency);
                let (needed, balance) = (amount(money.amount), amount(*balance));
                return Err(HoldError::Short { needed, balance, currency: money.currency.code() }.into());
            }
            *balance -= money.amount;
        }
        if let Some((balance, _)) = self.balances.get_mut(&to.id(tx.region(), money.currency)) {
            *balance += money.amount;
        }
        let (debit, credit) = ((from, money.currency), (to, money.currency));
        self.postings.push(Posting { debit, credit, amount: money.amount, kind, about });
        Ok(())
    }
}

impl LedgerEntry {
    /// The hold it is about.
    fn hold(&self) -> Option<HoldFor> {
        match self {
            Self::Hold { about, .. } | Self::Release { about } | Self::Reduce { about, .. } | Self::Capture { about, .. } => {
                Some(*about)
            }
            Self::Pay { .. } => None,
        }
    }

    /// The accounts it may move money of.
    fn touches(&self, known: &[Hold]) -> Vec<(Account, Currency)> {
        let of_hold = |about: &HoldFor| {
            let hold = known.iter().find(|hold| hold.about == *about);
            hold.into_iter().flat_map(|hold| {
                [(Account::Held(hold.who), hold.money.currency), (Account::Available(hold.who), hold.money.currency)]
            })
        };
        match self {
            Self::Hold { who, money, .. } => {
                vec![(Account::Available(*who), money.currency), (Account::Held(*who), money.currency)]
            }
            Self::Release { about } | Self::Reduce { about, .. } => of_hold(about).collect(),
            Self::Capture { about, shares } => {
                of_hold(about).chain(shares.iter().map(|(account, money)| (*account, money.currency))).collect()
            }
            Self::Pay { from, to, money, .. } => vec![(*from, money.currency), (*to, money.currency)],
        }
    }
}

/// `wallet_changed` for everybody whose money moved, with the wallet as it is afterwards.
async fn publish(tx: &mut Tx, postings: &[Posting]) -> Result<()> {
    let changed: BTreeSet<(UserId, &'static str)> = postings
        .iter()
        .flat_map(|posting| [posting.debit, posting.credit])
        .filter(|(account, _)| account.is_shown())
        .filter_map(|(account, currency)| Some((account.owner()?, currency.code())))
        .collect();
    for (user, code) in changed {
        let currency = Currency::from(code.to_owned());
        let wallet = store::standing(tx, user, currency).await?;
        tx.publish(Message::new(user, &WalletMessage::WalletChanged(wallet)));
    }
    Ok(())
}
