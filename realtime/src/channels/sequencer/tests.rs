//! The order of one channel, step by step.

use super::*;

struct Fixture {
    sequencer: Sequencer,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        let bounds = Bounds { count: 100, bytes: 1 << 20, age: Duration::from_secs(60) };
        Self { sequencer: Sequencer::new(bounds), now: Instant::now() }
    }

    fn at(top: Offset) -> Self {
        let mut fixture = Self::new();
        let begun = fixture.now;
        assert_eq!(fixture.sequencer.stands_at(top, begun, begun), Out::default());
        fixture
    }

    fn accept(&mut self, offset: Offset) -> Vec<Offset> {
        numbers(self.sequencer.accept(row(offset), self.now)).0
    }

    fn after_ms(&mut self, ms: u64) -> (Vec<Offset>, Then) {
        self.now += Duration::from_millis(ms);
        numbers(self.sequencer.tick(self.now))
    }

    fn fill(&mut self, rows: impl IntoIterator<Item = Offset>, top: Offset) -> (Vec<Offset>, Then) {
        numbers(self.sequencer.backfilled(rows.into_iter().map(row).collect(), top, self.now, self.now))
    }
}

fn row(offset: Offset) -> Entry {
    Entry::new(offset, "{}")
}

fn numbers(out: Out) -> (Vec<Offset>, Then) {
    (out.ready.iter().map(|row| row.offset).collect(), out.then)
}

#[test]
fn numbers_in_any_order_come_out_in_order_and_once() {
    let mut fixture = Fixture::at(3);
    assert!(fixture.accept(5).is_empty());
    assert_eq!(fixture.accept(4), [4, 5]);
    assert!(fixture.accept(4).is_empty() && fixture.accept(5).is_empty());
    assert_eq!((fixture.accept(6), fixture.sequencer.due()), (vec![6], None));
}

#[test]
fn a_gap_is_waited_for_20_ms_and_then_backfilled() {
    let mut fixture = Fixture::at(3);
    fixture.accept(6);
    assert_eq!(fixture.after_ms(19), (vec![], Then::Nothing));
    assert_eq!(fixture.after_ms(1), (vec![], Then::Backfill { after: 3 }));
    assert_eq!(fixture.after_ms(500), (vec![], Then::Nothing), "already asked");
    assert_eq!(fixture.after_ms(500), (vec![], Then::Backfill { after: 3 }), "no answer: asked again");
    assert_eq!(fixture.fill([4, 5, 6, 7], 7), (vec![4, 5, 6, 7], Then::Nothing));
    assert!(fixture.accept(7).is_empty() && !fixture.sequencer.is_behind());
}

#[test]
fn an_answer_cut_short_asks_for_the_rest_at_once() {
    let mut fixture = Fixture::at(3);
    fixture.accept(9);
    fixture.after_ms(20);
    assert_eq!(fixture.fill([4, 5], 9), (vec![4, 5], Then::Backfill { after: 5 }));
    assert_eq!(fixture.fill([6, 7, 8, 9], 9), (vec![6, 7, 8, 9], Then::Nothing));
}

#[test]
fn a_wide_gap_and_an_expired_log_are_insufficient() {
    let mut fixture = Fixture::at(3);
    fixture.accept(1_005);
    assert_eq!(fixture.after_ms(20), (vec![1_005], Then::Insufficient), "1,001 missing");
    let mut fixture = Fixture::at(3);
    fixture.accept(1_004);
    assert_eq!(fixture.after_ms(20), (vec![], Then::Backfill { after: 3 }), "1,000 missing");
    assert_eq!(fixture.fill([], 1_004), (vec![1_004], Then::Insufficient));
}

#[test]
fn an_unknown_channel_waits_for_lower_numbers() {
    let mut fixture = Fixture::new();
    assert!(fixture.accept(8).is_empty() && fixture.accept(7).is_empty());
    assert_eq!(fixture.after_ms(20), (vec![7, 8], Then::Nothing));
    assert!(fixture.accept(6).is_empty());
    assert_eq!(Fixture::new().accept(1), [1], "nothing is lower than 1");
}

#[test]
fn a_reading_starts_an_unknown_channel_and_shows_what_is_missing() {
    let mut fixture = Fixture::at(4);
    assert_eq!(fixture.sequencer.top(), Some(4));
    let now = fixture.now;
    assert_eq!(fixture.sequencer.stands_at(6, now, now), Out::default());
    assert_eq!(fixture.after_ms(20), (vec![], Then::Backfill { after: 4 }));
}

#[test]
fn publications_before_the_first_reading_are_not_skipped() {
    let mut fixture = Fixture::new();
    assert!(fixture.accept(5).is_empty());
    let now = fixture.now;
    assert_eq!(fixture.sequencer.stands_at(7, now, now), Out::default(), "lower ones may be on their way");
    assert_eq!(fixture.after_ms(20), (vec![5], Then::Nothing));
    assert_eq!(fixture.after_ms(20), (vec![], Then::Backfill { after: 5 }));
}

#[test]
fn a_head_below_a_number_known_before_its_reading_is_another_log() {
    let mut fixture = Fixture::at(3);
    let before = fixture.now;
    fixture.now += Duration::from_millis(1);
    assert_eq!(fixture.accept(4), [4]);
    assert_eq!(fixture.sequencer.stands_at(3, before, fixture.now), Out::default(), "the reading began before 4 arrived");
    let later = fixture.now + Duration::from_millis(1);
    assert_eq!(fixture.sequencer.stands_at(3, later, later).then, Then::Reset);
    assert_eq!(fixture.accept(4), [4]);
}

#[test]
fn recent_publications_recover_from_memory() {
    let mut fixture = Fixture::at(3);
    (4..=6).for_each(|offset| drop(fixture.accept(offset)));
    let since = |offset| fixture.sequencer.since(offset).map(|rows| rows.iter().map(|row| row.offset).collect::<Vec<_>>());
    assert_eq!(since(4), Some(vec![5, 6]));
    assert_eq!(since(6), Some(vec![]));
    assert_eq!((since(2), since(7)), (None, None));
    assert!(Fixture::new().sequencer.since(0).is_none(), "an unknown channel has no memory");
}
