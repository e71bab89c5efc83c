//! Plays a seeded city through the public face, measures, and writes the demo town.

#[allow(dead_code)]
mod client;
mod seeded;
#[allow(dead_code)]
mod streets;
mod town;

use clap::{Parser, Subcommand};
use std::path::PathBuf;

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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().command {
        Command::Town { seed, out } => town::write(seed, &out),
    }
}
