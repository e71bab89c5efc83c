//! When a crew will be there, without a road graph: straight line, detour, the vehicle's pace.

use crate::point::{Point, length_m};

/// Road over straight line: 1.34 is the mean of 300 European cities.
const DETOUR: f64 = 1.35;

/// Slow traffic, lights, looking for the address: four of five arrive within this much more.
const HIGH: f64 = 1.4;

/// Time of a stop on the way, in seconds: park, walk, hand over.
const STOP_S: f64 = 120.0;

/// How a crew moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Vehicle {
    /// On foot.
    Foot,
    /// By bicycle.
    #[default]
    Bicycle,
    /// By motorbike or scooter.
    Motorbike,
    /// By car.
    Car,
}

impl Vehicle {
    /// The vehicle of a word: `foot`, `bicycle`, `motorbike`, `car`.
    pub fn named(word: &str) -> Option<Self> {
        Some(match word {
            "foot" => Self::Foot,
            "bicycle" => Self::Bicycle,
            "motorbike" => Self::Motorbike,
            "car" => Self::Car,
            _ => return None,
        })
    }

    /// Pace through a city, lights included, in m/s.
    pub fn speed_mps(self) -> f64 {
        match self {
            Self::Foot => 1.3,
            Self::Bicycle => 4.2,
            Self::Motorbike => 7.0,
            Self::Car => 6.0,
        }
    }
}

/// How long and how far still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Eta {
    /// Seconds until arrival, as likely earlier as later.
    pub eta_s: u32,
    /// Seconds by which four of five have arrived.
    pub eta_high_s: u32,
    /// Metres still to go along the road, estimated.
    pub remaining_m: u32,
}

/// The way from `from` over all `stops` to the last of them. Nothing remains when there are none.
pub fn eta(from: Point, stops: &[Point], vehicle: Vehicle) -> Eta {
    let remaining_m = DETOUR * length_m(std::iter::once(from).chain(stops.iter().copied()));
    let waiting_s = STOP_S * stops.len().saturating_sub(1) as f64;
    let eta_s = remaining_m / vehicle.speed_mps() + waiting_s;
    Eta { eta_s: eta_s.round() as u32, eta_high_s: (eta_s * HIGH).round() as u32, remaining_m: remaining_m.round() as u32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_goes_over_every_stop() {
        let home = Point::new(52.52, 13.405).unwrap();
        let (shop, dropoff) = (home.at(90.0, 1000.0), home.at(90.0, 1000.0).at(0.0, 500.0));
        let direct = eta(home, &[shop], Vehicle::Bicycle);
        assert_eq!((direct.remaining_m, direct.eta_s, direct.eta_high_s), (1350, 321, 450));
        let both = eta(home, &[shop, dropoff], Vehicle::Bicycle);
        assert_eq!((both.remaining_m, both.eta_s), (2025, 602));
        assert_eq!(eta(home, &[], Vehicle::Car), Eta { eta_s: 0, eta_high_s: 0, remaining_m: 0 });
        assert_eq!(Vehicle::named("car"), Some(Vehicle::Car));
    }
}
