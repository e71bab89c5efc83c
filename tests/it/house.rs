//! What holds for every path: rejections are problem+json, limits hold, the documents are served.
use crate::kit::TestApp;
use reqwest::{Method, header};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
async fn every_rejection_is_a_problem_in_the_callers_language() {
    let house = TestApp::start().await;
    house.get("/api/nothing/here/").await.refused(404, "not_found");
    house.get("/nowhere").await.refused(404, "not_found");
    house.ask(Method::DELETE, "/api/auth/login/", None).await.refused(405, "method_not_allowed");
    house.get("/api/auth/user/").await.refused(401, "unauthorized");
    crate::kit::as_token(&house, Method::GET, "/api/auth/user/", "x.y.z").await.refused(401, "unauthorized");
    let login = format!("{}/api/auth/login/", house.url);
    let text = house.http.post(&login).header(header::CONTENT_TYPE, "text/plain").body("{}").send().await.expect("answers");
    assert_eq!(text.status(), 415);
    let big = house.http.post(&login).header(header::CONTENT_TYPE, "application/json").body(vec![b' '; 10 << 20]).send().await.expect("answers");
    assert_eq!(big.status(), 413);
    assert_eq!(big.headers()[header::CONTENT_TYPE], "application/problem+json");
    for (body, status) in [("{", 400), ("{\"username\":\"a\",\"password\":NaN}", 400), ("\u{feff}", 400)] {
        let answer = house.http.post(&login).header(header::CONTENT_TYPE, "application/json").body(body).send().await.expect("answers");
        assert_eq!(answer.status().as_u16(), status, "{body}");
    }
    let unknown = house.post("/api/auth/login/", json!({ "username": "a", "password": "b", "colour": "red" })).await.refused(422, "invalid");
    assert_eq!((&unknown["errors"][0]["field"], &unknown["errors"][0]["code"]), (&json!("colour"), &json!("unknown")));
    let arabic = house.http.get(&login).header(header::ACCEPT_LANGUAGE, "ar").send().await.expect("answers");
    assert_eq!(arabic.headers()[header::CONTENT_LANGUAGE], "ar");
    house.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn health_metrics_and_the_documents_are_served() {
    let house = TestApp::start().await;
    assert_eq!(house.get("/healthz").await.status, 200);
    assert_eq!(house.get("/readyz").await.ok()["ready"], true);
    assert!(house.get("/metrics").await.body.as_str().is_some_and(|text| text.contains("wassally_connections")));
    let document = house.get("/api/openapi.json").await.ok();
    assert!(document["paths"].get("/api/auth/login/").is_some());
    for page in ["/swagger/", "/redoc/"] {
        let answer = house.get(page).await;
        assert_eq!(answer.status, 200, "{page}");
        assert!(!answer.body.to_string().contains("https://cdn"), "{page} asks another host");
    }
    house.end().await;
}
