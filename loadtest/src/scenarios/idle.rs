//! `idle`: what a connection with one subscription takes while nothing happens.

use super::Against;
use super::report::{Table, median, short};
use super::swarm::{Received, Swarm};
use anyhow::{Result, ensure};
use clap::Args;
use std::time::{Duration, Instant};

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    against: Against,
    #[arg(long, default_value_t = 10_000)]
    connections: usize,
    /// Seconds that the connections are held before memory is measured.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
}

struct Footprint {
    bytes_each: f64,
    cpu_percent: f64,
    other_percent: f64,
}

pub async fn idle(options: Options) -> Result<()> {
    let against = options.against.resolve().await?;
    let mut footprints: Vec<(&str, Vec<Footprint>)> = Vec::new();
    for round in 0..against.rounds {
        for subject in against.subjects()? {
            // A hub that was measured before keeps freed memory; only its first round starts fresh.
            if subject.name != "limit" && round > 0 {
                continue;
            }
            let rss_before = subject.server.rss()?;
            let mut swarm = Swarm::new()?;
            let channels: Vec<String> = (0..options.connections).map(|n| format!("idle{n}")).collect();
            subject.dialect.subscribe_all(&mut swarm, &channels, 256)?;
            hold(&mut swarm, Duration::from_secs(1))?;
            let before = subject.server.read()?;
            hold(&mut swarm, Duration::from_secs_f64(options.seconds))?;
            let spent = subject.server.since(&before)?;
            let bytes_each = (subject.server.rss()?.saturating_sub(rss_before)) as f64 / options.connections as f64;
            let footprint =
                Footprint { bytes_each, cpu_percent: 100.0 * spent.server_s / spent.seconds, other_percent: spent.other_percent };
            match footprints.iter_mut().find(|(name, _)| *name == subject.name) {
                Some((_, list)) => list.push(footprint),
                None => footprints.push((subject.name, vec![footprint])),
            }
        }
    }
    println!("{} connections with a channel each, held {} s", options.connections, options.seconds);
    let mut table = Table::new(&["server", "RSS kB each", "CPU % of a core at rest", "others %"]);
    for (name, list) in &footprints {
        let figure = |of: &dyn Fn(&Footprint) -> f64| short(median(list.iter().map(of).collect()));
        table.row(vec![
            (*name).to_owned(),
            figure(&|footprint| footprint.bytes_each / 1000.0),
            figure(&|footprint| footprint.cpu_percent),
            figure(&|footprint| footprint.other_percent),
        ]);
    }
    table.print();
    Ok(())
}

fn hold(swarm: &mut Swarm, time: Duration) -> Result<()> {
    let end = Instant::now() + time;
    let mut closed = 0;
    while Instant::now() < end {
        swarm.wait(Duration::from_millis(50), &mut |swarm, number, received| match received {
            Received::Text(b"{}") => swarm.send(number, b"{}"),
            Received::Closed => closed += 1,
            Received::Text(_) | Received::Open => {}
        })?;
    }
    ensure!(closed == 0, "the server closed {closed} idle connections");
    Ok(())
}
