//! Checks of people and of who is called.

use crate::config::domains::OnCall;
use crate::config::files::Files;
use crate::config::problem::Problem;
use std::collections::BTreeSet;

const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The names of the IANA time zone database, one a line; those that are only there for old programs left out.
const TIME_ZONES: &str = include_str!("../time_zones.txt");

pub fn on_call(files: &Files, found: &mut Vec<Problem>) {
    let known = files.domains.keys("people");
    for (team, on_call) in all(files) {
        for (list, at, person) in called(on_call) {
            if !known.contains(person) {
                let path = ["teams", team, "on_call", list, &at.to_string()];
                let problem = files.domains.at("unknown-person", &path, format!("there is no person `{person}`"));
                found.push(problem.suggest(person, known.iter().copied()));
            }
        }
    }
}

pub fn contacts(files: &Files, found: &mut Vec<Problem>) {
    let known = files.domains.keys("people");
    for (team, contact, person) in named_contacts(files) {
        let path = ["teams", team, "contacts", contact];
        match files.domains.value.people.get(person) {
            None if !known.contains(person) => {
                let problem = files.domains.at("unknown-person", &path, format!("there is no person `{person}`"));
                found.push(problem.suggest(person, known.iter().copied()));
            }
            Some(known) if known.phone.is_none() => {
                let problem = files.domains.at("contact-without-phone", &path, format!("`{person}` has no phone"));
                found.push(problem.hint("AWS takes no contact without a phone number: add one to the person"));
            }
            _ => {}
        }
    }
}

/// Every contact of every team: the team, what AWS writes about, and who.
fn named_contacts(files: &Files) -> impl Iterator<Item = (&str, &'static str, &str)> {
    let teams = files.domains.value.teams.iter();
    teams.flat_map(|(team, fields)| fields.contacts.iter().map(|(contact, person)| (team.as_str(), contact.as_str(), person.as_str())))
}

pub fn handover(files: &Files, found: &mut Vec<Problem>) {
    for (team, on_call) in all(files) {
        let Some(text) = &on_call.handover else { continue };
        if let Some((why, known)) = wrong_handover(text) {
            let problem = files.domains.at("handover", &["teams", team, "on_call", "handover"], why);
            found.push(match known {
                Some((written, known)) => problem.hint("write it as `monday 09:00 America/Los_Angeles`").suggest(written, known),
                None => problem.hint("write it as `monday 09:00 America/Los_Angeles`"),
            });
        }
    }
}

pub fn unused(files: &Files, found: &mut Vec<Problem>) {
    let file = &files.domains;
    let owners: BTreeSet<&str> = file.value.domains.values().map(|domain| domain.team.as_str()).collect();
    for team in file.value.teams.keys().filter(|team| !owners.contains(team.as_str())) {
        found.push(file.at_key("unused", &["teams", team], format!("the team `{team}` owns no domain")).warning());
    }
    let on_call = all(files).flat_map(|(_, on_call)| called(on_call)).map(|(_, _, person)| person);
    let named: BTreeSet<&str> = on_call.chain(named_contacts(files).map(|(_, _, person)| person)).collect();
    for person in file.value.people.keys().filter(|person| !named.contains(person.as_str())) {
        found.push(file.at_key("unused", &["people", person], format!("`{person}` is named nowhere")).warning());
    }
}

fn all(files: &Files) -> impl Iterator<Item = (&str, &OnCall)> {
    let teams = files.domains.value.teams.iter();
    teams.filter_map(|(name, team)| team.on_call.as_ref().map(|on_call| (name.as_str(), on_call)))
}

/// Everybody called: the list, the place in it, and who.
fn called(on_call: &OnCall) -> impl Iterator<Item = (&'static str, usize, &str)> {
    let primary = on_call.primary.iter().enumerate().map(|(at, person)| ("primary", at, person.as_str()));
    let secondary = on_call.secondary.iter().enumerate().map(|(at, person)| ("secondary", at, person.as_str()));
    primary.chain(secondary).chain(on_call.escalation.iter().map(|person| ("escalation", 0, person.as_str())))
}

/// A word as written, and those that are known.
type Slip<'a> = (&'a str, Vec<&'static str>);

/// What is wrong with a handover, and the words that were possible.
fn wrong_handover(text: &str) -> Option<(String, Option<Slip<'_>>)> {
    let parts: Vec<&str> = text.split(' ').collect();
    let [day, time, zone] = parts[..] else { return Some(("a handover is a weekday, a time and a time zone".to_owned(), None)) };
    if !WEEKDAYS.contains(&day) {
        return Some((format!("`{day}` is no weekday"), Some((day, WEEKDAYS.to_vec()))));
    }
    if !is_time(time) {
        return Some((format!("`{time}` is no time of day"), None));
    }
    let zones = || TIME_ZONES.lines();
    (!zones().any(|known| known == zone)).then(|| (format!("`{zone}` is no time zone"), Some((zone, zones().collect()))))
}

/// Whether a text is an hour and a minute: `09:00`.
fn is_time(text: &str) -> bool {
    let digits = |text: &str| (text.len() == 2).then(|| text.parse::<u8>().ok()).flatten();
    text.split_once(':').and_then(|(hour, minute)| Some(digits(hour)? < 24 && digits(minute)? < 60)).unwrap_or(false)
}
