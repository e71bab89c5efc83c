//! What passes between two people and not through the server: which orders are the city's own, and the PIN that a customer shows the crew.

use crate::client::{CallError, Person, Rest};
use parking_lot::Mutex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub struct Handovers {
    rest: Arc<Rest>,
    password: String,
    own: Mutex<HashSet<String>>,
    pins: Mutex<HashMap<String, String>>,
    /// Customers whose proofs can be read; those whom nobody plays are signed in when first needed.
    customers: tokio::sync::Mutex<HashMap<String, Arc<Person>>>,
}

impl Handovers {
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

    pub fn share_pin(&self, order: &str, pin: &str) {
        self.pins.lock().insert(order.to_owned(), pin.to_owned());
    }

    /// The PIN that was shared for this order, if any.
    pub fn pin(&self, order: &str) -> Option<String> {
        self.pins.lock().get(order).cloned()
    }

    /// Reads the proof as each customer of the demo until one has the order: its customer was played in an earlier run, or is a visitor's.
    pub async fn find_pin(&self, order: &str) -> Result<Option<String>, CallError> {
        for number in (1..=20).rev() {
            let customer = self.customer(&format!("customer{number}")).await?;
            match read_pin(&customer, order).await {
                Ok(pin) => return Ok(Some(pin)),
                Err(error) if error.is_unavailable() => return Err(error),
                Err(_) => {}
            }
        }
        Ok(None)
    }

    async fn customer(&self, username: &str) -> Result<Arc<Person>, CallError> {
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
pub async fn read_pin(customer: &Person, order: &str) -> Result<String, CallError> {
    let proof = customer.get(&format!("/api/orders/{order}/proof/")).await?;
    proof["pin"].as_str().map(str::to_owned).ok_or_else(|| CallError::Unavailable("a proof without a PIN".to_owned()))
}
