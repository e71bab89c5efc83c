//! Claims: one wins, five at most, and every list shows it.
use super::{ids, published, town};
use futures_util::future::join_all;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn of_two_hundred_crews_one_has_the_order_and_every_list_drops_it() {
    let (app, stall, anna) = town().await;
    let crews = join_all((0..200).map(|_| app.crew())).await;
    let mut sockets = join_all(crews.iter().take(20).map(|crew| crew.socket())).await;
    for (socket, crew) in sockets.iter_mut().zip(&crews) {
        let list = socket.subscribe(&crew.nearby()).await;
        assert_eq!((&list["data"]["full"], &list["data"]["added"]), (&json!(true), &json!([])));
    }
    let order = anna.order_from(&stall, 1).await;
    for (socket, crew) in sockets.iter_mut().zip(&crews) {
        let received = socket.expect_push(&crew.nearby(), "nearby").await["data"].clone();
        assert_eq!(ids(&received["added"]), [order.as_str()]);
        assert!((450..550).contains(&received["added"][0]["distance_m"].as_i64().expect("metres")), "{received}");
        assert!(!received.to_string().contains("Mill Lane"), "the address is not shown before a claim: {received}");
    }

    let answers = join_all(crews.iter().map(|crew| crew.claim(&order))).await;
    let won: Vec<_> = crews.iter().zip(&answers).filter(|(_, answer)| answer.status == 200).map(|(crew, _)| crew).collect();
    assert_eq!(won.len(), 1);
    for answer in answers.into_iter().filter(|answer| answer.status != 200) {
        let refusal = answer.refused(409, "already_claimed");
        assert!(!refusal.to_string().contains(&won[0].id.to_string()), "nobody learns who was quicker: {refusal}");
    }
    for (socket, crew) in sockets.iter_mut().zip(&crews) {
        let received = socket.expect_push(&crew.nearby(), "nearby").await["data"].clone();
        assert_eq!((ids(&received["removed"]), &received["why"][&order]), (vec![order.clone()], &json!("claimed")));
    }
    assert_eq!(won[0].carries().await, [order.as_str()]);
    let log = published(&app, &format!("order:{order}")).await;
    assert_eq!(log.iter().filter(|event| event["type"] == "order_claimed").count(), 1);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sixth_order_is_refused_also_from_two_phones_at_once() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let mut orders = vec![];
    for _ in 0..7 {
        orders.push(anna.order_from(&stall, 1).await);
    }
    for order in &orders[..4] {
        crew.claim(order).await.ok();
    }
    let (mut phone, mut tablet) = (crew.socket().await, crew.socket().await);
    let (one, two) = tokio::join!(
        phone.call("delivery.claim", json!({ "order_id": orders[4] })),
        tablet.call("delivery.claim", json!({ "order_id": orders[5] }))
    );
    let refused: Vec<_> = [one, two].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused, [(409, "active_limit".to_owned())]);
    assert_eq!(crew.claim(&orders[6]).await.refused(409, "active_limit")["limit"], 5);
    assert_eq!(crew.carries().await.len(), 5);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_order_is_on_the_lists_again_and_its_crew_gets_no_more_of_it() {
    let (app, stall, anna) = town().await;
    let (crew, other) = (app.crew().await, app.crew().await);
    let order = anna.order_from(&stall, 1).await;
    let job = crew.claim(&order).await.ok();
    assert_eq!(
        (&job["dropoff"]["address"], &job["cash_to_collect"], &job["fee"]),
        (&json!("Mill Lane 1"), &json!("12.50"), &json!("2.50"))
    );
    let (mut phone, mut others) = (crew.socket().await, other.socket().await);
    phone.subscribe(&format!("order:{order}")).await;
    others.subscribe(&other.nearby()).await;
    other.release(&order).await.refused(404, "not_found");

    let back = crew.release(&order).await.ok();
    assert_eq!((&back["status"], &back["dropoff"]), (&json!("CREATED"), &json!(null)));
    let received = others.expect_push(&other.nearby(), "nearby").await;
    assert_eq!(ids(&received["data"]["added"]), [order.as_str()]);
    phone.expect_push(&format!("order:{order}"), "order_released").await;
    let gone = phone.expect(|message| message["push"]["unsubscribe"].is_object()).await;
    assert_eq!(
        (&gone["push"]["channel"], &gone["push"]["unsubscribe"]["code"]),
        (&json!(format!("order:{order}")), &json!(2000))
    );
    assert_eq!(phone.try_subscribe(&format!("order:{order}")).await, Err((404, "not_found".into())));

    other.claim(&order).await.ok();
    crew.claim(&order).await.refused(409, "already_claimed");
    assert_eq!((crew.carries().await.len(), other.carries().await.len()), (0, 1));
    other.advance(&order).await.ok();
    other.release(&order).await.refused(409, "already_picked_up");
    other.patch("/api/delivery/me/", json!({ "on_duty": false })).await.refused(409, "active_jobs");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_and_a_cancel_at_once_leave_one_truth() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    for _ in 0..10 {
        let order = anna.order_from(&stall, 1).await;
        let (claimed, cancelled) = tokio::join!(crew.claim(&order), anna.act(&order, "cancel", json!({})));
        cancelled.ok();
        if claimed.status != 200 {
            claimed.refused(409, "order_cancelled");
        }
        assert_eq!(crew.carries().await.len(), 0, "whoever came first, the crew is free");
    }
    let log = published(&app, &format!("crew:{}", crew.id)).await;
    let count = |kind: &str| log.iter().filter(|event| event["type"] == kind).count();
    assert_eq!(count("job_assigned"), count("job_cancelled"));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_order_is_published_to_its_crew_and_then_no_more() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    let channel = format!("order:{order}");
    let mut phone = crew.socket().await;
    phone.subscribe(&channel).await;
    anna.act(&order, "cancel", json!({})).await.ok();
    phone.expect_push(&channel, "order_cancelled").await;
    let end = phone.expect(|message| message["push"]["channel"] == channel && message["push"].get("unsubscribe").is_some()).await;
    assert_eq!(end["push"]["unsubscribe"]["code"], 2000);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_off_duty_or_has_too_much_cash_claims_nothing() {
    let (app, stall, anna) = town().await;
    let crew = app.person(wassally::actor::Role::Crew).await;
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.refused(409, "off_duty");
    let me = crew.patch("/api/delivery/me/", json!({ "on_duty": true })).await.ok();
    assert_eq!((&me["on_duty"], &me["duty_no"], &me["active_limit"]), (&json!(true), &json!(1), &json!(5)));
    anna.claim(&order).await.refused(403, "forbidden");
    crew.claim(&uuid::Uuid::nil().to_string()).await.refused(404, "not_found");

    // 500 in cash on delivery of a large order.
    let rich = app.customer().await;
    rich.wants(stall.product, 50).await;
    let large = rich.checkout().await.ok()["id"].as_str().expect("an id").to_owned();
    crew.claim(&large).await.ok();
    crew.advance(&large).await.ok();
    let pin = rich.proof(&large).await["pin"].clone();
    crew.confirm(&large, json!({ "pin": pin })).await.ok();
    assert_eq!(crew.get("/api/delivery/me/").await.ok()["cash_in_hand"], "502.50");
    assert_eq!(crew.claim(&order).await.refused(409, "cash_cap")["limit"], "500");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_claims_once_by_rest_and_by_rpc() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = anna.order_from(&stall, 1).await;
    let path = format!("/api/delivery/orders/{order}/claim/");
    let first = crew.post_once(&path, json!({}), "tap").await.ok();
    let again = crew
        .socket()
        .await
        .call("delivery.claim", json!({ "order_id": order, "idempotency_key": "tap" }))
        .await
        .expect("repeats");
    assert_eq!(first, again);
    crew.claim(&order).await.refused(409, "already_claimed");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_move_an_order_to_another_crew_or_back_to_the_list() {
    let (app, stall, anna) = town().await;
    let (one, two, staff) = (app.crew().await, app.crew().await, app.staff().await);
    let order = anna.order_from(&stall, 1).await;
    one.claim(&order).await.ok();
    let path = format!("/api/staff/orders/{order}/reassign/");
    staff.post(&path, json!({ "crew_id": two.id })).await.refused(422, "reason_required");
    let forgotten = staff.post(&path, json!({ "reason": "too far" })).await.refused(422, "invalid");
    assert_eq!((&forgotten["errors"][0]["field"], &forgotten["errors"][0]["code"]), (&json!("crew_id"), &json!("required")));
    assert_eq!(one.carries().await, [order.as_str()], "whoever forgets to name a crew takes no order away");
    one.post(&path, json!({ "crew_id": two.id, "reason": "x" })).await.refused(403, "forbidden");
    staff.post(&path, json!({ "crew_id": two.id, "reason": "an accident" })).await.ok();
    assert_eq!((one.carries().await.len(), two.carries().await), (0, vec![order.clone()]));
    staff.post(&path, json!({ "crew_id": null, "reason": "too far" })).await.ok();
    assert_eq!(two.carries().await.len(), 0);
    let open = one.get("/api/delivery/orders/available/").await.ok();
    assert_eq!(ids(&open["items"]), [order.as_str()]);
    assert_eq!(open["items"][0]["pickup"][0]["shop_id"], stall.id.to_string());
    staff.post(&path, json!({ "crew_id": one.id, "reason": "the nearest" })).await.ok();
    assert_eq!(one.carries().await, [order]);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_input_is_refused_not_ignored() {
    let (app, stall, anna) = town().await;
    let crew = app.crew().await;
    let order = anna.order_from(&stall, 1).await;
    let path = format!("/api/delivery/orders/{order}/claim/");
    let unknown = crew.post(&path, json!({ "bogus": 1 })).await.refused(422, "invalid");
    assert_eq!((&unknown["errors"][0]["field"], &unknown["errors"][0]["code"]), (&json!("bogus"), &json!("unknown")));
    let garbage = app.http.post(format!("{}{path}", app.url)).bearer_auth(&crew.token);
    let garbage = garbage.header("content-type", "application/json").body("{garbage").send().await.expect("an answer");
    assert_eq!(garbage.status(), 400);
    let unknown = crew.get("/api/delivery/me/?x=1").await.refused(422, "invalid");
    assert_eq!(unknown["errors"][0]["field"], "x");
    assert_eq!(crew.carries().await.len(), 0);
    crew.ask(reqwest::Method::POST, &path, None, &[]).await.ok();
    app.end().await;
}
