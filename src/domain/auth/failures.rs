//! Failed sign-ins, counted per account and per address on each node.
use super::login::LoginError;
use parking_lot::Mutex;
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

const WINDOW: Duration = Duration::from_secs(15 * 60);
/// Most accounts, names and addresses in memory. Above this, those whose window is over are removed.
const REMEMBERED: usize = 100_000;

/// Most failures of one key in the window.
#[derive(Debug, Clone, Copy)]
pub enum Limit {
    Account = 10,
    Address = 100,
}

/// How often a key failed since its window began.
#[derive(Debug, Default)]
pub struct Failures(Mutex<HashMap<String, (Instant, u32)>>);

impl Failures {
    /// Refuses a key that failed too often, with the seconds to wait.
    pub fn check(&self, key: &str, limit: Limit) -> Result<(), LoginError> {
        let failed = self.0.lock();
        match failed.get(key) {
            Some((since, times)) if *times >= limit as u32 && since.elapsed() < WINDOW => {
                let wait_s = (WINDOW - since.elapsed()).as_secs() + 1;
                Err(LoginError::TooManyFailures { retry_after_s: u32::try_from(wait_s).unwrap_or(900) })
            }
            _ => Ok(()),
        }
    }

    /// Counts a failure of each key.
    pub fn count(&self, keys: [&str; 2]) {
        let mut failed = self.0.lock();
        if failed.len() >= REMEMBERED {
            failed.retain(|_, (since, _)| since.elapsed() < WINDOW);
        }
        for key in keys {
            if failed.len() >= REMEMBERED && !failed.contains_key(key) {
                continue;
            }
            let entry = failed.entry(key.to_owned()).or_insert((Instant::now(), 0));
            if entry.0.elapsed() >= WINDOW {
                *entry = (Instant::now(), 0);
            }
            entry.1 += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eleventh_try_of_an_account_waits_and_others_do_not() {
        let failures = Failures::default();
        for _ in 0..10 {
            assert!(failures.check("anna", Limit::Account).is_ok());
            failures.count(["anna", "198.51.100.7"]);
        }
        let refused = failures.check("anna", Limit::Account).expect_err("ten failures");
        assert!(matches!(refused, LoginError::TooManyFailures { retry_after_s: 1..=901 }), "{refused}");
        assert!(failures.check("ben", Limit::Account).is_ok());
        assert!(failures.check("198.51.100.7", Limit::Address).is_ok());
    }
}
