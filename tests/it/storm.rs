//! Many clients at the same time: no deadlock, no oversell, no order twice, and the money adds up.
#![allow(clippy::inconsistent_digit_grouping, reason = "cents stand apart")]
use crate::kit::{Answer, Person, Stall, TestApp};
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc};

async fn deadlocks(app: &TestApp) -> i64 {
    // Statistics of a session become visible when it is idle for a moment; a new one flushes its own at once.
    sqlx::query_scalar("select deadlocks from pg_stat_database where datname = current_database()")
        .fetch_one(&app.app.pools().background)
        .await
        .expect("statistics")
}

/// Orders that somebody may still do something with.
type Board = Arc<parking_lot::Mutex<Vec<String>>>;

/// One of thirty-two, who does whatever comes to mind.
async fn raves(who: Person, role: usize, stalls: Arc<Vec<Stall>>, board: Board, seed: u64) -> BTreeMap<String, usize> {
    let mut dice = StdRng::seed_from_u64(seed);
    let mut met = BTreeMap::new();
    // What the customer placed or the crew carries; others find theirs on the board.
    let mut mine: Vec<String> = Vec::new();
    for step in 0..25 {
        let own = mine.choose(&mut dice).cloned();
        let order = board.lock().choose(&mut dice).cloned().filter(|_| role != 0).or(own.clone());
        let (path, body) = match (role, order, dice.random_range(0..10)) {
            (0, _, 0..4) => {
                let stall = stalls.choose(&mut dice).expect("stalls");
                ("/api/cart/items/".into(), json!({ "product_id": stall.product, "quantity": dice.random_range(1..4) }))
            }
            (1.., None, _) => ("/api/live/ticket/".into(), json!({ "channels": [format!("user:{}", who.id)] })),
            (0, _, 4..7) | (0, None, _) => {
                let mode = if dice.random_bool(0.7) { "WALLET" } else { "COD" };
                ("/api/orders/checkout/".to_owned(), json!({ "fulfilment": "delivery", "payment_mode": mode }))
            }
            (0, Some(order), 7) => (format!("/api/orders/{order}/complete/"), json!({})),
            (0, Some(order), _) => (format!("/api/orders/{order}/cancel/"), json!({})),
            (1, Some(order), 0..5) => (format!("/api/orders/{order}/accept/"), json!({})),
            (1, Some(order), 5..8) => (format!("/api/orders/{order}/ready/"), json!({})),
            (1, Some(order), _) => (format!("/api/orders/{order}/reject/"), json!({ "reason": "no more bread" })),
            (2, Some(order), 0..5) => (format!("/api/delivery/orders/{order}/claim/"), json!({})),
            (2, Some(_), 5) if own.is_some() => (format!("/api/delivery/orders/{}/release/", own.expect("just seen")), json!({})),
            (2, Some(_), 6..9) if own.is_some() => {
                (format!("/api/delivery/orders/{}/advance/", own.expect("just seen")), json!({}))
            }
            (2, Some(order), _) => (
                format!("/api/delivery/orders/{}/advance/", own.unwrap_or(order)),
                json!({ "to": "DELIVERY_FAILED", "reason": "nobody there" }),
            ),
            (_, Some(order), n) if n < 5 => (format!("/api/orders/{order}/cancel/"), json!({})),
            (_, Some(order), _) => {
                (format!("/api/staff/orders/{order}/override/"), json!({ "to": "DELIVERED", "reason": "the customer called" }))
            }
        };
        let answer: Answer = who.post_once(&path, body, &format!("{seed} {step}")).await;
        assert!(answer.status < 500, "{path}: {} {}", answer.status, answer.body);
        if path.ends_with("/checkout/") && answer.status == 201 {
            mine.push(answer.body["id"].as_str().expect("an id").to_owned());
            board.lock().extend(mine.last().cloned());
        }
        if path.ends_with("/claim/") && answer.status == 200 {
            mine.push(answer.body["order_id"].as_str().expect("an id").to_owned());
        }
        let command = path.trim_end_matches('/').rsplit('/').next().expect("a command").to_owned();
        *met.entry(format!("{command} {}", answer.status)).or_default() += 1;
    }
    met
}

#[tokio::test(flavor = "multi_thread")]
async fn a_storm_of_all_commands_neither_deadlocks_nor_loses_a_cent() {
    let app = TestApp::start_with(&[("WASSALLY_POOLS", "32,8,4")]).await;
    let mut stalls = Vec::new();
    for _ in 0..3 {
        stalls.push(app.stall(60).await);
    }
    let stalls = Arc::new(stalls);
    let before = deadlocks(&app).await;
    let board = Board::default();
    let mut everybody = Vec::new();
    for n in 0..32_u64 {
        let (who, role) = match n % 8 {
            0..3 => {
                let customer = app.customer().await;
                app.fund(customer.id, 200_00).await;
                (customer, 0)
            }
            3 | 4 => (stalls[usize::try_from(n).expect("small") % 3].owner.clone(), 1),
            5 | 6 => (app.crew_on_duty().await, 2),
            _ => (app.staff().await, 3),
        };
        everybody.push(tokio::spawn(raves(who, role, stalls.clone(), board.clone(), n)));
    }
    let mut met: BTreeMap<String, usize> = BTreeMap::new();
    for one in everybody {
        for (what, times) in one.await.expect("no panic, no 500") {
            *met.entry(what).or_default() += times;
        }
    }
    for command in ["checkout 201", "accept 200", "claim 200", "cancel 200", "advance 200"] {
        assert!(met.contains_key(command), "{command} never succeeded: {met:?}");
    }
    assert_eq!(deadlocks(&app).await, before, "{met:?}");
    app.check_ledger().await;
    let sold: Vec<(i32, i64)> = sqlx::query_as(
        "select s.on_hand, coalesce(sum(l.quantity) filter (where o.status not in ('CANCELLED', 'RETURNED_TO_SHOP') and p.prep_status <> 'REJECTED'), 0)
        from stock s
        left join order_line l on l.product_id = s.product_id
        left join shop_order p on p.id = l.shop_order_id
        left join orders o on o.id = p.order_id
        group by s.product_id, s.on_hand",
    )
    .fetch_all(&app.app.pools().background)
    .await
    .expect("stock and orders");
    for (on_hand, sold) in sold {
        assert!(on_hand >= 0);
        assert_eq!(i64::from(on_hand) + sold, 60, "what is not on the shelf was sold");
    }
    let carried: Vec<(i32, i64)> = sqlx::query_as(
        "select d.active, count(j.order_id) from crew_duty d left join job j on j.crew_id = d.crew_id and j.ended_at is null group by d.crew_id, d.active",
    )
    .fetch_all(&app.app.pools().background)
    .await
    .expect("crews and jobs");
    for (active, jobs) in carried {
        assert_eq!(i64::from(active), jobs, "a crew's count is its open jobs");
        assert!(active <= 5);
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_sent_twice_is_one_order() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    for keyed in [true, false] {
        anna.wants(stall.product, 1).await;
        let ask = json!({ "fulfilment": "delivery", "payment_mode": "COD" });
        let sends = || async {
            if keyed {
                anna.post_once("/api/orders/checkout/", ask.clone(), "once").await
            } else {
                anna.post("/api/orders/checkout/", ask.clone()).await
            }
        };
        let (one, two) = tokio::join!(sends(), sends());
        let orders: i64 =
            sqlx::query_scalar("select count(*) from orders").fetch_one(&app.app.pools().background).await.expect("reads");
        assert_eq!(orders, if keyed { 1 } else { 2 }, "{} {} / {} {}", one.status, one.body, two.status, two.body);
        let ids: Vec<Value> =
            [one, two].into_iter().filter(|answer| answer.status == 201).map(|answer| answer.body["id"].clone()).collect();
        assert!(!ids.is_empty() && ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_buyers_of_the_last_one_gets_it() {
    let app = TestApp::start().await;
    for _ in 0..5 {
        let (stall, anna, ben) = (app.stall(1).await, app.customer().await, app.customer().await);
        anna.wants(stall.product, 1).await;
        ben.wants(stall.product, 1).await;
        let (one, two) = tokio::join!(anna.checkout(), ben.checkout());
        let (won, lost) = if one.status == 201 { (one, two) } else { (two, one) };
        won.ok();
        lost.refused(409, "out_of_stock");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_twenty_crews_one_gets_the_order() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let mut crews = Vec::new();
    for _ in 0..20 {
        crews.push(app.crew_on_duty().await);
    }
    for _ in 0..3 {
        let order = anna.order_from(&stall, 1).await;
        let claims = crews.iter().map(|crew| crew.claim(&order));
        let (won, lost): (Vec<_>, Vec<_>) =
            futures_util::future::join_all(claims).await.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 19));
        for answer in lost {
            answer.refused(409, "already_claimed");
        }
    }
    app.end().await;
}
