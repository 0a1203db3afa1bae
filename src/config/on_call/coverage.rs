//! Who can be reached at every minute of the weeks to come. By intervals, not by minutes: between two handovers, and two days of somebody's
//! coming or going, nothing changes.

use super::{Level, Turns, all_levels, away, ways};
use crate::config::domains::{OnCall, Person};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

/// How far ahead we look: eight weeks, long enough to find somebody to swap with.
pub const WATCHED: SignedDuration = SignedDuration::from_hours(8 * 7 * 24);

/// The fewest people who have to be reachable: one to answer, and one in case that one does not.
const FEWEST: usize = 2;

/// A time at which fewer can be reached, and who these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub from: Timestamp,
    pub to: Timestamp,
    pub reachable: BTreeSet<String>,
}

/// The times at which fewer than two people can be reached, in order; those that follow on each other with the same people are one.
pub fn gaps(on_call: &OnCall, people: &BTreeMap<String, Person>, now: Timestamp, ahead: SignedDuration) -> Vec<Gap> {
    let (Some(turns), Ok(end)) = (Turns::of(on_call), now.checked_add(ahead)) else { return Vec::new() };
    let levels = all_levels(on_call);
    let absences = absences(&levels, people, &turns);
    let mut marks = BTreeSet::from([now, end]);
    marks.extend(handovers(&turns, now, end));
    marks.extend(absences.values().flatten().flat_map(|(from, to)| [*from, *to]));
    let marks: Vec<Timestamp> = marks.into_iter().filter(|mark| (now..=end).contains(mark)).collect();
    let mut gaps: Vec<Gap> = Vec::new();
    for between in marks.windows(2) {
        let reachable = reachable(&levels, people, &turns, &absences, between[0]);
        match gaps.last_mut() {
            _ if reachable.len() >= FEWEST => {}
            Some(last) if last.to == between[0] && last.reachable == reachable => last.to = between[1],
            _ => gaps.push(Gap { from: between[0], to: between[1], reachable }),
        }
    }
    gaps
}

/// From when until when somebody is away, by name.
type Absences<'a> = BTreeMap<&'a str, Vec<(Timestamp, Timestamp)>>;

fn absences<'a>(levels: &[Level<'a>], people: &BTreeMap<String, Person>, turns: &Turns) -> Absences<'a> {
    let called: BTreeSet<&str> = levels.iter().flat_map(|(_, people)| people.iter().copied()).collect();
    let of = |name| people.get(name).into_iter().flat_map(|person| &person.away).filter_map(|days| away(days, &turns.zone));
    called.into_iter().map(|name| (name, of(name).collect())).collect()
}

fn handovers(turns: &Turns, now: Timestamp, end: Timestamp) -> impl Iterator<Item = Timestamp> {
    let first = turns.at(now);
    let later = first.into_iter().flat_map(move |first| (1..).map_while(move |more| turns.begins(first + more)));
    later.take_while(move |begins| *begins < end)
}

/// Who is on shift at a time, in whatever level, has a way to be reached and is not away.
fn reachable(
    levels: &[Level<'_>],
    people: &BTreeMap<String, Person>,
    turns: &Turns,
    absences: &Absences<'_>,
    time: Timestamp,
) -> BTreeSet<String> {
    let Some(turn) = turns.at(time) else { return BTreeSet::new() };
    let on_shift = levels.iter().filter_map(|(_, people)| turns.whose(people, turn));
    let has_a_way = |name: &&str| people.get(*name).is_some_and(|person| !ways(person).is_empty());
    let is_here = |name: &&str| absences.get(name).is_none_or(|all| all.iter().all(|(from, to)| !(*from..*to).contains(&time)));
    on_shift.filter(has_a_way).filter(is_here).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::domains::{Away, Length};
    use jiff::tz::TimeZone;
    use proptest::prelude::*;

    fn person(email_only: bool, away: Vec<Away>) -> Person {
        let phone = (!email_only).then(|| "+15550100".to_owned());
        Person { name: "x".into(), email: "x@acme.example".into(), phone, title: None, channels: None, away }
    }

    fn names(all: &[&str]) -> Vec<String> {
        all.iter().map(|name| (*name).to_owned()).collect()
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn days(from: &str, to: &str) -> Away {
        Away { from: from.into(), to: to.into() }
    }

    #[test]
    fn a_gap_lasts_from_handover_to_handover() {
        let on_call = OnCall {
            primary: names(&["alan", "barbara"]),
            escalation: Some("alan".into()),
            handover: Some("monday 09:00 America/New_York".into()),
            ..OnCall::default()
        };
        let people = BTreeMap::from([("alan".to_owned(), person(false, vec![])), ("barbara".to_owned(), person(true, vec![]))]);
        let gaps = gaps(&on_call, &people, time("2026-11-21T09:00:00Z"), WATCHED);
        assert_eq!(gaps.len(), 4, "every other week alan is both who is called and who is called next: {gaps:?}");
        assert!(gaps.iter().all(|gap| gap.reachable == BTreeSet::from(["alan".to_owned()])));
        assert_eq!((gaps[0].from, gaps[0].to), (time("2026-11-23T14:00:00Z"), time("2026-11-30T14:00:00Z")));
    }

    #[test]
    fn who_is_away_leaves_a_gap_of_whole_days() {
        let on_call = OnCall { primary: names(&["alan"]), escalation: Some("hedy".into()), ..OnCall::default() };
        let away = vec![days("2026-12-07", "2026-12-08"), days("2026-12-09", "2026-12-09")];
        let people = BTreeMap::from([("alan".to_owned(), person(false, vec![])), ("hedy".to_owned(), person(false, away))]);
        let now = time("2026-11-21T09:00:00Z");
        let expected =
            Gap { from: time("2026-12-07T00:00:00Z"), to: time("2026-12-10T00:00:00Z"), reachable: BTreeSet::from(["alan".to_owned()]) };
        assert_eq!(gaps(&on_call, &people, now, WATCHED), [expected]);
        let nobody = OnCall { escalation: None, primary: names(&["unknown"]), ..on_call };
        let all = gaps(&nobody, &people, now, WATCHED);
        assert_eq!((all.len(), all[0].reachable.len(), all[0].to.duration_since(all[0].from)), (1, 0, WATCHED));
    }

    /// Every handover of a year, one after the other, by the clocks on the wall.
    fn wall(on_call: &OnCall) -> (TimeZone, Vec<Timestamp>) {
        let text: Vec<&str> = on_call.handover.as_deref().unwrap().split(' ').collect();
        let zone = TimeZone::get(text[2]).unwrap();
        let clock: jiff::civil::Time = format!("{}:00", text[1]).parse().unwrap();
        let weekday = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"].iter().position(|day| *day == text[0]);
        let days = |count: i64| match on_call.rotation {
            Length::Daily => count,
            Length::Weekly => i64::try_from(weekday.unwrap()).unwrap() + 7 * count,
        };
        let begins = |count| {
            let day = jiff::civil::date(2026, 1, 5) + jiff::Span::new().days(days(count));
            day.to_datetime(clock).to_zoned(zone.clone()).unwrap().timestamp()
        };
        (zone.clone(), (0..370).map(begins).collect())
    }

    /// Who is on shift and here at one minute, told without intervals.
    fn naive(
        on_call: &OnCall,
        people: &BTreeMap<String, Person>,
        (zone, wall): &(TimeZone, Vec<Timestamp>),
        time: Timestamp,
    ) -> BTreeSet<String> {
        let turns = wall.partition_point(|begins| *begins <= time) - 1;
        let today = time.to_zoned(zone.clone()).date().to_string();
        let levels = [on_call.primary.clone(), on_call.secondary.clone(), on_call.escalation.iter().cloned().collect()];
        let on_shift = levels.iter().filter(|level| !level.is_empty()).map(|level| level[turns % level.len()].clone());
        let here =
            |name: &String| people.get(name).is_some_and(|person| !person.away.iter().any(|days| days.from <= today && today <= days.to));
        on_shift.filter(here).collect()
    }

    fn definition() -> impl Strategy<Value = (OnCall, BTreeMap<String, Person>, Timestamp)> {
        let name = prop::sample::select(vec!["ada", "grace", "linus", "tim"]).prop_map(str::to_owned);
        let level = |least| prop::collection::vec(name.clone(), least..4);
        let zones = vec!["UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Sao_Paulo"];
        let handover = (prop::sample::select(vec!["monday", "sunday", "wednesday"]), 0..24, 0..60, prop::sample::select(zones));
        let handover = handover.prop_map(|(day, hour, minute, zone)| format!("{day} {hour:02}:{minute:02} {zone}"));
        // Around the days on which clocks change in spring and in autumn, on either side of the world.
        let now =
            prop::sample::select(vec!["2026-03-06T00:00:00Z", "2026-03-27T12:34:00Z", "2026-10-02T00:00:00Z", "2026-10-30T23:59:00Z"]);
        let on_call = (level(1), level(0), prop::option::of(name.clone()), handover, any::<bool>());
        let absent = prop::collection::vec((name, 0..12i64, 0..3i64), 0..4);
        (on_call, absent, now).prop_map(|((primary, secondary, escalation, handover, daily), absent, now)| {
            let rotation = if daily { Length::Daily } else { Length::Weekly };
            let on_call = OnCall { primary, secondary, escalation, handover: Some(handover), rotation, ..OnCall::default() };
            let now = time(now);
            let mut people: BTreeMap<String, Person> =
                ["ada", "grace", "linus"].map(|name| (name.to_owned(), person(name == "grace", vec![]))).into();
            let day = |more: i64| (now.to_zoned(TimeZone::UTC).date() + jiff::Span::new().days(more)).to_string();
            for (name, from, length) in absent {
                people.entry(name).and_modify(|person| person.away.push(days(&day(from), &day(from + length))));
            }
            (on_call, people, now)
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn gaps_are_those_of_every_single_minute((on_call, people, now) in definition()) {
            let ahead = SignedDuration::from_hours(9 * 24);
            let gaps = gaps(&on_call, &people, now, ahead);
            let wall = wall(&on_call);
            for pair in gaps.windows(2) {
                let apart = pair[0].to < pair[1].from || pair[0].reachable != pair[1].reachable;
                prop_assert!(pair[0].to <= pair[1].from && apart);
            }
            for minute in (0..9 * 24 * 60).map(|minutes| now + SignedDuration::from_mins(minutes)) {
                let expected = naive(&on_call, &people, &wall, minute);
                match gaps.iter().find(|gap| (gap.from..gap.to).contains(&minute)) {
                    Some(gap) => prop_assert_eq!(&gap.reachable, &expected, "at {}", minute),
                    None => prop_assert!(expected.len() >= FEWEST, "at {} only {:?}, and no gap", minute, expected),
                }
            }
        }
    }
}
