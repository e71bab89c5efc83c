//! The public lists of shops and products.
use crate::kit::{Stall, TestApp};
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

async fn sql(app: &TestApp, statement: &'static str, id: Uuid) {
    sqlx::query(statement).bind(id).execute(&app.app.pools().background).await.expect(statement);
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| item["id"].as_str().expect("an id").to_owned()).collect()
}

/// Three shops: 500 m, 1 km and 2.5 km north of home.
async fn street(app: &Arc<TestApp>) -> [Stall; 3] {
    let stalls = [app.stall(5).await, app.stall(5).await, app.stall(0).await];
    sql(app, "update shop set lat = lat + 0.0045 where id = $1", stalls[1].id).await;
    sql(app, "update shop set lat = lat + 0.018 where id = $1", stalls[2].id).await;
    stalls
}

#[tokio::test(flavor = "multi_thread")]
async fn shops_near_a_point_come_nearest_first_with_their_fee() {
    let app = TestApp::start().await;
    let [near, middle, far] = street(&app).await;
    let page = app.get("/api/shops/?lat=52.52&lng=13.405&radius_m=5000").await.ok();
    assert_eq!(ids(&page), [near.id, middle.id, far.id].map(|id| id.to_string()));
    let first = &page["items"][0];
    let distance_m = first["distance_m"].as_f64().expect("a distance");
    assert!((499.0..502.0).contains(&distance_m), "{distance_m}");
    assert_eq!(
        (&first["delivery_fee"], &first["minimum_order"], &first["prep_minutes"], &first["is_open"]),
        (&json!("2.50"), &json!("0.00"), &json!(15), &json!(true))
    );
    assert!(first.get("live").is_none(), "the public does not watch a shop");

    let nearer = app.get("/api/shops/?lat=52.52&lng=13.405&radius_m=1500").await.ok();
    assert_eq!(ids(&nearer), [near.id, middle.id].map(|id| id.to_string()));
    let one = app.get("/api/shops?lat=52.52&lng=13.405&limit=1").await.ok();
    let next =
        app.get(&format!("/api/shops/?lat=52.52&lng=13.405&limit=2&cursor={}", one["next"].as_str().expect("more"))).await.ok();
    assert_eq!(ids(&next), [middle.id, far.id].map(|id| id.to_string()));
    assert_eq!(next["next"], Value::Null);
    assert_eq!(ids(&app.get("/api/shops/").await.ok()).len(), 3, "without a point all are listed");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_that_waits_for_approval_is_seen_by_its_owner_alone() {
    let app = TestApp::start().await;
    let stall = app.stall(5).await;
    sql(&app, "update shop set status = 'PENDING' where id = $1", stall.id).await;
    let path = format!("/api/shops/{}/", stall.id);
    app.get(&path).await.refused(404, "not_found");
    app.get(&format!("/api/product/products/{}/", stall.product)).await.refused(404, "not_found");
    assert!(ids(&app.get("/api/shops/").await.ok()).is_empty());
    assert!(ids(&app.get("/api/product/products/").await.ok()).is_empty());
    let own = stall.owner.get(&path).await.ok();
    assert_eq!((&own["status"], &own["is_open"]), (&json!("PENDING"), &json!(false)));
    assert_eq!(own["live"][0]["channel"], format!("shop:{}", stall.id));
    assert!(app.staff().await.get(&path).await.ok()["live"].is_array());
    app.customer().await.get(&path).await.refused(404, "not_found");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_outside_its_hours_is_closed() {
    let app = TestApp::start().await;
    let [open, shut, _] = street(&app).await;
    sql(&app, "delete from shop_hours where shop_id = $1", shut.id).await;
    let hours = app.get(&format!("/api/shops/{}/hours/", open.id)).await.ok();
    assert_eq!((&hours["time_zone"], hours["days"].as_array().map(Vec::len)), (&json!("UTC"), Some(7)));
    assert_eq!(hours["days"][0], json!({ "day": 1, "opens": "00:00", "closes": "24:00" }));
    let now = app.get("/api/shops/?open_now=true").await.ok();
    assert!(ids(&now).contains(&open.id.to_string()) && !ids(&now).contains(&shut.id.to_string()));
    let closed = app.get("/api/shops/?open_now=false").await.ok();
    assert_eq!(ids(&closed), [shut.id.to_string()]);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn parameters_that_make_no_sense_are_named() {
    let app = TestApp::start().await;
    for (query, field) in [
        ("shops/?lat=52.5", "lng"),
        ("shops/?lat=91&lng=0", "lat"),
        ("shops/?lat=NaN&lng=0", "lat"),
        ("shops/?lat=1&lng=1&radius_m=0", "radius_m"),
        ("shops/?lat=1&lng=1&radius_m=50001", "radius_m"),
        ("shops/?radius_m=100", "lat"),
        ("shops/?open_now=perhaps", "open_now"),
        ("shops/?colour=red", "colour"),
        ("shops/categories/?tree=1", "tree"),
        ("product/products/?min_price=cheap", "min_price"),
        ("product/products/?shop=1", "shop"),
        ("product/products/?ordering=colour", "ordering"),
        ("product/products/?cursor=%2B", "cursor"),
    ] {
        let problem = app.get(&format!("/api/{query}")).await.refused(422, "invalid");
        assert_eq!(problem["errors"][0]["field"], field, "{query}: {problem}");
    }
    for path in [
        "shops/1/",
        "shops/0198c2e4-77aa-7001-9c31-000000000000/",
        "shops/0198c2e4-77aa-7001-9c31-000000000000/hours/",
        "product/products/x/",
    ] {
        app.get(&format!("/api/{path}")).await.refused(404, "not_found");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn products_are_filtered_searched_and_ordered() {
    let app = TestApp::start().await;
    let [a, b, c] = street(&app).await;
    for (stall, name, price) in [(&a, "Apple juice", 3), (&b, "Bread", 1), (&c, "Apple cake", 2)] {
        sqlx::query("update product set name = $2, price = $3, avg_rating = nullif(4 - $3, 1) where id = $1")
            .bind(stall.product)
            .bind(name)
            .bind(rust_decimal(price))
            .execute(&app.app.pools().background)
            .await
            .expect("renames");
    }
    let list = async |query: &str| ids(&app.get(&format!("/api/product/products/?{query}")).await.ok());
    let of = |stalls: &[&Stall]| stalls.iter().map(|stall| stall.product.to_string()).collect::<Vec<_>>();
    assert_eq!(list("").await, of(&[&c, &b, &a]), "newest first");
    assert_eq!(list("ordering=price").await, of(&[&b, &c, &a]));
    assert_eq!(list("ordering=-price").await, of(&[&a, &c, &b]));
    assert_eq!(list("ordering=name").await, of(&[&c, &a, &b]));
    assert_eq!(list("search=apple&ordering=name").await, of(&[&c, &a]));
    assert_eq!(list("search=%25").await, Vec::<String>::new(), "a percent sign is no wildcard");
    assert_eq!(list("in_stock=true&ordering=price").await, of(&[&b, &a]));
    assert_eq!(list("in_stock=false").await, of(&[&c]));
    assert_eq!(list("min_price=2&max_price=2.50").await, of(&[&c]));
    assert_eq!(list(&format!("shop={}", b.id)).await, of(&[&b]));
    assert_eq!(list("on_offer=true").await, Vec::<String>::new());
    for (ordering, wanted) in [
        ("-created_at", [&c, &b, &a]),
        ("price", [&b, &c, &a]),
        ("-price", [&a, &c, &b]),
        ("name", [&c, &a, &b]),
        ("-rating", [&b, &c, &a]),
    ] {
        let (mut seen, mut cursor) = (vec![], String::new());
        loop {
            let page = app.get(&format!("/api/product/products/?ordering={ordering}&limit=1{cursor}")).await.ok();
            seen.extend(ids(&page));
            let Some(next) = page["next"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(seen, of(&wanted), "page by page by {ordering}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_and_every_order_have_their_index() {
    let app = TestApp::start().await;
    let stall = app.stall(1).await;
    let pool = &app.app.pools().background;
    sqlx::query(
        "insert into product (region, id, shop_id, name, sku, price, currency, created_at, updated_at)
        select 1, gen_random_uuid(), $1, md5(n::text), n::text, n % 100, 'USD', now(), now() from generate_series(1, 20000) n",
    )
    .bind(stall.id)
    .execute(pool)
    .await
    .expect("products");
    sqlx::query("analyze product").execute(pool).await.expect("analyses");
    let plan = async |rest: &str| -> String {
        let sold = "p.is_active and p.approval_status = 'APPROVED' and p.deleted_at is null";
        let statement = format!("explain select id from product p where p.region = 1 and {sold} {rest} limit 21");
        let lines: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_all(pool).await.expect("a plan");
        lines.join("\n")
    };
    for (rest, index) in [
        ("and (name ilike '%zebra%' or sku ilike '%zebra%')", "product_name_name_ar_description_sku_idx"),
        ("order by price, id", "product_region_price_id_idx"),
        ("order by price desc, id desc", "product_region_price_id_idx"),
        ("order by lower(name), id", "product_region_name_id_idx"),
        ("order by coalesce(avg_rating, 0) desc, id desc", "product_region_avg_rating_id_idx"),
    ] {
        let plan = plan(rest).await;
        assert!(plan.contains(index), "{rest}: {plan}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_shops_are_read_page_by_page_the_newest_first() {
    let app = TestApp::start().await;
    let [oldest, middle, newest] = street(&app).await;
    let of = |stalls: &[&Stall]| stalls.iter().map(|stall| stall.id.to_string()).collect::<Vec<_>>();
    let first = app.get("/api/shops/?limit=2").await.ok();
    assert_eq!(ids(&first), of(&[&newest, &middle]));
    let next = first["next"].as_str().expect("more");
    let second = app.get(&format!("/api/shops/?limit=2&cursor={next}")).await.ok();
    assert_eq!((ids(&second), &second["next"]), (of(&[&oldest]), &Value::Null));

    // Many newer shops without hours: the open ones behind them are reached page by page.
    sqlx::query(
        "insert into shop (region, id, owner_id, name, address, lat, lng, status, time_zone, currency, radius_m, created_at, updated_at)
        select 1, ('ffffffff-ffff-7001-8000-' || lpad(to_hex(n), 12, '0'))::uuid, gen_random_uuid(), 'Closed ' || n, 'Nowhere', 1, 1, 'APPROVED', 'UTC', 'USD', 1000, now(), now()
        from generate_series(1, 2100) n",
    )
    .execute(&app.app.pools().background)
    .await
    .expect("shops");
    let first = app.get("/api/shops/?open_now=true&limit=2").await.ok();
    assert_eq!(ids(&first), Vec::<String>::new());
    let next = first["next"].as_str().expect("more to look at");
    let second = app.get(&format!("/api/shops/?open_now=true&limit=2&cursor={next}")).await.ok();
    assert_eq!(ids(&second), of(&[&newest, &middle]));
    let next = second["next"].as_str().expect("more");
    let third = app.get(&format!("/api/shops/?open_now=true&limit=2&cursor={next}")).await.ok();
    assert_eq!((ids(&third), &third["next"]), (of(&[&oldest]), &Value::Null));
    assert_eq!(ids(&app.get("/api/shops/?open_now=false&limit=100").await.ok()).len(), 100);
    app.end().await;
}

fn rust_decimal(whole: i64) -> sqlx::types::Decimal {
    whole.into()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_seller_and_admins_see_what_a_product_cost() {
    let app = TestApp::start().await;
    let stall = app.stall(7).await;
    sql(&app, "update product set cost_price = 4 where id = $1", stall.product).await;
    let path = format!("/api/product/products/{}/", stall.product);
    let seen = app.get(&path).await.ok();
    assert_eq!(
        (&seen["price"], &seen["final_price"], &seen["currency"], &seen["stock"], &seen["max_quantity"]),
        (&json!("10.00"), &json!("10.00"), &json!("USD"), &json!(7), &json!(50))
    );
    assert!(seen.get("cost_price").is_none() && seen.get("low_stock_threshold").is_none());
    assert_eq!(stall.owner.get(&path).await.ok()["cost_price"], "4.00");
    let other = app.stall(1).await;
    assert!(other.owner.get(&path).await.ok().get("cost_price").is_none());
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn seeding_twice_makes_one_city() {
    let app = TestApp::start().await;
    wassally::seed::load(&app.app, &[]).await.expect("the first time");
    let count = async || {
        let counts: Vec<i64> = sqlx::query_scalar(
            "select count(*) from users union all select count(*) from shop union all select count(*) from product
            union all select count(*) from posting union all select count(*) from orders union all select count(*) from channel_log",
        )
        .fetch_all(&app.app.pools().background)
        .await
        .expect("counts");
        counts
    };
    let first = count().await;
    let states: Vec<(String, i64)> = sqlx::query_as("select status, count(*) from orders group by status order by status")
        .fetch_all(&app.app.pools().background)
        .await
        .expect("orders");
    let states: Vec<_> = states.iter().map(|(status, count)| (status.as_str(), *count)).collect();
    let wanted = [("CANCELLED", 1), ("CREATED", 4), ("DELIVERED", 1), ("PROCESSING", 1), ("RETURNED_TO_SHOP", 1), ("SHIPPED", 1)];
    assert_eq!(states, wanted);
    let pickups = "select p.prep_status, exists (select from proof where order_id = o.id)
        from orders o join shop_order p on p.region = o.region and p.order_id = o.id
        where o.fulfilment = 'pickup' order by p.prep_status";
    let pickups: Vec<(String, bool)> = sqlx::query_as(pickups).fetch_all(&app.app.pools().background).await.expect("orders");
    assert_eq!(pickups, [("NEW".to_owned(), false), ("READY".to_owned(), true)], "a PIN comes with what is ready");
    assert_eq!(first[..3], [48, 10, 120]);
    let shops = app.get("/api/shops/?lat=28.5&lng=26.5&open_now=true").await.ok();
    assert!(ids(&shops).len() >= 3, "three shops never close");
    assert!(!app.get("/api/shops/categories/").await.ok()["items"].as_array().expect("items").is_empty());
    assert!(!app.get("/api/product/categories/").await.ok()["items"].as_array().expect("items").is_empty());
    let login = app.post("/api/auth/login/", json!({ "username": "customer1", "password": "wassally-demo" })).await.ok();
    let wallet =
        crate::kit::as_token(&app, reqwest::Method::GET, "/api/wallet/", login["access"].as_str().expect("a token")).await.ok();
    assert_eq!(wallet["total"], "500.00");
    wassally::seed::load(&app.app, &[]).await.expect("the second time");
    assert_eq!(count().await, first);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn people_for_load_come_with_tokens() {
    let app = TestApp::start().await;
    let dir = std::env::temp_dir().join(format!("wassally-load-{}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a directory");
    let (ask, tokens) = (dir.join("load.json"), dir.join("tokens.json"));
    std::fs::write(&ask, json!({ "crews": 2, "customers": 3, "tokens": tokens }).to_string()).expect("written");
    for _ in 0..2 {
        wassally::seed::load(&app.app, std::slice::from_ref(&ask)).await.expect("seeds");
        let passes: Vec<Value> = serde_json::from_slice(&std::fs::read(&tokens).expect("tokens")).expect("a list");
        assert_eq!(passes.iter().filter(|pass| pass["role"] == "crew").count(), 2);
        assert_eq!(passes.len(), 5);
        let me =
            crate::kit::as_token(&app, reqwest::Method::GET, "/api/auth/user/", passes[4]["access"].as_str().expect("a token"))
                .await;
        assert_eq!(me.ok()["username"], "load-customer3");
    }
    std::fs::remove_dir_all(&dir).expect("removed");
    app.end().await;
}
