//! What holds for every path: rejections are problem+json, limits hold, the documents are served.
use crate::kit::TestApp;
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test(flavor = "multi_thread")]
async fn every_rejection_is_a_problem_in_the_callers_language() {
    let app = TestApp::start().await;
    app.get("/api/nothing/here/").await.refused(404, "not_found");
    app.get("/nowhere").await.refused(404, "not_found");
    app.ask(Method::DELETE, "/api/auth/login/", None).await.refused(405, "method_not_allowed");
    app.get("/api/auth/user/").await.refused(401, "unauthorized");
    crate::kit::as_token(&app, Method::GET, "/api/auth/user/", "x.y.z").await.refused(401, "unauthorized");
    let login = format!("{}/api/auth/login/", app.url);
    let text = app.http.post(&login).header(header::CONTENT_TYPE, "text/plain").body("{}").send().await.expect("answers");
    assert_eq!(text.status(), 415);
    let big = app
        .http
        .post(&login)
        .header(header::CONTENT_TYPE, "application/json")
        .body(vec![b' '; 10 << 20])
        .send()
        .await
        .expect("answers");
    assert_eq!(big.status(), 413);
    assert_eq!(big.headers()[header::CONTENT_TYPE], "application/problem+json");
    for (body, status) in [("{", 400), ("{\"username\":\"a\",\"password\":NaN}", 400), ("\u{feff}", 400)] {
        let answer =
            app.http.post(&login).header(header::CONTENT_TYPE, "application/json").body(body).send().await.expect("answers");
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
    let unknown =
        app.post("/api/auth/login/", json!({ "username": "a", "password": "b", "colour": "red" })).await.refused(422, "invalid");
    assert_eq!((&unknown["errors"][0]["field"], &unknown["errors"][0]["code"]), (&json!("colour"), &json!("unknown")));
    let arabic = app.http.get(&login).header(header::ACCEPT_LANGUAGE, "ar").send().await.expect("answers");
    assert_eq!(arabic.headers()[header::CONTENT_LANGUAGE], "ar");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_the_documents_are_served() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/healthz").await.status, 200);
    assert_eq!(app.get("/readyz").await.ok()["ready"], true);
    assert!(app.get("/metrics").await.body.as_str().is_some_and(|text| text.contains("wassally_connections")));
    let document = app.get("/api/openapi.json").await.ok();
    assert!(document["paths"].get("/api/auth/login/").is_some());
    for page in ["/swagger/", "/redoc/"] {
        let answer = app.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.to_string().contains("https://cdn"), "{page} loads something from another host");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_learns_what_this_server_is() {
    let app = TestApp::start().await;
    let meta = app.get("/api/meta/").await.ok();
    assert_eq!((&meta["name"], &meta["currency"], &meta["demo"]), (&json!("Wassally"), &json!("USD"), &Value::Null));
    let document = app.get("/api/openapi.json").await.ok();
    let schema = &document["components"]["schemas"]["Meta"]["properties"];
    let members = |value: &Value| value.as_object().expect("members").keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(members(&meta), members(schema), "the document says what the answer has");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn values_that_no_column_holds_are_the_callers_fault() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    for path in ["/api/orders/?from=-5000-01-01T00:00:00Z", "/api/wallet/transactions/?to=-5000-01-01T00:00:00Z"] {
        anna.get(path).await.refused(422, "invalid");
    }
    // A list is not taken for the fields by their order, and an id has one spelling.
    anna.ask(Method::POST, "/api/auth/logout/", Some(&json!([true])), &[]).await.refused(422, "invalid");
    let order = uuid::Uuid::from_u128(0x0198_c2e4_77aa_7001_9c31_0000_0000_00ab);
    for id in [order.to_string().to_uppercase(), order.simple().to_string(), order.urn().to_string(), "x".to_owned()] {
        anna.get(&format!("/api/orders/{id}/")).await.refused(404, "not_found");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn control_characters_stand_in_nothing_that_people_write() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    let at_fault = |answer: crate::kit::Answer| {
        let problem = answer.refused(422, "invalid");
        (problem["errors"][0]["field"].as_str().expect("a field").to_owned(), problem["errors"][0]["code"].clone())
    };
    let invalid = |field: &str| (field.to_owned(), json!("invalid"));
    for field in ["first_name", "last_name", "address", "location_address", "email"] {
        let answer = anna.patch("/api/users/me/", json!({ field: "a\u{1}@b.example" })).await;
        assert_eq!(at_fault(answer), invalid(field));
    }
    let newcomer =
        json!({ "username": "eve", "password": "a good password", "user_type": "customer", "first_name": "E\u{1b}[2Jve" });
    assert_eq!(at_fault(app.post("/api/auth/register/", newcomer).await), invalid("first_name"));

    anna.wants(stall.product, 1).await;
    let checkout = |note: &str| json!({ "fulfilment": "delivery", "payment_mode": "COD", "note": note });
    assert_eq!(at_fault(anna.post("/api/orders/checkout/", checkout("ring\u{7}")).await), invalid("note"));
    let order = anna.post("/api/orders/checkout/", checkout("ring twice,\n\tthen wait")).await.ok();
    assert_eq!(order["note"], "ring twice,\n\tthen wait");
    let order = order["id"].as_str().expect("an id");
    let reason = json!({ "reason": "sold\u{1}out" });
    assert_eq!(at_fault(anna.act(order, "cancel", reason.clone()).await), invalid("reason"));
    assert_eq!(at_fault(stall.owner.act(order, "reject", reason.clone()).await), invalid("reason"));
    crew.claim(order).await.ok();
    for (command, body, field) in [
        ("release", reason.clone(), "reason"),
        ("advance", json!({ "to": "DELIVERY_FAILED", "reason": "two\nlines" }), "reason"),
        ("problem", json!({ "kind": "other", "note": "\u{2}" }), "note"),
    ] {
        assert_eq!(
            at_fault(crew.post(&format!("/api/delivery/orders/{order}/{command}/"), body).await),
            invalid(field),
            "{command}"
        );
    }
    let staff = app.staff().await;
    for (command, body) in [
        ("reassign", json!({ "crew_id": null, "reason": "\u{1}" })),
        ("override", json!({ "to": "DELIVERED", "reason": "\u{1}" })),
    ] {
        assert_eq!(
            at_fault(staff.post(&format!("/api/staff/orders/{order}/{command}/"), body).await),
            invalid("reason"),
            "{command}"
        );
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn slow_senders_take_no_place_of_a_request() {
    use tokio::io::AsyncWriteExt;
    let app = TestApp::start_with(&[("WASSALLY_REQUEST_LIMIT", "2")]).await;
    let address = app.url.trim_start_matches("http://").to_owned();
    let mut halves = Vec::new();
    for _ in 0..8 {
        let mut socket = tokio::net::TcpStream::connect(&address).await.expect("accepted");
        let head = format!(
            "POST /api/auth/login/ HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{{\"u"
        );
        socket.write_all(head.as_bytes()).await.expect("half a body");
        halves.push(socket);
    }
    app.get("/api/shops/").await.ok();
    drop(halves);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_are_closed() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let app = TestApp::start().await;
    let ends = ["", "P", "GET / HTTP/1.1\r\nhost", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"].map(async |start| {
        let mut socket = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("accepted");
        socket.write_all(start.as_bytes()).await.expect("a start");
        let mut received = vec![];
        let end = tokio::time::timeout(crate::kit::PATIENCE, socket.read_to_end(&mut received)).await;
        // A reset counts as an end too: the server closed while some bytes were unread.
        assert!(end.is_ok(), "{start:?} keeps the connection open");
    });
    futures_util::future::join_all(ends).await;

    // A request that comes byte by byte is answered.
    let mut socket = tokio::net::TcpStream::connect(app.url.trim_start_matches("http://")).await.expect("accepted");
    socket.set_nodelay(true).expect("sends each byte");
    for byte in b"PUT /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n" {
        socket.write_all(&[*byte]).await.expect("a byte");
        tokio::task::yield_now().await;
    }
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_has_a_short_id_of_its_caller_or_of_ours() {
    let app = TestApp::start().await;
    let answered = async |id: &str| {
        let answer = app.http.get(format!("{}/api/nothing/", app.url)).header("x-request-id", id).send().await.expect("answers");
        let header = answer.headers()["x-request-id"].to_str().expect("text").to_owned();
        let body: Value = answer.json().await.expect("a problem");
        assert_eq!(body["request_id"], header);
        header
    };
    assert_eq!(answered("trace-7.a:1_b").await, "trace-7.a:1_b");
    for odd in ["x".repeat(129), "a b".into(), "\"}{".into(), String::new()] {
        assert_eq!(answered(&odd).await.len(), 36, "{odd:?}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_are_for_this_machine_alone() {
    let app = TestApp::start().await;
    let forwarded =
        app.http.get(format!("{}/metrics", app.url)).header("x-forwarded-for", "198.51.100.7").send().await.expect("answers");
    assert_eq!(forwarded.status(), 404);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_calls_too_often_waits_while_others_do_not() {
    let app = TestApp::start_with(&[("WASSALLY_USER_QUERIES", "1"), ("WASSALLY_USER_COMMANDS", "1")]).await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    // A burst is five seconds' worth.
    let mut refused = None;
    for _ in 0..50 {
        let answer = anna.get("/api/wallet/").await;
        if answer.status == 429 {
            refused = Some(answer);
            break;
        }
    }
    let answer = refused.expect("refused at last");
    assert_eq!(
        (answer.body["code"].as_str(), answer.headers["retry-after"].to_str().ok()),
        (Some("too_many_requests"), Some("1"))
    );
    ben.get("/api/wallet/").await.ok();
    // Commands have a bucket of their own, and sockets share both.
    let mut socket = anna.socket().await;
    let mut codes = vec![];
    for _ in 0..50 {
        codes.extend(socket.call("orders.cancel", json!({ "order_id": uuid::Uuid::nil() })).await.err());
    }
    assert!(codes.contains(&(404, "not_found".into())) && codes.contains(&(429, "too_many_requests".into())), "{codes:?}");
    app.end().await;
}
