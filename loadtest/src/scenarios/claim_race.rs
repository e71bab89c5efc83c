//! `claim_race`: every crew claims the same order at once. One wins; the others are refused, and the order leaves their lists.

use super::crowd::{Crowd, Incoming};
use super::machine::Server;
use super::people::People;
use super::report::{Table, short};
use crate::client::{Person, fresh_key};
use anyhow::{Context, Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::{Duration, Instant};
use tokio::runtime::Handle;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    people: People,
    #[arg(long, default_value_t = 5)]
    rounds: usize,
}

const PATIENCE: Duration = Duration::from_secs(15);

#[derive(Default)]
struct Outcome {
    won: usize,
    already_claimed: usize,
    other: Vec<String>,
    unanswered: usize,
    never_listed: usize,
    never_dropped: usize,
    without_reason: usize,
}

struct Times {
    answers: Histogram<u64>,
    /// From the winner's answer to the order's disappearance at each other crew; 0 where it came first.
    drops: Histogram<u64>,
    /// From the first claim sent to that disappearance.
    whole: Histogram<u64>,
}

pub async fn claim_race(options: Options) -> Result<()> {
    let rest = options.people.rest()?;
    let passes = options.people.crews(&rest).await?;
    let customer = options.people.customer(&rest).await?;
    let shops = customer.list("/api/shops/?lat=28.5&lng=26.5&radius_m=10000", 100).await?;
    let shop = shops.iter().find(|shop| shop["is_open"] == true).context("no shop is open")?;
    let products = customer.list(&format!("/api/product/products/?shop={}", shop["id"].as_str().unwrap_or_default()), 20).await?;
    let product = products.first().and_then(|product| product["id"].as_str()).context("nothing is on sale")?;
    let url = rest.socket_url();
    let runtime = Handle::current();
    tokio::task::block_in_place(|| {
        let server = Server(options.people.server_pid.clone());
        let mut crowd = Crowd::gather(&url, passes)?;
        crowd.all_call("delivery.duty", |_| r#"{"on_duty":true}"#.to_owned())?;
        let at = crate::client::now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        crowd.all_call("delivery.ping", |_| {
            json!({ "lat": shop["lat"], "lng": shop["lng"], "at": at, "accuracy_m": 5 }).to_string()
        })?;
        crowd.all_subscribe(|pass| format!("nearby:{}", pass.id))?;
        let histogram = || Histogram::new_with_bounds(1, 60_000_000, 3);
        let mut times = Times { answers: histogram()?, drops: histogram()?, whole: histogram()? };
        let mut outcomes = Vec::new();
        let before = server.read()?;
        for _ in 0..options.rounds {
            let order = runtime.block_on(place(&customer, product))?;
            let outcome = race(&mut crowd, &order, &mut times)?;
            outcomes.push(outcome);
            runtime.block_on(cancel(&customer, &order))?;
        }
        report(&options, &outcomes, &times, server.since(&before)?.other_percent);
        ensure!(outcomes.iter().all(|outcome| outcome.won == 1 && outcome.other.is_empty()), "a race had not exactly one winner");
        Ok(())
    })
}

async fn place(customer: &Person, product: &str) -> Result<String> {
    customer.delete("/api/cart/").await?;
    customer.post("/api/cart/items/", &fresh_key(), &json!({ "product_id": product, "quantity": 1 })).await?;
    let order =
        customer.post("/api/orders/checkout/", &fresh_key(), &json!({ "fulfilment": "delivery", "payment_mode": "COD" })).await?;
    order["id"].as_str().map(str::to_owned).context("an order without an id")
}

async fn cancel(customer: &Person, order: &str) -> Result<()> {
    match customer.post(&format!("/api/orders/{order}/cancel/"), &fresh_key(), &json!({})).await {
        Err(error) if error.code() != "invalid_transition" => Err(error.into()),
        _ => Ok(()),
    }
}

/// Whether a list of ids, or of entries with an order's id, holds the order.
fn names(data: &Value, list: &str, order: &str) -> bool {
    data[list].as_array().into_iter().flatten().any(|entry| entry == order || entry["order_id"] == order)
}

fn race(crowd: &mut Crowd, order: &str, times: &mut Times) -> Result<Outcome> {
    let all = crowd.len();
    let mut listed = HashSet::new();
    let end = Instant::now() + PATIENCE;
    while listed.len() < all && Instant::now() < end {
        crowd.receive(Duration::from_millis(20), &mut |who, incoming| {
            if let Incoming::Published { data, .. } = incoming
                && names(&data, "added", order)
            {
                listed.insert(who);
            }
        })?;
    }
    let mut outcome = Outcome { never_listed: all - listed.len(), ..Outcome::default() };

    let start = Instant::now();
    let mut sent = vec![Duration::ZERO; all];
    for (who, sent) in sent.iter_mut().enumerate() {
        *sent = start.elapsed();
        crowd.call(who, 20, "delivery.claim", &json!({ "order_id": order, "idempotency_key": fresh_key() }).to_string());
    }
    let (mut answered, mut winner, mut dropped) = (0, None, vec![None; all]);
    let end = Instant::now() + PATIENCE;
    let is_over = |answered: usize, winner: &Option<(usize, Duration)>, dropped: &[Option<Duration>]| {
        let (who, missing) = (winner.map(|(who, _)| who), dropped.iter().enumerate().filter(|(_, at)| at.is_none()));
        answered == all && missing.filter(|(n, _)| Some(*n) != who && listed.contains(n)).count() == 0
    };
    while !is_over(answered, &winner, &dropped) && Instant::now() < end {
        crowd.receive(Duration::from_millis(5), &mut |who, incoming| match incoming {
            Incoming::Reply { id: 20, result } => {
                let now = start.elapsed();
                answered += 1;
                times.answers.saturating_record((now - sent[who]).as_micros() as u64);
                match result {
                    Ok(_) => {
                        outcome.won += 1;
                        winner = Some((who, now));
                    }
                    Err(error) if error.message == "already_claimed" => outcome.already_claimed += 1,
                    Err(error) => outcome.other.push(format!("{} {}", error.code, error.message)),
                }
            }
            Incoming::Published { data, .. } if names(&data, "removed", order) => {
                dropped[who].get_or_insert(start.elapsed());
                if data["why"][order] != "claimed" {
                    outcome.without_reason += 1;
                }
            }
            _ => {}
        })?;
    }
    outcome.unanswered = all - answered;
    if let Some((who, at)) = winner {
        for (_, drop) in dropped.iter().enumerate().filter(|(n, _)| *n != who && listed.contains(n)) {
            match drop {
                Some(drop) => {
                    times.drops.saturating_record(drop.saturating_sub(at).as_micros() as u64);
                    times.whole.saturating_record(drop.as_micros() as u64);
                }
                None => outcome.never_dropped += 1,
            }
        }
        crowd.call(who, 21, "delivery.release", &json!({ "order_id": order, "reason": "the race is over" }).to_string());
        let (mut released, end) = (false, Instant::now() + PATIENCE);
        while !released && Instant::now() < end {
            crowd.receive(Duration::from_millis(20), &mut |_, incoming| {
                released |= matches!(incoming, Incoming::Reply { id: 21, .. })
            })?;
        }
    }
    Ok(outcome)
}

fn report(options: &Options, outcomes: &[Outcome], times: &Times, others: f64) {
    let sum = |of: &dyn Fn(&Outcome) -> usize| outcomes.iter().map(of).sum::<usize>().to_string();
    println!("{} crews, {} races, others {} %", options.people.crews, options.rounds, short(others));
    let mut table = Table::new(&[
        "won",
        "already_claimed",
        "refused otherwise",
        "unanswered",
        "never listed",
        "never dropped",
        "dropped without the reason",
    ]);
    table.row(vec![
        sum(&|o| o.won),
        sum(&|o| o.already_claimed),
        sum(&|o| o.other.len()),
        sum(&|o| o.unanswered),
        sum(&|o| o.never_listed),
        sum(&|o| o.never_dropped),
        sum(&|o| o.without_reason),
    ]);
    table.print();
    println!();
    let mut table = Table::new(&["milliseconds", "p50", "p99", "max"]);
    for (name, histogram) in [
        ("claim to its answer", &times.answers),
        ("winner's answer to all lists", &times.drops),
        ("first claim to all lists", &times.whole),
    ] {
        let at = |quantile: f64| short(histogram.value_at_quantile(quantile) as f64 / 1000.0);
        table.row(vec![name.to_owned(), at(0.5), at(0.99), at(1.0)]);
    }
    table.print();
    let mut kinds: Vec<&String> = outcomes.iter().flat_map(|outcome| &outcome.other).collect();
    kinds.sort();
    kinds.dedup();
    kinds.iter().for_each(|kind| println!("refused: {kind}"));
}
