//! What this node knows in memory: the orders that wait, the crews, who watches. The rows decide, this proposes.
//!
//! Locks, in this order: a crew's own, the watchers', those inside the index and the book. None is held across an await.
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
use wassally_geo::{Cell, Crews, Dot, Nearby, Point, Range, Skew, State, Vehicle};

/// Radius of a crew's list without an area of theirs, in metres, and the longest list.
pub const RADIUS_M: f64 = 3000.0;
pub const LIST_MAX: usize = 100;

/// The node's picture of the city.
#[derive(Default)]
pub struct Replica {
    /// Orders that wait, and who watches for them.
    pub nearby: Nearby<UserId, OrderId, Arc<ClaimableOrder>>,
    /// Where crews are and what they do.
    pub crews: Crews<UserId>,
    riders: DashMap<UserId, Arc<Mutex<Rider>>>,
    /// Who carries each order that is under way.
    pub carriers: DashMap<OrderId, UserId>,
    /// Crews with a standing list; its lock orders beginning and end of a watch.
    pub watching: Mutex<HashSet<UserId>>,
    /// Who follows the crew of which order.
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
    /// Offset of the crew's channel that duty and jobs are of.
    pub heard: u64,
    pub jobs: BTreeMap<OrderId, Carried>,
    pub state: State,
    pub skew: Skew,
    pub pace: Pace,
    /// The newest ping in the phone's own order.
    pub last_ping: (i64, i64),
    /// To be written: the dot, and the trail since the last flush.
    pub is_dirty: bool,
    pub trail: Vec<TrailFix>,
    /// The cell of the map that shows the crew.
    pub cell: Option<Cell>,
}

/// What is still to do of an order a crew carries.
#[derive(Debug, Clone, PartialEq)]
pub struct Carried {
    pub status: OrderStatus,
    pub stops: Vec<Point>,
    pub dropoff: Option<Point>,
    /// The coarse place told last, and when.
    pub told: Option<(Point, i64)>,
}

/// A fix of the trail.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TrailFix {
    pub lat: f64,
    pub lng: f64,
    pub at_ms: i64,
    pub accuracy_m: f64,
    /// Why it did not move the dot: `late`, or the slug of its refusal.
    pub odd: Option<&'static str>,
}

/// How fast a crew's pings may come: so many a second, more after a tunnel. By a clock that is never set.
#[derive(Debug)]
pub struct Pace<C: Clock = DefaultClock>(RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>);

impl Default for Pace {
    fn default() -> Self {
        Self::by(DefaultClock::default())
    }
}

impl<C: Clock> Pace<C> {
    const PER_S: NonZeroU32 = NonZeroU32::new(10).expect("not zero");
    /// Twenty minutes in a tunnel at one ping in four seconds.
    const BURST: NonZeroU32 = NonZeroU32::new(300).expect("not zero");

    fn by(clock: C) -> Self {
        Self(RateLimiter::direct_with_clock(Quota::per_second(Self::PER_S).allow_burst(Self::BURST), clock))
    }

    /// Takes one ping; false when they come too fast.
    pub fn take(&self) -> bool {
        self.0.check().is_ok()
    }
}

impl Rider {
    /// The order with goods on the way whose door is the nearest.
    pub fn nearest_door(&self, at: Point) -> Option<OrderId> {
        let operations = self.jobs.iter().filter(|(_, job)| job.status == OrderStatus::Shipped);
        let operations = operations.filter_map(|(order, job)| Some((order, at.distance_m(job.dropoff?))));
        operations.min_by(|a, b| a.1.total_cmp(&b.1)).map(|(order, _)| *order)
    }

    /// How far the crew's list reaches.
    pub fn range(&self) -> Range {
        Range { radius_m: self.radius_m.unwrap_or(RADIUS_M), limit: LIST_MAX }
    }
}

impl Replica {
    /// A crew, if this node has heard of them.
    pub fn rider(&self, crew: UserId) -> Option<Arc<Mutex<Rider>>> {
        self.riders.get(&crew).map(|rider| rider.clone())
    }

    /// A crew, made where it is missing.
    pub fn rider_or_new(&self, crew: UserId) -> Arc<Mutex<Rider>> {
        self.riders.entry(crew).or_default().clone()
    }

    /// All crews this node has heard of.
    pub fn all(&self) -> Vec<(UserId, Arc<Mutex<Rider>>)> {
        self.riders.iter().map(|entry| (*entry.key(), entry.value().clone())).collect()
    }

    /// Where a crew is by its pings to this node.
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
    fn of_two_orders_on_the_way_the_nearer_door_counts() {
        let at = Point::new(52.52, 13.405).unwrap();
        let order = |n| OrderId(uuid::Uuid::from_u128(n));
        let job = |status, metres| Carried { status, stops: vec![], dropoff: Some(at.at(0.0, metres)), told: None };
        let mut rider = Rider::default();
        assert_eq!(rider.nearest_door(at), None);
        rider.jobs.insert(order(1), job(OrderStatus::Shipped, 900.0));
        rider.jobs.insert(order(2), job(OrderStatus::Shipped, 300.0));
        rider.jobs.insert(order(3), job(OrderStatus::Processing, 10.0));
        assert_eq!(rider.nearest_door(at), Some(order(2)));
    }
}
