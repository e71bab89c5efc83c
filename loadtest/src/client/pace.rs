//! Steady rates: a queue of turns, and growing waits after errors.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// Gives out turns at an even rate; later callers wait longer.
pub struct Pace {
    every: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub fn new(per_second: f64) -> Self {
        Self { every: Duration::from_secs_f64(1.0 / per_second), next: Mutex::new(Instant::now()) }
    }

    /// Returns when it is this caller's turn.
    pub async fn turn(&self) {
        let mine = {
            let mut next = self.next.lock();
            let mine = (*next).max(Instant::now());
            *next = mine + self.every;
            mine
        };
        sleep_until(mine).await;
    }
}

/// Waits between tries: full jitter below a bound that doubles from 0.2 s to 10 s, and 0.1 s at least.
#[derive(Default)]
pub struct Backoff(u32);

impl Backoff {
    pub fn reset(&mut self) {
        self.0 = 0;
    }

    pub fn next_wait(&mut self) -> Duration {
        let bound = 0.2 * f64::from(1u32 << self.0.min(6));
        self.0 += 1;
        Duration::from_secs_f64(0.1 + rand::random::<f64>() * bound.min(10.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_the_rate() {
        let pace = Pace::new(5.0);
        let start = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert_eq!(start.elapsed().as_millis(), 2000);
    }

    #[test]
    fn waits_grow_and_stay_bounded() {
        let mut backoff = Backoff::default();
        assert!(backoff.next_wait() <= Duration::from_millis(300));
        assert!((0..50).all(|_| backoff.next_wait() <= Duration::from_millis(10_100)));
    }
}
