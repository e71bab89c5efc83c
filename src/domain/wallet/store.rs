//! Rows in, rows out.
use super::{
    account::{Account, HoldFor},
    entries::{Hold, Posting, Status},
    read::WalletView,
};
use crate::{
    db::Tx,
    ids::{Region, UserId},
    money::{Amount, Currency, Money},
    problem::Result,
};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The holds for these subjects, locked by id when `lock`.
pub async fn holds(tx: &mut Tx, abouts: &BTreeSet<HoldFor>, lock: bool) -> Result<Vec<Hold>> {
    if abouts.is_empty() {
        return Ok(vec![]);
    }
    let kinds: Vec<String> = abouts.iter().map(|about| about.kind().to_owned()).collect();
    let ids: Vec<Uuid> = abouts.iter().map(|about| about.id()).collect();
    let region = tx.region().number();
    if lock {
        sqlx::query!(
            "select 1 as one
            from hold
            where region = $1 and (for_kind, for_id) in (select * from unnest($2::text[], $3::uuid[]))
            order by id
            for update",
            region,
            &kinds,
            &ids,
        )
        .fetch_all(&mut **tx)
        .await?;
    }
    let rows = sqlx::query!(
        "select id, for_kind, for_id, user_id, amount, currency, status
        from hold
        where region = $1 and (for_kind, for_id) in (select * from unnest($2::text[], $3::uuid[]))
        order by id",
        region,
        &kinds,
        &ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows
        .into_iter()
        .filter_map(|row| {
            let about = *abouts.iter().find(|about| about.kind() == row.for_kind && about.id() == row.for_id)?;
            let status = match row.status.as_str() {
                "open" => Status::Open,
                "released" => Status::Released,
                _ => Status::Captured,
            };
            Some(Hold { id: row.id, about, who: row.user_id.into(), money: Money::new(row.amount, row.currency.into()), status })
        })
        .collect())
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

/// Locks these balances in one statement by id: amount and floor.
pub async fn lock_balances(tx: &mut Tx, ids: &[Uuid]) -> Result<BTreeMap<Uuid, (Decimal, Decimal)>> {
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let region = tx.region().number();
    let rows = sqlx::query!(
        "select account_id, amount, floor
        from balance
        where region = $1 and account_id = any($2)
        order by account_id
        for update",
        region,
        ids,
    )
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account_id, (row.amount, row.floor))).collect())
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
    let side = |(account, currency): (Account, Currency)| account.id(region, currency);
    let debits: Vec<Uuid> = postings.iter().map(|posting| side(posting.debit)).collect();
    let credits: Vec<Uuid> = postings.iter().map(|posting| side(posting.credit)).collect();
    let currencies: Vec<String> = postings.iter().map(|posting| posting.debit.1.code().to_owned()).collect();
    let amounts: Vec<Decimal> = postings.iter().map(|posting| posting.amount).collect();
    let kinds: Vec<String> = postings.iter().map(|posting| posting.kind.name().to_owned()).collect();
    let subject_kinds: Vec<Option<String>> = postings.iter().map(|p| p.about.map(|about| about.kind().to_owned())).collect();
    let subject_ids: Vec<Option<Uuid>> = postings.iter().map(|posting| posting.about.map(HoldFor::id)).collect();
    sqlx::query!(
        "insert into posting (region, id, debit, credit, currency, amount, kind, subject_kind, subject_id, at)
        select $1, p.*, app_now()
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
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes balances that are locked.
pub async fn set_balances(tx: &mut Tx, balances: &[(Uuid, Decimal)]) -> Result<()> {
    if balances.is_empty() {
        return Ok(());
    }
    let (ids, amounts): (Vec<Uuid>, Vec<Decimal>) = balances.iter().copied().unzip();
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
    for hold in holds {
        sqlx::query!(
            "insert into hold (region, id, for_kind, for_id, user_id, amount, currency, status, at)
            values ($1, $2, $3, $4, $5, $6, $7, $8, app_now())",
            region,
            hold.id,
            hold.about.kind(),
            hold.about.id(),
            hold.who.uuid(),
            hold.money.amount,
            hold.money.currency.code(),
            word(hold.status),
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
            "update hold set status = $3, amount = $4 where region = $1 and id = $2",
            region,
            hold.id,
            word(hold.status),
            hold.money.amount
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

/// Where a person's accounts are kept: in the region of their id.
pub fn home(user: UserId) -> Region {
    match user.region() {
        Region::GLOBAL => Region::FIRST,
        region => region,
    }
}

/// A person's wallet in one currency, over the accounts of their home region.
pub async fn standing(conn: &mut PgConnection, user: UserId, currency: Currency) -> Result<WalletView> {
    let home = home(user);
    let id = |account: Account| account.id(home, currency);
    let row = sqlx::query!(
        r#"select coalesce(sum(amount) filter (where account_id = $2), 0) as "available!",
            coalesce(sum(amount) filter (where account_id = $3), 0) as "held!",
            coalesce(sum(amount) filter (where account_id in ($4, $5)), 0) as "payable!"
        from balance
        where region = $1 and account_id in ($2, $3, $4, $5)"#,
        home.number(),
        id(Account::Available(user)),
        id(Account::Held(user)),
        id(Account::SellerPayable(user)),
        id(Account::CrewPayable(user)),
    )
    .fetch_one(&mut *conn)
    .await?;
    let amount = |amount| Amount::of(amount, currency);
    Ok(WalletView {
        balance: amount(row.available),
        held_balance: amount(row.held),
        payable: amount(row.payable),
        total: amount(row.available + row.held + row.payable),
        currency,
    })
}

/// One posting as its owner reads it.
pub struct Moved {
    pub id: Uuid,
    pub kind: super::Kind,
    pub amount: Decimal,
    pub currency: String,
    pub balance_after: Decimal,
    pub held_after: Decimal,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub at: crate::clock::Timestamp,
}

/// A person's postings, newest first. `amount` is signed as the free balance or the earnings saw it; out of a hold it is what left.
///
/// What was there afterwards is reckoned back from what is there now, over the postings since the oldest of the page alone.
pub async fn moved(conn: &mut PgConnection, user: UserId, filter: &super::read::Filter) -> Result<Vec<Moved>> {
    let rows = sqlx::query_as!(
        Moved,
        r#"with own as (
            select a.id, a.kind, a.currency, coalesce(b.amount, 0) as amount
            from account a
            left join balance b on b.region = $1 and b.account_id = a.id
            where a.region = $1 and a.owner_id = $2 and a.kind in ('available', 'held', 'seller_payable', 'crew_payable')),
        listed as (
            select p.id
            from own
            cross join lateral (
                (select id from posting
                where region = $1 and debit = own.id and ($3::text is null or kind = $3) and ($4::timestamptz is null or at >= $4)
                    and ($5::timestamptz is null or at < $5) and ($6::uuid is null or id < $6)
                order by id desc
                limit $7)
                union all
                (select id from posting
                where region = $1 and credit = own.id and ($3::text is null or kind = $3) and ($4::timestamptz is null or at >= $4)
                    and ($5::timestamptz is null or at < $5) and ($6::uuid is null or id < $6)
                order by id desc
                limit $7)) p
            group by p.id
            order by p.id desc
            limit $7),
        side as (
            select p.id, own.currency, own.kind, -p.amount as amount
            from own
            join posting p on p.region = $1 and p.debit = own.id and p.id >= (select id from listed order by id limit 1)
            union all
            select p.id, own.currency, own.kind, p.amount
            from own
            join posting p on p.region = $1 and p.credit = own.id and p.id >= (select id from listed order by id limit 1)),
        step as (
            select id, currency, coalesce(sum(amount) filter (where kind <> 'held'), 0) as free,
                coalesce(sum(amount) filter (where kind = 'held'), 0) as held
            from side
            group by id, currency),
        later as (
            select id, coalesce(sum(free) over newer, 0) as free, coalesce(sum(held) over newer, 0) as held
            from step
            window newer as (partition by currency order by id desc rows between unbounded preceding and 1 preceding)),
        present as (
            select currency, coalesce(sum(amount) filter (where kind <> 'held'), 0) as free,
                coalesce(sum(amount) filter (where kind = 'held'), 0) as held
            from own
            group by currency)
        select p.id as "id!", p.kind as "kind!: super::Kind",
            case when d.kind = 'held' and c.kind = 'available' then p.amount when d.id is not null then -p.amount else p.amount end as "amount!",
            p.currency as "currency!", n.free - l.free as "balance_after!", n.held - l.held as "held_after!",
            p.subject_kind, p.subject_id, p.at as "at!"
        from listed
        join posting p on p.region = $1 and p.id = listed.id
        join later l on l.id = listed.id
        join present n on n.currency = p.currency
        left join own d on d.id = p.debit
        left join own c on c.id = p.credit
        order by p.id desc"#,
        home(user).number(),
        user.uuid(),
        filter.kind.map(super::Kind::name),
        filter.from,
        filter.to,
        filter.after,
        filter.rows,
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows)
}

/// Sums of all postings of one kind of account.
pub struct Sum {
    pub currency: String,
    pub kind: String,
    pub debit: Decimal,
    pub credit: Decimal,
}

pub async fn sums(conn: &mut PgConnection, region: Region, at: Option<crate::clock::Timestamp>) -> Result<Vec<Sum>> {
    let rows = sqlx::query_as!(
        Sum,
        r#"select a.currency, a.kind, coalesce(sum(s.amount) filter (where s.debit), 0) as "debit!",
            coalesce(sum(s.amount) filter (where not s.debit), 0) as "credit!"
        from (
            select debit as account_id, true as debit, amount from posting where region = $1 and ($2::timestamptz is null or at <= $2)
            union all
            select credit, false, amount from posting where region = $1 and ($2::timestamptz is null or at <= $2)) s
        join account a on a.region = $1 and a.id = s.account_id
        group by a.currency, a.kind
        order by a.currency, a.kind"#,
        region.number(),
        at,
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows)
}

/// Accounts whose balance is not the sum of their postings.
pub async fn wrong_balances(conn: &mut PgConnection) -> Result<Vec<(i16, Uuid, Decimal, Decimal)>> {
    let rows = sqlx::query!(
        r#"select b.region, b.account_id, b.amount, coalesce(c.amount, 0) - coalesce(d.amount, 0) as "posted!"
        from balance b
        left join (select region, credit as id, sum(amount) as amount from posting group by 1, 2) c
            on c.region = b.region and c.id = b.account_id
        left join (select region, debit as id, sum(amount) as amount from posting group by 1, 2) d
            on d.region = b.region and d.id = b.account_id
        where b.amount <> coalesce(c.amount, 0) - coalesce(d.amount, 0)"#
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.region, row.account_id, row.amount, row.posted)).collect())
}

/// The sum of an account without a balance row.
pub async fn sum_of(conn: &mut PgConnection, account: Account, currency: Currency) -> Result<Decimal> {
    let region = account.owner().map_or(Region::FIRST, home);
    let sum = sqlx::query_scalar!(
        r#"select (select coalesce(sum(amount), 0) from posting where region = $1 and credit = $2)
            - (select coalesce(sum(amount), 0) from posting where region = $1 and debit = $2) as "sum!""#,
        region.number(),
        account.id(region, currency),
    );
    Ok(sum.fetch_one(&mut *conn).await?)
}
