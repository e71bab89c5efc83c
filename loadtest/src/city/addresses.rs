//! What passes between two people at a door and not through the server: which orders are the city's own, and the PIN that a customer tells the crew.

use crate::client::{Person, Rest, Trouble};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub struct Doors {
    rest: Arc<Rest>,
    password: String,
    own: Mutex<HashSet<String>>,
    pins: Mutex<HashMap<String, String>>,
    /// Customers whose proof may be asked for; those whom nobody plays are signed in when first needed.
    customers: tokio::sync::Mutex<HashMap<String, Arc<Person>>>,
}

impl Doors {
    pub fn new(rest: &Arc<Rest>, password: &str) -> Self {
        Self {
            rest: rest.clone(),
            password: password.to_owned(),
            own: Mutex::default(),
            pins: Mutex::default(),
            customers: tokio::sync::Mutex::default(),
        }
    }

    pub async fn enter(&self, customer: Arc<Person>) {
        self.customers.lock().await.insert(customer.username.clone(), customer);
    }

    /// The city's own customer placed this order: no crew needs to hold back.
    pub fn is_own(&self, order: &str) -> bool {
        self.own.lock().contains(order)
    }

    pub fn own(&self, order: &str) {
        self.own.lock().insert(order.to_owned());
    }

    pub fn forget(&self, order: &str) {
        self.own.lock().remove(order);
        self.pins.lock().remove(order);
    }

    pub fn tell_pin(&self, order: &str, pin: &str) {
        self.pins.lock().insert(order.to_owned(), pin.to_owned());
    }

    /// The PIN that was told for this order, if any.
    pub fn pin(&self, order: &str) -> Option<String> {
        self.pins.lock().get(order).cloned()
    }

    /// Rings at every door of the demo until one knows the order: its customer was played in an earlier run, or is a visitor's.
    pub async fn ring(&self, order: &str) -> Result<Option<String>, Trouble> {
        for number in (1..=20).rev() {
            let customer = self.customer(&format!("customer{number}")).await?;
            match ask_pin(&customer, order).await {
                Ok(pin) => return Ok(Some(pin)),
                Err(trouble) if trouble.is_away() => return Err(trouble),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn customer(&self, username: &str) -> Result<Arc<Person>, Trouble> {
        let mut customers = self.customers.lock().await;
        if let Some(customer) = customers.get(username) {
            return Ok(customer.clone());
        }
        let customer = Person::sign_in(&self.rest, username, &self.password).await?;
        customers.insert(username.to_owned(), customer.clone());
        Ok(customer)
    }
}

/// Reads the proof of an order as its customer.
pub async fn ask_pin(customer: &Person, order: &str) -> Result<String, Trouble> {
    let proof = customer.get(&format!("/api/orders/{order}/proof/")).await?;
    proof["pin"].as_str().map(str::to_owned).ok_or_else(|| Trouble::Away("a proof without a PIN".to_owned()))
}
