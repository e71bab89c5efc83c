//! The views of an order by relation: lists, events, the crews' list, channels.
use super::*;
use wassally::domain::orders::By;

#[tokio::test(flavor = "multi_thread")]
async fn each_role_lists_what_concerns_it() {
    let app = TestApp::start().await;
    let (stall, anna, ben) = (app.stall(9).await, rich(&app).await, rich(&app).await);
    let (hers, his) = (anna.buys(&stall, 1).await, ben.buys(&stall, 1).await);
    let ids = |page: Value| -> Vec<Value> {
        page["items"].as_array().expect("items").iter().map(|order| order["id"].clone()).collect()
    };
    assert_eq!(ids(anna.get("/api/orders/").await.ok()), [hers["id"].clone()]);
    let newest_first = [his["id"].clone(), hers["id"].clone()];
    assert_eq!(ids(stall.owner.get(&format!("/api/orders/?shop={}", stall.id)).await.ok()), newest_first);
    let staff = app.staff().await;
    assert_eq!(ids(staff.get("/api/orders/?status=CREATED,PROCESSING").await.ok()), newest_first);
    assert!(ids(staff.get("/api/orders/?status=SHIPPED").await.ok()).is_empty());
    assert_eq!(
        ids(staff.get(&format!("/api/orders/?search={}", hers["code"].as_str().expect("a code"))).await.ok()),
        [hers["id"].clone()]
    );
    let first = staff.get("/api/orders/?limit=1").await.ok();
    let next = first["next"].as_str().expect("another page");
    assert_eq!(ids(staff.get(&format!("/api/orders/?limit=1&cursor={next}")).await.ok()), [hers["id"].clone()]);
    staff.get("/api/orders/?status=LOST").await.refused(422, "invalid");
    assert!(ids(app.stall(1).await.owner.get(&format!("/api/orders/?shop={}", stall.id)).await.ok()).is_empty());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_hold_what_every_reader_may_know_and_no_more() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, rich(&app).await);
    let order = anna.buys(&stall, 1).await;
    let bodies: Vec<(String, String)> = sqlx::query_as(
        "select channel, body from channel_log where body like '%order_created%' or body like '%order_placed%' order by channel",
    )
    .fetch_all(&app.app.pools().background)
    .await
    .expect("the log");
    let of = |prefix: &str| -> Value {
        let of_order = bodies
            .iter()
            .filter(|(channel, _)| channel.starts_with(prefix))
            .map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
        of_order.into_iter().find(|body| body["order"].is_object()).expect(prefix)
    };
    let public = of("order:");
    assert_eq!(public["order"]["status"], "CREATED");
    assert_eq!((&public["listing"]["fee"], &public["listing"]["stops"][0]["shop_id"]), (&json!("2.50"), &json!(stall.id)));
    assert!(["Mill Lane", "12.50", "lines", "phone"].iter().all(|private| !public.to_string().contains(private)), "{public}");
    assert_eq!(of("shop:")["shop_order"]["lines"][0]["name"], "Falafel");
    assert_eq!(of("user:")["order"]["total"], order["total"]);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_claimable_until_a_crew_claims_it() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, rich(&app).await, app.person(Role::Crew).await);
    let order = anna.buys(&stall, 1).await;
    let region = wassally::ids::Region::FIRST;
    let claimable = async || {
        let mut conn = app.app.read(region).await.expect("a connection");
        orders::claimable(&mut conn, region).await.expect("reads")
    };
    let listed = claimable().await;
    assert_eq!((listed.len(), listed[0].0.order_id.to_string(), listed[0].1), (1, id(&order), 1));
    assert!((450..=550).contains(&listed[0].0.dropoff_distance_m), "{:?}", listed[0]);
    app.step(&order, async |tx, order, now| orders::assign(tx, order, Some((crew.id, "Amal".into())), now).await).await;
    assert!(claimable().await.is_empty());
    crew.view(&order).await;
    app.step(&order, async |tx, order, now| orders::assign(tx, order, None, now).await).await;
    crew.get(&format!("/api/orders/{}/", id(&order))).await.refused(404, "not_found");
    assert_eq!(claimable().await.len(), 1);
    assert_eq!(serde_json::to_value(By::SYSTEM).expect("JSON"), serde_json::json!({ "role": "system" }));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_begins_with_the_state_and_goes_on_with_events() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, rich(&app).await);
    let order = anna.buys(&stall, 1).await;
    let channel = format!("order:{}", id(&order));
    let mut socket = anna.socket().await;
    let begun = socket.subscribe(&channel).await;
    assert_eq!((&begun["data"]["status"], &begun["offset"]), (&json!("CREATED"), &json!(1)), "{begun}");
    let mut shop = stall.owner.socket().await;
    let board = shop.subscribe(&format!("shop:{}", stall.id)).await;
    assert_eq!(board["data"]["open"][0]["lines"][0]["quantity"], 1, "{board}");
    let mut stranger = app.customer().await.socket().await;
    assert_eq!(stranger.try_subscribe(&channel).await.expect_err("not theirs").0, 404);
    assert_eq!(stranger.try_subscribe(&format!("shop:{}", stall.id)).await.expect_err("not theirs").0, 404);

    shop.call("orders.accept", json!({ "order_id": order["id"] })).await.expect("accepts by socket");
    let received = socket.expect_push(&channel, "order_accepted").await;
    assert_eq!((&received["offset"], &received["data"]["order"]["prep"][0]["prep_status"]), (&json!(2), &json!("ACCEPTED")));
    assert_eq!(received["data"]["by"], json!({ "role": "seller", "id": stall.owner.id }));
    app.end().await;
}
