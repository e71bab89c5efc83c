//! Rows in, rows out.
mod reads;

pub use reads::{Sum, home, standing, sum_of, sums, transactions, wrong_balances};

use super::{
    account::Account,
    ledger::{Balance, Hold, Posting, Status},
};
use crate::{
    db::Tx,
    ids::UserId,
    money::{Currency, Money},
    problem::Result,
    subject::Subject,
};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The holds for these subjects.
pub async fn holds(tx: &mut Tx, subjects: &BTreeSet<Subject>) -> Result<Vec<Hold>> {
    if subjects.is_empty() {
        return Ok(vec![]);
    }
    let (kinds, ids) = columns(subjects);
    let region = tx.region().number();
    let rows = sqlx::query!(
        r#"select id, subject_kind, subject_id, user_id as "user: UserId", amount, currency, status
        from hold
        where region = $1 and (subject_kind, subject_id) in (select * from unnest($2::text[], $3::uuid[]))
        order by id"#,
        region,
        &kinds,
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let holds = rows.into_iter().map(|row| {
        let subject = Subject { kind: row.subject_kind.into(), id: row.subject_id };
        let status = match row.status.as_str() {
            "open" => Status::Open,
            "released" => Status::Released,
            _ => Status::Captured,
        };
        Hold { id: row.id, subject, user: row.user, money: Money::new(row.amount, row.currency.into()), status }
    });
    Ok(holds.collect())
}

/// Locks the holds for these subjects in one statement by id.
pub async fn lock_holds(tx: &mut Tx, subjects: &BTreeSet<Subject>) -> Result<()> {
    if subjects.is_empty() {
        return Ok(());
    }
    let (kinds, ids) = columns(subjects);
    let region = tx.region().number();
    sqlx::query!(
        "select 1 as one
        from hold
        where region = $1 and (subject_kind, subject_id) in (select * from unnest($2::text[], $3::uuid[]))
        order by id
        for update",
        region,
        &kinds,
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(())
}

fn columns(subjects: &BTreeSet<Subject>) -> (Vec<String>, Vec<Uuid>) {
    subjects.iter().map(|subject| (subject.kind.clone().into_owned(), subject.id)).unzip()
}

/// Opens the accounts that do not exist yet, and balances for those with a floor, by id.
pub async fn ensure_accounts(tx: &mut Tx, accounts: &BTreeMap<Uuid, (Account, Currency)>) -> Result<()> {
    let ids: Vec<Uuid> = accounts.keys().copied().collect();
    let owners: Vec<Uuid> = accounts.values().map(|(account, _)| account.owner().map_or(Uuid::nil(), UserId::uuid)).collect();
    let kinds: Vec<String> = accounts.values().map(|(account, _)| account.kind().to_owned()).collect();
    let currencies: Vec<String> = accounts.values().map(|(_, currency)| currency.code().to_owned()).collect();
    let floored: Vec<bool> = accounts.values().map(|(account, _)| account.has_floor()).collect();
    let region = tx.region().number();
    sqlx::query!(
        "with opened as (insert into account (region, id, owner_id, kind, currency)
            select $1, a.id, a.owner_id, a.kind, a.currency
            from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[]) a(id, owner_id, kind, currency)
            order by a.id
            on conflict do nothing returning 1)
        insert into balance (region, account_id)
        select $1, a.id
        from unnest($2::uuid[], $6::boolean[]) a(id, floored)
        where a.floored and (select count(*) from opened) >= 0
        order by a.id
        on conflict do nothing",
        region,
        &ids,
        &owners,
        &kinds,
        &currencies,
        &floored,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Locks these balances in one statement by id; `accounts` gives the currency of each.
pub async fn lock_balances(tx: &mut Tx, accounts: &BTreeMap<Uuid, Currency>) -> Result<BTreeMap<Uuid, Balance>> {
    if accounts.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ids: Vec<Uuid> = accounts.keys().copied().collect();
    let region = tx.region().number();
    let rows = sqlx::query!(
        "select account_id, amount, floor
        from balance
        where region = $1 and account_id = any($2)
        order by account_id
        for update",
        region,
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    let balance = |id: Uuid, amount, floor| {
        let currency = *accounts.get(&id)?;
        Some((id, Balance { amount: Money::new(amount, currency), floor: Money::new(floor, currency) }))
    };
    Ok(rows.into_iter().filter_map(|row| balance(row.account_id, row.amount, row.floor)).collect())
}

/// Writes the postings, in the order they happened.
pub async fn post(tx: &mut Tx, postings: &[Posting]) -> Result<()> {
    if postings.is_empty() {
        return Ok(());
    }
    let region = tx.region();
    // Ids of one millisecond are random among themselves: sorted, they keep the order of the entries.
    let mut ids: Vec<Uuid> = postings.iter().map(|_| crate::ids::new(region, &tx.app().clock, &tx.app().random)).collect();
    ids.sort_unstable();
    let side = |account: Account, money: Money| account.id(region, money.currency());
    let debits: Vec<Uuid> = postings.iter().map(|posting| side(posting.debit, posting.money)).collect();
    let credits: Vec<Uuid> = postings.iter().map(|posting| side(posting.credit, posting.money)).collect();
    let currencies: Vec<String> = postings.iter().map(|posting| posting.money.currency().code().to_owned()).collect();
    let amounts: Vec<Decimal> = postings.iter().map(|posting| posting.money.decimal()).collect();
    let kinds: Vec<String> = postings.iter().map(|posting| posting.kind.name().to_owned()).collect();
    let subjects = || postings.iter().map(|posting| posting.subject.as_ref());
    let subject_kinds: Vec<Option<String>> = subjects().map(|subject| Some(subject?.kind.clone().into_owned())).collect();
    let subject_ids: Vec<Option<Uuid>> = subjects().map(|subject| Some(subject?.id)).collect();
    let now = tx.app().clock.now();
    sqlx::query!(
        "insert into posting (region, id, debit, credit, currency, amount, kind, subject_kind, subject_id, at)
        select $1, p.*, $10
        from unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::text[], $6::numeric[], $7::text[], $8::text[], $9::uuid[]) p",
        region.number(),
        &ids,
        &debits,
        &credits,
        &currencies,
        &amounts,
        &kinds,
        &subject_kinds as &[Option<String>],
        &subject_ids as &[Option<Uuid>],
        now,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes balances that are locked.
pub async fn set_balances(tx: &mut Tx, balances: &[(Uuid, Money)]) -> Result<()> {
    if balances.is_empty() {
        return Ok(());
    }
    let (ids, amounts): (Vec<Uuid>, Vec<Decimal>) = balances.iter().map(|(id, money)| (*id, money.decimal())).unzip();
    let region = tx.region().number();
    sqlx::query!(
        "update balance b
        set amount = n.amount
        from unnest($2::uuid[], $3::numeric[]) n(id, amount)
        where b.region = $1 and b.account_id = n.id",
        region,
        &ids,
        &amounts,
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub async fn insert_holds(tx: &mut Tx, holds: &[&Hold]) -> Result<()> {
    let region = tx.region().number();
    let now = tx.app().clock.now();
    for hold in holds {
        sqlx::query!(
            "insert into hold (region, id, subject_kind, subject_id, user_id, amount, currency, status, at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            region,
            hold.id,
            &*hold.subject.kind,
            hold.subject.id,
            hold.user.uuid(),
            hold.money.decimal(),
            hold.money.currency().code(),
            word(hold.status),
            now,
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub async fn save_holds(tx: &mut Tx, holds: &[&Hold]) -> Result<()> {
    let region = tx.region().number();
    for hold in holds {
        sqlx::query!(
            "update hold set status = $3, user_id = $4, amount = $5, currency = $6 where region = $1 and id = $2",
            region,
            hold.id,
            word(hold.status),
            hold.user.uuid(),
            hold.money.decimal(),
            hold.money.currency().code(),
        )
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Open => "open",
        Status::Released => "released",
        Status::Captured => "captured",
    }
}
