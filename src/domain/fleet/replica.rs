//! What this node holds in memory: claimable orders, crews and watchers. Memory proposes, the rows decide.
//!
//! Locks, in this order: a crew's own, `watching`, those inside the index. None is held across an await.
use super::duty::Position;
use crate::{
    clock::Timestamp,
    domain::orders::{ClaimableOrder, OrderStatus},
    ids::{OrderId, UserId},
};
use dashmap::DashMap;
use governor::{
    Quota, RateLimiter,
    clock::{Clock, DefaultClock},
    middleware::NoOpMiddleware,
    state::{InMemoryState, NotKeyed},
};
use parking_lot::Mutex;
use std::{
    collections::{BTreeMap, HashMap, HashSet},
    num::NonZeroU32,
    sync::Arc,
};
use wassally_geo::{Cell, Crews, Dot, Nearby, Point, Range, Skew, Track, Vehicle};

/// The radius of a list in metres, unless the crew has one of its own.
pub const RADIUS_M: f64 = 3000.0;
/// The longest list.
pub const LIST_MAX: usize = 100;

/// The node's replica of the city.
#[derive(Default)]
pub struct Replica {
    /// Claimable orders, and the crews that watch lists of them.
    pub nearby: Nearby<UserId, OrderId, Arc<ClaimableOrder>>,
    /// Positions and status of crews.
    pub crews: Crews<UserId>,
    riders: DashMap<UserId, Arc<Mutex<Rider>>>,
    /// The crew of each order that is under way.
    pub carriers: DashMap<OrderId, UserId>,
    /// Crews with a standing list. Its lock serializes the start and end of a watch.
    pub watching: Mutex<HashSet<UserId>>,
    /// The users who follow the crew of an order.
    pub followers: Mutex<HashMap<OrderId, HashSet<UserId>>>,
    /// Crews whose dot or status changed since the last frame of the map.
    pub moved: Mutex<HashSet<UserId>>,
}

/// A crew as this node knows it.
#[derive(Debug, Default)]
pub struct Rider {
    pub on_duty: bool,
    pub duty_no: u64,
    pub name: String,
    pub vehicle: Vehicle,
    pub radius_m: Option<f64>,
    pub area: Option<Point>,
    /// The offset of the crew's channel at which duty and jobs were read.
    pub offset: u64,
    pub jobs: BTreeMap<OrderId, Carried>,
    pub state: Track,
    pub skew: Skew,
    pub pace: Pace,
    /// Device time and count of the newest ping.
    pub last_ping: (i64, i64),
    /// Whether the position changed since the last flush.
    pub is_dirty: bool,
    /// The trail since the last flush.
    pub trail: Vec<TrailFix>,
    /// The cell of the map that shows the crew.
    pub cell: Option<Cell>,
}

/// The rest of the route of an order that a crew carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub status: OrderStatus,
    pub stops: Vec<Point>,
    pub dropoff: Option<Point>,
    /// The coarse position sent last, and when, in milliseconds.
    pub last_coarse: Option<(Point, i64)>,
}

/// A fix of the trail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrailFix {
    pub lat: f64,
    pub lng: f64,
    pub at_ms: i64,
    pub accuracy_m: f64,
    /// Why it did not move the position: `late`, or the slug of its rejection.
    pub odd: Option<&'static str>,
}

/// A token bucket for pings, on a monotonic clock. Its burst admits what a phone collected in a tunnel.
#[derive(Debug)]
pub struct Pace<C: Clock = DefaultClock>(RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>);

impl Default for Pace {
    fn default() -> Self {
        Self::by(DefaultClock::default())
    }
}

impl<C: Clock> Pace<C> {
    const PER_S: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
    /// Twenty minutes in a tunnel with a ping every four seconds.
    const BURST: NonZeroU32 = NonZeroU32::new(300).expect("not zero");

    fn by(clock: C) -> Self {
        Self(RateLimiter::direct_with_clock(Quota::per_second(Self::PER_S).allow_burst(Self::BURST), clock))
    }

    /// Takes one token; false when pings come too fast.
    pub fn take(&self) -> bool {
        self.0.check().is_ok()
    }
}

impl Rider {
    /// The SHIPPED order with the nearest drop-off.
    pub fn nearest_dropoff(&self, at: Point) -> Option<OrderId> {
        let shipped = self.jobs.iter().filter(|(_, job)| job.status == OrderStatus::Shipped);
        let distances = shipped.filter_map(|(order, job)| Some((order, at.distance_m(job.dropoff?))));
        distances.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(order, _)| *order)
    }

    /// How far the crew's list reaches.
    pub fn range(&self) -> Range {
        Range { radius_m: self.radius_m.unwrap_or(RADIUS_M), limit: LIST_MAX }
    }
}

impl Replica {
    /// A crew, if this node knows it.
    pub fn rider(&self, crew: UserId) -> Option<Arc<Mutex<Rider>>> {
        self.riders.get(&crew).map(|rider| rider.clone())
    }

    /// A crew, inserted if it is missing.
    pub fn rider_or_new(&self, crew: UserId) -> Arc<Mutex<Rider>> {
        self.riders.entry(crew).or_default().clone()
    }

    /// All crews that this node knows.
    pub fn all(&self) -> Vec<(UserId, Arc<Mutex<Rider>>)> {
        self.riders.iter().map(|entry| (*entry.key(), entry.value().clone())).collect()
    }

    /// The position of a crew by its pings to this node.
    pub fn dot(&self, crew: UserId) -> Option<Dot> {
        self.rider(crew)?.lock().state.dot()
    }

    /// The same for a screen.
    pub fn position(&self, crew: UserId) -> Option<Position> {
        let dot = self.dot(crew)?;
        Some(Position { lat: dot.at.lat(), lng: dot.at.lng(), at: time(dot.at_ms) })
    }
}

/// Milliseconds since 1970 as an instant.
pub fn time(ms: i64) -> Timestamp {
    Timestamp::from_timestamp_millis(ms).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::time::Duration;

    #[test]
    fn a_burst_after_a_tunnel_passes_and_a_flood_does_not() {
        let clock = FakeRelativeClock::default();
        let pace = Pace::by(clock.clone());
        assert_eq!((0..1000).filter(|_| pace.take()).count(), 300);
        clock.advance(Duration::from_millis(50));
        assert!(!pace.take(), "half a ping later");
        clock.advance(Duration::from_millis(950));
        assert_eq!((0..100).filter(|_| pace.take()).count(), 10);
    }

    #[test]
    fn of_two_shipped_orders_the_nearer_dropoff_counts() {
        let at = Point::new(52.52, 13.405).unwrap();
        let order = |n| OrderId(uuid::Uuid::from_u128(n));
        let job = |status, metres| Carried { status, stops: vec![], dropoff: Some(at.at(0.0, metres)), last_coarse: None };
        let mut rider = Rider::default();
        assert_eq!(rider.nearest_dropoff(at), None);
        rider.jobs.insert(order(1), job(OrderStatus::Shipped, 900.0));
        rider.jobs.insert(order(2), job(OrderStatus::Shipped, 300.0));
        rider.jobs.insert(order(3), job(OrderStatus::Processing, 10.0));
        assert_eq!(rider.nearest_dropoff(at), Some(order(2)));
    }
}
