//! Moving points in memory: exact nearby search, standing queries, event-time tracks. No runtime, no socket, no SQL.
//!
//! ```
//! use wassally_geo::{Fix, Limits, Nearby, PendingOrder, Range, RemovalReason, Skew, Track, Verdict, step};
//!
//! // A crew watches its surroundings and says where it is, an order appears, somebody else claims it.
//! let nearby: Nearby<u32, u32, &str> = Nearby::default();
//! let crew = 7;
//! nearby.watch(crew, Range::default(), None, |_| {});
//! assert!(nearby.full(&crew, |list| list.no_position).unwrap());
//!
//! let (mut track, mut skew) = (Track::on_duty(1), Skew::default());
//! skew = skew.seen(1_000, 1_200);
//! let fix = Fix { lat: 52.52, lng: 13.405, device_ms: 1_000, received_ms: 1_200, offset_ms: skew.offset_ms(), ..Fix::default() };
//! let verdict;
//! (track, verdict) = step(&track, &fix, &Limits::default());
//! let Verdict::Moved(dot) = verdict else { panic!("{verdict:?}") };
//! nearby.moved(&crew, dot.at, dot.accuracy_m, |_| {});
//!
//! let at = dot.at.at(90.0, 400.0);
//! nearby.listed(PendingOrder { order: 1, version: 1, at, payload: "soup" }, 0, |who, delta| {
//!     assert_eq!((*who, delta.added[0].distance_m.round()), (7, 400.0));
//! });
//! nearby.unlisted(&1, 2, RemovalReason::Claimed, 0, |_, delta| assert_eq!(delta.removed, [(1, RemovalReason::Claimed)]));
//! # let _ = track;
//! ```

// The exact index.
mod index;
mod lattice;
mod point;
mod search;
mod slots;
mod unit;

// Standing queries over pending orders.
mod nearby;
mod pending;
mod watcher;

// Crews: their pings, positions, arrivals and trails.
mod crews;
mod fence;
mod kalman;
mod plane;
mod skew;
mod track;
mod trail;

// Areas of maps, and what customers are shown.
mod bounds;
mod cells;
mod eta;
mod zone;

pub use bounds::Bounds;
pub use cells::{COARSE_RADIUS_M, Cell, InvalidCellId, coarse};
pub use crews::{Crews, LastSeen, STALE_MS, Status, WARN_MS};
pub use eta::{Eta, Vehicle, eta};
pub use fence::{Crossing, Fence, Side};
pub use h3o::Resolution;
pub use index::{Hit, Index, Key};
pub use nearby::{Delta, Near, Nearby, TooSlow};
pub use pending::{Mark, PendingOrder, RemovalReason, TOMBSTONE_MS};
pub use point::{BadCoordinates, EARTH_RADIUS_M, Point, length_m};
pub use skew::Skew;
pub use track::{Dot, Fix, Limits, Rejection, Track, Verdict, step};
pub use trail::simplified;
pub use watcher::{RADIUS_MAX_M, Range};
pub use zone::{BadZone, Zone};
