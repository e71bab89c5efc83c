//! The wallet: holds, payments, and a ledger that always adds up.
#![allow(clippy::inconsistent_digit_grouping, reason = "cents stand apart")]
use crate::kit::{Person, TestApp};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use wassally::{
    Error,
    actor::Role,
    domain::{
        orders,
        wallet::{self, Account, Kind},
    },
    ids::{OrderId, Region, UserId},
    money::Money,
    subject::Subject,
};

fn usd(cents: i64) -> Money {
    Money::of_minor(cents, "USD".parse().expect("a currency"))
}

impl TestApp {
    /// Gives somebody free money.
    pub async fn fund(&self, who: UserId, cents: i64) {
        let mut tx = self.app.begin(Region::FIRST).await.expect("begins");
        wallet::pay(&mut tx, Account::Funding, Account::Available(who), usd(cents), Kind::Topup);
        tx.end(()).await.expect("is paid");
    }

    async fn hold(&self, who: UserId, about: OrderId, cents: i64) -> Result<(), Error> {
        let mut tx = self.app.begin(Region::FIRST).await?;
        wallet::hold(&mut tx, who, orders::subject(about), usd(cents));
        tx.end(()).await.map(drop)
    }

    async fn release(&self, about: OrderId) {
        let mut tx = self.app.begin(Region::FIRST).await.expect("begins");
        wallet::release(&mut tx, orders::subject(about));
        tx.end(()).await.expect("releases");
    }

    fn order_id(&self) -> OrderId {
        OrderId::fresh(&self.app, Region::FIRST)
    }

    /// The ledger adds up, and every balance is the sum of its postings.
    pub async fn check_ledger(self: &Arc<Self>) {
        let admin = self.person(Role::Admin).await;
        let trial = admin.get("/api/admin/ledger/trial-balance/").await.ok();
        assert_eq!((&trial["sum"], &trial["wrong_balances"]), (&json!("0"), &json!(0)), "{trial}");
    }
}

impl Person {
    pub async fn wallet(&self) -> (String, String) {
        let wallet = self.get("/api/wallet/").await.ok();
        let text = |key: &str| wallet[key].as_str().expect("an amount").to_owned();
        (text("balance"), text("held_balance"))
    }
}

fn pair(balance: &str, held: &str) -> (String, String) {
    (balance.to_owned(), held.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn held_money_is_set_aside_and_comes_back_once() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    assert_eq!(anna.wallet().await, pair("0.00", "0.00"), "who never had a wallet has an empty one");
    app.fund(anna.id, 50_00).await;
    let order = app.order_id();
    app.hold(anna.id, order, 30_00).await.expect("it is enough");
    assert_eq!(anna.wallet().await, pair("20.00", "30.00"));
    app.release(order).await;
    app.release(order).await;
    assert_eq!(anna.wallet().await, pair("50.00", "0.00"), "a second release changes nothing");

    let transactions = anna.get("/api/wallet/transactions/").await.ok();
    let kinds: Vec<_> = transactions["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| (&item["type"], &item["amount"], &item["balance_after"]))
        .collect();
    assert_eq!(
        kinds,
        [
            (&json!("ESCROW_RELEASE"), &json!("30.00"), &json!("50.00")),
            (&json!("ESCROW_HOLD"), &json!("-30.00"), &json!("20.00")),
            (&json!("TOPUP"), &json!("50.00"), &json!("50.00")),
        ]
    );
    // Page by page, and through a filter, each shows the balance afterwards.
    let (mut seen, mut cursor) = (vec![], String::new());
    loop {
        let page = anna.get(&format!("/api/wallet/transactions/?limit=1{cursor}")).await.ok();
        seen.extend(page["items"].as_array().expect("items").clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(json!(seen), transactions["items"]);
    assert_eq!(seen.iter().map(|item| &item["held_after"]).collect::<Vec<_>>(), ["0.00", "30.00", "0.00"]);
    let held = anna.get("/api/wallet/transactions/?type=ESCROW_HOLD").await.ok();
    assert_eq!((&held["items"][0]["balance_after"], &held["items"][0]["held_after"]), (&json!("20.00"), &json!("30.00")));
    assert_eq!(held["items"][0]["content_object"], json!({ "type": "order", "id": order }));
    anna.get("/api/wallet/transactions/?type=GIFT").await.refused(422, "invalid");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_is_free_cannot_be_held() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    app.fund(anna.id, 10_00).await;
    let refused = app.hold(anna.id, app.order_id(), 10_01).await.expect_err("a cent too much").into_problem();
    assert_eq!((refused.status, refused.code), (402, "insufficient_funds"));
    assert_eq!((&refused.members["needed"], &refused.members["balance"]), (&json!("10.01"), &json!("10.00")));
    assert_eq!(anna.wallet().await, pair("10.00", "0.00"));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_holds_at_once_only_those_that_are_covered_succeed() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    app.fund(anna.id, 50_00).await;
    let tries: Vec<_> = (0..20)
        .map(|_| {
            let (app, id) = (app.clone(), anna.id);
            tokio::spawn(async move { app.hold(id, app.order_id(), 10_00).await.is_ok() })
        })
        .collect();
    let mut held = 0;
    for attempt in tries {
        held += i32::from(attempt.await.expect("no panic"));
    }
    assert_eq!(held, 5);
    assert_eq!(anna.wallet().await, pair("0.00", "50.00"));
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_is_paid_out_in_shares_and_what_is_left_goes_back() {
    let app = TestApp::start().await;
    let (anna, seller, crew) = (app.customer().await, app.person(Role::Seller).await, app.person(Role::Crew).await);
    app.fund(anna.id, 50_00).await;
    let order = app.order_id();
    app.hold(anna.id, order, 20_00).await.expect("it is enough");
    for _ in 0..2 {
        let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
        let shares = vec![(Account::SellerPayable(seller.id), usd(15_00)), (Account::CrewPayable(crew.id), usd(2_50))];
        wallet::capture(&mut tx, orders::subject(order), shares);
        tx.end(()).await.expect("captures");
    }
    assert_eq!(anna.wallet().await, pair("32.50", "0.00"), "once, and 2.50 came back");
    assert_eq!(seller.get("/api/wallet/").await.ok()["payable"], "15.00");
    assert_eq!(crew.get("/api/wallet/").await.ok()["payable"], "2.50");
    app.release(order).await;
    assert_eq!(anna.wallet().await, pair("32.50", "0.00"), "a captured hold is finished");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crosswise_payments_never_deadlock() {
    let app = TestApp::start().await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    app.fund(anna.id, 100_00).await;
    app.fund(ben.id, 100_00).await;
    let payments: Vec<_> = (0..40)
        .map(|n| {
            let (app, from, to) = if n % 2 == 0 { (app.clone(), anna.id, ben.id) } else { (app.clone(), ben.id, anna.id) };
            tokio::spawn(async move {
                let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
                wallet::pay(&mut tx, Account::Available(from), Account::Available(to), usd(1_00), Kind::Adjustment);
                tx.end(()).await.expect("is paid");
            })
        })
        .collect();
    for payment in payments {
        payment.await.expect("no panic");
    }
    let deadlocks: i64 = sqlx::query_scalar("select deadlocks from pg_stat_database where datname = current_database()")
        .fetch_one(&app.app.pools().background)
        .await
        .expect("statistics");
    assert_eq!(deadlocks, 0);
    assert_eq!(anna.wallet().await, pair("100.00", "0.00"));
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_owner_gets_a_change_with_its_number() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    app.fund(anna.id, 12_00).await;
    let live = &anna.get("/api/wallet/").await.ok()["live"][0];
    assert_eq!(live["channel"], format!("user:{}", anna.id));
    let body: String = sqlx::query_scalar("select body from channel_log where channel = $1 and seq = $2")
        .bind(format!("user:{}", anna.id))
        .bind(live["offset"].as_i64().expect("an offset"))
        .fetch_one(&app.app.pools().background)
        .await
        .expect("it was logged");
    let body: Value = serde_json::from_str(&body).expect("JSON");
    assert_eq!(
        (&body["type"], &body["balance"], &body["held_balance"], &body["currency"]),
        (&json!("wallet_changed"), &json!("12.00"), &json!("0.00"), &json!("USD"))
    );
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_refuses_what_would_unbalance_it() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    app.fund(anna.id, 5_00).await;
    let pool = &app.app.pools().background;
    let overdraft = sqlx::query("update balance set amount = amount - 6").execute(pool).await.expect_err("below its floor");
    assert!(overdraft.to_string().contains("balance_amount_floor_check"), "{overdraft}");
    for (amount, constraint) in [("'NaN'", "posting_amount_check"), ("-1", "posting_amount_check")] {
        let statement = format!(
            "insert into posting select region, '{}', debit, credit, currency, {amount}, kind, null, null, at from posting limit 1",
            Uuid::from_u128(1)
        );
        let error = sqlx::query(sqlx::AssertSqlSafe(statement)).execute(pool).await.expect_err(amount);
        assert!(error.to_string().contains(constraint), "{error}");
    }
    let foreign = sqlx::query("insert into posting select region, gen_random_uuid(), debit, credit, 'EUR', 1, kind, null, null, at from posting limit 1")
        .execute(pool)
        .await
        .expect_err("another currency than its accounts'");
    assert!(foreign.to_string().contains("posting_"), "{foreign}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_moves_to_the_next_bidder_and_the_first_has_their_money_back() {
    let app = TestApp::start().await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    app.fund(anna.id, 100_00).await;
    app.fund(ben.id, 100_00).await;
    let subject = orders::subject(app.order_id());
    let bid = async |who: UserId, cents: i64| {
        let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
        wallet::move_hold(&mut tx, subject.clone(), who, usd(cents));
        tx.end(()).await.map(drop)
    };
    bid(anna.id, 30_00).await.expect("the first bid opens the hold");
    assert_eq!(anna.wallet().await, pair("70.00", "30.00"));
    bid(anna.id, 80_00).await.expect("a higher bid of one's own needs only the difference");
    assert_eq!(anna.wallet().await, pair("20.00", "80.00"));
    bid(ben.id, 90_00).await.expect("the next bidder has it");
    assert_eq!((anna.wallet().await, ben.wallet().await), (pair("100.00", "0.00"), pair("10.00", "90.00")));
    bid(anna.id, 100_01).await.expect_err("a cent too much");
    assert_eq!((anna.wallet().await, ben.wallet().await), (pair("100.00", "0.00"), pair("10.00", "90.00")));
    let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
    wallet::release(&mut tx, subject.clone());
    tx.end(()).await.expect("releases");
    assert_eq!(ben.wallet().await, pair("100.00", "0.00"));
    bid(anna.id, 1_00).await.expect_err("the hold has ended");
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_that_changes_hands_before_it_is_locked_is_tried_again() {
    let app = TestApp::start().await;
    let (anna, ben, cara) = (app.customer().await, app.customer().await, app.customer().await);
    app.fund(anna.id, 50_00).await;
    app.fund(ben.id, 50_00).await;
    let order = app.order_id();
    app.hold(anna.id, order, 10_00).await.expect("it is enough");
    // Somebody else has the hold's row while the commit waits for it.
    let mut other = app.app.pools().background.begin().await.expect("a second connection");
    let change = sqlx::query("update hold set user_id = $1 where region = 1 and subject_id = $2");
    change.bind(cara.id.uuid()).bind(order.uuid()).execute(&mut *other).await.expect("changes");
    let commit = tokio::spawn({
        let app = app.clone();
        async move {
            let mut tx = app.app.begin(Region::FIRST).await?;
            wallet::move_hold(&mut tx, orders::subject(order), ben.id, usd(20_00));
            tx.end(()).await.map(drop)
        }
    });
    let waiting = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(waiting).fetch_one(&app.app.pools().background).await.expect("reads") == 0 {
        tokio::task::yield_now().await;
    }
    other.commit().await.expect("commits");
    let error = commit.await.expect("no panic").expect_err("its accounts are not those that were locked");
    assert!(matches!(error, Error::Again(_)), "{error}");
    assert_eq!(ben.wallet().await, pair("50.00", "0.00"));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kind_that_no_slice_registered_is_no_subject() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    app.fund(anna.id, 50_00).await;
    let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
    wallet::hold(&mut tx, anna.id, Subject::new("lottery", Uuid::nil()), usd(1_00));
    let error = tx.end(()).await.expect_err("nobody's kind");
    assert!(error.to_string().contains("no slice registers"), "{error}");
    assert_eq!(anna.wallet().await, pair("50.00", "0.00"));
    app.end().await;
}
