//! The index under several threads at once.

use fastrand::Rng;
use std::collections::HashSet;
use wassally_geo::{Index, Point, Resolution};

const KEYS: u32 = 2000;

/// Each mover owns a part of the keys and a reader searches beside them: no key twice, none outside, and all in place at the end.
#[test]
fn searches_beside_movers_find_no_key_twice() {
    let seed = crate::seed("movers");
    let centre = Point::new(52.52, 13.405).unwrap();
    let index = Index::new(Resolution::Ten);
    let near = |rng: &mut Rng| centre.at(rng.f64() * 360.0, 400.0 * rng.f64().sqrt());
    let mut rng = Rng::with_seed(seed);
    for key in 0..KEYS {
        index.put(key, near(&mut rng), 0);
    }
    let last: Vec<(u32, Option<Point>)> = std::thread::scope(|scope| {
        let movers: Vec<_> = (0..3u32)
            .map(|part| {
                let (index, near) = (&index, &near);
                scope.spawn(move || {
                    let mut rng = Rng::with_seed(seed + u64::from(part) + 1);
                    let mut mine: Vec<(u32, Option<Point>)> =
                        (0..KEYS).filter(|key| key % 3 == part).map(|key| (key, None)).collect();
                    for round in 0..60 {
                        for (key, at) in &mut mine {
                            if round % 7 == 6 && *key % 5 == 0 {
                                assert_eq!(index.remove(key), round == 6 || at.is_some());
                                *at = None;
                            } else {
                                *at = Some(near(&mut rng));
                                index.put(*key, at.unwrap(), *key);
                            }
                        }
                    }
                    mine
                })
            })
            .collect();
        let mut searches = 0;
        while movers.iter().any(|mover| !mover.is_finished()) {
            let hits = index.nearest(near(&mut rng), 150.0, [20, usize::MAX][searches % 2], |_, _| true);
            let keys: HashSet<u32> = hits.iter().map(|hit| hit.key).collect();
            assert_eq!(keys.len(), hits.len(), "a key twice");
            assert!(hits.is_sorted_by(|a, b| a.distance_m <= b.distance_m) && hits.iter().all(|hit| hit.distance_m <= 150.0));
            searches += 1;
        }
        println!("{searches} searches beside three movers");
        movers.into_iter().flat_map(|mover| mover.join().unwrap()).collect()
    });
    let found = index.nearest(centre, 1000.0, usize::MAX, |_, _| true);
    let there: HashSet<u32> = last.iter().filter(|(_, at)| at.is_some()).map(|(key, _)| *key).collect();
    assert_eq!(found.iter().map(|hit| hit.key).collect::<HashSet<_>>(), there);
    assert_eq!((found.len(), index.len()), (there.len(), there.len()));
    for (key, at) in last.iter().filter_map(|(key, at)| Some((key, (*at)?))) {
        assert_eq!(index.nearest(at, 0.001, 1, |found, _| found == key).len(), 1, "{key} is not where it was put");
    }
}

/// A stadium of 10,000: all in a few cells, leaving in random order.
#[test]
fn a_full_stadium_empties_in_any_order() {
    let mut rng = Rng::with_seed(crate::seed("stadium"));
    let centre = Point::new(31.95, 35.93).unwrap();
    let index = Index::new(Resolution::Eight);
    let mut inside: Vec<u32> = (0..10_000).collect();
    let places: Vec<Point> = inside.iter().map(|_| centre.at(rng.f64() * 360.0, rng.f64() * 150.0)).collect();
    inside.iter().for_each(|key| assert!(index.put(*key, places[*key as usize], 0)));
    rng.shuffle(&mut inside);
    while let Some(key) = inside.pop() {
        assert!(index.remove(&key));
        if inside.len().is_multiple_of(500) {
            let mut left: Vec<u32> = index.nearest(centre, 200.0, usize::MAX, |_, _| true).iter().map(|hit| hit.key).collect();
            left.sort_unstable();
            let mut expected = inside.clone();
            expected.sort_unstable();
            assert_eq!(left, expected);
        }
    }
    assert!(index.is_empty() && index.heat(Resolution::Seven).is_empty());
}
