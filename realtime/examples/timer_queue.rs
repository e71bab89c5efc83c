//! Our timer queue beside tokio-util's `DelayQueue`, with the deadlines of 100,000 connections:
//! `cargo run --release -p wassally-realtime --features delay-queue --example timer_queue`
//!
//! Each connection gets a deadline for its connect, moves it to its first ping, and after that ping to the next one. Times are CPU time of the
//! process; both queues do the same work in turn, five rounds, and the medians are printed.

use std::{
    sync::{
        Arc, Weak,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::Waker,
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
    /// Our queue: the entry that counts.
    scheduled: Option<Instant>,
    /// `DelayQueue`: the entry.
    key: Option<Key>,
}

#[derive(Clone)]
enum Queue {
    Ours(Arc<TimerQueue<Connection>>),
    Delay(Arc<Delay>),
}

#[derive(Default)]
struct Delay {
    queue: Mutex<DelayQueue<Weak<Connection>>>,
    waker: Mutex<Option<Waker>>,
}

impl Delay {
    fn insert(&self, at: Instant, connection: &Arc<Connection>) {
        let mut queue = self.queue.lock();
        let was_empty = queue.is_empty();
        let mut state = connection.state.lock();
        match &state.key {
            Some(key) => queue.reset_at(key, at),
            None => state.key = Some(queue.insert_at(Arc::downgrade(connection), at)),
        }
        drop((state, queue));
        // An empty queue does not keep the waker of its task.
        if was_empty && let Some(waker) = self.waker.lock().take() {
            waker.wake();
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
                        *self.waker.lock() = Some(cx.waker().clone());
                        return std::task::Poll::<()>::Pending;
                    }
                }
            }
        })
        .await;
    }
}

impl Connection {
    /// Moves the deadline. Our queue only gets earlier ones: a tick that comes too early moves itself.
    fn wake_at(self: &Arc<Self>, at: Instant) {
        let mut state = self.state.lock();
        state.due = at;
        match &self.queue {
            Queue::Ours(queue) => {
                if state.scheduled.is_none_or(|scheduled| at < scheduled) {
                    state.scheduled = Some(at);
                    drop(state);
                    queue.insert(at, self);
                }
            }
            Queue::Delay(queue) => {
                drop(state);
                queue.insert(at, self);
            }
        }
    }
}

impl Timed for Connection {
    fn tick(self: &Arc<Self>, at: Instant) {
        let due = {
            let mut state = self.state.lock();
            if matches!(self.queue, Queue::Ours(_)) && state.scheduled.take_if(|scheduled| *scheduled == at).is_none() {
                return;
            }
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

fn resident_kb() -> usize {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    status.split_whitespace().nth(1).and_then(|pages| pages.parse::<usize>().ok()).unwrap_or_default() * 4
}

/// Nanoseconds per connection to insert, to re-arm earlier, to re-arm later and to expire with a new deadline; and the queue's bytes.
async fn measure(queue: Queue) -> [f64; 5] {
    let done = Arc::new(AtomicUsize::new(0));
    let connection = || {
        let state = State { due: Instant::now(), scheduled: None, key: None };
        Arc::new(Connection { queue: queue.clone(), state: Mutex::new(state), done: done.clone() })
    };
    let connections: Vec<_> = (0..CONNECTIONS).map(|_| connection()).collect();
    let task = match queue {
        Queue::Ours(queue) => tokio::spawn(async move { queue.run().await }),
        Queue::Delay(queue) => tokio::spawn(async move { queue.run().await }),
    };
    tokio::task::yield_now().await;
    let mut random = fastrand::Rng::with_seed(7);
    let begun = Instant::now();
    let each = |took: Duration| took.as_nanos() as f64 / CONNECTIONS as f64;
    let (before, memory) = (cpu(), resident_kb());
    for connection in &connections {
        connection.wake_at(begun + Duration::from_secs(10));
    }
    let inserted = cpu();
    let memory = (resident_kb() - memory) * 1024 / CONNECTIONS;
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
    [each(inserted - before), each(earlier - inserted), each(later - earlier), each(expired - later), memory as f64]
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let (mut ours, mut delay) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(measure(Queue::Ours(Arc::default())).await);
        delay.push(measure(Queue::Delay(Arc::default())).await);
    }
    println!("{CONNECTIONS} connections, {ROUNDS} rounds, medians, CPU ns per connection");
    println!("| queue | insert | re-arm earlier | re-arm later | expire and re-arm | bytes per connection |");
    println!("|---|---|---|---|---|---|");
    for (name, rounds) in [("ours", ours), ("DelayQueue", delay)] {
        let median = |column: usize| {
            let mut values: Vec<f64> = rounds.iter().map(|round| round[column]).collect();
            values.sort_by(f64::total_cmp);
            values[values.len() / 2]
        };
        let cells: Vec<String> = (0..5).map(|column| format!("{:.0}", median(column))).collect();
        println!("| {name} | {} |", cells.join(" | "));
    }
}
