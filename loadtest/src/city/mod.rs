//! The seeded city: customers, sellers and crews who use only the public API. It outlives restarts of the server.

mod crew;
mod customer;
mod decisions;
mod handovers;
mod jobs;
mod market;
mod seller;
mod stats;

use crate::client::{Person, Rest};
use crate::streets::Streets;
use anyhow::{Context, Result, ensure};
use clap::Args;
use decisions::{Decisions, Purchase};
use handovers::Handovers;
use market::Shop;
use stats::Stats;
use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{Instant, interval_at};
use wassally_geo::Point;

#[derive(Args)]
pub struct Options {
    /// Where the server listens.
    #[arg(long, default_value = "http://127.0.0.1:8080")]
    url: String,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Speed of rides, pauses and preparation; 1 is real time, with rides at 5 m/s.
    #[arg(long, default_value_t = 1.0)]
    speed: f64,
    /// Orders of the whole city in a minute at speed 1.
    #[arg(long, default_value_t = 3.0)]
    orders_per_minute: f64,
    /// Ends when every customer has placed so many orders and they are finished; unset: never.
    #[arg(long)]
    orders: Option<u64>,
    /// Ends after so many seconds; unset: never.
    #[arg(long)]
    seconds: Option<u64>,
    /// The most REST calls a second, everybody together.
    #[arg(long, default_value_t = 25.0)]
    calls_per_second: f64,
    #[arg(long, default_value = "wassally-demo")]
    password: String,
}

/// Who is played; the others are for visitors.
const CUSTOMERS: RangeInclusive<u32> = 6..=20;
const SELLERS: RangeInclusive<u32> = 2..=5;
const CREWS: RangeInclusive<u32> = 5..=20;
const REPORT: Duration = Duration::from_secs(30);

/// What all players share.
pub struct City {
    rest: Arc<Rest>,
    password: String,
    speed: f64,
    mean_pause_s: f64,
    decisions: Decisions,
    shops: Vec<Shop>,
    always_open: usize,
    products: usize,
    streets: Streets,
    places: HashMap<String, Point>,
    handovers: Handovers,
    stats: Stats,
}

impl City {
    /// A time at the city's speed.
    fn scaled(&self, seconds: f64) -> Duration {
        Duration::from_secs_f64(seconds / self.speed)
    }

    fn speed_mps(&self) -> f64 {
        5.0 * self.speed
    }

    fn decide_purchase(&self, customer: &str) -> Purchase {
        self.decisions.purchase(customer, self.shops.len(), self.always_open, self.products)
    }

    /// Signs somebody in; `None`, and a line in the log, when the server refuses.
    async fn arrive(&self, username: &str) -> Option<Arc<Person>> {
        match Person::arrive(&self.rest, username, &self.password).await {
            Ok(person) => Some(person),
            Err(error) => {
                tracing::error!("{username} cannot sign in: {error}");
                None
            }
        }
    }
}

fn names(role: &str, numbers: RangeInclusive<u32>) -> impl Iterator<Item = String> {
    numbers.map(move |number| format!("{role}{number}"))
}

/// Plays until SIGTERM, Ctrl-C or the limits of the options; prints what happened.
pub async fn play(options: Options) -> Result<()> {
    ensure!(options.speed > 0.0 && options.orders_per_minute > 0.0 && options.calls_per_second > 0.0, "rates are above 0");
    let mut terminate = signal(SignalKind::terminate())?;
    let rest = Rest::new(&options.url, options.calls_per_second)?;
    let city = tokio::select! {
        city = build(&options, rest) => Arc::new(city?),
        _ = terminate.recv() => return Ok(()),
        _ = tokio::signal::ctrl_c() => return Ok(()),
    };
    tracing::info!("the city plays {} customers, {} shops and {} crews", CUSTOMERS.count(), city.shops.len(), CREWS.count());

    let mut lasting = JoinSet::new();
    names("seller", SELLERS).for_each(|name| drop(lasting.spawn(seller::Seller::play(city.clone(), name))));
    names("crew", CREWS).for_each(|name| drop(lasting.spawn(crew::Crew::play(city.clone(), name))));
    let mut customers = JoinSet::new();
    names("customer", CUSTOMERS)
        .for_each(|name| drop(customers.spawn(customer::Customer::play(city.clone(), name, options.orders))));

    let start = Instant::now();
    let mut report = interval_at(start + REPORT, REPORT);
    let end = options.seconds.map_or(Duration::from_secs(u64::from(u32::MAX)), Duration::from_secs);
    let stop = tokio::time::sleep(end);
    tokio::pin!(stop);
    loop {
        tokio::select! {
            _ = terminate.recv() => break,
            _ = tokio::signal::ctrl_c() => break,
            () = &mut stop => break,
            _ = report.tick() => tracing::info!("{}", city.stats.line()),
            over = customers.join_next() => match over {
                Some(Err(error)) if error.is_panic() => tracing::error!("a customer failed: {error}"),
                Some(_) => {}
                None => break,
            },
            Some(Err(error)) = lasting.join_next() => tracing::error!("a seller or crew failed: {error}"),
        }
    }
    customers.shutdown().await;
    lasting.shutdown().await;
    println!("after {} s: {}", start.elapsed().as_secs(), city.stats.line());
    city.stats.refusals().iter().for_each(|(kind, count)| println!("{count} x {kind}"));
    for role in ["customer", "crew"] {
        println!("seed {}: {}", options.seed, city.decisions.summary(role));
    }
    let shops: Vec<String> = city.shops.iter().map(|shop| city.decisions.summary(&shop.key)).collect();
    println!("seed {}: {}", options.seed, shops.join(" · "));
    ensure!(city.stats.deliveries.is_clean(), "numbered publications were lost, doubled or out of order");
    Ok(())
}

async fn build(options: &Options, rest: Arc<Rest>) -> Result<City> {
    ensure!(rest.is_ready(Duration::from_secs(300)).await, "no server is ready at {}", options.url);
    let first = names("customer", CUSTOMERS).next().context("the city has customers")?;
    let person = Person::arrive(&rest, &first, &options.password).await.context("the demo's people are not there")?;
    let played: Vec<String> = names("seller", SELLERS).collect();
    let (shops, always_open) = market::find(&person, |owner| played.iter().any(|name| name == owner)).await?;
    ensure!(always_open > 0, "no shop is open round the clock");
    let products = shops.iter().map(|shop| shop.products.len()).min().unwrap_or_default();
    Ok(City {
        handovers: Handovers::new(&rest, &options.password),
        rest,
        password: options.password.clone(),
        speed: options.speed,
        mean_pause_s: CUSTOMERS.count() as f64 * 60.0 / options.orders_per_minute,
        decisions: Decisions::new(options.seed),
        shops,
        always_open,
        products,
        streets: Streets::of_the_demo()?,
        places: market::places()?,
        stats: Stats::default(),
    })
}
