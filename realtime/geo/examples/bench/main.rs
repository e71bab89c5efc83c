//! What the index, the standing queries and the ping rules cost, as a table for RESULTS.md.
//!
//! `cargo run --release -p wassally-geo --example bench` (`-- --quick` for a tenth of the work,
//! `-- geometry` for that part alone). One clustered city of 40 x 40 km, seeded. Rates
//! are per second of CPU time (so a busy machine does not spoil them; two threads: the sum of both), percentiles are wall clock.

#![allow(clippy::unwrap_used)]

use fastrand::Rng;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

mod geometry;

// The crate's own private geometry, compiled into this program so that it can be measured beside `geo`.
#[path = "../../src/plane.rs"]
mod plane;
#[allow(dead_code)]
#[path = "../../src/point.rs"]
mod point;
#[allow(dead_code)]
#[path = "../../src/unit.rs"]
mod unit;

use wassally_geo::{Fix, Index, Limits, Nearby, PendingOrder, Point, Range, RemovalReason, Resolution, Track, step};

type Id = [u8; 16];

/// Counts what is held, for the bytes per entry.
struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    let scale = if std::env::args().any(|arg| arg == "--quick") { 10 } else { 1 };
    println!("| what | rate | p50 us | p99 us | note |\n|---|---|---|---|---|");
    if std::env::args().any(|arg| arg == "geometry") {
        pings(scale);
        return geometry::compare(scale);
    }
    for (orders, resolution) in [(20_000, Resolution::Eight), (100_000, Resolution::Eight), (100_000, Resolution::Nine)] {
        index(orders, resolution, scale);
    }
    hot_spot(Resolution::Eight, scale);
    hot_spot(Resolution::Ten, scale);
    standing(2_000, scale);
    standing(20_000, scale);
    pings(scale);
    geometry::compare(scale);
}

/// Two thirds in 40 clusters of 600 m, the rest anywhere.
struct City {
    clusters: Vec<Point>,
}

impl City {
    fn new(rng: &mut Rng) -> Self {
        Self { clusters: (0..40).map(|_| anywhere(rng)).collect() }
    }

    fn place(&self, rng: &mut Rng) -> Point {
        let cluster = self.clusters[rng.usize(..40)];
        if rng.u8(..3) == 0 { anywhere(rng) } else { near(rng, cluster, 600.0) }
    }
}

fn anywhere(rng: &mut Rng) -> Point {
    let (north_m, east_m) = (rng.f64() * 40_000.0, rng.f64() * 40_000.0);
    Point::new(52.34, 13.1).unwrap().at(0.0, north_m).at(90.0, east_m)
}

fn near(rng: &mut Rng, of: Point, spread_m: f64) -> Point {
    of.at(rng.f64() * 360.0, spread_m * rng.f64().sqrt())
}

fn id(rng: &mut Rng) -> Id {
    rng.u128(..).to_be_bytes()
}

fn index(orders: usize, resolution: Resolution, scale: usize) {
    let mut rng = Rng::with_seed(1);
    let city = City::new(&mut rng);
    let ids: Vec<Id> = (0..orders).map(|_| id(&mut rng)).collect();
    let mut places: Vec<Point> = (0..orders).map(|_| city.place(&mut rng)).collect();
    let index = Index::new(resolution);
    let what = format!("{} k, res {resolution}", orders / 1000);

    let (held, began) = (HELD.load(Ordering::Relaxed), cpu());
    ids.iter().zip(&places).for_each(|(id, at)| assert!(index.put(*id, *at, 0)));
    let bytes = (HELD.load(Ordering::Relaxed) - held) / orders;
    row(&format!("first puts, {what}"), rate(orders, began), None, &format!("{bytes} B an entry"));

    // A ping every 4 s at 5 m/s: 20 m, in random order of crews; made beforehand, so that only the index is timed.
    let moves: Vec<(usize, Point)> = (0..2_000_000 / scale)
        .map(|_| {
            let n = rng.usize(..orders);
            places[n] = near(&mut rng, places[n], 28.0);
            (n, places[n])
        })
        .collect();
    let began = cpu();
    moves.iter().for_each(|(n, at)| assert!(!index.put(ids[*n], *at, 0)));
    row(&format!("updates, {what}"), rate(moves.len(), began), None, "moves of about 20 m");

    let centres: Vec<Point> = (0..200_000 / scale).map(|_| city.place(&mut rng)).collect();
    let (mut found, mut times) = (0, Vec::with_capacity(centres.len()));
    let began = cpu();
    for at in &centres {
        let start = Instant::now();
        found += index.nearest(*at, 3000.0, 20, |_, _| true).len();
        times.push(start.elapsed());
    }
    row(
        &format!("nearby-20/3 km, {what}"),
        rate(centres.len(), began),
        Some(&mut times),
        &format!("{:.1} found", found as f64 / centres.len() as f64),
    );

    let half = |half: usize| {
        let began = cpu();
        for (n, (who, at)) in moves.iter().enumerate().filter(|(n, _)| n % 2 == half) {
            if n % 20 < 2 {
                black_box(index.nearest(centres[n % centres.len()], 3000.0, 20, |_, _| true));
            } else {
                index.put(ids[*who], *at, 0);
            }
        }
        rate(moves.len() / 2, began)
    };
    let both = std::thread::scope(|scope| [0, 1].map(|n| scope.spawn(move || half(n))).map(|thread| thread.join().unwrap()));
    row(&format!("mixed 90/10, two threads, {what}"), both.iter().sum(), None, "updates and searches together");
}

/// Half of 100 k entries within 300 m, searched from there.
fn hot_spot(resolution: Resolution, scale: usize) {
    let mut rng = Rng::with_seed(2);
    let city = City::new(&mut rng);
    let index = Index::new(resolution);
    let stadium = city.clusters[0];
    for n in 0..100_000 {
        let at = if n % 2 == 0 { near(&mut rng, stadium, 300.0) } else { city.place(&mut rng) };
        index.put(id(&mut rng), at, 0);
    }
    let centres: Vec<Point> = (0..20_000 / scale).map(|_| near(&mut rng, stadium, 1500.0)).collect();
    let began = cpu();
    let mut times = Vec::new();
    for at in &centres {
        let start = Instant::now();
        black_box(index.nearest(*at, 3000.0, 20, |_, _| true));
        times.push(start.elapsed());
    }
    row(&format!("nearby-20/3 km, hot spot of 50 k, res {resolution}"), rate(centres.len(), began), Some(&mut times), "");
}

/// Pending orders and 2 k crews that watch 3 km and 100 orders each.
fn standing(orders: usize, scale: usize) {
    let mut rng = Rng::with_seed(3);
    let city = City::new(&mut rng);
    let geo: Nearby<Id, Id, u32> = Nearby::default();
    for _ in 0..orders {
        let (order, at) = (id(&mut rng), city.place(&mut rng));
        geo.listed(PendingOrder { order, version: 1, at, payload: 0 }, 0, |_, _| {});
    }
    let mut crews: Vec<(Id, Point)> = (0..2000).map(|_| (id(&mut rng), city.place(&mut rng))).collect();
    let held = HELD.load(Ordering::Relaxed);
    crews.iter().for_each(|(who, at)| geo.watch(*who, Range::default(), Some((*at, 5.0)), |_| {}));
    let bytes = (HELD.load(Ordering::Relaxed) - held) / crews.len();
    let moves: Vec<(usize, Point)> = (0..100_000 / scale)
        .map(|_| {
            let n = rng.usize(..crews.len());
            crews[n].1 = near(&mut rng, crews[n].1, 28.0);
            (n, crews[n].1)
        })
        .collect();
    let (mut deltas, mut times) = (0, Vec::new());
    let began = cpu();
    for (n, at) in &moves {
        let moved = Instant::now();
        deltas += usize::from(geo.moved(&crews[*n].0, *at, 5.0, black_box).is_some());
        times.push(moved.elapsed());
    }
    let note = format!(
        "{} k orders; {:.0} % with a delta; {bytes} B a watcher",
        orders / 1000,
        100.0 * deltas as f64 / moves.len() as f64
    );
    row("standing: a watcher moves", rate(moves.len(), began), Some(&mut times), &note);

    let (mut deltas, mut listed, mut ended) = (0, Vec::new(), Vec::new());
    let began = cpu();
    for _ in 0..2000 / scale {
        let (order, at) = (id(&mut rng), city.place(&mut rng));
        let now = Instant::now();
        geo.listed(PendingOrder { order, version: 1, at, payload: 0 }, 0, |_, _| deltas += 1);
        listed.push(now.elapsed());
        let now = Instant::now();
        geo.unlisted(&order, 2, RemovalReason::Claimed, 0, |_, delta| deltas += black_box(delta).removed.len());
        ended.push(now.elapsed());
    }
    let each = deltas as f64 / listed.len() as f64;
    let count = listed.len();
    row(
        "standing: an order appears, all watchers notified",
        rate(count, began),
        Some(&mut listed),
        &format!("2 k watchers, {each:.0} deltas for both"),
    );
    row("standing: it is claimed, all watchers notified", rate(count, began), Some(&mut ended), "rate of the pair");
}

fn pings(scale: usize) {
    let mut rng = Rng::with_seed(4);
    let limits = Limits::default();
    let fixes: Vec<Fix> = (0..1_000_000 / scale)
        .map(|n| {
            let at = near(&mut rng, Point::new(52.5, 13.4).unwrap(), 10.0);
            let ms = n as i64 * 4000;
            Fix { lat: at.lat(), lng: at.lng(), device_ms: ms, received_ms: ms, accuracy_m: Some(8.0), ..Fix::default() }
        })
        .collect();
    let began = cpu();
    let track = fixes.iter().fold(Track::default(), |track, fix| step(&track, fix, &limits).0);
    black_box(track);
    row("ping rules (clock, order, accuracy, gate, filter)", rate(fixes.len(), began), None, "");
}

/// CPU time of this thread so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts each thread's CPU time");
    Duration::from_nanos(stat.split(' ').next().unwrap().parse().unwrap())
}

fn rate(count: usize, began: Duration) -> f64 {
    count as f64 / (cpu() - began).as_secs_f64()
}

fn row(what: &str, rate: f64, times: Option<&mut Vec<Duration>>, note: &str) {
    let rate = if rate >= 1e6 { format!("{:.2} M/s", rate / 1e6) } else { format!("{:.1} k/s", rate / 1e3) };
    let percentiles = times.map(|times| {
        times.sort_unstable();
        [50, 99].map(|percent| format!("{:.1}", times[times.len() * percent / 100].as_secs_f64() * 1e6))
    });
    let [p50, p99] = percentiles.unwrap_or_else(|| ["-".into(), "-".into()]);
    println!("| {what} | {rate} | {p50} | {p99} | {note} |");
}
