//! Whose turn it is. Turns are counted from a day that never moves, so that they follow from the files alone: the same people in the same
//! order are on call at the same time, whoever asks and whenever it was first asked.

use crate::config::domains::{Away, Length, OnCall};
use jiff::civil::{Date, DateTime, Weekday, date};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use jiff::{Timestamp, ToSpan};

/// The first turns of all rotations began in the week of this Monday.
const ORIGIN: Date = date(2026, 1, 5);

/// When nobody says when.
const DEFAULT: &str = "monday 09:00 UTC";

const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// When one person takes over from the other: `monday 09:00 America/Los_Angeles`.
#[derive(Clone, Debug, PartialEq)]
pub struct Handover {
    pub weekday: Weekday,
    pub hour: i8,
    pub minute: i8,
    pub zone: TimeZone,
}

/// What is wrong with a handover, and the word as written with those that are known.
pub type Wrong<'a> = (String, Option<(&'a str, Vec<String>)>);

impl Handover {
    /// What a text says.
    ///
    /// # Errors
    /// What is wrong with it, and the words that were possible.
    pub fn parse(text: &str) -> Result<Handover, Wrong<'_>> {
        let parts: Vec<&str> = text.split(' ').collect();
        let [day, time, zone] = parts[..] else { return Err(("a handover is a weekday, a time and a time zone".to_owned(), None)) };
        let known = WEEKDAYS.iter().find(|(name, _)| *name == day);
        let no_day = || (format!("`{day}` is no weekday"), Some((day, WEEKDAYS.map(|(name, _)| name.to_owned()).to_vec())));
        let (_, weekday) = known.ok_or_else(no_day)?;
        let (hour, minute) = clock(time).ok_or_else(|| (format!("`{time}` is no time of day"), None))?;
        let zone = known_zone(zone).ok_or_else(|| (format!("`{zone}` is no time zone"), Some((zone, zones(zone)))))?;
        Ok(Handover { weekday: *weekday, hour, minute, zone })
    }
}

/// An hour and a minute: `09:00`.
fn clock(text: &str) -> Option<(i8, i8)> {
    let digits =
        |text: &str| (text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse::<i8>().ok()).flatten();
    let (hour, minute) = text.split_once(':')?;
    let (hour, minute) = (digits(hour)?, digits(minute)?);
    (hour < 24 && minute < 60).then_some((hour, minute))
}

/// The zone of a name, written as the database writes it: AWS compares letter by letter.
fn known_zone(name: &str) -> Option<TimeZone> {
    TimeZoneDatabase::bundled().get(name).ok().filter(|zone| zone.iana_name() == Some(name))
}

/// The names of zones on the same continent: few enough to look for the one that was meant.
fn zones(near: &str) -> Vec<String> {
    let continent = near.split('/').next().unwrap_or_default().to_lowercase();
    let all = TimeZoneDatabase::bundled();
    all.available().map(|name| name.as_str().to_owned()).filter(|name| name.to_lowercase().starts_with(&continent)).collect()
}

/// The turns of one definition. All its levels hand over at the same time.
#[derive(Clone, Debug)]
pub struct Turns {
    pub zone: TimeZone,
    /// When the first of each level first took over.
    pub starts: DateTime,
    pub length: Length,
}

impl Turns {
    /// None when the handover is none, which is a problem of its own.
    pub fn of(on_call: &OnCall) -> Option<Turns> {
        let handover = Handover::parse(on_call.handover.as_deref().unwrap_or(DEFAULT)).ok()?;
        let days = match on_call.rotation {
            Length::Weekly => ORIGIN.weekday().until(handover.weekday),
            Length::Daily => 0,
        };
        let first = ORIGIN.checked_add(i64::from(days).days()).ok()?;
        Some(Turns { starts: first.at(handover.hour, handover.minute, 0, 0), zone: handover.zone, length: on_call.rotation })
    }

    fn days(&self) -> i64 {
        match self.length {
            Length::Weekly => 7,
            Length::Daily => 1,
        }
    }

    /// When a turn begins. Clocks that skip the hour of the handover hand over as much later, and those that show it twice the first time.
    pub fn begins(&self, turn: i64) -> Option<Timestamp> {
        let day = self.starts.checked_add(turn.checked_mul(self.days())?.days()).ok()?;
        self.zone.to_ambiguous_timestamp(day).compatible().ok()
    }

    /// Which turn it is at a time.
    pub fn at(&self, time: Timestamp) -> Option<i64> {
        let today = self.zone.to_datetime(time).date();
        let since = i64::from(self.starts.date().until(today).ok()?.get_days());
        let mut turn = since.div_euclid(self.days());
        while self.begins(turn)? > time {
            turn -= 1;
        }
        while self.begins(turn + 1)? <= time {
            turn += 1;
        }
        Some(turn)
    }

    /// Whose turn it is, of people who take turns.
    pub fn whose<'a>(&self, people: &[&'a str], turn: i64) -> Option<&'a str> {
        let count = i64::try_from(people.len()).ok()?;
        people.get(usize::try_from(turn.checked_rem_euclid(count)?).ok()?).copied()
    }
}

/// From when until when somebody is away: from the first day's beginning to the last day's end, by the clocks of a zone.
pub fn away(away: &Away, zone: &TimeZone) -> Option<(Timestamp, Timestamp)> {
    let midnight = |day: Date| zone.to_ambiguous_timestamp(day.at(0, 0, 0, 0)).compatible().ok();
    let (from, to) = (day(&away.from)?, day(&away.to)?);
    Some((midnight(from)?, midnight(to.checked_add(1.day()).ok()?)?))
}

/// A date, as `2026-11-26`.
pub fn day(text: &str) -> Option<Date> {
    text.parse::<Date>().ok().filter(|date| date.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turns(handover: &str, length: Length) -> Turns {
        let on_call = OnCall { handover: Some(handover.to_owned()), rotation: length, ..OnCall::default() };
        Turns::of(&on_call).unwrap()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn a_week_begins_on_its_day_whatever_the_clocks_do() {
        let weekly = turns("sunday 02:30 America/New_York", Length::Weekly);
        // The Sunday on which clocks skip that half hour, and the one on which they show it twice.
        assert_eq!(weekly.at(time("2026-03-08T07:29:59Z")), Some(7));
        assert_eq!(weekly.at(time("2026-03-08T07:30:00Z")), Some(8));
        assert_eq!(weekly.begins(42), Some(time("2026-11-01T07:30:00Z")));
        assert_eq!(weekly.begins(43), Some(time("2026-11-08T07:30:00Z")));
    }

    #[test]
    fn turns_are_counted_before_the_first_one_too() {
        let daily = turns("monday 09:00 UTC", Length::Daily);
        assert_eq!(daily.at(time("2026-01-05T08:59:59Z")), Some(-1));
        assert_eq!(daily.at(time("2026-01-05T09:00:00Z")), Some(0));
        assert_eq!(daily.whose(&["ada", "grace", "linus"], -1), Some("linus"));
        assert_eq!(daily.whose(&[], 3), None);
    }

    #[test]
    fn who_is_away_is_so_whole_days_of_any_length() {
        let zone = TimeZone::get("Europe/Berlin").unwrap();
        let day = Away { from: "2026-10-25".into(), to: "2026-10-25".into() };
        let (from, to) = away(&day, &zone).unwrap();
        assert_eq!(to.duration_since(from).as_hours(), 25);
        assert_eq!(away(&Away { from: "2026-2-30".into(), ..day }, &zone), None);
    }

    #[test]
    fn zones_are_those_of_the_database_letter_by_letter() {
        assert!(known_zone("Europe/Berlin").is_some());
        assert!(known_zone("europe/berlin").is_none());
        assert!(known_zone("../etc/passwd").is_none());
    }
}
