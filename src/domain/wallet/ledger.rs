//! The wallet's step of every commit: locks the accounts that the recorded entries touch, checks them, and writes postings.
use super::{
    account::{Account, Kind},
    entries::{HoldError, LedgerEntries, LedgerEntry},
    messages::WalletMessage,
    store,
};
use crate::{
    db::Tx,
    event::Message,
    ids::{Region, UserId},
    money::{Currency, Money},
    problem::{Error, Result},
    subject::{Subject, SubjectKinds},
};
use futures_util::future::BoxFuture;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// Carries out what the commands of this transaction recorded.
///
/// Errors: [`HoldError::Short`].
pub(super) fn settle(tx: &mut Tx) -> BoxFuture<'_, Result<()>> {
    Box::pin(async move {
        let entries = std::mem::take(&mut tx.notes::<LedgerEntries>().0);
        if entries.is_empty() { Ok(()) } else { Ledger::lock(tx, &entries).await?.settle(tx, entries).await }
    })
}

/// A hold as it stands in this transaction.
#[derive(Debug, Clone)]
pub(super) struct Hold {
    pub id: Uuid,
    pub subject: Subject,
    pub user: UserId,
    pub money: Money,
    pub status: Status,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Status {
    Open,
    Released,
    Captured,
}

impl Hold {
    /// The accounts its money moves between when it ends.
    fn accounts(&self) -> [(Account, Currency); 2] {
        [(Account::Held(self.user), self.money.currency()), (Account::Available(self.user), self.money.currency())]
    }
}

/// A new row of the ledger.
#[derive(Debug)]
pub(super) struct Posting {
    pub debit: Account,
    pub credit: Account,
    pub money: Money,
    pub kind: Kind,
    pub subject: Option<Subject>,
}

/// What an account with a floor contains.
#[derive(Debug, Clone, Copy)]
pub(super) struct Balance {
    pub amount: Money,
    pub floor: Money,
}

/// Everything that this transaction's money touches, locked.
#[derive(Debug)]
struct Ledger {
    region: Region,
    holds: BTreeMap<Subject, Hold>,
    /// By account id.
    balances: BTreeMap<Uuid, Balance>,
    postings: Vec<Posting>,
    opened: BTreeSet<Subject>,
    changed: BTreeSet<Subject>,
}

impl Ledger {
    /// Locks accounts first, in one statement by id, then holds: the order of locks.
    async fn lock(tx: &mut Tx, entries: &[LedgerEntry]) -> Result<Self> {
        for subject in entries.iter().filter_map(LedgerEntry::subject) {
            tx.app().part::<SubjectKinds>().check(subject)?;
        }
        let region = tx.region();
        let subjects: BTreeSet<Subject> = entries.iter().filter_map(LedgerEntry::held_subject).cloned().collect();
        let known = store::holds(tx, &subjects).await?;
        let of_holds = known.iter().flat_map(Hold::accounts);
        let accounts: BTreeMap<Uuid, (Account, Currency)> = entries
            .iter()
            .flat_map(LedgerEntry::accounts)
            .chain(of_holds)
            .map(|(account, currency)| (account.id(region, currency), (account, currency)))
            .collect();
        store::ensure_accounts(tx, &accounts).await?;
        let floored = accounts.into_iter().filter(|(_, (account, _))| account.has_floor());
        let floored = floored.map(|(id, (_, currency))| (id, currency)).collect();
        let balances = store::lock_balances(tx, &floored).await?;
        store::lock_holds(tx, &subjects).await?;
        let holds: BTreeMap<_, _> =
            store::holds(tx, &subjects).await?.into_iter().map(|hold| (hold.subject.clone(), hold)).collect();
        // A hold that was opened or moved since the first look has other accounts than those that are locked.
        let is_locked = |(account, currency): &(Account, Currency)| balances.contains_key(&account.id(region, *currency));
        if !holds.values().flat_map(Hold::accounts).all(|account| is_locked(&account)) {
            return Err(Error::Again(sqlx::Error::Protocol("a hold changed hands before it was locked".into())));
        }
        Ok(Self { region, holds, balances, postings: vec![], opened: BTreeSet::new(), changed: BTreeSet::new() })
    }

    async fn settle(mut self, tx: &mut Tx, entries: Vec<LedgerEntry>) -> Result<()> {
        let before = self.balances.clone();
        for entry in entries {
            self.apply(tx, entry)?;
        }
        store::post(tx, &self.postings).await?;
        let has_changed = |id: &Uuid, now: &Balance| before.get(id).is_none_or(|old| old.amount != now.amount);
        let balances: Vec<(Uuid, Money)> =
            self.balances.iter().filter(|(id, now)| has_changed(id, now)).map(|(id, now)| (*id, now.amount)).collect();
        store::set_balances(tx, &balances).await?;
        let opened: Vec<&Hold> = self.opened.iter().filter_map(|subject| self.holds.get(subject)).collect();
        store::insert_holds(tx, &opened).await?;
        let changed: Vec<&Hold> = self.changed.difference(&self.opened).filter_map(|subject| self.holds.get(subject)).collect();
        store::save_holds(tx, &changed).await?;
        publish(tx, &self.postings).await
    }

    fn apply(&mut self, tx: &Tx, entry: LedgerEntry) -> Result<()> {
        match entry {
            LedgerEntry::Hold { user, subject, money } => self.open(tx, user, subject, money),
            LedgerEntry::Release { subject } => self.release(&subject),
            LedgerEntry::Reduce { subject, by } => {
                let Some(hold) = self.holds.get_mut(&subject).filter(|hold| hold.status == Status::Open) else { return Ok(()) };
                if by >= hold.money {
                    return self.release(&subject);
                }
                hold.money -= by;
                let user = hold.user;
                self.changed.insert(subject.clone());
                self.post(Account::Held(user), Account::Available(user), by, Kind::EscrowRelease, Some(subject))
            }
            LedgerEntry::Capture { subject, shares } => {
                let Some(hold) = self.end(&subject, Status::Captured) else { return Ok(()) };
                let from = Account::Held(hold.user);
                let mut rest = hold.money;
                for (to, share) in shares {
                    rest -= share;
                    self.post(from, to, share, Kind::Payment, Some(subject.clone()))?;
                }
                self.post(from, Account::Available(hold.user), rest, Kind::EscrowRelease, Some(subject))
            }
            LedgerEntry::Move { subject, user, money } => self.move_hold(tx, subject, user, money),
            LedgerEntry::Pay { from, to, money, kind, subject } => self.post(from, to, money, kind, subject),
        }
    }

    fn open(&mut self, tx: &Tx, user: UserId, subject: Subject, money: Money) -> Result<()> {
        if money.is_zero() {
            return Ok(());
        }
        if self.holds.contains_key(&subject) {
            return Err(Error::broken(anyhow::anyhow!("{subject} has a hold already")));
        }
        self.post(Account::Available(user), Account::Held(user), money, Kind::EscrowHold, Some(subject.clone()))?;
        let id = crate::ids::new(self.region, &tx.app().clock, &tx.app().random);
        self.opened.insert(subject.clone());
        self.holds.insert(subject.clone(), Hold { id, subject, user, money, status: Status::Open });
        Ok(())
    }

    fn release(&mut self, subject: &Subject) -> Result<()> {
        let Some(hold) = self.end(subject, Status::Released) else { return Ok(()) };
        let (held, available) = (Account::Held(hold.user), Account::Available(hold.user));
        self.post(held, available, hold.money, Kind::EscrowRelease, Some(subject.clone()))
    }

    fn move_hold(&mut self, tx: &Tx, subject: Subject, user: UserId, money: Money) -> Result<()> {
        let Some(old) = self.holds.get(&subject).cloned() else { return self.open(tx, user, subject, money) };
        if old.status != Status::Open {
            return Err(Error::broken(anyhow::anyhow!("the hold for {subject} has ended and cannot move")));
        }
        if money.is_zero() {
            return self.release(&subject);
        }
        // What was held goes back first: who raises their own bid needs the difference alone.
        let (held, available) = (Account::Held(old.user), Account::Available(old.user));
        self.post(held, available, old.money, Kind::EscrowRelease, Some(subject.clone()))?;
        self.post(Account::Available(user), Account::Held(user), money, Kind::EscrowHold, Some(subject.clone()))?;
        self.changed.insert(subject.clone());
        self.holds.insert(subject, Hold { user, money, ..old });
        Ok(())
    }

    /// Ends an open hold.
    fn end(&mut self, subject: &Subject, status: Status) -> Option<Hold> {
        let hold = self.holds.get_mut(subject).filter(|hold| hold.status == Status::Open)?;
        hold.status = status;
        self.changed.insert(subject.clone());
        Some(hold.clone())
    }

    /// Moves money between two accounts, as far as the floor of the one that pays allows. Nothing moves for zero.
    fn post(&mut self, from: Account, to: Account, money: Money, kind: Kind, subject: Option<Subject>) -> Result<()> {
        if money.is_zero() {
            return Ok(());
        }
        if money.is_negative() || !money.is_exact() {
            return Err(Error::broken(anyhow::anyhow!("{money} cannot move: negative, or finer than its currency")));
        }
        let currency = money.currency();
        if let Some(balance) = self.balances.get_mut(&from.id(self.region, currency)) {
            if balance.amount - money < balance.floor {
                return Err(HoldError::Short {
                    needed: money.amount(),
                    balance: balance.amount.amount(),
                    currency: currency.code(),
                }
                .into());
            }
            balance.amount -= money;
        }
        if let Some(balance) = self.balances.get_mut(&to.id(self.region, currency)) {
            balance.amount += money;
        }
        self.postings.push(Posting { debit: from, credit: to, money, kind, subject });
        Ok(())
    }
}

/// Publishes `wallet_changed` to everybody whose balances moved, with the wallet as it is afterwards.
async fn publish(tx: &mut Tx, postings: &[Posting]) -> Result<()> {
    let changed: BTreeSet<(UserId, Currency)> = postings
        .iter()
        .flat_map(|posting| [(posting.debit, posting.money.currency()), (posting.credit, posting.money.currency())])
        .filter(|(account, _)| account.has_floor())
        .filter_map(|(account, currency)| Some((account.owner()?, currency)))
        .collect();
    for (user, currency) in changed {
        let wallet = store::standing(tx, user, currency).await?;
        tx.publish(Message::new(user, &WalletMessage::WalletChanged(wallet)));
    }
    Ok(())
}
