//! The offset between a phone's clock and ours, learnt per connection.
//!
//! A ping always takes some time to arrive, so the smallest (received - device) of a window is the clock's offset plus the shortest transmission.
//! One ping dated in the future neither changes the offset nor blocks the phone; a clock that is really wrong is believed at the third ping.

/// Offsets remembered per connection.
const WINDOW: usize = 8;

/// Pings in a row that must agree before a clock that is far off is believed.
const AGREE: u8 = 3;

/// How far such pings may differ from each other, in milliseconds.
const AGREE_WITHIN_MS: i64 = 30_000;

/// A ping farther in the future than this is rejected, in milliseconds.
pub(crate) const FUTURE_MS: i64 = 60_000;

/// A ping older than this is rejected, in milliseconds.
pub(crate) const PAST_MS: i64 = 24 * 3_600_000;

/// What is known of one phone's clock.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skew {
    recent: [i64; WINDOW],
    len: u8,
    next: u8,
    stray_ms: i64,
    strays: u8,
}

impl Skew {
    /// The same with one more ping. Use the result's [`Skew::offset_ms`] for that ping.
    #[must_use]
    pub fn seen(mut self, device_ms: i64, received_ms: i64) -> Self {
        let offset_ms = received_ms.saturating_sub(device_ms);
        let late_ms = offset_ms.saturating_sub(self.offset_ms());
        // A ping that is faster than the window is no sign of a wrong clock: after a tunnel the whole window is late.
        let is_ahead = late_ms < -FUTURE_MS && offset_ms < -FUTURE_MS;
        if !is_ahead && late_ms <= PAST_MS {
            self.strays = 0;
            self.remember(offset_ms);
            return self;
        }
        let agrees = self.strays > 0 && offset_ms.abs_diff(self.stray_ms) <= AGREE_WITHIN_MS as u64;
        self.strays = if agrees { self.strays + 1 } else { 1 };
        self.stray_ms = offset_ms;
        if self.strays >= AGREE {
            self = Self::default();
            self.remember(offset_ms);
        }
        self
    }

    /// Milliseconds to add to the phone's time to get ours; 0 while nothing is known.
    pub fn offset_ms(&self) -> i64 {
        self.recent[..usize::from(self.len)].iter().copied().min().unwrap_or(0)
    }

    fn remember(&mut self, offset_ms: i64) {
        self.recent[usize::from(self.next)] = offset_ms;
        self.next = (self.next + 1) % WINDOW as u8;
        self.len = (self.len + 1).min(WINDOW as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fastest_ping_gives_the_offset() {
        let skew = Skew::default().seen(10_000, 15_300).seen(14_000, 19_050).seen(18_000, 60_000);
        assert_eq!(skew.offset_ms(), 5050);
        assert_eq!(Skew::default().offset_ms(), 0);
    }

    #[test]
    fn a_fresh_ping_after_a_tunnel_is_not_from_the_future() {
        let tunnel = (0..10).fold(Skew::default(), |skew, n| skew.seen(n * 4000, n * 4000 + 90_000));
        assert_eq!((tunnel.offset_ms(), tunnel.seen(120_000, 120_200).offset_ms()), (90_000, 200));
    }

    #[test]
    fn one_ping_from_the_future_changes_nothing_three_that_agree_do() {
        let right = Skew::default().seen(0, 100);
        let hour_ms = 3_600_000;
        let once = right.seen(hour_ms, 4000);
        assert_eq!(once.offset_ms(), 100);
        assert_eq!(once.seen(8000, 8080).offset_ms(), 80);
        let believed = once.seen(hour_ms + 4000, 8000).seen(hour_ms + 8000, 12_000);
        assert_eq!(believed.offset_ms(), 4000 - hour_ms);
        assert_eq!(right.seen(i64::MAX, 0).seen(i64::MIN, 0).offset_ms(), 100);
    }
}
