//! Moving points in memory.
mod index;
mod lattice;
mod point;
mod slots;

pub use h3o::Resolution;
pub use index::{Hit, Index, Key};
pub use point::{BadCoordinates, EARTH_RADIUS_M, Point};
