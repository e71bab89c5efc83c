//! Moving points in memory.
mod book;
mod index;
mod lattice;
mod nearby;
mod point;
mod slots;

pub use book::{Listing, Mark, TOMBSTONE_MS, Why};
pub use h3o::Resolution;
pub use index::{Hit, Index, Key};
pub use nearby::{Delta, Near, Nearby, RADIUS_MAX_M, Range, TooSlow};
pub use point::{BadCoordinates, EARTH_RADIUS_M, Point};
