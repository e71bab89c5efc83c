//! Wallets as their owners read them, and the trial balance for admins.
use super::{
    account::{Account, Kind},
    messages::WalletMessage,
    store,
};
use crate::{
    App,
    actor::{Actor, Admin},
    clock::Timestamp,
    db::Live,
    event::channel_of,
    ids::{Region, UserId},
    money::{Amount, Currency, Money},
    page::{Listing, Page},
    problem::{Problem, Result},
    subject::Subject,
};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

/// A wallet in one currency.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct WalletView {
    /// Free to spend.
    pub balance: Amount,
    /// Set aside for orders and bids.
    pub held_balance: Amount,
    /// Earned by selling or carrying, not yet paid out.
    pub payable: Amount,
    pub total: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
}

/// The wallet with its position.
#[derive(Debug, Serialize, ToSchema)]
pub struct WalletAnswer {
    #[serde(flatten)]
    pub wallet: WalletView,
    pub live: Vec<Live>,
}

/// A person's wallet in `currency`; all zero when nothing was ever in it.
pub async fn standing(conn: &mut PgConnection, user: UserId, currency: Currency) -> Result<WalletView> {
    store::standing(conn, user, currency).await
}

/// The cash a crew has to hand in.
pub async fn cash_in_hand(conn: &mut PgConnection, crew: UserId, currency: Currency) -> Result<Money> {
    Ok(-store::sum_of(conn, Account::CrewCash(crew), currency).await?)
}

/// Reads the own wallet.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadWallet {
    /// ISO 4217; by default the currency of this server.
    currency: Option<String>,
}

/// The caller's wallet with the position of their channel.
pub async fn wallet(app: App, actor: Actor, input: ReadWallet) -> Result<WalletAnswer> {
    let currency = match input.currency {
        Some(code) => code.to_ascii_uppercase().parse().map_err(|_| Problem::invalid("currency", "invalid"))?,
        None => app.config.currency,
    };
    let mut view = app.read_whole(store::home(actor.id)).await?;
    let wallet = store::standing(&mut view, actor.id, currency).await?;
    let live = app.position(&mut view, channel_of::<WalletMessage>(&actor.id)).await?;
    Ok(WalletAnswer { wallet, live: vec![live] })
}

/// Lists the changes of the own wallet, the newest first.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    #[serde(rename = "type")]
    kind: Option<Kind>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

/// Which postings are listed.
pub struct Filter {
    pub kind: Option<Kind>,
    pub from: Option<Timestamp>,
    pub to: Option<Timestamp>,
    pub after: Option<Uuid>,
    pub rows: i64,
}

/// A change of a wallet.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transaction {
    pub id: Uuid,
    #[serde(rename = "type")]
    pub kind: Kind,
    /// Signed, as the free balance or the earnings saw it; paid out of a hold: what left.
    pub amount: Amount,
    #[schema(value_type = String)]
    pub currency: Currency,
    /// Free and earned money afterwards.
    pub balance_after: Amount,
    pub held_after: Amount,
    pub content_object: Option<Subject>,
    pub created_at: Timestamp,
}

/// The caller's postings.
pub async fn transactions(app: App, actor: Actor, listing: Listing<Filters>) -> Result<Page<Transaction>> {
    let Filters { kind, from, to } = listing.filters;
    let filter = Filter { kind, from, to, after: listing.after, rows: listing.rows() };
    let mut conn = app.read_stale(store::home(actor.id)).await?;
    let items = store::transactions(&mut conn, actor.id, &filter).await?;
    Ok(listing.page(items, |item: &Transaction| item.id))
}

/// All accounts of one currency by kind. `sum` is `0` unless the ledger is broken.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trial {
    #[schema(value_type = String)]
    pub currency: Currency,
    pub accounts: Vec<TrialLine>,
    #[schema(value_type = String)]
    pub sum: Amount,
}

/// Totals of one kind of account.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialLine {
    pub kind: String,
    pub debit: Amount,
    pub credit: Amount,
}

/// The trial balance of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct TrialBalance {
    pub items: Vec<Trial>,
    /// Over all currencies: zero where each is.
    #[schema(value_type = String)]
    pub sum: Amount,
    /// Balances that are not the sum of their postings.
    pub wrong_balances: usize,
}

/// Reads the trial balance of the ledger.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadTrialBalance {
    /// As of this moment; now without it.
    at: Option<Timestamp>,
}

/// The sums of all accounts by kind and currency.
pub async fn trial_balance(app: App, _: Admin, input: ReadTrialBalance) -> Result<TrialBalance> {
    let mut view = app.read_whole(Region::FIRST).await?;
    let sums = store::sums(&mut view, Region::FIRST, input.at).await?;
    let wrong_balances = store::wrong_balances(&mut view, Region::FIRST).await?.len();
    let mut by_currency: Vec<(Currency, Vec<store::Sum>)> = Vec::new();
    for sum in sums {
        let currency = sum.debit.currency();
        match by_currency.last_mut() {
            Some((last, sums)) if *last == currency => sums.push(sum),
            _ => by_currency.push((currency, vec![sum])),
        }
    }
    let items: Vec<Trial> = by_currency.into_iter().map(|(currency, sums)| Trial::new(currency, sums)).collect();
    let sum = items.iter().map(|trial| trial.sum.abs()).sum();
    Ok(TrialBalance { items, sum, wrong_balances })
}

impl Trial {
    fn new(currency: Currency, sums: Vec<store::Sum>) -> Self {
        let sum = Money::sum(currency, sums.iter().map(|sum| sum.credit - sum.debit)).unrounded().normalized();
        let line = |sum: store::Sum| TrialLine { kind: sum.kind, debit: sum.debit.amount(), credit: sum.credit.amount() };
        Self { currency, accounts: sums.into_iter().map(line).collect(), sum }
    }
}
