//! What the players decide: drawn only from the seed, the person and the number of the decision, never from time or from the server.

use crate::seeded::Seeded;
use parking_lot::Mutex;
use serde::Serialize;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// One purchase of a customer. Times are in seconds at speed 1.
#[derive(Serialize, Debug)]
pub struct Purchase {
    /// Pause before it, as a multiple of the mean pause.
    pub pause: f64,
    /// One to three shops, each with products (index among the shop's products by SKU) and quantities.
    pub shops: Vec<(usize, Vec<(usize, u32)>)>,
    pub pays_by_wallet: bool,
    /// Cancels the order after so long when no crew has taken it; most never do.
    pub gives_up_after_s: Option<f64>,
    pub completes_after_s: f64,
}

/// How a shop treats one order.
#[derive(Serialize, Debug)]
pub struct Preparation {
    pub accepts_after_s: f64,
    pub ready_after_s: f64,
}

/// How fast a crew reacts to an order on its list.
#[derive(Serialize, Debug)]
pub struct ClaimDelay {
    pub delay_s: f64,
}

/// Where an idle crew rides next, as any number.
#[derive(Serialize, Debug)]
pub struct Stroll {
    pub corner: u64,
    pub rest_s: f64,
}

/// Hands out decisions in each person's order and keeps a hash of all that were made.
pub struct Decisions {
    seed: u64,
    made: Mutex<BTreeMap<String, (u64, [u8; 32])>>,
}

impl Decisions {
    pub fn new(seed: u64) -> Self {
        Self { seed, made: Mutex::new(BTreeMap::new()) }
    }

    /// `shops` is how many shops there are to choose from, the ones that never close first; `always_open` how many those are.
    pub fn purchase(&self, customer: &str, shops: usize, always_open: usize, products: usize) -> Purchase {
        self.next(customer, |number, draw| {
            // The first purchase comes soon, so that the city is not empty when somebody opens the page.
            let haste = if number == 0 { 0.15 } else { 1.0 };
            let pause = haste * (-(1.0 - draw.unit()).ln()).clamp(0.1, 3.0);
            let count = [1, 1, 1, 2, 2, 3][draw.below(6)];
            let mut chosen = vec![draw.below(always_open)];
            while chosen.len() < count {
                let next = draw.below(shops);
                if !chosen.contains(&next) {
                    chosen.push(next);
                }
            }
            let shops = chosen
                .into_iter()
                .map(|shop| {
                    let mut lines: Vec<(usize, u32)> = Vec::new();
                    for _ in 0..1 + draw.below(2) {
                        let product = draw.below(products);
                        if lines.iter().all(|(known, _)| *known != product) {
                            lines.push((product, 1 + draw.below(2) as u32));
                        }
                    }
                    (shop, lines)
                })
                .collect();
            Purchase {
                pause,
                shops,
                pays_by_wallet: draw.chance(0.4),
                gives_up_after_s: draw.chance(0.06).then(|| draw.between(20.0, 90.0)),
                completes_after_s: draw.between(40.0, 240.0),
            }
        })
    }

    pub fn preparation(&self, shop: &str) -> Preparation {
        self.next(shop, |_, draw| Preparation {
            accepts_after_s: draw.between(3.0, 15.0),
            ready_after_s: draw.between(20.0, 120.0),
        })
    }

    pub fn claim_delay(&self, crew: &str) -> ClaimDelay {
        self.next(crew, |_, draw| ClaimDelay { delay_s: draw.between(1.0, 6.0) })
    }

    pub fn stroll(&self, crew: &str) -> Stroll {
        self.next(&format!("{crew}'s stroll"), |_, draw| Stroll { corner: draw.next(), rest_s: draw.between(2.0, 25.0) })
    }

    fn next<T: Serialize>(&self, who: &str, draw: impl FnOnce(u64, &mut Seeded) -> T) -> T {
        let mut made = self.made.lock();
        let (number, hash) = made.entry(who.to_owned()).or_default();
        let decision = draw(*number, &mut Seeded::new(self.seed, &format!("{who} {number}")));
        let text = serde_json::to_vec(&decision).expect("a decision is plain data");
        *hash = Sha256::new().chain_update(*hash).chain_update(text).finalize().into();
        *number += 1;
        decision
    }

    /// Number and hash of the decisions of everybody whose name begins so: `customer 42 decisions 9f86d081`.
    pub fn summary(&self, of: &str) -> String {
        let made = self.made.lock();
        let mut all = Sha256::new();
        let mut count = 0;
        for (who, (number, hash)) in made.iter().filter(|(who, _)| who.starts_with(of)) {
            count += number;
            all.update(who.as_bytes());
            all.update(hash);
        }
        let hash = all.finalize().iter().take(8).fold(String::new(), |mut text, byte| {
            // Writing to a string cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        });
        format!("{of} {count} decisions {hash}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_decides_the_same_whatever_the_order_of_the_people() {
        let (one, two) = (Decisions::new(1), Decisions::new(1));
        for _ in 0..5 {
            one.purchase("customer6", 8, 4, 12);
        }
        one.claim_delay("crew5");
        two.claim_delay("crew5");
        for _ in 0..5 {
            two.purchase("customer6", 8, 4, 12);
        }
        assert_eq!(one.summary("customer"), two.summary("customer"));
        assert_eq!(one.summary("crew"), two.summary("crew"));
        assert_ne!(one.summary("customer"), Decisions::new(2).summary("customer"));
    }

    #[test]
    fn purchases_stay_within_three_shops() {
        let decisions = Decisions::new(9);
        for _ in 0..500 {
            let purchase = decisions.purchase("customer7", 8, 4, 12);
            assert!((1..=3).contains(&purchase.shops.len()) && purchase.shops[0].0 < 4);
            assert!(purchase.shops.iter().all(|(_, lines)| !lines.is_empty()));
        }
    }
}
