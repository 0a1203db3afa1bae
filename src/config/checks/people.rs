//! Checks of people and of who is called.

use crate::config::domains::{ChannelName, OnCall};
use crate::config::files::Files;
use crate::config::on_call::{Handover, day};
use crate::config::problem::Problem;
use std::collections::BTreeSet;

/// Where a definition of who is called stands, and the definition.
type Defined<'a> = ([&'a str; 3], &'a OnCall);

pub fn on_call(files: &Files, found: &mut Vec<Problem>) {
    let known = files.domains.keys("people");
    for ([section, owner, key], on_call) in all(files) {
        for (list, at, person) in called(on_call) {
            if !known.contains(person) {
                let path = [section, owner, key, list, &at.to_string()];
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
    for ([section, owner, key], on_call) in all(files) {
        let Some(text) = &on_call.handover else { continue };
        if let Err((why, known)) = Handover::parse(text) {
            let problem = files.domains.at("handover", &[section, owner, key, "handover"], why);
            let problem = problem.hint("write it as `monday 09:00 America/Los_Angeles`");
            found.push(match known {
                Some((written, known)) => problem.suggest(written, known.iter().map(String::as_str)),
                None => problem,
            });
        }
    }
}

pub fn escalation(files: &Files, found: &mut Vec<Problem>) {
    for ([section, owner, key], on_call) in all(files) {
        let (secondary, escalation) = (on_call.secondary_after_minutes, on_call.escalate_after_minutes);
        if !on_call.secondary.is_empty() && on_call.escalation.is_some() && secondary >= escalation {
            let message = format!("the secondary is called after {secondary} minutes, and the escalation after {escalation}");
            let problem = files.domains.at_key("escalation", &[section, owner, key], message);
            found.push(problem.hint("set `secondary_after_minutes` to fewer than `escalate_after_minutes`"));
        }
    }
}

pub fn channels(files: &Files, found: &mut Vec<Problem>) {
    for (name, person) in &files.domains.value.people {
        let channels = person.channels.iter().flatten().enumerate().filter(|(_, way)| **way != ChannelName::Email);
        for (at, way) in channels.filter(|_| person.phone.is_none()) {
            let path = ["people", name, "channels", &at.to_string()];
            let message = format!("`{name}` can't be reached by {}: no phone is known", way.as_str());
            found.push(files.domains.at("channel-without-phone", &path, message).hint("add a `phone`, or take it out"));
        }
    }
}

pub fn away(files: &Files, found: &mut Vec<Problem>) {
    for (name, person) in &files.domains.value.people {
        for (at, days) in person.away.iter().enumerate() {
            let at = at.to_string();
            let path = |key| ["people", name, "away", &at, key];
            for (key, text) in [("from", &days.from), ("to", &days.to)] {
                if day(text).is_none() {
                    let message = format!("\"{}\" is no date", crate::config::node::shortened(text));
                    found.push(files.domains.at("away", &path(key), message).hint("write it as 2026-11-26"));
                }
            }
            if day(&days.from).zip(day(&days.to)).is_some_and(|(from, to)| from > to) {
                found.push(files.domains.at("away", &path("to"), format!("`{name}` is back before leaving")));
            }
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

/// Every definition of who is called: the teams', and those that domains have of their own.
fn all(files: &Files) -> impl Iterator<Item = Defined<'_>> {
    let domains = &files.domains.value;
    let teams = domains.teams.iter().map(|(name, team)| ("teams", name, &team.on_call));
    let own = domains.domains.iter().map(|(name, domain)| ("domains", name, &domain.on_call));
    teams.chain(own).filter_map(|(section, name, on_call)| Some(([section, name.as_str(), "on_call"], on_call.as_ref()?)))
}

/// Everybody called: the list, the place in it, and who.
fn called(on_call: &OnCall) -> impl Iterator<Item = (&'static str, usize, &str)> {
    let primary = on_call.primary.iter().enumerate().map(|(at, person)| ("primary", at, person.as_str()));
    let secondary = on_call.secondary.iter().enumerate().map(|(at, person)| ("secondary", at, person.as_str()));
    primary.chain(secondary).chain(on_call.escalation.iter().map(|person| ("escalation", 0, person.as_str())))
}
