//! The application's clock: the database's time, tracked by a measured offset.
//!
//! It schedules and displays. Deadlines are judged by [`crate::db::Tx::now`], read after the lock.
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

pub type Timestamp = chrono::DateTime<chrono::Utc>;

/// Wall clock of this machine plus the offset to the database's `app_now()`.
#[derive(Debug, Default)]
pub struct Clock {
    offset_us: AtomicI64,
}

impl Clock {
    /// The database's time as far as this node knows it, to the microsecond (what PostgreSQL keeps).
    pub fn now(&self) -> Timestamp {
        let us = machine().timestamp_micros() + self.offset_us.load(Relaxed);
        Timestamp::from_timestamp_micros(us).unwrap_or_default()
    }

    /// Milliseconds since 1970, for ids.
    pub fn unix_ms(&self) -> u64 {
        u64::try_from(self.now().timestamp_millis()).unwrap_or_default()
    }

    /// Measures the offset: the answer is taken to be as old as half the round trip.
    pub async fn measure(&self, pool: &sqlx::PgPool) -> sqlx::Result<()> {
        let sent = machine();
        let answer = sqlx::query_scalar!(r#"select app_now() as "now!""#).fetch_one(pool).await?;
        let received = machine();
        let middle = sent + (received - sent) / 2;
        self.offset_us.store((answer - middle).num_microseconds().unwrap_or_default(), Relaxed);
        Ok(())
    }
}

#[allow(clippy::disallowed_methods, reason = "the one place that reads the machine's clock")]
fn machine() -> Timestamp {
    chrono::Utc::now()
}
