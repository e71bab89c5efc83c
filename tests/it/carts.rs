//! The cart of up to three shops, and stock under lock.
use crate::kit::{Stall, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;
use wassally::{
    actor::Actor,
    domain::{
        carts, inventory,
        shops::{self, Membership},
    },
    ids::{ProductId, Region, ShopId},
};

async fn sql(app: &TestApp, statement: &'static str, id: Uuid) {
    sqlx::query(statement).bind(id).execute(&app.app.pools().background).await.expect(statement);
}

fn problems(group: &Value) -> Vec<&str> {
    group["problems"].as_array().expect("problems").iter().map(|problem| problem["code"].as_str().expect("a code")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_adds_up_over_its_shops_and_notifies_its_owner() {
    let app = TestApp::start().await;
    let (a, b, anna) = (app.stall(9).await, app.stall(9).await, app.customer().await);
    let mut socket = anna.socket().await;
    anna.wants(a.product, 2).await;
    let cart = anna.wants(b.product, 1).await;
    assert_eq!(
        (&cart["subtotal"], &cart["delivery_fee"], &cart["total"], &cart["currency"]),
        (&json!("30.00"), &json!("5.00"), &json!("35.00"), &json!("USD"))
    );
    assert_eq!((&cart["version"], cart["shops"].as_array().map(Vec::len)), (&json!(2), Some(2)));
    let group = &cart["shops"][0];
    assert_eq!((&group["shop_id"], &group["subtotal"], &group["delivery_fee"]), (&json!(a.id), &json!("20.00"), &json!("2.50")));
    assert!(problems(group).is_empty(), "{group}");
    let channel = format!("user:{}", anna.id);
    assert_eq!(cart["live"][0]["channel"], channel);

    let change = socket.expect_push(&channel, "cart_changed").await["data"].clone();
    assert_eq!((&change["version"], &change["items"]), (&json!(1), &json!(1)));
    let change = socket.expect_push(&channel, "cart_changed").await["data"].clone();
    assert_eq!((&change["version"], &change["items"]), (&json!(2), &json!(2)));

    let read = anna.get("/api/cart/").await.ok();
    assert_eq!(
        (&read["shops"], &read["total"], &read["version"], &read["live"]),
        (&cart["shops"], &cart["total"], &cart["version"], &cart["live"])
    );
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fourth_shop_is_refused_even_from_four_devices_at_once() {
    let app = TestApp::start().await;
    let mut stalls = vec![];
    for _ in 0..4 {
        stalls.push(app.stall(9).await);
    }
    let anna = app.customer().await;
    let add = |stall: &Stall| {
        let (anna, product) = (anna.clone(), stall.product);
        async move { anna.post("/api/cart/items/", json!({ "product_id": product, "quantity": 1 })).await }
    };
    let answers = futures_util::future::join_all(stalls.iter().map(add)).await;
    let refused: Vec<_> = answers.iter().filter(|answer| answer.status != 201).collect();
    assert_eq!(refused.len(), 1);
    refused[0].clone().refused(409, "cart_shop_limit");
    let cart = anna.get("/api/cart/").await.ok();
    assert_eq!((cart["shops"].as_array().map(Vec::len), &cart["version"]), (Some(3), &json!(3)));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_changed_and_taken_out() {
    let app = TestApp::start().await;
    let (stall, anna, ben) = (app.stall(9).await, app.customer().await, app.customer().await);
    let cart = anna.wants(stall.product, 2).await;
    let more = anna.wants(stall.product, 3).await;
    assert_eq!(more["shops"][0]["items"][0]["quantity"], 5, "the same product is one line");
    let line = format!("/api/cart/items/{}/", cart["shops"][0]["items"][0]["id"].as_str().expect("an id"));
    for (quantity, range) in [(0, (1, 50)), (51, (1, 50)), (-1, (1, 50))] {
        let problem = anna.patch(&line, json!({ "quantity": quantity })).await.refused(422, "quantity_out_of_range");
        assert_eq!((&problem["min_quantity"], &problem["max_quantity"]), (&json!(range.0), &json!(range.1)));
    }
    anna.post("/api/cart/items/", json!({ "product_id": stall.product, "quantity": 46 }))
        .await
        .refused(422, "quantity_out_of_range");
    assert_eq!(anna.patch(&line, json!({ "quantity": 4 })).await.ok()["total"], "42.50");
    ben.patch(&line, json!({ "quantity": 1 })).await.refused(404, "not_found");
    ben.delete(&line).await.refused(404, "not_found");
    stall.owner.get("/api/cart/").await.refused(403, "forbidden");
    assert_eq!(anna.delete(&line).await.ok()["shops"], json!([]));
    anna.delete(&line).await.refused(404, "not_found");
    anna.wants(stall.product, 1).await;
    let empty = anna.delete("/api/cart/").await.ok();
    assert_eq!((&empty["shops"], &empty["total"], &empty["version"]), (&json!([]), &json!("0.00"), &json!(6)));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_key_adds_once() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let ask = json!({ "product_id": stall.product, "quantity": 1 });
    let first = anna.post_once("/api/cart/items/", ask.clone(), "k").await.ok();
    assert_eq!(anna.post_once("/api/cart/items/", ask, "k").await.ok(), first);
    anna.post_once("/api/cart/items/", json!({ "product_id": stall.product, "quantity": 2 }), "k")
        .await
        .refused(422, "idempotency_key_reused");
    assert_eq!(anna.get("/api/cart/").await.ok()["version"], 1);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_group_from_being_ordered_is_named() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    anna.wants(stall.product, 2).await;
    let group = async || anna.get("/api/cart/").await.ok()["shops"][0].clone();
    assert!(problems(&group().await).is_empty());
    for (statement, code) in [
        ("update shop set minimum_order = 20.01 where id = $1", "below_minimum"),
        ("update shop set minimum_order = 0, radius_m = 400 where id = $1", "out_of_radius"),
        ("update shop set radius_m = 5000, status = 'REJECTED' where id = $1", "shop_closed"),
        ("update shop set status = 'APPROVED' where id = $1", ""),
    ] {
        sql(&app, statement, stall.id).await;
        assert_eq!(problems(&group().await), Vec::from_iter(Some(code).filter(|code| !code.is_empty())), "{statement}");
    }
    for (statement, code) in [
        ("update stock set on_hand = 1 where product_id = $1", "out_of_stock"),
        ("update product set min_quantity = 3 where id = $1", "quantity_out_of_range"),
        ("update product set is_active = false where id = $1", "product_gone"),
    ] {
        sql(&app, statement, stall.product).await;
        let group = group().await;
        assert_eq!(problems(&group), [code], "{statement}");
        assert_eq!(group["problems"][0]["product_id"], json!(stall.product));
    }
    anna.post("/api/cart/items/", json!({ "product_id": stall.product, "quantity": 1 })).await.refused(409, "product_gone");
    anna.patch("/api/users/me/", json!({ "location_lat": null, "location_lng": null })).await.ok();
    let group = group().await;
    assert_eq!((&group["delivery_fee"], &group["distance_m"]), (&Value::Null, &Value::Null), "nobody knows how far");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_error_has_the_headers_of_its_length() {
    let app = TestApp::start().await;
    let (a, b, anna) = (app.stall(9).await, app.stall(9).await, app.customer().await);
    for stall in [a, b] {
        anna.wants(stall.product, 1).await;
    }
    let ask = json!({ "cart_version": 0 });
    let answer = anna.ask(Method::POST, "/api/cart/validate/", Some(&ask), &[("accept-encoding", "gzip")]).await;
    assert!(answer.body.to_string().len() > 1024, "short answers are never compressed");
    assert_eq!(answer.headers.get("content-encoding"), None, "it came as plain JSON");
    answer.refused(409, "cart_changed");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_price_is_reported_until_it_was_seen() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    anna.wants(stall.product, 1).await;
    sql(&app, "update product set price = 12 where id = $1", stall.product).await;
    let cart = anna.get("/api/cart/").await.ok();
    assert_eq!(problems(&cart["shops"][0]), ["price_changed"]);
    let item = &cart["shops"][0]["items"][0];
    assert_eq!((&item["price"], &item["price_seen"]), (&json!("12.00"), &json!("10.00")));
    let problem = anna.post("/api/cart/validate/", json!({ "cart_version": 0 })).await.refused(409, "cart_changed");
    assert_eq!(problem["cart"]["version"], 1);
    let shown = anna.post("/api/cart/validate/", json!({ "cart_version": 1 })).await.ok();
    assert_eq!((problems(&shown["shops"][0]), &shown["version"]), (vec!["price_changed"], &json!(2)));
    let again = anna.post("/api/cart/validate/", json!({})).await.ok();
    assert_eq!((problems(&again["shops"][0]), &again["version"]), (vec![], &json!(2)));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cart_has_one_region() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    let second = Region::numbered(2);
    let (shop, product) = (ShopId::fresh(&app.app, second).uuid(), ProductId::fresh(&app.app, second).uuid());
    sqlx::query(
        "with shop as (insert into shop select (jsonb_populate_record(s, jsonb_build_object('region', 2, 'id', $1))).* from shop s where id = $3 returning 1)
        insert into product select (jsonb_populate_record(p, jsonb_build_object('region', 2, 'id', $2, 'shop_id', $1))).* from product p, shop",
    )
    .bind(shop)
    .bind(product)
    .bind(stall.id)
    .execute(&app.app.pools().background)
    .await
    .expect("a shop elsewhere");
    anna.post("/api/cart/items/", json!({ "product_id": product, "quantity": 1 })).await.refused(422, "shops_in_two_regions");
    let nowhere = ProductId::fresh(&app.app, second);
    anna.post("/api/cart/items/", json!({ "product_id": nowhere, "quantity": 1 })).await.refused(404, "not_found");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bought_groups_leave_and_the_others_stay() {
    let app = TestApp::start().await;
    let (a, b, anna) = (app.stall(9).await, app.stall(9).await, app.customer().await);
    anna.wants(a.product, 2).await;
    anna.wants(b.product, 1).await;
    let mut tx = app.app.begin(carts::home(anna.id)).await.expect("begins");
    let cart = carts::lock(&mut tx, anna.id).await.expect("locks");
    assert_eq!((cart.version, cart.groups.len(), cart.location.is_some()), (2, 2, true));
    carts::take_out(&mut tx, anna.id, &[cart.groups[0].shop.id]).await.expect("takes out");
    tx.end(()).await.expect("commits");
    let left = anna.get("/api/cart/").await.ok();
    assert_eq!((&left["version"], &left["shops"][0]["shop_id"]), (&json!(3), &json!(b.id)));
    app.end().await;
}

async fn take(app: &TestApp, goods: &[(ProductId, i32)]) -> wassally::problem::Result<()> {
    let mut tx = app.app.begin(Region::FIRST).await?;
    inventory::take(&mut tx, goods).await?;
    tx.end(()).await?;
    Ok(())
}

async fn on_hand(app: &TestApp, product: Uuid) -> i32 {
    sqlx::query_scalar("select on_hand from stock where product_id = $1")
        .bind(product)
        .fetch_one(&app.app.pools().background)
        .await
        .expect("a row")
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_takers_only_as_many_win_as_there_are_pieces() {
    let app = TestApp::start().await;
    let (a, b) = (app.stall(5).await, app.stall(9).await);
    // Crosswise on purpose: the order of the lines must not matter.
    let takers = (0..12).map(|number| {
        let mut goods = [(ProductId(a.product), 1), (ProductId(b.product), 1)];
        if number % 2 == 0 {
            goods.reverse();
        }
        let app = Arc::clone(&app);
        async move { take(&app, &goods).await }
    });
    let results = futures_util::future::join_all(takers).await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 5);
    for result in results {
        let Err(error) = result else { continue };
        let problem = error.into_problem();
        assert_eq!((problem.status, problem.code), (409, "out_of_stock"));
        assert_eq!(problem.members["lines"], json!([{ "product_id": a.product, "wanted": 1, "left": 0 }]));
    }
    assert_eq!((on_hand(&app, a.product).await, on_hand(&app, b.product).await), (0, 4));
    let mut tx = app.app.begin(Region::FIRST).await.expect("begins");
    inventory::give_back(&mut tx, &[(ProductId(a.product), 2), (ProductId(a.product), 1)]).await.expect("gives back");
    tx.end(()).await.expect("commits");
    assert_eq!(on_hand(&app, a.product).await, 3);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_knows_its_members() {
    let app = TestApp::start().await;
    let (stall, other): (Stall, Stall) = (app.stall(1).await, app.stall(1).await);
    let people = [(&stall.owner, Some(Membership::Member)), (&other.owner, None), (&app.customer().await, None)];
    let mut conn = app.app.read(Region::FIRST).await.expect("a connection");
    let shop = ShopId(stall.id);
    for (person, expected) in people {
        let actor = app.app.recognise(&person.token).expect("a good token");
        assert_eq!(shops::membership(&mut conn, &actor, shop).await.expect("reads"), expected, "{:?}", actor.role);
        let own = shops::shops_of(&mut conn, Region::FIRST, &actor).await.expect("reads");
        assert_eq!(own.contains(&shop), expected.is_some(), "{:?}", actor.role);
    }
    assert_eq!(shops::membership(&mut conn, &Actor::system(), shop).await.expect("reads"), Some(Membership::Staff));
    drop(conn);
    app.end().await;
}
