//! What the H3 lattice guarantees about distances, so that a ring search may stop and still be exact.
//!
//! At resolution r H3 is a regular hexagon lattice on the unfolded icosahedron, in the gnomonic plane of the unit sphere. A place at angle θ from
//! its nearest face centre is drawn larger by at most 1 / cos²θ, so cell sizes vary 1 : 0.63 over the globe and average edge lengths bound nothing.
//!
//! Of our own because neither `geo` nor `h3o` offers these bounds, and without them a search must look at everything: the 20 nearest of 20,000 take
//! 2.6 us by rings and 630 us by `geo`'s haversine to all (one run of `cargo run --release -p wassally-geo --example bench -- geometry`).

use crate::{point::EARTH_RADIUS_M, unit::Unit};
use h3o::Resolution;

/// Spacing of cell centres at resolution 0 on the gnomonic plane of the unit sphere.
const SPACING_RES_0: f64 = 0.381_966_011_250_105;

/// The farthest any place lies from its nearest face centre: an icosahedron vertex, in radians (37.377°).
const THETA_MAX: f64 = 0.652_358_139_784_369;

/// One centre of each antipodal pair of the icosahedron's faces, as H3 orients it.
const FACE_CENTRES: [Unit; 10] = [
    Unit::new(0.219_930_779_140_460_6, 0.658_369_178_027_499_6, 0.719_847_537_892_618_2),
    Unit::new(-0.213_923_483_450_142_1, 0.147_817_182_955_070_3, 0.965_601_793_521_420_5),
    Unit::new(0.109_262_527_878_479_7, -0.481_195_157_287_321, 0.869_777_512_128_725_3),
    Unit::new(0.742_856_730_158_679_1, -0.359_394_167_827_802_8, 0.564_800_593_651_703_3),
    Unit::new(0.811_253_470_914_096_9, 0.344_895_323_763_938_4, 0.472_138_773_641_393),
    Unit::new(-0.105_549_814_961_392_1, 0.979_445_729_641_141_3, 0.171_887_461_000_936_5),
    Unit::new(-0.807_540_757_997_009_2, 0.153_355_248_589_881_8, 0.569_526_199_488_268_8),
    Unit::new(-0.284_614_806_978_790_7, -0.864_408_097_265_420_6, 0.414_479_255_247_353_9),
    Unit::new(0.740_562_147_385_448_2, -0.667_329_956_456_552_4, -0.078_983_764_632_673_7),
    Unit::new(0.851_230_398_647_429_3, 0.472_234_378_858_268_1, -0.228_913_738_868_780_8),
];

/// Sizes of the cells of one resolution.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lattice {
    /// Edge of a cell on the plane of the unit sphere; no cell's circumradius is longer, in radians.
    edge: f64,
}

impl Lattice {
    pub(crate) fn new(resolution: Resolution) -> Self {
        let spacing = SPACING_RES_0 / 7f64.powf(f64::from(u8::from(resolution)) / 2.0);
        Self { edge: spacing / 3f64.sqrt() }
    }

    /// The longest circumradius of a cell, in metres.
    pub(crate) fn circumradius_m(self) -> f64 {
        self.edge * EARTH_RADIUS_M
    }

    /// Radius around a cell's centre that surely lies inside the cell, in metres.
    pub(crate) fn inner_radius_m(self, centre: Unit) -> f64 {
        let scale = (theta(centre) + self.edge).min(THETA_MAX).cos().powi(2);
        3f64.sqrt() / 2.0 * self.edge * scale * EARTH_RADIUS_M
    }

    /// How far the rings around the cell of `at` reach, for places within `reach_m` of it.
    pub(crate) fn reach(self, at: Unit, centre: Unit, reach_m: f64) -> Reach {
        // The straight path from the cell's centre to a place within reach stays within reach + one circumradius.
        let widest = theta(at) + reach_m / EARTH_RADIUS_M + self.edge;
        let scale = widest.min(THETA_MAX).cos().powi(2);
        Reach { edge_m: self.circumradius_m() * scale, off_centre_m: at.distance_m(centre) }
    }
}

/// The guarantee of a ring walk around one place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reach {
    edge_m: f64,
    off_centre_m: f64,
}

impl Reach {
    /// Every place nearer than this, in metres, lies in rings 0 to `ring`: centres at grid distance k are at least 1.5 k edges apart, and a place is
    /// at most one edge from its centre.
    pub(crate) fn seen_m(self, ring: u32) -> f64 {
        self.edge_m * (1.5 * f64::from(ring) + 0.5) - self.off_centre_m
    }

    /// The last ring that may hold a place within `radius_m`.
    pub(crate) fn last_ring(self, radius_m: f64) -> u32 {
        let ring = (((radius_m + self.off_centre_m) / self.edge_m - 0.5) / 1.5).ceil().max(0.0) as u32;
        // `seen_m` promises what is nearer, and the radius itself counts as inside.
        if self.seen_m(ring) > radius_m { ring } else { ring + 1 }
    }
}

/// Angle from the nearest face centre, in radians.
fn theta(at: Unit) -> f64 {
    let nearest = FACE_CENTRES.iter().map(|face| face.dot(at).abs()).fold(0.0, f64::max);
    nearest.min(1.0).acos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::point::Point;

    #[test]
    fn pentagons_are_farthest_from_every_face() {
        for cell in Resolution::Eight.pentagons() {
            let at = Point::from_h3(cell.into()).unit();
            assert!((theta(at) - THETA_MAX).abs() < 1e-9, "{cell}: {}", theta(at));
        }
    }

    #[test]
    fn three_kilometres_need_the_tabled_rings_at_worst() {
        let worst = Point::from_h3(Resolution::Eight.pentagons().next().expect("there are twelve").into());
        for (resolution, rings) in [(Resolution::Seven, 3), (Resolution::Eight, 7), (Resolution::Nine, 16), (Resolution::Ten, 39)]
        {
            let lattice = Lattice::new(resolution);
            let far = worst.at(10.0, lattice.circumradius_m() * 0.4).unit();
            let got = lattice.reach(far, worst.unit(), 3000.0).last_ring(3000.0);
            assert!(got.abs_diff(rings) <= 1, "{resolution}: {got}");
        }
    }
}
