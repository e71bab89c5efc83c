//! `fan_out`: one or many channels, each with its subscribers and a publisher.

use super::Against;
use super::report::{Table, median, short};
use super::traffic::{self, Flow, Shape};
use anyhow::{Result, ensure};
use clap::Args;

#[derive(Args)]
pub struct Options {
    #[command(flatten)]
    against: Against,
    #[arg(long, default_value_t = 1)]
    channels: usize,
    /// Subscribers of each channel.
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// Deliveries a second, one measurement each; 0 is full speed.
    #[arg(long, value_delimiter = ',', default_values_t = [0.0, 50_000.0])]
    rate: Vec<f64>,
    /// Messages under way at full speed [default: 4 for one channel, else 256].
    #[arg(long)]
    window: Option<u64>,
    #[arg(long, default_value_t = 128)]
    payload: usize,
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
}

pub async fn fan_out(options: Options) -> Result<()> {
    let against = options.against.resolve().await?;
    let mut table = Table::new(&[
        "server",
        "deliveries/s wanted",
        "deliveries/s",
        "server CPU us each",
        "p50 ms",
        "p99 ms",
        "max ms",
        "lost",
        "doubled",
        "disordered",
        "RSS MB",
        "generator %",
        "others %",
    ]);
    let mut ratios = Table::new(&["deliveries/s wanted", "CPU each, ratio to limit", "p99, ratio to limit"]);
    let mut is_clean = true;
    for &rate in &options.rate {
        let shape = Shape {
            channels: options.channels,
            subscribers: options.subscribers,
            messages_per_s: rate / options.subscribers as f64,
            window: options.window.unwrap_or(if options.channels == 1 { 4 } else { 256 }),
            payload_bytes: options.payload,
            seconds: options.seconds,
        };
        let mut flows: Vec<(&str, Vec<Flow>)> = Vec::new();
        for _ in 0..against.rounds {
            for subject in against.subjects()? {
                let flow = traffic::run(&subject.dialect, &subject.server, shape)?;
                is_clean &= flow.lost + flow.doubled + flow.disordered == 0;
                match flows.iter_mut().find(|(name, _)| *name == subject.name) {
                    Some((_, list)) => list.push(flow),
                    None => flows.push((subject.name, vec![flow])),
                }
            }
        }
        let wanted = if rate > 0.0 { short(rate) } else { "full speed".to_owned() };
        let figure = |list: &[Flow], of: &dyn Fn(&Flow) -> f64| median(list.iter().map(of).collect());
        for (name, list) in &flows {
            let sum = |of: &dyn Fn(&Flow) -> u64| list.iter().map(of).sum::<u64>().to_string();
            table.row(vec![
                (*name).to_owned(),
                wanted.clone(),
                short(figure(list, &Flow::per_s)),
                short(figure(list, &Flow::cpu_us)),
                short(figure(list, &|flow| flow.latency_ms(0.5))),
                short(figure(list, &|flow| flow.latency_ms(0.99))),
                short(figure(list, &|flow| flow.latency_ms(1.0))),
                sum(&|flow| flow.lost),
                sum(&|flow| flow.doubled),
                sum(&|flow| flow.disordered),
                short(figure(list, &|flow| flow.rss as f64 / 1e6)),
                short(figure(list, &|flow| flow.spent.generator_percent)),
                short(figure(list, &|flow| flow.spent.other_percent)),
            ]);
        }
        if let [(_, limit), (_, hub)] = &flows[..] {
            let ratio = |of: &dyn Fn(&Flow) -> f64| short(figure(hub, of) / figure(limit, of));
            ratios.row(vec![wanted, ratio(&Flow::cpu_us), ratio(&|flow| flow.latency_ms(0.99))]);
        }
    }
    println!(
        "{} channel(s) x {} subscribers, {} bytes, {} rounds of {} s, medians",
        options.channels, options.subscribers, options.payload, against.rounds, options.seconds
    );
    table.print();
    if against.beside.beside.is_some() {
        println!();
        ratios.print();
    }
    ensure!(is_clean, "publications were lost, doubled or out of order");
    Ok(())
}
