//! Moving points in memory: exact nearby search, standing queries, event-time tracks. No runtime, no socket, no SQL.
//!
//! ```
//! use wassally_geo::{Fix, Limits, Listing, Nearby, Range, Skew, State, Verdict, Why, step};
//!
//! // A crew watches its surroundings, an order appears, the crew moves on, somebody else claims.
//! let nearby: Nearby<u32, u32, &str> = Nearby::default();
//! let crew = 7;
//! nearby.watch(crew, Range::default(), None, |_| {});
//! assert!(nearby.full(&crew, |list| list.no_position).unwrap());
//!
//! let (mut state, mut skew) = (State::on_duty(1), Skew::default());
//! skew = skew.seen(1_000, 1_200);
//! let fix = Fix { lat: 52.52, lng: 13.405, device_ms: 1_000, received_ms: 1_200, offset_ms: skew.offset_ms(), ..Fix::default() };
//! let verdict;
//! (state, verdict) = step(&state, &fix, &Limits::default());
//! let Verdict::Moved(dot) = verdict else { panic!("{verdict:?}") };
//! nearby.moved(&crew, dot.at, dot.accuracy_m, |_| {});
//!
//! let at = dot.at.at(90.0, 400.0);
//! nearby.listed(Listing { order: 1, version: 1, at, payload: "soup" }, 0, |who, delta| {
//!     assert_eq!((*who, delta.added[0].distance_m.round()), (7, 400.0));
//! });
//! nearby.unlisted(&1, 2, Why::Claimed, 0, |_, delta| assert_eq!(delta.removed, [(1, Why::Claimed)]));
//! # let _ = state;
//! ```

// The exact index.
mod index;
mod lattice;
mod point;
mod search;
mod slots;

// Standing queries over pending orders.
mod book;
mod nearby;
mod watcher;

// Crews: their pings, places and arrivals.
mod crews;
mod fence;
mod kalman;
mod skew;
mod track;

// What maps and customers are told.
mod cells;
mod eta;

pub use book::{Listing, Mark, TOMBSTONE_MS, Why};
pub use cells::{COARSE_RADIUS_M, Cell, NotACell, coarse};
pub use crews::{Crews, STALE_MS, Sight, Status, WARN_MS};
pub use eta::{Eta, Vehicle, eta};
pub use fence::{Crossing, Fence, Side};
pub use h3o::Resolution;
pub use index::{Hit, Index, Key};
pub use nearby::{Delta, Near, Nearby, TooSlow};
pub use point::{BadCoordinates, EARTH_RADIUS_M, Point};
pub use skew::Skew;
pub use track::{Dot, Fix, Limits, Refusal, State, Verdict, step};
pub use watcher::{RADIUS_MAX_M, Range};
