//! The made-up town of the demo: what maps draw of it, and where it lies.

/// Latitude and longitude of its middle.
pub const MIDDLE: (f64, f64) = (28.5, 26.5);
/// Its streets and areas as GeoJSON, as the town's generator wrote them.
pub const STREETS: &str = include_str!("../../demo/streets.geojson");
pub const AREAS: &str = include_str!("../../demo/areas.geojson");
