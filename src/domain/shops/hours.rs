//! Opening hours by the shop's own wall clock, and `GET /api/shops/{id}/hours/`.
use crate::{
    App,
    actor::Anyone,
    clock::Timestamp,
    ids::ShopId,
    problem::{Problem, Result},
};
use chrono::{Datelike, Timelike};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

const DAY_MIN: i16 = 24 * 60;

/// One stretch of opening; a day may have several.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Day {
    /// Monday is 1.
    #[schema(minimum = 1, maximum = 7)]
    pub day: i16,
    #[schema(example = "18:00")]
    pub opens: String,
    /// At or before `opens` it is the next day's; "24:00" is the end of the day.
    #[schema(example = "02:00")]
    pub closes: String,
}

/// A time the shop is shut against its hours.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Closure {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// When a shop is open.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct OpeningHours {
    #[schema(example = "Africa/Cairo")]
    pub time_zone: String,
    pub days: Vec<Day>,
    pub closures: Vec<Closure>,
}

/// A stretch as it is stored: minutes after midnight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stretch {
    pub day: i16,
    pub opens: i16,
    pub closes: i16,
}

impl Stretch {
    /// Reads the wire form. `None`: no such day or time, or both times the same.
    pub fn read(day: &Day) -> Option<Self> {
        let stretch = Self { day: day.day, opens: minutes(&day.opens)?, closes: minutes(&day.closes)? };
        let is_sound =
            (1..=7).contains(&stretch.day) && stretch.opens < DAY_MIN && stretch.closes >= 1 && stretch.closes != stretch.opens;
        is_sound.then_some(stretch)
    }

    pub fn written(self) -> Day {
        let text = |min: i16| format!("{:02}:{:02}", min / 60, min % 60);
        Day { day: self.day, opens: text(self.opens), closes: text(self.closes) }
    }

    /// Whether `minute` of weekday `day` lies in it.
    fn covers(self, day: i16, minute: i16) -> bool {
        if self.closes > self.opens {
            return day == self.day && (self.opens..self.closes).contains(&minute);
        }
        let next = self.day % 7 + 1;
        (day == self.day && minute >= self.opens) || (day == next && minute < self.closes)
    }
}

fn minutes(text: &str) -> Option<i16> {
    let (hours, minutes) = text.split_once(':')?;
    let is_plain = [hours, minutes].iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_digit()));
    let (hours, minutes): (i16, i16) = is_plain.then(|| Some((hours.parse().ok()?, minutes.parse().ok()?)))??;
    let total = hours * 60 + minutes;
    (minutes < 60 && total <= DAY_MIN).then_some(total)
}

/// A shop's stored hours.
#[derive(Debug, Clone, Default)]
pub(super) struct Schedule {
    pub stretches: Vec<Stretch>,
    pub closures: Vec<Closure>,
}

impl Schedule {
    /// Whether a shop in `time_zone` is open at `now`. An unknown zone counts as UTC.
    pub fn is_open(&self, time_zone: &str, now: Timestamp) -> bool {
        if self.closures.iter().any(|closure| closure.from <= now && now < closure.to) {
            return false;
        }
        let local = now.with_timezone(&time_zone.parse::<Tz>().unwrap_or(Tz::UTC));
        let part = |number: u32| i16::try_from(number).unwrap_or_default();
        let (day, minute) = (part(local.weekday().number_from_monday()), part(local.hour() * 60 + local.minute()));
        self.stretches.iter().any(|stretch| stretch.covers(day, minute))
    }
}

/// Reads when a shop is open.
#[derive(Debug, Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadHours {
    id: ShopId,
}

/// The hours of an approved shop.
pub async fn hours(app: App, _: Anyone, input: ReadHours) -> Result<OpeningHours> {
    let (id, region) = (input.id, input.id.region());
    let mut conn = app.read_stale(region).await?;
    let shop = super::store::by_ids(&mut conn, region, &[id]).await?.pop().filter(|shop| shop.is_approved());
    let shop = shop.ok_or_else(Problem::not_found)?;
    let schedule = super::store::schedules(&mut conn, region, &[id]).await?.remove(&id).unwrap_or_default();
    Ok(OpeningHours {
        time_zone: shop.time_zone,
        days: schedule.stretches.into_iter().map(Stretch::written).collect(),
        closures: schedule.closures,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schedule(days: &[(i16, &str, &str)]) -> Schedule {
        let read = |&(day, opens, closes): &(i16, &str, &str)| {
            Stretch::read(&Day { day, opens: opens.into(), closes: closes.into() }).expect("sound hours")
        };
        Schedule { stretches: days.iter().map(read).collect(), closures: vec![] }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect(text)
    }

    #[test]
    fn hours_over_midnight_belong_to_the_evening_they_began_in() {
        // Saturday evening to Sunday morning; 2026-11-21 is a Saturday.
        let bar = schedule(&[(6, "18:00", "02:00")]);
        for (now, open) in [
            ("2026-11-21T17:59:59Z", false),
            ("2026-11-21T18:00:00Z", true),
            ("2026-11-22T01:59:59Z", true),
            ("2026-11-22T02:00:00Z", false),
            ("2026-11-21T01:00:00Z", false),
        ] {
            assert_eq!(bar.is_open("UTC", at(now)), open, "{now}");
        }
        assert!(schedule(&[(7, "18:00", "02:00")]).is_open("UTC", at("2026-11-23T01:00:00Z")), "Sunday runs into Monday");
    }

    #[test]
    fn the_shops_own_wall_clock_decides() {
        let shop = schedule(&[(6, "09:00", "21:00")]);
        let now = at("2026-11-21T08:30:00Z");
        assert!(!shop.is_open("UTC", now));
        assert!(shop.is_open("Africa/Cairo", now), "it is 10:30 there");
        // In summer Cairo is three hours ahead.
        assert!(shop.is_open("Africa/Cairo", at("2026-07-18T06:00:00Z")));
        assert!(!shop.is_open("Africa/Cairo", at("2026-11-21T06:30:00Z")));
    }

    #[test]
    fn round_the_clock_has_no_gap_at_midnight() {
        let shop = schedule(&[(6, "00:00", "24:00"), (7, "00:00", "24:00")]);
        for now in ["2026-11-21T00:00:00Z", "2026-11-21T23:59:59Z", "2026-11-22T00:00:00Z"] {
            assert!(shop.is_open("UTC", at(now)), "{now}");
        }
    }

    #[test]
    fn a_closure_shuts_an_open_shop() {
        let mut shop = schedule(&[(6, "00:00", "24:00")]);
        shop.closures.push(Closure { from: at("2026-11-21T10:00:00Z"), to: at("2026-11-21T11:00:00Z") });
        assert!(!shop.is_open("UTC", at("2026-11-21T10:00:00Z")));
        assert!(shop.is_open("UTC", at("2026-11-21T11:00:00Z")));
    }

    #[test]
    fn times_that_are_none_are_refused() {
        for (day, opens, closes) in [
            (0, "09:00", "10:00"),
            (8, "09:00", "10:00"),
            (1, "24:00", "02:00"),
            (1, "9:00", "10:00"),
            (1, "09:60", "10:00"),
            (1, "09:00", "09:00"),
            (1, "09:00", "24:01"),
            (1, "09:00", "00:00"),
        ] {
            assert_eq!(Stretch::read(&Day { day, opens: opens.into(), closes: closes.into() }), None, "{day} {opens} {closes}");
        }
    }
}
