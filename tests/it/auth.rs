//! Signing in and out, as an app does it.
use crate::kit::TestApp;
use reqwest::Method;
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn somebody_registers_and_is_known() {
    let app = TestApp::start().await;
    let answer = app
        .post(
            "/api/auth/register/",
            json!({ "username": "anna", "password": "a good password", "user_type": "buyer", "first_name": "Anna" }),
        )
        .await;
    assert_eq!(answer.status, 201);
    let body = answer.ok();
    assert_eq!((&body["user"]["role"], &body["expires_in"]), (&json!("customer"), &json!(900)));
    let access = body["access"].as_str().expect("a token");
    let me = crate::kit::as_token(&app, Method::GET, "/api/auth/user", access).await.ok();
    assert_eq!(me["username"], "anna");

    app.post("/api/auth/register/", json!({ "username": "ANNA", "password": "a good password", "user_type": "customer" }))
        .await
        .refused(409, "username_taken");
    app.post("/api/auth/register/", json!({ "username": "ben", "password": "short", "user_type": "customer" }))
        .await
        .refused(422, "weak_password");
    app.post("/api/auth/register/", json!({ "password": "a good password", "user_type": "customer" }))
        .await
        .refused(422, "invalid");
    app.post("/api/auth/register/", json!({ "username": "eve", "password": "a good password", "user_type": "admin" }))
        .await
        .refused(422, "invalid");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_name_read_the_same() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    let wrong = app
        .post("/api/auth/login/", json!({ "username": anna.username, "password": "not hers" }))
        .await
        .refused(401, "bad_credentials");
    let unknown = app
        .post("/api/auth/login/", json!({ "username": "nobody", "password": "not hers" }))
        .await
        .refused(401, "bad_credentials");
    assert_eq!((&wrong["title"], &wrong["detail"]), (&unknown["title"], &unknown["detail"]));
    app.post("/api/auth/login/", json!({ "username": anna.username.to_uppercase(), "password": "wassally-demo" })).await.ok();
    app.post("/api/auth/login/", json!({ "username": anna.username, "password": "wassally-demo", "role": "staff" }))
        .await
        .refused(403, "forbidden");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_eleventh_failure_of_a_name_waits() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    for _ in 0..10 {
        app.post("/api/auth/login/", json!({ "username": anna.username, "password": "guess" }))
            .await
            .refused(401, "bad_credentials");
    }
    let answer = app.post("/api/auth/login/", json!({ "username": anna.username, "password": "wassally-demo" })).await;
    assert!(answer.headers.contains_key("retry-after"));
    answer.refused(429, "too_many_requests");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_count_for_the_account_whichever_of_its_names_is_tried() {
    let app = TestApp::start().await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    anna.patch("/api/users/me/", json!({ "email": "anna@example.org", "phone_number": "+12025550199" })).await.ok();
    let login =
        async |name: &str, password: &str| app.post("/api/auth/login/", json!({ "username": name, "password": password })).await;
    for _ in 0..3 {
        for name in [anna.username.as_str(), "Anna@Example.org", "+12025550199"] {
            login(name, "guess").await.refused(401, "bad_credentials");
        }
    }
    login("anna@example.org", "guess").await.refused(401, "bad_credentials");
    for name in [anna.username.as_str(), "anna@example.org", "+12025550199"] {
        login(name, "wassally-demo").await.refused(429, "too_many_requests");
    }
    login(&ben.username, "wassally-demo").await.ok();

    // An unknown name gets the same answer, however it is spelled.
    for name in ["nobody", "NoBody"].repeat(5) {
        login(name, "guess").await.refused(401, "bad_credentials");
    }
    login("NOBODY", "guess").await.refused(429, "too_many_requests");
    login(&ben.username, "wassally-demo").await.ok();
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_sent_at_once_are_counted_like_guesses_in_turn() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    let body = json!({ "username": anna.username, "password": "guess" });
    let guesses = futures_util::future::join_all((0..40).map(|_| app.post("/api/auth/login/", body.clone()))).await;
    let judged = guesses.iter().filter(|answer| answer.status == 401).count();
    // Two are hashed at a time: the one beside the tenth failure may still be judged.
    assert!((10..=11).contains(&judged), "{judged} of 40 were judged");
    assert!(guesses.iter().all(|answer| matches!(answer.status, 401 | 429)));
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_rotates_and_a_copy_ends_the_session() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    let renew = |token: String| {
        let app = app.clone();
        async move { app.post("/api/auth/refresh/", json!({ "refresh": token })).await }
    };
    let text = |answer: crate::kit::Answer| answer.ok()["refresh"].as_str().expect("a token").to_owned();
    let _lost = text(renew(anna.refresh.clone()).await);
    // The reply was lost: the old one works once more while its successor is unused.
    let second = text(renew(anna.refresh.clone()).await);
    let third = text(renew(second).await);
    // A third use: somebody has a copy, and the session ends.
    renew(anna.refresh.clone()).await.refused(401, "unauthorized");
    renew(third).await.refused(401, "unauthorized");

    // Whoever comes with the token that the second use overtook has a copy too.
    let ben = app.customer().await;
    let overtaken = text(renew(ben.refresh.clone()).await);
    let newest = text(renew(ben.refresh.clone()).await);
    renew(overtaken).await.refused(401, "unauthorized");
    renew(newest).await.refused(401, "unauthorized");

    // Later than half a minute there is no second use.
    let eve = app.customer().await;
    let next = text(renew(eve.refresh.clone()).await);
    app.pass(chrono::TimeDelta::seconds(31)).await;
    renew(eve.refresh.clone()).await.refused(401, "unauthorized");
    renew(next).await.refused(401, "unauthorized");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn logout_ends_tokens_and_sockets_within_a_second() {
    let app = TestApp::start().await;
    let anna = app.customer().await;
    let mut socket = anna.socket().await;
    assert_eq!(anna.post("/api/auth/logout/", json!({})).await.status, 204);
    assert_eq!(socket.closed().await.0, 3500);
    anna.get("/api/auth/user/").await.refused(401, "unauthorized");
    app.post("/api/auth/refresh/", json!({ "refresh": anna.refresh })).await.refused(401, "unauthorized");
    drop(socket);
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_profile_changes_by_field() {
    let app = TestApp::start().await;
    let (anna, ben) = (app.customer().await, app.customer().await);
    let me = anna.patch("/api/users/me/", json!({ "email": "anna@example.org", "first_name": "Anna" })).await.ok();
    assert_eq!(
        (&me["email"], &me["first_name"], &me["last_name"]),
        (&json!("anna@example.org"), &json!("Anna"), &json!(anna.username))
    );
    ben.patch("/api/users/me/", json!({ "email": "ANNA@example.org" })).await.refused(409, "email_taken");
    let me = anna.patch("/api/users/me/", json!({ "email": null, "location_lat": null, "location_lng": null })).await.ok();
    assert!(me["email"].is_null() && me["location_lat"].is_null());
    let refused =
        anna.patch("/api/users/me/", json!({ "location_lat": 91.0, "location_lng": 3.0 })).await.refused(422, "invalid");
    assert_eq!(refused["errors"][0]["field"], "location_lat");
    anna.patch("/api/users/me/", json!({ "location_lat": 9.0 })).await.refused(422, "invalid");
    let by_mail = json!({ "email": "eve@example.org", "password": "a good password", "user_type": "customer" });
    let eve = app.post("/api/auth/register/", by_mail).await.ok()["access"].as_str().expect("a token").to_owned();
    let eve = crate::kit::Person { token: eve, ..anna.clone() };
    eve.patch("/api/users/me/", json!({ "email": null })).await.refused(422, "invalid");
    app.end().await;
}
