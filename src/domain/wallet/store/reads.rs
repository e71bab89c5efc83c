//! Reads: wallets, transactions and sums over the ledger.
use crate::{
    clock::Timestamp,
    domain::wallet::{
        Account, Kind,
        read::{Filter, Transaction, WalletView},
    },
    ids::{Region, UserId},
    money::{Amount, Currency, Money},
    problem::Result,
    subject::Subject,
};
use sqlx::PgConnection;
use uuid::Uuid;

/// The region that keeps a person's accounts: that of their id.
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

/// A person's postings, newest first. `amount` is signed as the free balance or the earnings saw it; out of a hold it is what left.
///
/// The balances afterwards are computed back from the present ones, over no more postings than those since the oldest of the page.
pub async fn transactions(conn: &mut PgConnection, user: UserId, filter: &Filter) -> Result<Vec<Transaction>> {
    let rows = sqlx::query!(
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
        select p.id as "id!", p.kind as "kind!: Kind",
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
        filter.kind.map(Kind::name),
        filter.from,
        filter.to,
        filter.after,
        filter.rows,
    )
    .fetch_all(&mut *conn)
    .await?;
    let transactions = rows.into_iter().map(|row| {
        let currency = Currency::from(row.currency);
        let amount = |amount| Amount::of(amount, currency);
        Transaction {
            id: row.id,
            kind: row.kind,
            amount: amount(row.amount),
            currency,
            balance_after: amount(row.balance_after),
            held_after: amount(row.held_after),
            content_object: Subject::stored(row.subject_kind, row.subject_id),
            created_at: row.at,
        }
    });
    Ok(transactions.collect())
}

/// Sums of all postings of one kind of account.
pub struct Sum {
    pub kind: String,
    pub debit: Money,
    pub credit: Money,
}

pub async fn sums(conn: &mut PgConnection, region: Region, at: Option<Timestamp>) -> Result<Vec<Sum>> {
    let rows = sqlx::query!(
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
    let sums = rows.into_iter().map(|row| {
        let currency = Currency::from(row.currency);
        Sum { kind: row.kind, debit: Money::new(row.debit, currency), credit: Money::new(row.credit, currency) }
    });
    Ok(sums.collect())
}

/// An account whose balance is not the sum of its postings.
pub struct WrongBalance {
    pub account_id: Uuid,
    pub balance: Amount,
    pub posted: Amount,
}

pub async fn wrong_balances(conn: &mut PgConnection, region: Region) -> Result<Vec<WrongBalance>> {
    let rows = sqlx::query_as!(
        WrongBalance,
        r#"select b.account_id, b.amount as balance, coalesce(c.amount, 0) - coalesce(d.amount, 0) as "posted!"
        from balance b
        left join (select credit as id, sum(amount) as amount from posting where region = $1 group by credit) c on c.id = b.account_id
        left join (select debit as id, sum(amount) as amount from posting where region = $1 group by debit) d on d.id = b.account_id
        where b.region = $1 and b.amount <> coalesce(c.amount, 0) - coalesce(d.amount, 0)"#,
        region.number(),
    )
    .fetch_all(&mut *conn)
    .await?;
    Ok(rows)
}

/// What is in an account without a balance row: the sum of its postings.
pub async fn sum_of(conn: &mut PgConnection, account: Account, currency: Currency) -> Result<Money> {
    let region = account.owner().map_or(Region::FIRST, home);
    let sum = sqlx::query_scalar!(
        r#"select (select coalesce(sum(amount), 0) from posting where region = $1 and credit = $2)
            - (select coalesce(sum(amount), 0) from posting where region = $1 and debit = $2) as "sum!""#,
        region.number(),
        account.id(region, currency),
    );
    Ok(Money::new(sum.fetch_one(&mut *conn).await?, currency))
}
