//! Standing queries: the list rebuilt from deltas is the list that brute force makes, whatever happens and in whatever order threads run.

use fastrand::Rng;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Mutex;
use wassally_geo::{Delta, Nearby, PendingOrder, Point, Range, RemovalReason, Resolution};

type Change = Delta<u32, u32>;
type Geo = Nearby<u32, u32, u32>;

/// What a client has: exactly what its frames say.
#[derive(Default)]
struct Client {
    list: BTreeMap<u32, u32>,
    seq: u64,
}

impl Client {
    fn apply(&mut self, delta: Change) {
        assert_eq!(delta.seq, self.seq + 1, "a delta out of order");
        self.seq = delta.seq;
        if delta.full {
            self.list.clear();
        }
        for near in delta.added {
            self.list.insert(near.pending.order, near.pending.payload);
        }
        for (order, _) in delta.removed {
            assert!(self.list.remove(&order).is_some(), "removed what was never there");
        }
    }
}

/// Brute force with the rule of the list.
struct Oracle {
    orders: BTreeMap<u32, (u64, Point, u32)>,
    crews: Vec<OracleCrew>,
}

struct OracleCrew {
    range: Range,
    at: Option<Point>,
    accuracy_m: f64,
    list: BTreeSet<u32>,
}

impl Oracle {
    fn settle(&mut self) {
        for crew in &mut self.crews {
            let Some(at) = crew.at else { continue };
            let exit_m = crew.range.radius_m + (crew.range.radius_m * 0.1).max(20.0).max(crew.accuracy_m);
            let mut near: Vec<(f64, u32)> = self
                .orders
                .iter()
                .filter(|(order, (_, place, _))| {
                    at.is_within(*place, if crew.list.contains(order) { exit_m } else { crew.range.radius_m })
                })
                .map(|(order, (_, place, _))| (at.distance_m(*place), *order))
                .collect();
            near.sort_by(|a, b| a.partial_cmp(b).unwrap());
            crew.list = near.iter().take(crew.range.limit).map(|(_, order)| *order).collect();
        }
    }
}

fn pending(order: u32, version: u64, at: Point, payload: u32) -> PendingOrder<u32, u32> {
    PendingOrder { order, version, at, payload }
}

fn near(rng: &mut Rng, of: Point, spread_m: f64) -> Point {
    of.at(rng.f64() * 360.0, spread_m * rng.f64().sqrt())
}

#[test]
fn lists_rebuilt_from_deltas_equal_brute_force() {
    let mut rng = Rng::with_seed(crate::seed("standing"));
    let mut compared = 0;
    for round in 0..60 {
        let centre = [(52.52, 13.405), (0.0, 180.0), (89.99, 0.0), (31.95, 35.93)][round % 4];
        compared += play(&mut rng, Point::new(centre.0, centre.1).unwrap(), [3, 12, 100][round % 3]);
    }
    println!("{compared} lists compared after each of the steps, 0 differences");
}

/// One world: crews and orders come, move, end, come back late; after each step every list is compared.
fn play(rng: &mut Rng, centre: Point, limit: usize) -> usize {
    let geo = Geo::new(Resolution::Eight);
    let mut oracle = Oracle { orders: BTreeMap::new(), crews: Vec::new() };
    let mut clients: Vec<Client> = Vec::new();
    let (mut versions, mut now_ms, mut compared) = (HashMap::<u32, u64>::new(), 0, 0);
    for who in 0..8 {
        let range = Range { radius_m: [500.0, 3000.0, 1200.0][who % 3], limit };
        geo.watch(who as u32, range, None, |_| panic!("nothing is listed yet"));
        let full = geo.full(&(who as u32), |delta| delta).unwrap();
        assert!(full.no_position && full.full && full.added.is_empty());
        clients.push(Client { seq: full.seq, ..Client::default() });
        oracle.crews.push(OracleCrew { range, at: None, accuracy_m: 0.0, list: BTreeSet::new() });
    }
    for _ in 0..250 {
        now_ms += rng.u64(..2000);
        let order = rng.u32(..60);
        let version = versions.entry(order).or_default();
        let mut to = |who: &u32, delta: Change| clients[*who as usize].apply(delta);
        match rng.u8(..10) {
            0..3 => {
                *version += 1;
                let at = match oracle.orders.get(&order) {
                    Some((_, at, _)) if rng.bool() => *at,
                    _ => near(rng, centre, 4000.0),
                };
                let payload = rng.u32(..3);
                oracle.orders.insert(order, (*version, at, payload));
                geo.listed(pending(order, *version, at, payload), now_ms, to);
                if rng.u8(..4) == 0 {
                    // An end older than the order's state, and an older state.
                    geo.unlisted(&order, *version - 1, RemovalReason::Claimed, now_ms, |_, _| panic!("an old state was sent"));
                    geo.listed(pending(order, *version - 1, centre, 9), now_ms, |_, _| panic!("an old state was sent"));
                }
            }
            3 | 4 => {
                *version += 1;
                oracle.orders.remove(&order);
                geo.unlisted(&order, *version, RemovalReason::Claimed, now_ms, to);
                geo.listed(pending(order, *version - 1, centre, 9), now_ms, |_, _| panic!("an ended order came back"));
            }
            5 => {
                // A reconcile: its snapshot shows that some orders ended and others appeared without an event.
                let mark = geo.mark(now_ms);
                let late = rng.u32(60..70);
                let lost: Vec<u32> = oracle.orders.keys().copied().filter(|order| *order != late && rng.u8(..6) == 0).collect();
                let is_read = |order: &u32| *order != late && !lost.contains(order);
                let snapshot = oracle.orders.iter().filter(|(order, _)| is_read(order));
                let snapshot = snapshot.map(|(order, (version, at, payload))| pending(*order, *version, *at, *payload)).collect();
                // Meanwhile one more is listed, too late for the snapshot.
                let version = versions.entry(late).or_default();
                *version += 1;
                let at = near(rng, centre, 4000.0);
                oracle.orders.insert(late, (*version, at, 1));
                geo.listed(pending(late, *version, at, 1), now_ms, &mut to);
                oracle.settle();
                for order in lost {
                    oracle.orders.remove(&order);
                    *versions.entry(order).or_default() += 1;
                }
                geo.reconcile(mark, snapshot, now_ms + 500, to).unwrap();
            }
            _ => {
                let who = rng.usize(..8);
                let crew = &mut oracle.crews[who];
                let step_m = [8.0, 25.0, 40.0, 80.0, 3000.0][rng.usize(..5)];
                let at = near(rng, crew.at.unwrap_or(centre), step_m);
                crew.accuracy_m = rng.f64() * 150.0;
                crew.at = Some(at);
                if rng.u8(..8) == 0 {
                    crew.range.radius_m = 300.0 + rng.f64() * 3000.0;
                    geo.watch(who as u32, crew.range, Some((at, crew.accuracy_m)), |delta| clients[who].apply(delta));
                } else {
                    geo.moved(&(who as u32), at, crew.accuracy_m, |delta| clients[who].apply(delta));
                }
                if rng.u8(..10) == 0 {
                    geo.full(&(who as u32), |delta| clients[who].apply(delta));
                }
            }
        }
        oracle.settle();
        for (crew, client) in oracle.crews.iter().zip(&clients) {
            let expected: BTreeMap<u32, u32> = crew.list.iter().map(|order| (*order, oracle.orders[order].2)).collect();
            assert_eq!(client.list, expected, "limit {limit}");
            compared += 1;
        }
    }
    assert_eq!(geo.orders(), oracle.orders.len());
    compared
}

#[test]
fn threads_leave_every_list_as_it_should_be() {
    let seed = crate::seed("threads");
    for round in 0..20 {
        storm(seed + round, if round % 2 == 0 { 8 } else { 100 });
    }
}

/// Four threads move crews and list, end and reconcile orders at once; when quiet, every client's list obeys the rule.
fn storm(seed: u64, limit: usize) {
    const CREWS: u32 = 12;
    const ORDERS: u32 = 120;
    let geo = Geo::new(Resolution::Eight);
    let centre = Point::new(52.52, 13.405).unwrap();
    let clients: Vec<Mutex<Client>> = (0..CREWS).map(|_| Mutex::default()).collect();
    let to = |who: &u32, delta: Change| clients[*who as usize].lock().unwrap().apply(delta);
    // The state of an order as its row would have it: version, and where it is when listed. Its lock is the row's; changes are published after it is released.
    let rows: Vec<Mutex<(u64, Option<Point>)>> = (0..ORDERS).map(|_| Mutex::new((0, None))).collect();
    let places: Vec<Mutex<Point>> = (0..CREWS).map(|_| Mutex::new(centre)).collect();
    let range = Range { radius_m: 1500.0, limit };
    for who in 0..CREWS {
        geo.watch(who, range, None, |delta| to(&who, delta));
    }
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (geo, rows, places, to) = (&geo, &rows, &places, &to);
            scope.spawn(move || {
                let mut rng = Rng::with_seed(seed * 31 + thread);
                for _ in 0..3000 {
                    let order = rng.u32(..ORDERS);
                    match rng.u8(..20) {
                        0..5 => {
                            let at = near(&mut rng, centre, 3000.0);
                            let version = {
                                let mut row = rows[order as usize].lock().unwrap();
                                *row = (row.0 + 1, Some(at));
                                row.0
                            };
                            geo.listed(pending(order, version, at, version as u32), 0, to);
                        }
                        5..10 => {
                            let version = {
                                let mut row = rows[order as usize].lock().unwrap();
                                *row = (row.0 + 1, None);
                                row.0
                            };
                            geo.unlisted(&order, version, RemovalReason::Claimed, 0, to);
                        }
                        10 => {
                            let mark = geo.mark(0);
                            let read = |order: u32| {
                                let (version, at) = *rows[order as usize].lock().unwrap();
                                Some(pending(order, version, at?, version as u32))
                            };
                            geo.reconcile(mark, (0..ORDERS).filter_map(read).collect(), 0, to).unwrap();
                        }
                        _ => {
                            let who = rng.u32(..CREWS);
                            // One crew's pings come from one socket at a time.
                            let mut place = places[who as usize].lock().unwrap();
                            *place = if rng.u8(..4) == 0 { near(&mut rng, centre, 2500.0) } else { near(&mut rng, *place, 40.0) };
                            geo.moved(&who, *place, 0.0, |delta| to(&who, delta));
                        }
                    }
                }
            });
        }
    });
    for (who, client) in clients.iter().enumerate() {
        let client = client.lock().unwrap();
        let at = *places[who].lock().unwrap();
        let mut farthest_m: f64 = 0.0;
        for (order, payload) in &client.list {
            let (version, place) = *rows[*order as usize].lock().unwrap();
            let place = place.unwrap_or_else(|| panic!("an ended order is still listed: {order}"));
            assert_eq!(u64::from(*payload), version, "an old state is still shown");
            assert!(at.is_within(place, 1650.0));
            farthest_m = farthest_m.max(at.distance_m(place));
        }
        assert!(client.list.len() <= limit);
        for (order, row) in (0u32..).zip(&rows) {
            if let Some(place) = row.lock().unwrap().1.filter(|place| at.is_within(*place, 1500.0)) {
                let is_beaten = client.list.len() == limit && at.distance_m(place) >= farthest_m;
                assert!(is_beaten || client.list.contains_key(&order), "crew {who} misses order {order}");
            }
        }
    }
}

#[test]
fn the_other_crews_learn_the_reason_but_not_the_winner() {
    let geo = Nearby::<u32, u32, &str>::default();
    let at = Point::new(52.52, 13.405).unwrap();
    for who in 0..200 {
        geo.watch(who, Range::default(), Some((at, 5.0)), |_| {});
    }
    let mut outcome = 0;
    geo.listed(PendingOrder { order: 1, version: 1, at, payload: "soup" }, 0, |_, delta| outcome += delta.added.len());
    assert_eq!(outcome, 200);
    geo.unwatch(&0);
    geo.watch(200, Range { radius_m: f64::NAN, limit: 0 }, Some((at, f64::NAN)), |_| panic!("its list stays empty"));
    geo.unlisted(&1, 2, RemovalReason::Claimed, 0, |_, delta| {
        outcome -= usize::from(delta.removed == [(1, RemovalReason::Claimed)])
    });
    assert_eq!(outcome, 1, "all but the one who left");
    assert_eq!((geo.orders(), geo.watchers()), (0, 200));
}
