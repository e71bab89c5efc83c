//! Load scenarios: open-loop rates, HDR histograms, the server's CPU and memory by /proc, and a limit probe in the same run.

mod claim_race;
mod connects;
mod crowd;
mod dialect;
mod fan_out;
mod idle;
mod machine;
mod people;
mod pings;
mod report;
mod swarm;
#[cfg(test)]
mod tests;
mod traffic;

pub use claim_race::{Options as ClaimRace, claim_race};
pub use connects::{Options as Connects, connects};
pub use fan_out::{Options as FanOut, fan_out};
pub use idle::{Options as Idle, idle};
pub use pings::{Options as Pings, pings};

use crate::client::{Person, Rest};
use anyhow::{Context, Result, bail};
use clap::Args;
use dialect::Dialect;
use machine::Server;
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The server under test and the limit probe.
#[derive(Args, Clone)]
pub struct Against {
    /// The hub's WebSocket; or a whole server by its http:// address, where a customer of the demo signs in.
    #[arg(long, default_value = "ws://127.0.0.1:8000/connection/websocket")]
    url: String,
    /// Connection token; empty for a hub that accepts every connection.
    #[arg(long, default_value = "")]
    token: String,
    /// Processes of the server, separated by commas.
    #[arg(long, value_delimiter = ',', required = true)]
    server_pid: Vec<u32>,
    #[command(flatten)]
    beside: Beside,
    /// Number of measurements; medians are printed.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    #[arg(skip)]
    is_product: bool,
}

/// The limit probe: a server that only moves bytes, measured in the same run.
#[derive(Args, Clone)]
pub struct Beside {
    /// Starts the limit probe with this command, measures it in the same way and prints ratios.
    #[arg(long)]
    beside: Option<String>,
    /// Where the limit probe listens.
    #[arg(long, default_value = "ws://127.0.0.1:9002")]
    beside_url: String,
}

/// A server that is measured under a name.
struct Subject {
    name: &'static str,
    dialect: Dialect,
    server: Server,
    /// A process that this run started, ended with it.
    _child: Option<Ended>,
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Against {
    /// Makes a socket and a token out of a server's http:// address.
    async fn resolve(mut self) -> Result<Self> {
        if self.url.starts_with("http://") {
            let rest = Rest::new(&self.url, 10.0)?;
            self.token = Person::sign_in(&rest, "customer20", "wassally-demo").await?.access().await?;
            self.url = rest.socket_url();
            self.is_product = true;
        }
        Ok(self)
    }

    fn hub(&self) -> Subject {
        let (url, token) = (self.url.clone(), self.token.clone());
        let (name, dialect) =
            if self.is_product { ("product", Dialect::Product { url, token }) } else { ("hub", Dialect::Hub { url, token }) };
        Subject { name, dialect, server: Server(self.server_pid.clone()), _child: None }
    }

    /// The subjects of one round: the limit probe, then the hub.
    fn subjects(&self) -> Result<Vec<Subject>> {
        Ok(self.beside.start()?.into_iter().chain([self.hub()]).collect())
    }
}

impl Beside {
    /// The limit probe, freshly started and listening.
    fn start(&self) -> Result<Option<Subject>> {
        let Some(command) = &self.beside else { return Ok(None) };
        let mut words = command.split_whitespace();
        let program = words.next().context("--beside is empty")?;
        let child = Command::new(program).args(words).stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        let child = Ended(child.with_context(|| format!("cannot start {program}"))?);
        let address = swarm::Address::read(&self.beside_url)?;
        let end = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(address.at).is_err() {
            if Instant::now() > end {
                bail!("{command} does not listen at {}", self.beside_url);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let dialect = Dialect::Bare { url: self.beside_url.clone() };
        Ok(Some(Subject { name: "limit", dialect, server: Server(vec![child.0.id()]), _child: Some(child) }))
    }
}
