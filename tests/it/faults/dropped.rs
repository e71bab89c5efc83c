//! A caller hangs up at every point of a command: either nothing happened, or every client received it once; the same key finishes it.
use crate::kit::{Person, TestApp, Watcher};
use centrifuge::Protocol;
use serde_json::{Value, json};
use std::{future::poll_fn, task::Poll};
use wassally::{
    i18n::Language,
    operations::{Answer, Call, Raw},
    reply::Body,
};

/// Polls `command` whenever it is woken, `times` at most; then it is dropped.
async fn hang_up_after<F: Future>(command: F, times: usize) -> Option<F::Output> {
    let (mut command, mut left) = (Box::pin(command), times);
    poll_fn(move |cx| match command.as_mut().poll(cx) {
        Poll::Ready(answer) => Poll::Ready(Some(answer)),
        Poll::Pending if left <= 1 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}

fn claims(app: &TestApp, crew: &Person, order: &str) -> impl Future<Output = wassally::Result<Answer>> + use<> {
    let actor = app.app.recognise(&crew.token).expect("a good token");
    let operation = app.app.registry().call("delivery.claim").expect("is declared").clone();
    let input = json!({ "order_id": order, "idempotency_key": order });
    let call = Call {
        app: app.app.clone(),
        actor: Some(actor),
        raw: Raw::Rpc(input.to_string().into()),
        key: None,
        request_id: String::new(),
        address: None,
        user_agent: String::new(),
        language: Language::default(),
        headers: http::HeaderMap::new(),
    };
    async move { operation.run(call).await }
}

/// The JSON of an answer.
fn body(answer: Answer) -> Value {
    match answer.body {
        Body::Json(body) => body,
        other => panic!("no JSON: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_dropped_at_any_point_happens_once_or_not_at_all() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(500).await, app.customer().await, app.crew_on_duty().await);
    let shop = format!("shop:{}", stall.id);
    let board = Watcher::by_sdk(&app.url, &stall.owner.token, std::slice::from_ref(&shop), Protocol::Json).await;
    let (mut undone, mut done) = (0, 0);
    for times in 1.. {
        let order = anna.order_from(&stall, 1).await;
        let answer = hang_up_after(claims(&app, &crew, &order), times).await;
        let is_whole = answer.is_some();
        if is_whole {
            answer.expect("just seen").expect("claims");
        }
        // What a phone does that received nothing: the same again.
        let again = claims(&app, &crew, &order).await.expect("claims, or repeats");
        assert_eq!(body(again)["status"], "PROCESSING");
        let published: i64 =
            sqlx::query_scalar("select count(*) from channel_log where channel = $1 and body like '%\"order_claimed\"%'")
                .bind(format!("order:{order}"))
                .fetch_one(&app.app.pools().background)
                .await
                .expect("reads");
        assert_eq!(published, 1, "dropped at {times}");
        crew.post(&format!("/api/delivery/orders/{order}/release/"), json!({})).await.ok();
        anna.act(&order, "cancel", json!({})).await.ok();
        if is_whole {
            done += 1;
        } else {
            undone += 1;
        }
        if done == 3 {
            break;
        }
    }
    // How often a command waits depends on how quick the database is; at its begin and at its commit it always does.
    assert!(undone >= 2, "a command has points to be dropped at: {undone}");
    board.received_all(&shop, 0, &app.log(&shop).await).await;
    board.close().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_dropped_begin_leaves_its_transaction_to_the_next_caller() {
    let app = TestApp::start_with(&[("WASSALLY_POOLS", "1,1,2")]).await;
    for times in 1..12 {
        let _ = hang_up_after(app.app.begin(wassally::ids::Region::FIRST), times).await;
        let _ = hang_up_after(app.app.read_whole(wassally::ids::Region::FIRST), times).await;
        for pool in [&app.app.pools().commands, &app.app.pools().live] {
            // The only connection of its pool: a transaction left open on it would be this one's. A lone statement's
            // transaction begins with it.
            let row = sqlx::raw_sql("select now() <> statement_timestamp()").fetch_one(pool).await.expect("a connection");
            let is_inside: bool = sqlx::Row::get(&row, 0);
            assert!(!is_inside, "dropped at {times}");
        }
    }
    app.end().await;
}
