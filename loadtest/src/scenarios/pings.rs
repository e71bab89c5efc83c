//! `pings`: crews ride and stream their positions, each with its standing query; what one ping costs the server, the whole way.

use super::crowd::{Crowd, Incoming};
use super::machine::{Server, Spent};
use super::people::People;
use super::report::{Table, median, short};
use super::traffic::{self, Shape};
use super::{Beside, Subject};
use crate::client::now;
use crate::streets::{Ride, Streets};
use anyhow::{Result, ensure};
use clap::Args;
use hdrhistogram::Histogram;
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    people: People,
    #[command(flatten)]
    beside: Beside,
    /// Pings a second, all crews together.
    #[arg(long, default_value_t = 100.0)]
    rate: f64,
    #[arg(long, default_value_t = 10.0)]
    seconds: f64,
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Pings without reply, as phones send them; then there is nothing to time.
    #[arg(long)]
    silent: bool,
}

struct Round {
    spent: Spent,
    pings: u64,
    answered: u64,
    refused: u64,
    refusals: BTreeMap<String, u64>,
    deltas: u64,
    latency: Histogram<u64>,
}

impl Round {
    fn refuse(&mut self, code: &str) {
        self.refused += 1;
        *self.refusals.entry(code.to_owned()).or_default() += 1;
    }
}

pub async fn pings(options: Options) -> Result<()> {
    let rest = options.people.rest()?;
    let passes = options.people.crews(&rest).await?;
    let url = rest.socket_url();
    tokio::task::block_in_place(|| {
        let server = Server(options.people.server_pid.clone());
        let streets = Streets::of_the_demo()?;
        let mut riders: Vec<Rider> = (0..passes.len()).map(|n| Rider::new(&streets, n as u64)).collect();
        // Before the crowd connects, because the server's pings would not be answered meanwhile.
        let mut limits = Vec::new();
        for _ in 0..options.rounds {
            if let Some(subject) = options.beside.start()? {
                limits.push(limit(&subject, &options)?);
            }
        }
        let mut crowd = Crowd::gather(&url, passes)?;
        crowd.all_call("delivery.duty", |_| r#"{"on_duty":true}"#.to_owned())?;
        crowd.all_subscribe(|pass| format!("nearby:{}", pass.id))?;
        // The riders start far from the crews' last positions; the server believes a jump when it is repeated.
        for _ in 0..5 {
            crowd.all_call("delivery.ping", |who| riders[who].standing())?;
            std::thread::sleep(Duration::from_millis(300));
        }
        let mut rounds = Vec::new();
        for _ in 0..options.rounds {
            rounds.push(round(&mut crowd, &mut riders, &streets, &server, &options)?);
        }
        report(&options, &rounds, &limits);
        ensure!(rounds.iter().all(|round| round.refused == 0), "pings were refused");
        Ok(())
    })
}

/// The limit probe: as many channels with one reader each, as many messages a second.
fn limit(subject: &Subject, options: &Options) -> Result<traffic::Flow> {
    let shape = Shape {
        channels: options.people.crews,
        subscribers: 1,
        messages_per_s: options.rate,
        window: 256,
        payload_bytes: 128,
        seconds: options.seconds,
    };
    traffic::run(&subject.dialect, &subject.server, shape)
}

struct Rider {
    ride: Ride,
    next_corner: u64,
    seq: u64,
}

impl Rider {
    fn new(streets: &Streets, number: u64) -> Self {
        // Found before the measurement starts: a long way costs more than a ping.
        let way = streets.way(streets.corner(number * 37), streets.corner(number * 101 + 13));
        Self { ride: Ride::along(way), next_corner: number * 101 + 13, seq: 0 }
    }

    /// A ping from where the rider is, before the ride.
    fn standing(&self) -> String {
        let place = self.ride.place();
        let at = now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        format!(r#"{{"lat":{:.6},"lng":{:.6},"at":"{at}","accuracy_m":5,"speed_mps":0}}"#, place.lat(), place.lng())
    }

    fn ping(&mut self, streets: &Streets, metres: f64) -> String {
        if self.ride.advance(metres) {
            self.next_corner = self.next_corner.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            self.ride = Ride::along(streets.way(self.ride.place(), streets.corner(self.next_corner >> 20)));
        }
        self.seq += 1;
        let place = self.ride.place();
        let at = now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true);
        format!(
            r#"{{"lat":{:.6},"lng":{:.6},"at":"{at}","accuracy_m":5,"heading_deg":{:.0},"speed_mps":5,"seq":{}}}"#,
            place.lat(),
            place.lng(),
            self.ride.heading_deg(),
            self.seq
        )
    }
}

fn round(crowd: &mut Crowd, riders: &mut [Rider], streets: &Streets, server: &Server, options: &Options) -> Result<Round> {
    let mut round = Round {
        spent: Spent::default(),
        pings: 0,
        answered: 0,
        refused: 0,
        refusals: BTreeMap::new(),
        deltas: 0,
        latency: Histogram::new_with_bounds(1, 60_000_000, 3)?,
    };
    // Every rider moves at 5 m/s, however often it pings.
    let metres = 5.0 * crowd.len() as f64 / options.rate;
    let mut due = vec![VecDeque::new(); crowd.len()];
    let (start, before) = (Instant::now(), server.read()?);
    let mut closed = 0;
    while start.elapsed().as_secs_f64() < options.seconds {
        while round.pings as f64 / options.rate <= start.elapsed().as_secs_f64() {
            let who = (round.pings % crowd.len() as u64) as usize;
            let ping = riders[who].ping(streets, metres);
            if options.silent {
                crowd.send(who, "delivery.ping", &ping);
            } else {
                due[who].push_back(Duration::from_secs_f64(round.pings as f64 / options.rate));
                crowd.call(who, 10, "delivery.ping", &ping);
            }
            round.pings += 1;
        }
        receive(crowd, &mut round, &mut due, start, &mut closed)?;
    }
    round.spent = server.since(&before)?;
    let end = Instant::now() + Duration::from_secs(3);
    while !options.silent && round.answered + round.refused < round.pings && Instant::now() < end {
        receive(crowd, &mut round, &mut due, start, &mut closed)?;
    }
    ensure!(closed == 0, "the server closed {closed} connections");
    Ok(round)
}

fn receive(crowd: &mut Crowd, round: &mut Round, due: &mut [VecDeque<Duration>], start: Instant, closed: &mut u64) -> Result<()> {
    crowd.receive(Duration::from_millis(1), &mut |who, incoming| match incoming {
        Incoming::Reply { result, .. } => {
            if let Some(due) = due[who].pop_front() {
                round.latency.saturating_record(start.elapsed().saturating_sub(due).as_micros() as u64);
            }
            match result {
                Ok(taken) => match taken["rejected"][0]["code"].as_str() {
                    Some(code) => round.refuse(code),
                    None => round.answered += 1,
                },
                Err(error) => round.refuse(&error.message),
            }
        }
        Incoming::Published { channel, .. } if channel.starts_with("nearby:") => round.deltas += 1,
        Incoming::Published { .. } => {}
        Incoming::Closed => *closed += 1,
    })
}

fn report(options: &Options, rounds: &[Round], limits: &[traffic::Flow]) {
    let figure = |of: &dyn Fn(&Round) -> f64| median(rounds.iter().map(of).collect());
    let sum = |of: &dyn Fn(&Round) -> u64| rounds.iter().map(of).sum::<u64>().to_string();
    let cpu_us = |round: &Round| round.spent.server_s * 1e6 / round.pings as f64;
    println!(
        "{} crews, {} pings/s, {} rounds of {} s, medians",
        options.people.crews, options.rate, options.rounds, options.seconds
    );
    let mut table = Table::new(&[
        "server",
        "messages/s",
        "server CPU us each",
        "p50 ms",
        "p99 ms",
        "max ms",
        "answered",
        "refused",
        "nearby deltas",
        "generator %",
        "others %",
    ]);
    let quantile = |of: f64| move |round: &Round| round.latency.value_at_quantile(of) as f64 / 1000.0;
    if !limits.is_empty() {
        let figure = |of: &dyn Fn(&traffic::Flow) -> f64| short(median(limits.iter().map(of).collect()));
        table.row(vec![
            "limit".to_owned(),
            figure(&traffic::Flow::per_s),
            figure(&traffic::Flow::cpu_us),
            figure(&|flow| flow.latency_ms(0.5)),
            figure(&|flow| flow.latency_ms(0.99)),
            figure(&|flow| flow.latency_ms(1.0)),
            "-".to_owned(),
            "-".to_owned(),
            "-".to_owned(),
            figure(&|flow| flow.spent.generator_percent),
            figure(&|flow| flow.spent.other_percent),
        ]);
    }
    table.row(vec![
        if options.silent { "pings without reply" } else { "pings" }.to_owned(),
        short(figure(&|round| round.pings as f64 / round.spent.seconds)),
        short(figure(&cpu_us)),
        short(figure(&quantile(0.5))),
        short(figure(&quantile(0.99))),
        short(figure(&quantile(1.0))),
        sum(&|round| round.answered),
        sum(&|round| round.refused),
        sum(&|round| round.deltas),
        short(figure(&|round| round.spent.generator_percent)),
        short(figure(&|round| round.spent.other_percent)),
    ]);
    table.print();
    rounds.iter().flat_map(|round| &round.refusals).for_each(|(code, count)| println!("refused: {count} x {code}"));
    if !limits.is_empty() {
        let limit = median(limits.iter().map(traffic::Flow::cpu_us).collect());
        println!("\nCPU of a ping, ratio to limit's message: {}", short(figure(&cpu_us) / limit));
    }
}
