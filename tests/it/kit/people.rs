//! People with verbs: each is signed in and speaks to the server as an app would.
use super::{Socket, TestApp};
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};
use wassally::{
    actor::Role,
    domain::{auth, users},
    ids::{Region, UserId},
};

pub const PASSWORD: &str = "wassally-demo";
static COUNT: AtomicU32 = AtomicU32::new(1);

/// Somebody signed in.
#[derive(Clone)]
pub struct Person {
    pub app: Arc<TestApp>,
    pub id: UserId,
    pub username: String,
    pub token: String,
    pub refresh: String,
}

/// A status and its JSON.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
    pub headers: reqwest::header::HeaderMap,
}

impl Answer {
    /// The body of a success.
    #[track_caller]
    pub fn ok(self) -> Value {
        assert!((200..300).contains(&self.status), "{} {}", self.status, self.body);
        self.body
    }

    /// A refusal with this status and slug; the problem's body.
    #[track_caller]
    pub fn refused(self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.body["code"].as_str()), (status, Some(code)), "{}", self.body);
        assert_eq!(self.headers["content-type"], "application/problem+json");
        self.body
    }
}

/// Sends a request and reads the whole answer.
pub async fn send(
    app: &TestApp,
    method: Method,
    path: &str,
    token: Option<&str>,
    body: Option<&Value>,
    headers: &[(&str, &str)],
) -> Answer {
    let mut request = app.http.request(method, format!("{}{path}", app.url));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    let response = request.send().await.expect("the server answers");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("the answer ends");
    Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)), headers }
}

impl TestApp {
    /// Somebody new in `role`, with a saved place in the middle of the town.
    pub async fn person(self: &Arc<Self>, role: Role) -> Person {
        static HASH: OnceLock<String> = OnceLock::new();
        let hash = HASH.get_or_init(|| auth::hash_password(PASSWORD).expect("hashes")).clone();
        let username = format!("{}{}", role.name(), COUNT.fetch_add(1, Ordering::Relaxed));
        let mut tx = self.app.begin(Region::GLOBAL).await.expect("begins");
        let now = tx.now().await.expect("a clock");
        let id = UserId::fresh(&self.app, Region::FIRST);
        let new = users::NewUser {
            username: Some(username.clone()),
            password_hash: Some(hash),
            first_name: "Amal".into(),
            last_name: username.clone(),
            user_type: role.name().into(),
            roles: vec![role],
            location: Some((super::world::HOME.0, super::world::HOME.1, "Mill Lane 1".into())),
            ..Default::default()
        };
        users::create(&mut tx, id, &new, now).await.expect("a person is made");
        let user = users::find(&mut tx, id).await.expect("reads").expect("is there");
        let signed_in = auth::open_session(&mut tx, &user, role, "test", "127.0.0.1").await.expect("signs in");
        let answer = serde_json::to_value(tx.end(signed_in).await.expect("commits").answer).expect("serialises");
        let text = |key: &str| answer[key].as_str().expect("a token").to_owned();
        Person { app: self.clone(), id, username, token: text("access"), refresh: text("refresh") }
    }

    pub async fn customer(self: &Arc<Self>) -> Person {
        self.person(Role::Customer).await
    }

    pub async fn staff(self: &Arc<Self>) -> Person {
        self.person(Role::Staff).await
    }

    /// A crew who is on duty, wherever they are.
    pub async fn crew_on_duty(self: &Arc<Self>) -> Person {
        let crew = self.person(Role::Crew).await;
        crew.patch("/api/delivery/me/", json!({ "on_duty": true })).await.ok();
        crew
    }

    /// A crew on duty with a position.
    pub async fn crew(self: &Arc<Self>) -> Person {
        let crew = self.crew_on_duty().await;
        crew.ping(super::world::HOME.0, super::world::HOME.1).await;
        crew
    }
}

impl Person {
    pub async fn ask(&self, method: Method, path: &str, body: Option<&Value>, headers: &[(&str, &str)]) -> Answer {
        send(&self.app, method, path, Some(&self.token), body, headers).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None, &[]).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(&body), &[]).await
    }

    /// A POST under an idempotency key.
    pub async fn post_once(&self, path: &str, body: Value, key: &str) -> Answer {
        self.ask(Method::POST, path, Some(&body), &[("idempotency-key", key)]).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(&body), &[]).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None, &[]).await
    }

    /// The same person with fresh tokens, as after a long time away.
    pub async fn sign_in_again(&self) -> Person {
        let answer = self.app.post("/api/auth/login/", json!({ "username": self.username, "password": PASSWORD })).await.ok();
        let text = |key: &str| answer[key].as_str().expect("a token").to_owned();
        Person { token: text("access"), refresh: text("refresh"), ..self.clone() }
    }

    /// A raw socket, connected as this person.
    pub async fn socket(&self) -> Socket {
        let mut socket = self.app.open_socket().await;
        socket.hello(json!({ "token": self.token, "name": "test" })).await;
        socket
    }

    /// Puts a product into the cart.
    pub async fn wants(&self, product: uuid::Uuid, quantity: i32) -> Value {
        self.post("/api/cart/items/", json!({ "product_id": product, "quantity": quantity })).await.ok()
    }

    /// Orders what is in the cart, paid in cash on delivery.
    pub async fn checkout(&self) -> Answer {
        self.post("/api/orders/checkout/", json!({ "fulfilment": "delivery", "payment_mode": "COD" })).await
    }

    /// Orders `quantity` of a stall's product, paid in cash on delivery: the order's id.
    pub async fn order_from(&self, stall: &super::Stall, quantity: i32) -> String {
        self.wants(stall.product, quantity).await;
        self.checkout().await.ok()["id"].as_str().expect("an id").to_owned()
    }

    /// A command on an order: `accept`, `ready`, `cancel`, …
    pub async fn act(&self, order: &str, command: &str, body: Value) -> Answer {
        self.post(&format!("/api/orders/{order}/{command}/"), body).await
    }

    /// Sends the crew's position by REST.
    pub async fn ping(&self, lat: f64, lng: f64) -> Value {
        let at = self.app.app.clock.now();
        self.post("/api/delivery/pings/", json!({ "pings": [{ "lat": lat, "lng": lng, "at": at, "accuracy_m": 5 }] })).await.ok()
    }

    pub async fn claim(&self, order: &str) -> Answer {
        self.post(&format!("/api/delivery/orders/{order}/claim/"), json!({})).await
    }

    pub async fn advance(&self, order: &str) -> Answer {
        self.post(&format!("/api/delivery/orders/{order}/advance/"), json!({})).await
    }
}
