//! What a checkout orders, and what it refuses.
use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn a_checkout_holds_the_money_takes_the_goods_and_empties_the_cart() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(5).await, rich(&app).await);
    let order = anna.buys(&stall, 2).await;
    assert_eq!(
        (&order["status"], &order["total"], &order["delivery_fee"]),
        (&json!("CREATED"), &json!("22.50"), &json!("2.50")),
        "{order}"
    );
    assert_eq!(order["payment_status"], "HELD");
    assert_eq!(order["shop_orders"][0]["lines"][0]["quantity"], 2);
    let live = order["live"].as_array().expect("live");
    assert!(live.iter().any(|l| l["channel"] == format!("order:{}", id(&order)) && l["offset"] == 1), "{order}");
    assert_eq!(anna.wallet().await, ("77.50".into(), "22.50".into()));
    assert_eq!(app.on_hand(&stall).await, 3);
    assert_eq!(anna.get("/api/cart/").await.ok()["shops"], json!([]));

    let seen = anna.view(&order).await;
    assert_eq!((&seen["code"], &seen["dropoff"]["address"]), (&order["code"], &json!("Mill Lane 1")));
    let history = anna.get(&format!("/api/orders/{}/history/", id(&order))).await.ok();
    assert_eq!((&history["items"][0]["type"], &history["items"][0]["actor_role"]), (&json!("order_created"), &json!("customer")));
    app.check_ledger().await;
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_ordered_is_refused_and_changes_nothing() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(3).await, app.customer().await);
    anna.pays("COD").await.refused(409, "cart_empty");
    anna.wants(stall.product, 3).await;
    anna.pays("GATEWAY").await.refused(422, "not_available");
    anna.pays("COP").await.refused(422, "invalid");
    let short = anna.pays("WALLET").await.refused(402, "insufficient_funds");
    assert_eq!(short["needed"], "32.50");
    assert_eq!(app.on_hand(&stall).await, 3, "a refused checkout takes no goods");
    let body = json!({ "fulfilment": "delivery", "payment_mode": "COD", "cart_version": 99 });
    let changed = anna.post("/api/orders/checkout/", body).await.refused(409, "cart_changed");
    assert_eq!(changed["cart"]["shops"][0]["items"][0]["quantity"], 3);

    let ben = app.customer().await;
    ben.wants(stall.product, 1).await;
    ben.pays("COD").await.ok();
    let gone = anna.pays("COD").await.refused(409, "out_of_stock");
    assert_eq!(gone["lines"], json!([{ "product_id": stall.product, "wanted": 3, "left": 2 }]));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_shop_from_being_ordered_from_is_named_shop_by_shop() {
    let app = TestApp::start().await;
    let (closed, strict, anna) = (app.stall(5).await, app.stall(5).await, rich(&app).await);
    anna.wants(closed.product, 1).await;
    anna.wants(strict.product, 1).await;
    for (statement, stall) in [
        ("delete from shop_hours where shop_id = $1", &closed),
        ("update shop set minimum_order = 50, radius_m = 100 where id = $1", &strict),
    ] {
        sqlx::query(statement).bind(stall.id).execute(&app.app.pools().background).await.expect("its terms change");
    }
    let refused = anna.pays("WALLET").await.refused(409, "cart_invalid");
    let faults: Vec<_> =
        refused["shops"].as_array().expect("shops").iter().map(|shop| (&shop["shop_id"], &shop["problems"])).collect();
    assert_eq!(
        faults,
        [
            (&json!(closed.id), &json!([{ "code": "shop_closed" }])),
            (&json!(strict.id), &json!([{ "code": "out_of_radius" }, { "code": "below_minimum" }])),
        ]
    );
    // With pickup at the shop, the radius does not matter; the minimum does.
    let pickup = json!({ "fulfilment": "pickup", "payment_mode": "COP", "shop_ids": [strict.id] });
    let refused = anna.post("/api/orders/checkout/", pickup).await.refused(409, "cart_invalid");
    assert_eq!(refused["shops"][0]["problems"], json!([{ "code": "below_minimum" }]));
    assert_eq!((anna.wallet().await, app.on_hand(&strict).await), (("100.00".into(), "0.00".into()), 5));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_that_rose_since_it_was_seen_is_shown_before_it_is_paid() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(5).await, rich(&app).await);
    anna.wants(stall.product, 1).await;
    sqlx::query("update product set price = 12 where id = $1")
        .bind(stall.product)
        .execute(&app.app.pools().background)
        .await
        .expect("it costs more");
    let refused = anna.pays("WALLET").await.refused(409, "cart_changed");
    let item = &refused["cart"]["shops"][0]["items"][0];
    assert_eq!((&item["price"], &item["price_seen"]), (&json!("12.00"), &json!("10.00")));
    anna.post("/api/cart/validate/", json!({})).await.ok();
    assert_eq!(anna.pays("WALLET").await.ok()["total"], "14.50");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_saved_place_nothing_is_delivered_but_it_can_be_fetched() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(3).await, app.customer().await);
    sqlx::query("update users set location_lat = null, location_lng = null, location_address = null where id = $1")
        .bind(anna.id.uuid())
        .execute(&app.app.pools().background)
        .await
        .expect("the place is forgotten");
    anna.wants(stall.product, 1).await;
    anna.pays("COD").await.refused(409, "location_required");
    let order = anna.post("/api/orders/checkout/", json!({ "fulfilment": "pickup", "payment_mode": "COP" })).await.ok();
    assert_eq!((&order["total"], &order["dropoff"]), (&json!("10.00"), &Value::Null));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_tap_orders_once() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(5).await, rich(&app).await);
    anna.wants(stall.product, 1).await;
    let body = json!({ "fulfilment": "delivery", "payment_mode": "WALLET" });
    let (one, two) =
        tokio::join!(anna.post("/api/orders/checkout/", body.clone()), anna.post("/api/orders/checkout/", body.clone()));
    let (one, two) = (one.ok(), two.ok());
    assert_eq!(one, two, "without a key the cart's version is the key");
    assert_eq!(app.on_hand(&stall).await, 4);

    anna.wants(stall.product, 1).await;
    let first = anna.post_once("/api/orders/checkout/", body.clone(), "k").await.ok();
    assert_eq!(anna.post_once("/api/orders/checkout/", body, "k").await.ok(), first);
    let other = json!({ "fulfilment": "delivery", "payment_mode": "COD" });
    anna.post_once("/api/orders/checkout/", other, "k").await.refused(422, "idempotency_key_reused");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_piece_is_sold_once() {
    let app = TestApp::start().await;
    let stall = app.stall(1).await;
    let mut tries = vec![];
    for _ in 0..6 {
        let customer = app.customer().await;
        customer.wants(stall.product, 1).await;
        tries.push(tokio::spawn(async move { customer.pays("COD").await }));
    }
    let mut sold = 0;
    for attempt in tries {
        let answer = attempt.await.expect("no panic");
        if answer.status == 201 {
            sold += 1;
        } else {
            answer.refused(409, "out_of_stock");
        }
    }
    assert_eq!((sold, app.on_hand(&stall).await), (1, 0));
    app.end().await;
}
