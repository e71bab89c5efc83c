//! Our timer queue beside tokio-util's `DelayQueue`, with the deadlines of 100,000 connections:
//! `cargo run --release -p wassally-realtime --features delay-queue --example timer_queue`
//!
//! Each connection gets a deadline for its connect, moves it forward and back as sessions do, and after it has passed gets the next one. `DelayQueue`
//! is used in two ways: with every change, and like ours with earlier deadlines only, where a tick that comes too early moves itself. Times are CPU
//! time of the process; all do the same work in turn, five rounds, and the medians are printed.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use nix::sys::resource::{UsageWho, getrusage};
use parking_lot::Mutex;
use tokio::time::Instant;
use tokio_util::time::{DelayQueue, delay_queue::Key};
use wassally_realtime::timer_queue::{Timed, TimerQueue};

const CONNECTIONS: usize = 100_000;
const ROUNDS: usize = 5;

/// A connection's deadline, kept as a session does it.
struct Connection {
    queue: Queue,
    state: Mutex<State>,
    done: Arc<AtomicUsize>,
}

struct State {
    /// The next deadline.
    due: Instant,
    /// The entry that counts.
    scheduled: Option<Instant>,
    /// `DelayQueue`: the entry.
    key: Option<Key>,
}

#[derive(Clone)]
enum Queue {
    Ours(Arc<TimerQueue<Connection>>),
    /// `true`: only earlier deadlines.
    Delay(Arc<Delay>, bool),
}

#[derive(Default)]
struct Delay {
    queue: Mutex<DelayQueue<Weak<Connection>>>,
}

impl Delay {
    fn insert(&self, at: Instant, connection: &Arc<Connection>) {
        let mut queue = self.queue.lock();
        let mut state = connection.state.lock();
        match &state.key {
            Some(key) => queue.reset_at(key, at),
            None => state.key = Some(queue.insert_at(Arc::downgrade(connection), at)),
        }
    }

    async fn run(&self) {
        std::future::poll_fn(|cx| {
            loop {
                let expired = self.queue.lock().poll_expired(cx);
                match expired {
                    std::task::Poll::Ready(Some(expired)) => {
                        let at = expired.deadline();
                        if let Some(connection) = expired.into_inner().upgrade() {
                            connection.state.lock().key = None;
                            connection.tick(at);
                        }
                    }
                    std::task::Poll::Ready(None) | std::task::Poll::Pending => {
                        return std::task::Poll::<()>::Pending;
                    }
                }
            }
        })
        .await;
    }
}

impl Connection {
    /// Moves the deadline.
    fn wake_at(self: &Arc<Self>, at: Instant) {
        let mut state = self.state.lock();
        state.due = at;
        let only_earlier = !matches!(self.queue, Queue::Delay(_, false));
        if only_earlier && state.scheduled.is_some_and(|scheduled| scheduled <= at) {
            return;
        }
        state.scheduled = Some(at);
        drop(state);
        match &self.queue {
            Queue::Ours(queue) => queue.insert(at, self),
            Queue::Delay(queue, _) => queue.insert(at, self),
        }
    }
}

impl Timed for Connection {
    fn tick(self: &Arc<Self>, at: Instant) {
        let due = {
            let mut state = self.state.lock();
            // `DelayQueue` has one entry a connection, ours also those that were replaced.
            if matches!(self.queue, Queue::Ours(_)) && state.scheduled != Some(at) {
                return;
            }
            state.scheduled = None;
            state.due
        };
        let now = Instant::now();
        if due > now {
            return self.wake_at(due);
        }
        self.done.fetch_add(1, Relaxed);
        self.wake_at(now + Duration::from_secs(25));
    }
}

fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may read its own usage");
    let micros = |of: nix::sys::time::TimeVal| of.tv_sec() as u64 * 1_000_000 + of.tv_usec() as u64;
    Duration::from_micros(micros(usage.user_time()) + micros(usage.system_time()))
}

/// Nanoseconds per connection to insert, to move forward, to move back, and to expire and insert the next.
async fn measure(queue: Queue) -> [f64; 4] {
    let done = Arc::new(AtomicUsize::new(0));
    let connection = || {
        let state = State { due: Instant::now(), scheduled: None, key: None };
        Arc::new(Connection { queue: queue.clone(), state: Mutex::new(state), done: done.clone() })
    };
    let connections: Vec<_> = (0..CONNECTIONS).map(|_| connection()).collect();
    let task = match queue {
        Queue::Ours(queue) => tokio::spawn(async move { queue.run().await }),
        Queue::Delay(queue, _) => tokio::spawn(async move { queue.run().await }),
    };
    tokio::task::yield_now().await;
    let mut random = fastrand::Rng::with_seed(7);
    let begun = Instant::now();
    let each = |took: Duration| took.as_nanos() as f64 / CONNECTIONS as f64;
    let before = cpu();
    for connection in &connections {
        connection.wake_at(begun + Duration::from_secs(10));
    }
    let inserted = cpu();
    for connection in &connections {
        connection.wake_at(begun + Duration::from_millis(3_000 + random.u64(..1_000)));
    }
    let earlier = cpu();
    for connection in &connections {
        connection.wake_at(begun + Duration::from_millis(4_500 + random.u64(..1_000)));
    }
    let later = cpu();
    while done.load(Relaxed) < CONNECTIONS {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let expired = cpu();
    task.abort();
    [each(inserted - before), each(earlier - inserted), each(later - earlier), each(expired - later)]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let contenders: [(&str, fn() -> Queue); 3] = [
        ("ours", || Queue::Ours(Arc::default())),
        ("`DelayQueue`", || Queue::Delay(Arc::default(), false)),
        ("`DelayQueue`, earlier only", || Queue::Delay(Arc::default(), true)),
    ];
    let mut rounds = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        for ((_, queue), rounds) in contenders.iter().zip(&mut rounds) {
            rounds.push(measure(queue()).await);
        }
    }
    println!("{CONNECTIONS} connections, {ROUNDS} rounds, medians, CPU ns per connection");
    println!("| queue | insert | move forward | move back | expire and insert the next |");
    println!("|---|---|---|---|---|");
    for ((name, _), rounds) in contenders.iter().zip(rounds) {
        let median = |column: usize| {
            let mut values: Vec<f64> = rounds.iter().map(|round| round[column]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let cells: Vec<String> = (0..4).map(|column| format!("{:.0}", median(column))).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}
