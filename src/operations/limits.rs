//! How often one user may call: a token bucket per user and class, on this node.
use super::Operation;
use crate::{
    App,
    actor::Actor,
    ids::UserId,
    problem::{Checked, Problem},
};
use governor::{Quota, RateLimiter, clock::Clock, clock::DefaultClock, state::keyed::DashMapStateStore};
use std::num::NonZeroU32;

/// A burst is this many seconds' worth: a page that comes back from a tunnel asks for everything at once.
const BURST_S: u32 = 5;

type Buckets = RateLimiter<UserId, DashMapStateStore<UserId>, DefaultClock>;

/// The buckets of both classes. `None`: the class has no limit.
pub struct RateLimits {
    queries: Option<Buckets>,
    commands: Option<Buckets>,
}

impl RateLimits {
    /// At most so many queries and commands a second per user; 0 = no limit.
    pub fn new(queries: u32, commands: u32) -> Self {
        Self { queries: buckets(queries), commands: buckets(commands) }
    }

    /// Takes one call of `actor`. Errors: 429 with the seconds to wait.
    pub(super) fn take(&self, operation: &Operation, actor: &Actor) -> Checked<()> {
        let class = if operation.is_command { &self.commands } else { &self.queries };
        let Some(buckets) = class else { return Ok(()) };
        buckets.check_key(&actor.id).map_err(|early| {
            let wait = early.wait_time_from(DefaultClock::default().now());
            Problem::new(429, "too_many_requests").retry_after(u32::try_from(wait.as_secs()).unwrap_or(u32::MAX).max(1))
        })
    }

    /// Drops the buckets that are full again: what is remembered is bounded by the users of the last seconds.
    pub fn sweep(&self) {
        for buckets in [&self.queries, &self.commands].into_iter().flatten() {
            buckets.retain_recent();
            buckets.shrink_to_fit();
        }
    }
}

fn buckets(per_s: u32) -> Option<Buckets> {
    let per_s = NonZeroU32::new(per_s)?;
    let burst = per_s.saturating_mul(NonZeroU32::new(BURST_S)?);
    Some(RateLimiter::keyed(Quota::per_second(per_s).allow_burst(burst)))
}

impl App {
    pub(super) fn rate_limits(&self) -> &RateLimits {
        self.part()
    }
}
