//! `connects`: a storm of clients that connect, show their token and subscribe, all held open.

use super::Against;
use super::machine::Spent;
use super::report::{Table, median, short};
use super::swarm::Swarm;
use anyhow::Result;
use clap::Args;
use std::time::Duration;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    against: Against,
    #[arg(long, default_value_t = 5_000)]
    connections: usize,
    /// So many are under way at once.
    #[arg(long, default_value_t = 128)]
    concurrency: usize,
}

pub async fn connects(options: Options) -> Result<()> {
    let against = options.against.resolve().await?;
    let mut storms: Vec<(&str, Vec<Spent>)> = Vec::new();
    for _ in 0..against.rounds {
        for subject in against.subjects()? {
            let mut swarm = Swarm::new()?;
            let channels: Vec<String> = (0..options.connections).map(|n| format!("storm{n}")).collect();
            let before = subject.server.read()?;
            subject.dialect.subscribe_all(&mut swarm, &channels, options.concurrency)?;
            let spent = subject.server.since(&before)?;
            // What the server does about the closed connections is not the next storm's cost.
            drop(swarm);
            std::thread::sleep(Duration::from_secs(1));
            match storms.iter_mut().find(|(name, _)| *name == subject.name) {
                Some((_, list)) => list.push(spent),
                None => storms.push((subject.name, vec![spent])),
            }
        }
    }
    let count = options.connections as f64;
    println!("{} connections, {} at once, {} rounds, medians", options.connections, options.concurrency, against.rounds);
    let mut table = Table::new(&["server", "connects/s", "server CPU us each", "connects/s and core", "generator %", "others %"]);
    let figure = |list: &[Spent], of: &dyn Fn(&Spent) -> f64| median(list.iter().map(of).collect());
    let per_core = |spent: &Spent| count / spent.server_s.max(0.01);
    for (name, list) in &storms {
        table.row(vec![
            (*name).to_owned(),
            short(figure(list, &|spent| count / spent.seconds)),
            short(figure(list, &|spent| spent.server_s * 1e6 / count)),
            short(figure(list, &per_core)),
            short(figure(list, &|spent| spent.generator_percent)),
            short(figure(list, &|spent| spent.other_percent)),
        ]);
    }
    table.print();
    if let [(_, limit), (_, hub)] = &storms[..] {
        println!("\nconnects/s and core, ratio to limit: {}", short(figure(hub, &per_core) / figure(limit, &per_core)));
    }
    Ok(())
}
