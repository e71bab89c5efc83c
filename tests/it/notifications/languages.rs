//! The languages of answers and notifications.
use crate::kit::{Socket, TestApp};
use reqwest::{Method, header};
use serde_json::{Value, json};
use std::{collections::BTreeSet, sync::Arc};

const LANGUAGES: [&str; 3] = ["en", "fr", "ar"];

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_in_the_recipients_language_and_a_list_in_the_readers() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    anna.is_written_to_in("fr").await;
    stall.owner.is_written_to_in("ar").await;
    let (mut phone, mut board) = (anna.socket().await, stall.owner.socket().await);
    let order = anna.order_from(&stall, 1).await;
    crew.claim(&order).await.ok();
    anna.act(&order, "cancel", json!({ "reason": "Ordered twice" })).await.ok();

    let pushed = phone.expect_push(&format!("user:{}", anna.id), "order_cancelled").await;
    let notification = &pushed["data"]["notification"];
    assert_eq!(
        (&notification["kind"], &notification["title"], &notification["content_object"]),
        (&json!("order_cancelled"), &json!("Commande annulée"), &json!({ "type": "order", "id": order }))
    );
    let code = notification["extra_data"]["code"].as_str().expect("a code").to_owned();
    assert_eq!(notification["extra_data"], json!({ "code": code, "reason": "Ordered twice" }));
    assert_eq!(notification["message"], format!("La commande {code} a été annulée. Motif : Ordered twice"));
    let pushed = board.expect_push(&format!("user:{}", stall.owner.id), "order_cancelled").await;
    assert_eq!(pushed["data"]["notification"]["message"], format!("أُلغي الطلب {code}. السبب: Ordered twice"));
    // Without a stored language the texts are English.
    assert_eq!(crew.messages("order_cancelled").await[0]["notification"]["title"], "Order cancelled");

    for (language, title, message) in [
        ("en", "Order cancelled", format!("Order {code} was cancelled. Reason: Ordered twice")),
        ("fr; q=0.2, ar", "أُلغي الطلب", format!("أُلغي الطلب {code}. السبب: Ordered twice")),
        ("de, fr;q=0.5", "Commande annulée", format!("La commande {code} a été annulée. Motif : Ordered twice")),
    ] {
        let mut read = anna.notifications(language).await.pop().expect("the last");
        assert_eq!((&read["title"], &read["message"]), (&json!(title), &json!(message)));
        for text in ["title", "message"] {
            read[text] = notification[text].clone();
        }
        assert_eq!(&read, notification, "all but the texts is the same");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_texts_stand_in_no_row() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    anna.order_from(&stall, 1).await;
    let row: (String, String, Value) = sqlx::query_as("select kind, subject_kind, parameters from notification")
        .fetch_one(&app.app.pools().background)
        .await
        .expect("one notification");
    assert_eq!((row.0.as_str(), row.1.as_str()), ("order_created", "order"));
    let members: BTreeSet<&str> = row.2.as_object().expect("parameters").keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["code", "shop_id"]));
    app.end().await;
}

async fn registers(app: &Arc<TestApp>, name: &str, lines: &[&str]) -> Value {
    let body = json!({ "username": name, "password": "a good password", "user_type": "customer" });
    let mut request = app.http.post(format!("{}/api/auth/register/", app.url)).json(&body);
    for line in lines {
        request = request.header(header::ACCEPT_LANGUAGE, *line);
    }
    let answer = request.send().await.expect("answers");
    assert_eq!(answer.status(), 201);
    answer.json().await.expect("JSON")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_of_a_registration_is_stored() {
    let app = TestApp::start().await;
    for (name, lines, language) in [
        ("anna", &[][..], "en"),
        ("ben", &["fr-CA,fr;q=0.8,en;q=0.5"], "fr"),
        ("cleo", &["fr; q=0.2, en"], "en"),
        ("dina", &["de", "ar;q=0.7, en;q=0.6"], "ar"),
        ("emil", &["de-DE"], "en"),
    ] {
        let registered = registers(&app, name, lines).await;
        assert_eq!(registered["user"]["language"], language, "{name}");
        // Reading in another language afterwards changes nothing.
        let access = registered["access"].as_str().expect("a token");
        let me = app
            .http
            .get(format!("{}/api/users/me/", app.url))
            .bearer_auth(access)
            .header(header::ACCEPT_LANGUAGE, "ar, fr;q=0.5")
            .send()
            .await
            .expect("answers");
        assert_eq!(me.json::<Value>().await.expect("JSON")["language"], language, "{name}");
    }
    let other = sqlx::query("update users set language = 'de'").execute(&app.app.pools().background).await;
    assert!(other.is_err(), "a language without a catalogue is none");
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn status_labels_are_in_the_readers_language() {
    let app = TestApp::start().await;
    let (stall, anna) = (app.stall(9).await, app.customer().await);
    anna.is_written_to_in("ar").await;
    anna.wants(stall.product, 1).await;
    let input = json!({ "fulfilment": "delivery", "payment_mode": "COD" });
    let headers = [("accept-language", "fr")];
    let order = anna.ask(Method::POST, "/api/orders/checkout/", Some(&input), &headers).await.ok();
    assert_eq!(order["status_label"], "Commande passée");
    let id = order["id"].as_str().expect("an id");
    for (language, label) in [("en", "Order Placed"), ("fr", "Commande passée"), ("ar", "تم تقديم الطلب")] {
        assert_eq!(anna.reads(&format!("/api/orders/{id}/"), language).await["status_label"], label);
        assert_eq!(anna.reads("/api/orders/", language).await["items"][0]["status_label"], label);
    }
    // What is written to her is in her own language, whatever the request that caused it was in.
    let log = app.log(&format!("user:{}", anna.id)).await;
    let created = log.iter().map(|(_, body)| serde_json::from_str::<Value>(body).expect("JSON"));
    let created = created.into_iter().find(|body| body["type"] == "order_placed").expect("her order");
    assert_eq!(created["order"]["status_label"], "تم تقديم الطلب");
    // A socket reads the language of its handshake, also after it showed a fresh token.
    let mut socket = Socket::connect_reading(&app.url, &anna.token, "fr").await;
    let token = anna.sign_in_again().await.token;
    socket.request(json!({ "refresh": { "token": token } })).await;
    let cancelled = socket.call("orders.cancel", json!({ "order_id": id })).await.expect("cancelled");
    assert_eq!(cancelled["status_label"], "Annulée");
    app.end().await;
}

/// The problem that `path` answers, in `language`.
async fn problem(app: &TestApp, method: Method, path: &str, language: &str, body: Option<&Value>) -> Value {
    let mut request = app.http.request(method, format!("{}{path}", app.url)).header(header::ACCEPT_LANGUAGE, language);
    if let Some(body) = body {
        request = request.json(body);
    }
    let answer = request.send().await.expect("answers");
    assert_eq!(answer.headers()[header::CONTENT_LANGUAGE], language);
    answer.json().await.expect("a problem")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_problem_has_title_and_detail_in_the_callers_language() {
    let app = TestApp::start().await;
    let login = "/api/auth/login/";
    let credentials = json!({ "username": "nobody", "password": "not theirs" });
    let unknown = json!({ "username": "a", "password": "b", "colour": "red" });
    for (method, path, body, code) in [
        (Method::GET, "/api/nothing/here/", None, "not_found"),
        (Method::DELETE, login, None, "method_not_allowed"),
        (Method::GET, "/api/users/me/", None, "unauthorized"),
        (Method::POST, login, Some(&credentials), "bad_credentials"),
        (Method::POST, login, Some(&unknown), "invalid"),
    ] {
        let mut texts = BTreeSet::new();
        for language in LANGUAGES {
            let problem = problem(&app, method.clone(), path, language, body).await;
            assert_eq!(problem["code"], code);
            for text in ["title", "detail"] {
                texts.insert(problem[text].as_str().filter(|text| !text.is_empty()).expect(text).to_owned());
            }
            if let Some(error) = problem["errors"].as_array().map(|errors| &errors[0]) {
                texts.insert(error["message"].as_str().expect("a sentence").to_owned());
            }
        }
        let each = if code == "invalid" { 3 } else { 2 };
        assert_eq!(texts.len(), each * LANGUAGES.len(), "{code}: {texts:?}");
    }
    app.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_problems_sentence_holds_its_members() {
    let app = TestApp::start().await;
    let (stall, anna, crew) = (app.stall(9).await, app.customer().await, app.crew().await);
    app.fund(anna.id, 5_00).await;
    anna.wants(stall.product, 1).await;
    let input = json!({ "fulfilment": "delivery", "payment_mode": "WALLET" });
    for (language, sentence) in [
        ("en", "This needs 12.50 USD, but only 5.00 USD are free in the wallet."),
        ("fr", "Il faut 12.50 USD, mais seuls 5.00 USD sont disponibles dans le portefeuille."),
        ("ar", "المبلغ المطلوب 12.50 USD، والمتاح في المحفظة 5.00 USD فقط."),
    ] {
        let headers = [("accept-language", language)];
        let answer = anna.ask(Method::POST, "/api/orders/checkout/", Some(&input), &headers).await;
        assert_eq!(answer.refused(402, "insufficient_funds")["detail"], sentence);
    }
    let order = anna.checkout().await.ok()["id"].as_str().expect("an id").to_owned();
    crew.claim(&order).await.ok();
    crew.advance(&order).await.ok();
    let proof = anna.get(&format!("/api/orders/{order}/proof/")).await.ok();
    let wrong = if proof["pin"] == "000000" { "000001" } else { "000000" };
    let path = format!("/api/orders/{order}/proof/confirm/");
    let refused = crew.ask(Method::POST, &path, Some(&json!({ "pin": wrong })), &[("accept-language", "fr")]).await;
    assert_eq!(refused.refused(422, "wrong_pin")["detail"], "Ce n'est pas le code du client. Essais restants : 4.");
    app.end().await;
}
