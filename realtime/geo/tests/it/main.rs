//! Properties of the crate against brute force, each with its seed printed; `GEO_SEED` sets another.
#![allow(clippy::unwrap_used)]

mod exact;
mod geodesic;
mod pings;
mod standing;
mod threads;

/// The seed of this run, printed so that a failure can be repeated.
fn seed(of: &str) -> u64 {
    let seed = std::env::var("GEO_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(20_261_121);
    println!("{of}: GEO_SEED={seed}");
    seed
}
