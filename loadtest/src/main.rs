//! Plays a seeded city through the public API, runs load scenarios, and writes the demo town.

mod city;
mod client;
mod invariants;
mod scenarios;
mod seeded;
mod streets;
mod town;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "wassally-loadtest", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Writes the demo town: streets, areas, people, shops and products.
    Town {
        #[arg(long, default_value_t = 7)]
        seed: u64,
        /// The folder to write to.
        #[arg(long, default_value = "demo")]
        out: PathBuf,
    },
    /// Plays the city: customers, sellers and crews as real clients.
    City(city::Options),
    /// Checks what must always hold, as far as the public API shows it.
    Invariants(invariants::Options),
    /// Channels with subscribers and publishers: CPU per delivery, latency, loss.
    #[command(name = "fan_out")]
    FanOut(scenarios::FanOut),
    /// Memory of connections at rest.
    Idle(scenarios::Idle),
    /// A storm of connecting clients.
    Connects(scenarios::Connects),
    /// Crews that ride and stream positions: CPU and time of a ping.
    Pings(scenarios::Pings),
    /// All crews claim one order at once.
    #[command(name = "claim_race")]
    ClaimRace(scenarios::ClaimRace),
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env().unwrap_or_else(|_| "warn,wassally_loadtest=info".into());
    tracing_subscriber::fmt().with_env_filter(filter).with_target(false).with_writer(std::io::stderr).init();
    match run(Arguments::parse().command).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wassally-loadtest: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Town { seed, out } => town::write(seed, &out),
        Command::City(options) => city::play(options).await,
        Command::Invariants(options) => invariants::check(options).await,
        Command::FanOut(options) => scenarios::fan_out(options).await,
        Command::Idle(options) => scenarios::idle(options).await,
        Command::Connects(options) => scenarios::connects(options).await,
        Command::Pings(options) => scenarios::pings(options).await,
        Command::ClaimRace(options) => scenarios::claim_race(options).await,
    }
}
