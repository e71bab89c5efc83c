//! Messages flow: publishers follow their own schedule, every delivery is counted, timed and checked.

use super::dialect::{Dialect, payload, stamps};
use super::machine::{Server, Spent};
use super::swarm::{Received, Swarm};
use anyhow::{Result, ensure};
use hdrhistogram::Histogram;
use std::time::{Duration, Instant};

#[derive(Clone, Copy)]
pub struct Shape {
    pub channels: usize,
    /// Subscribers of each channel.
    pub subscribers: usize,
    /// Messages a second, all channels together; 0: as fast as they are delivered.
    pub messages_per_s: f64,
    /// Messages under way at once at full speed.
    pub window: u64,
    pub payload_bytes: usize,
    pub seconds: f64,
}

/// What one server did.
pub struct Flow {
    pub spent: Spent,
    pub delivered: u64,
    pub lost: u64,
    pub doubled: u64,
    pub disordered: u64,
    pub latency: Histogram<u64>,
    pub rss: u64,
}

impl Flow {
    pub fn cpu_us(&self) -> f64 {
        self.spent.server_s * 1e6 / self.delivered.max(1) as f64
    }

    pub fn per_s(&self) -> f64 {
        self.delivered as f64 / self.spent.seconds
    }

    /// Milliseconds at a quantile, from the moment a message was due.
    pub fn latency_ms(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1000.0
    }
}

const WARM_UP: Duration = Duration::from_secs(1);
const DRAIN: Duration = Duration::from_secs(5);

struct Reader {
    channel: usize,
    last: u64,
}

/// Counts of one run; what arrives outside of the measured seconds is checked and not timed.
struct Counting {
    readers: Vec<Option<Reader>>,
    total: u64,
    measured: u64,
    from_ns: u64,
    to_ns: u64,
    lost: u64,
    doubled: u64,
    disordered: u64,
    latency: Histogram<u64>,
    closed: u64,
}

impl Counting {
    fn count(&mut self, start: Instant, number: usize, text: &[u8]) {
        let Some(Some(reader)) = self.readers.get_mut(number) else { return };
        stamps(text, |at_ns, n| {
            let now_ns = start.elapsed().as_nanos() as u64;
            self.total += 1;
            if (self.from_ns..self.to_ns).contains(&now_ns) {
                self.measured += 1;
                if at_ns >= self.from_ns {
                    self.latency.saturating_record(now_ns.saturating_sub(at_ns) / 1000);
                }
            }
            if n == reader.last + 1 {
                reader.last = n;
            } else if n > reader.last {
                self.lost += n - reader.last - 1;
                reader.last = n;
            } else if n == reader.last {
                self.doubled += 1;
            } else {
                self.disordered += 1;
            }
        });
    }
}

pub fn run(dialect: &Dialect, server: &Server, shape: Shape) -> Result<Flow> {
    let mut swarm = Swarm::new()?;
    let names: Vec<String> = (0..shape.channels).map(|n| format!("load{n}")).collect();
    let readers: Vec<String> = names.iter().flat_map(|name| std::iter::repeat_n(name.clone(), shape.subscribers)).collect();
    let sockets = dialect.subscribe_all(&mut swarm, &readers, 256)?;
    let publishers = dialect.publishers(&mut swarm, &names)?;
    let mut counting = Counting {
        readers: Vec::new(),
        total: 0,
        measured: 0,
        from_ns: WARM_UP.as_nanos() as u64,
        to_ns: WARM_UP.as_nanos() as u64 + (shape.seconds * 1e9) as u64,
        lost: 0,
        doubled: 0,
        disordered: 0,
        latency: Histogram::new_with_bounds(1, 60_000_000, 3)?,
        closed: 0,
    };
    counting.readers.resize_with(sockets.iter().max().map_or(0, |last| last + 1), || None);
    for (n, &socket) in sockets.iter().enumerate() {
        counting.readers[socket] = Some(Reader { channel: n / shape.subscribers, last: 0 });
    }

    let start = Instant::now();
    let mut sent = vec![0u64; shape.channels];
    let mut published = 0u64;
    let (mut before, mut spent) = (None, None);
    loop {
        let now_ns = start.elapsed().as_nanos() as u64;
        if before.is_none() && now_ns >= counting.from_ns {
            before = Some((server.read()?, counting.total));
        }
        if now_ns >= counting.to_ns {
            if let Some((reading, _)) = &before {
                spent = Some(server.since(reading)?);
            }
            break;
        }
        // What is due by the schedule goes out now, stamped with the moment it was due.
        loop {
            let due_ns = if shape.messages_per_s > 0.0 {
                (published as f64 * 1e9 / shape.messages_per_s) as u64
            } else if published * (shape.subscribers as u64) < counting.total + shape.window * shape.subscribers as u64 {
                now_ns
            } else {
                break;
            };
            if due_ns > now_ns {
                break;
            }
            let channel = (published % shape.channels as u64) as usize;
            sent[channel] += 1;
            published += 1;
            let text = dialect.publish(&names[channel], sent[channel], &payload(due_ns, sent[channel], shape.payload_bytes));
            swarm.send(publishers[channel], text.as_bytes());
        }
        receive(&mut swarm, &mut counting, start, dialect, if shape.messages_per_s > 0.0 { 1 } else { 20 })?;
        ensure!(counting.closed == 0, "the server closed {} connections", counting.closed);
    }
    let measured = counting.measured;
    let rss = server.rss()?;
    let wanted = published * shape.subscribers as u64;
    let end = Instant::now() + DRAIN;
    while counting.total < wanted && Instant::now() < end {
        receive(&mut swarm, &mut counting, start, dialect, 20)?;
    }
    // Numbers that never came after the last one seen are lost as well.
    let missing: u64 = counting.readers.iter().flatten().map(|reader| sent[reader.channel].saturating_sub(reader.last)).sum();
    Ok(Flow {
        spent: spent.unwrap_or_default(),
        delivered: measured,
        lost: counting.lost + missing,
        doubled: counting.doubled,
        disordered: counting.disordered,
        latency: counting.latency,
        rss,
    })
}

fn receive(swarm: &mut Swarm, counting: &mut Counting, start: Instant, dialect: &Dialect, patience_ms: u64) -> Result<()> {
    let answers_pings = dialect.is_hub();
    swarm.wait(Duration::from_millis(patience_ms), &mut |swarm, number, received| match received {
        Received::Text(b"{}") if answers_pings => swarm.send(number, b"{}"),
        Received::Text(text) => counting.count(start, number, text),
        Received::Closed => counting.closed += 1,
        Received::Open => {}
    })
}
