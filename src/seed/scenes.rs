//! What the demo's people have done: crews are on duty, and there are orders in the states that commands lead to.
//!
//! COMPLETED is missing: it comes three days after the delivery, and the demo invents no history.
use super::{
    operations::{Operations, Who},
    people::Known,
    shops::Open,
};
use crate::{App, actor::Role, money::Money};
use anyhow::Context;
use axum::http::Method;
use serde_json::{Value, json};

/// Puts crews on duty who never were, and creates the orders of those among the first five customers who have none.
pub async fn play(app: &App, people: &Known, shops: &[Open]) -> anyhow::Result<()> {
    let stage = Stage { operations: Operations::of(app), app, people };
    stage.take_up_duty().await.context("crews on duty")?;
    let mut open = shops.iter().filter(|shop| shop.never_closes);
    let (bakery, other) = open.next().zip(open.next()).context("two shops of the demo never close")?;
    if let Some(anna) = stage.newcomer("customer1").await? {
        stage.delivered(anna, bakery, "crew1").await.context("a delivered order")?;
    }
    if let Some(ben) = stage.newcomer("customer2").await? {
        let order = stage.ready(ben, &[bakery, other], "delivery", "COD").await.context("an order of two shops")?;
        stage.carry(&order, "crew2").await.context("a shipped order")?;
    }
    if let Some(cleo) = stage.newcomer("customer3").await? {
        let order = stage.order(cleo, &[bakery], "delivery", "WALLET").await?;
        stage.prepare(&order, bakery, "accept").await?;
        stage.claim(&order, "crew3").await.context("a claimed order")?;
    }
    if let Some(dina) = stage.newcomer("customer4").await? {
        stage.returned(dina, bakery, "crew4").await.context("a returned order")?;
        let order = stage.order(dina, &[bakery], "delivery", "COD").await?;
        stage.act(dina, &order, "cancel", json!({ "reason": "Ordered twice" })).await.context("a cancelled order")?;
        stage.ready(dina, &[bakery], "delivery", "COD").await.context("an order that waits for a crew")?;
        stage.ready(dina, &[bakery], "pickup", "WALLET").await.context("an order that waits at the counter")?;
    }
    if let Some(emil) = stage.newcomer("customer5").await? {
        stage.order(emil, &[bakery], "delivery", "WALLET").await.context("a new order")?;
        stage.order(emil, &[bakery], "pickup", "COP").await.context("a new order to be fetched")?;
    }
    Ok(())
}

struct Stage<'a> {
    operations: Operations,
    app: &'a App,
    people: &'a Known,
}

impl Stage<'_> {
    fn who(&self, username: &str) -> anyhow::Result<Who> {
        let (id, person) = self.people.get(username).with_context(|| format!("no {username}"))?;
        Ok(Who { id: *id, role: person.role })
    }

    /// The customer, if they never ordered.
    async fn newcomer(&self, username: &str) -> anyhow::Result<Option<Who>> {
        let who = self.who(username)?;
        let orders = self.operations.get(who, "/api/orders/?limit=1").await?;
        Ok(orders["items"].as_array().is_some_and(Vec::is_empty).then_some(who))
    }

    async fn take_up_duty(&self) -> anyhow::Result<()> {
        let on_duty = |(id, person): &_| {
            let (id, person): (_, &super::demo::Person) = (id, person);
            let place = person.lat.zip(person.lng).filter(|_| person.role == Role::Crew && person.on_duty)?;
            Some((Who { id: *id, role: Role::Crew }, place))
        };
        let mut crews: Vec<_> = self.people.values().filter_map(on_duty).collect();
        crews.sort_by_key(|(crew, _)| crew.id);
        for (crew, (lat, lng)) in crews {
            let present = self.operations.get(crew, "/api/delivery/me/").await?;
            if present["duty_no"] != 0 {
                continue;
            }
            self.operations.call(crew, Method::PATCH, "/api/delivery/me/", Some(json!({ "on_duty": true }))).await?;
            let ping = json!({ "lat": lat, "lng": lng, "at": self.app.clock.now(), "accuracy_m": 5 });
            if let Err(error) = self.operations.post(crew, "/api/delivery/pings/", json!({ "pings": [ping] })).await {
                // A crew on duty may lack a position: the next ping brings one.
                tracing::warn!(error = format!("{error:#}"), "a first position was not taken");
            }
        }
        Ok(())
    }

    /// Fills the cart with enough of each shop and checks out; the order as it was answered.
    async fn order(&self, customer: Who, shops: &[&Open], fulfilment: &str, payment_mode: &str) -> anyhow::Result<Value> {
        for shop in shops {
            for (product_id, quantity) in basket(shop) {
                let input = json!({ "product_id": product_id, "quantity": quantity });
                self.operations.post(customer, "/api/cart/items/", input).await?;
            }
        }
        let input = json!({ "fulfilment": fulfilment, "payment_mode": payment_mode });
        self.operations.post(customer, "/api/orders/checkout/", input).await
    }

    async fn act(&self, who: Who, order: &Value, command: &str, input: Value) -> anyhow::Result<Value> {
        let id = order["id"].as_str().context("an order has an id")?;
        self.operations.post(who, &format!("/api/orders/{id}/{command}/"), input).await
    }

    /// `accept` or `ready`, by the shop's owner.
    async fn prepare(&self, order: &Value, shop: &Open, command: &str) -> anyhow::Result<Value> {
        self.act(Who { id: shop.owner, role: Role::Seller }, order, command, json!({ "shop_id": shop.id })).await
    }

    /// An order that waits with everything packed, for a crew or for its customer.
    async fn ready(&self, customer: Who, shops: &[&Open], fulfilment: &str, payment_mode: &str) -> anyhow::Result<Value> {
        let order = self.order(customer, shops, fulfilment, payment_mode).await?;
        for shop in shops {
            self.prepare(&order, shop, "accept").await?;
            self.prepare(&order, shop, "ready").await?;
        }
        Ok(order)
    }

    async fn crew_does(&self, order: &Value, crew: &str, command: &str, input: Value) -> anyhow::Result<Value> {
        let id = order["id"].as_str().context("an order has an id")?;
        self.operations.post(self.who(crew)?, &format!("/api/delivery/orders/{id}/{command}/"), input).await
    }

    async fn claim(&self, order: &Value, crew: &str) -> anyhow::Result<Value> {
        self.crew_does(order, crew, "claim", json!({})).await
    }

    /// Claimed and picked up at every shop.
    async fn carry(&self, order: &Value, crew: &str) -> anyhow::Result<Value> {
        self.claim(order, crew).await?;
        self.crew_does(order, crew, "advance", json!({})).await
    }

    async fn delivered(&self, customer: Who, shop: &Open, crew: &str) -> anyhow::Result<()> {
        let order = self.ready(customer, &[shop], "delivery", "WALLET").await?;
        self.carry(&order, crew).await?;
        let id = order["id"].as_str().context("an order has an id")?;
        let proof = self.operations.get(customer, &format!("/api/orders/{id}/proof/")).await?;
        self.act(self.who(crew)?, &order, "proof/confirm", json!({ "pin": proof["pin"] })).await?;
        Ok(())
    }

    async fn returned(&self, customer: Who, shop: &Open, crew: &str) -> anyhow::Result<()> {
        let order = self.ready(customer, &[shop], "delivery", "WALLET").await?;
        self.carry(&order, crew).await?;
        for to in ["DELIVERY_FAILED", "RETURNED_TO_SHOP"] {
            self.crew_does(&order, crew, "advance", json!({ "to": to, "reason": "Nobody opened the door" })).await?;
        }
        Ok(())
    }
}

/// Products of `shop` for at least its minimum, the first ones first.
fn basket(shop: &Open) -> Vec<(crate::ids::ProductId, i32)> {
    let mut sum = Money::zero(shop.minimum_order.currency());
    let mut basket = vec![];
    for product in &shop.products {
        let quantity = product.min_quantity.max(2).min(product.max_quantity.unwrap_or(i32::MAX));
        sum += product.price * quantity;
        basket.push((product.id, quantity));
        if sum >= shop.minimum_order && basket.len() >= 2 {
            break;
        }
    }
    basket
}
