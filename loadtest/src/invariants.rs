//! Checks what must always hold and can be seen through the public API: signs in as staff and admin, reads, and prints what is broken.

use crate::client::{CallError, Person, Rest};
use anyhow::{Result, ensure};
use clap::Args;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    #[arg(long, default_value = "wassally-demo")]
    password: String,
}

/// The most orders that one crew may carry.
const ACTIVE_LIMIT: usize = 5;
const DEMO_CUSTOMERS: u32 = 20;

/// Faults by name; nothing when it holds. `Err` when it cannot be read.
type Found = Result<Vec<String>, CallError>;

pub async fn check(options: Options) -> Result<()> {
    let rest = Rest::new(&options.url, 100.0)?;
    ensure!(rest.is_ready(Duration::from_secs(10)).await, "no server is ready at {}", options.url);
    let staff = Person::sign_in(&rest, "staff1", &options.password).await?;
    let admin = Person::sign_in(&rest, "admin1", &options.password).await?;
    let mut broken = 0;
    let mut report = |name: &str, found: Found| match found {
        Ok(faults) if faults.is_empty() => println!("holds    {name}"),
        Ok(faults) => {
            broken += 1;
            println!("BROKEN   {name}");
            faults.iter().take(10).for_each(|fault| println!("         {fault}"));
        }
        Err(CallError::Api { status: 404 | 405, .. }) => println!("unseen   {name}: the server has no such path"),
        Err(error) => {
            broken += 1;
            println!("unread   {name}: {error}");
        }
    };
    report("every currency's postings add up to zero", trial_balance(&admin).await);
    report("an order's total is the sum of its parts", totals(&staff).await);
    report("orders under way have a crew, waiting ones have none", crews(&staff).await);
    report("no crew carries more than five orders", active_limit(&staff).await);
    report("what the map counts as active is what the orders say", map_and_orders(&staff).await);
    report(
        "a wallet's total is its free and its held money, held for open orders alone",
        wallets(&rest, &options.password).await,
    );
    ensure!(broken == 0, "{broken} invariants do not hold");
    Ok(())
}

async fn orders(staff: &Person, statuses: &[&str]) -> Result<Vec<Value>, CallError> {
    let mut orders = Vec::new();
    for status in statuses {
        orders.extend(staff.list(&format!("/api/orders/?status={status}"), 2_000).await?);
    }
    Ok(orders)
}

async fn trial_balance(admin: &Person) -> Found {
    let balance = admin.get("/api/admin/ledger/trial-balance/").await?;
    let sums = match &balance {
        Value::Array(list) => list.iter().collect(),
        object => object["currencies"]
            .as_array()
            .or_else(|| object["items"].as_array())
            .map_or_else(|| vec![object], |list| list.iter().collect()),
    };
    Ok(sums
        .iter()
        .filter(|entry| units(&entry["sum"]) != Some(0))
        .map(|entry| format!("{} adds up to {}", entry["currency"], entry["sum"]))
        .collect())
}

async fn totals(staff: &Person) -> Found {
    let all = orders(staff, &["CREATED", "PROCESSING", "SHIPPED", "DELIVERED", "COMPLETED"]).await?;
    let faults = all.iter().filter_map(|order| {
        let of = |name: &str| units(&order[name]).unwrap_or_default();
        let goods: i128 = order["shop_orders"]
            .as_array()?
            .iter()
            .filter(|part| part["prep_status"] != "REJECTED")
            .filter_map(|part| units(&part["subtotal"]))
            .sum();
        let sum = goods + of("delivery_fee") + of("tip") + of("tax") - of("discount");
        (units(&order["total"]) != Some(sum))
            .then(|| format!("{} is {} and its parts are {sum} ten-thousandths", order["id"], order["total"]))
    });
    Ok(faults.collect())
}

async fn crews(staff: &Person) -> Found {
    let mut faults = Vec::new();
    for order in orders(staff, &["PROCESSING", "SHIPPED"]).await? {
        if order["crew"]["id"].is_null() && order["fulfilment"] == "delivery" {
            faults.push(format!("{} is {} without a crew", order["id"], order["status"]));
        }
    }
    for order in orders(staff, &["CREATED"]).await? {
        if !order["crew"]["id"].is_null() {
            faults.push(format!("{} waits and has a crew", order["id"]));
        }
    }
    Ok(faults)
}

async fn active_by_orders(staff: &Person) -> Result<BTreeMap<String, usize>, CallError> {
    let mut active = BTreeMap::new();
    for order in orders(staff, &["PROCESSING", "SHIPPED", "DELIVERY_FAILED"]).await? {
        if let Some(crew) = order["crew"]["id"].as_str() {
            *active.entry(crew.to_owned()).or_default() += 1;
        }
    }
    Ok(active)
}

async fn active_limit(staff: &Person) -> Found {
    let active = active_by_orders(staff).await?;
    Ok(active
        .into_iter()
        .filter(|(_, count)| *count > ACTIVE_LIMIT)
        .map(|(crew, count)| format!("{crew} carries {count}"))
        .collect())
}

/// Two reads of a busy city may differ for a moment; only what differs three times in a row is a fault.
async fn map_and_orders(staff: &Person) -> Found {
    let mut faults = Vec::new();
    for _ in 0..3 {
        let map = staff.get("/api/staff/crews/map/").await?;
        let orders = active_by_orders(staff).await?;
        faults = map["crews"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|crew| {
                let id = crew["id"].as_str()?;
                let shown = crew["active"].as_u64().or_else(|| crew["active"].as_array().map(|jobs| jobs.len() as u64))? as usize;
                let carried = orders.get(id).copied().unwrap_or_default();
                (shown != carried).then(|| format!("{id}: the map has {shown}, the orders {carried}"))
            })
            .collect();
        if faults.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    Ok(faults)
}

async fn wallets(rest: &Arc<Rest>, password: &str) -> Found {
    let mut faults = Vec::new();
    for number in 1..=DEMO_CUSTOMERS {
        let customer = Person::sign_in(rest, &format!("customer{number}"), password).await?;
        let mut fault = None;
        for _ in 0..3 {
            fault = wallet(&customer).await?;
            if fault.is_none() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        faults.extend(fault);
    }
    Ok(faults)
}

async fn wallet(customer: &Person) -> Result<Option<String>, CallError> {
    let wallet = customer.get("/api/wallet/").await?;
    let of = |name: &str| units(&wallet[name]);
    let (Some(free), Some(held)) = (of("balance"), of("held_balance")) else {
        return Ok(Some(format!("{} has no balance", customer.username)));
    };
    // What a user earned and was not paid yet belongs to the total too.
    let whole = free + held + of("payable").unwrap_or_default();
    if of("total").is_some_and(|total| total != whole) || free < 0 || held < 0 {
        return Ok(Some(format!("{}: free {free}, held {held}, total {}", customer.username, wallet["total"])));
    }
    let open = orders(customer, &["CREATED", "PROCESSING", "SHIPPED", "DELIVERED", "DELIVERY_FAILED"]).await?;
    let by_wallet: i128 = open
        .iter()
        .filter(|order| order["payment_mode"] == "WALLET" && order["payment_status"] == "HELD")
        .filter_map(|order| units(&order["total"]))
        .sum();
    Ok((by_wallet != held).then(|| format!("{}: {held} ten-thousandths are held for orders of {by_wallet}", customer.username)))
}

/// A decimal string in ten-thousandths: exact, as no currency has more digits.
fn units(amount: &Value) -> Option<i128> {
    let text = amount.as_str()?;
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    if part.len() > 4 {
        return None;
    }
    Some(sign * format!("{whole}{part:0<4}").parse::<i128>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::units;
    use serde_json::json;

    #[test]
    fn decimals_are_exact() {
        assert_eq!(units(&json!("12.50")), Some(125_000));
        assert_eq!(units(&json!("-0.0001")), Some(-1));
        assert_eq!(units(&json!("1500")), Some(15_000_000));
        assert_eq!((units(&json!("x")), units(&json!(12))), (None, None));
    }
}
