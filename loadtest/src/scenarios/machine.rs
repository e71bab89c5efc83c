//! What the server spends and what else the machine does, read from /proc.

use anyhow::{Context, Result};
use nix::unistd::{SysconfVar, sysconf};
use std::fs;
use std::time::Instant;

/// The processes that are measured together.
#[derive(Clone)]
pub struct Server(pub Vec<u32>);

/// One reading of the CPU times.
pub struct Reading {
    at: Instant,
    server_s: f64,
    own_s: f64,
    busy_s: f64,
}

/// What was spent between two readings. Percents are of one core.
#[derive(Clone, Copy, Default)]
pub struct Spent {
    pub seconds: f64,
    pub server_s: f64,
    pub generator_percent: f64,
    pub other_percent: f64,
}

impl Server {
    /// CPU seconds of user and system so far.
    pub fn cpu_s(&self) -> Result<f64> {
        self.0.iter().map(|pid| process_s(&pid.to_string())).sum()
    }

    /// Resident bytes.
    pub fn rss(&self) -> Result<u64> {
        let pages = self.0.iter().map(|pid| {
            let text = fs::read_to_string(format!("/proc/{pid}/statm")).with_context(|| format!("process {pid} is gone"))?;
            text.split(' ').nth(1).context("statm")?.parse::<u64>().context("statm")
        });
        Ok(pages.sum::<Result<u64>>()? * 4096)
    }

    pub fn read(&self) -> Result<Reading> {
        Ok(Reading { at: Instant::now(), server_s: self.cpu_s()?, own_s: process_s("self")?, busy_s: busy_s()? })
    }

    pub fn since(&self, then: &Reading) -> Result<Spent> {
        let now = self.read()?;
        let seconds = (now.at - then.at).as_secs_f64();
        let (server_s, own_s) = (now.server_s - then.server_s, now.own_s - then.own_s);
        let other_s = (now.busy_s - then.busy_s - server_s - own_s).max(0.0);
        Ok(Spent { seconds, server_s, generator_percent: 100.0 * own_s / seconds, other_percent: 100.0 * other_s / seconds })
    }
}

fn ticks_per_s() -> Result<f64> {
    Ok(sysconf(SysconfVar::CLK_TCK)?.context("no clock ticks")? as f64)
}

fn process_s(pid: &str) -> Result<f64> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).with_context(|| format!("process {pid} is gone"))?;
    // The name in parentheses may hold anything; the fields after it start with the state.
    let fields: Vec<&str> = text[text.rfind(')').context("stat")? + 2..].split(' ').collect();
    let ticks = |index: usize| -> Result<f64> { fields.get(index).context("stat")?.parse().context("stat") };
    Ok((ticks(11)? + ticks(12)?) / ticks_per_s()?)
}

/// Busy seconds of all cores together.
fn busy_s() -> Result<f64> {
    let stat = fs::read_to_string("/proc/stat")?;
    let line = stat.lines().next().context("stat")?;
    // user nice system idle iowait irq softirq steal; guest time is part of user.
    let ticks: Vec<f64> = line.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
    let busy: f64 = [0, 1, 2, 5, 6, 7].iter().filter_map(|&index: &usize| ticks.get(index)).sum();
    Ok(busy / ticks_per_s()?)
}
