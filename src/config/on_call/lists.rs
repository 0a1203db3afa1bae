//! The lists that the module of on-call repeats over: people, their channels, levels and subscriptions, as one account's domain has them.

use super::{Level, PRIMARY, Turns, all_levels, of, ways};
use crate::config::domains::{ChannelName, OnCall, Person};
use crate::config::lists::{Items, Whose};
use crate::kinds::sns_subscription::{Protocol, named_after};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// How long one of a person's channels is tried before the next.
const CHANNEL_MINUTES: u8 = 1;

fn on_call<'a>(whose: &'a Whose<'_>) -> Option<&'a OnCall> {
    of(&whose.files.domains.value, whose.domain)
}

fn person<'a>(whose: &'a Whose<'_>, name: &str) -> Option<&'a Person> {
    whose.files.domains.value.people.get(name)
}

/// One item, `primary`, when anybody is on call for the domain at all.
pub fn defined(whose: &Whose<'_>) -> Items {
    on_call(whose).and_then(Turns::of).map(|_| (PRIMARY.to_owned(), json!({}))).into_iter().collect()
}

/// The levels, with who takes turns, since when, and for how many minutes they are called before the next.
pub fn levels(whose: &Whose<'_>) -> Items {
    let Some((on_call, turns)) = on_call(whose).and_then(|on_call| Some((on_call, Turns::of(on_call)?))) else { return Items::new() };
    let levels = all_levels(on_call);
    let zone = turns.zone.iana_name().unwrap_or("UTC").to_owned();
    let item = |(at, (name, people)): (usize, &Level<'_>)| {
        let value = json!({
            "contacts": people.iter().map(|person| format!("contact/{person}")).collect::<Vec<_>>(),
            "starts": turns.starts.strftime("%Y-%m-%dT%H:%M").to_string(),
            "time_zone": zone,
            "shift": turns.length.as_str(),
            "minutes": minutes(on_call, levels.get(at + 1).map(|(name, _)| *name), name),
        });
        ((*name).to_owned(), value)
    };
    levels.iter().enumerate().map(item).collect()
}

/// How long a level is called before the next; the last is called until somebody answers.
fn minutes(on_call: &OnCall, next: Option<&str>, level: &str) -> u8 {
    let (secondary, escalation) = (on_call.secondary_after_minutes, on_call.escalate_after_minutes);
    match (level, next) {
        (_, None) => 0,
        (PRIMARY, Some("secondary")) => secondary,
        (PRIMARY, Some(_)) => escalation,
        (_, Some(_)) => escalation.saturating_sub(secondary),
    }
}

/// The levels that are called when the first does not answer.
pub fn backup_levels(whose: &Whose<'_>) -> Items {
    levels(whose).into_iter().filter(|(name, _)| name != PRIMARY).collect()
}

/// Everybody who is on call for the domain, each once.
fn called<'a>(whose: &'a Whose<'_>) -> Vec<(&'a str, &'a Person)> {
    let names: BTreeSet<&str> = on_call(whose).into_iter().flat_map(all_levels).flat_map(|(_, people)| people).collect();
    names.into_iter().filter_map(|name| Some((name, person(whose, name)?))).collect()
}

/// Everybody who is on call, with their names and in which order they are reached.
pub fn people(whose: &Whose<'_>) -> Items {
    let item = |(name, person): (&str, &Person)| {
        let stage =
            |way: ChannelName| json!({ "channels": [format!("contact-channel/{name}-{}", way.as_str())], "minutes": CHANNEL_MINUTES });
        let stages: Vec<Value> = ways(person).into_iter().map(stage).collect();
        (name.to_owned(), json!({ "name": person.name, "stages": stages }))
    };
    called(whose).into_iter().map(item).collect()
}

/// The channels of everybody who is on call: `ada-sms`.
pub fn channels(whose: &Whose<'_>) -> Items {
    let all = called(whose).into_iter().flat_map(|(name, person)| ways(person).into_iter().map(move |way| (name, person, way)));
    let item = |(name, person, way): (&str, &Person, ChannelName)| {
        let value = json!({ "person": name, "type": way.as_str(), "address": endpoint(person, way) });
        (format!("{name}-{}", way.as_str()), value)
    };
    all.map(item).collect()
}

fn endpoint(person: &Person, way: ChannelName) -> &str {
    match way {
        ChannelName::Email => &person.email,
        ChannelName::Sms | ChannelName::Voice => person.phone.as_deref().unwrap_or_default(),
    }
}

/// Who is subscribed to the topics of some levels, one way: everybody of a level, since SNS knows no turns.
fn subscribed(whose: &Whose<'_>, first: bool, (way, protocol): (ChannelName, Protocol)) -> Items {
    let levels = on_call(whose).map(all_levels).unwrap_or_default();
    let mut items = Items::new();
    for (level, people) in levels.into_iter().filter(|(level, _)| (*level == PRIMARY) == first) {
        // Two people may have one phone, and one person may be named twice.
        let people = people.into_iter().filter_map(|name| person(whose, name)).filter(|person| ways(person).contains(&way));
        let endpoints: BTreeSet<&str> = people.map(|person| endpoint(person, way)).collect();
        items.extend(endpoints.into_iter().map(|endpoint| {
            let key = format!("{level}/{}", named_after(protocol, endpoint));
            (key, json!({ "level": level, "endpoint": endpoint }))
        }));
    }
    items
}

const EMAIL: (ChannelName, Protocol) = (ChannelName::Email, Protocol::Email);
const SMS: (ChannelName, Protocol) = (ChannelName::Sms, Protocol::Sms);

/// The email addresses of the first level.
pub fn primary_emails(whose: &Whose<'_>) -> Items {
    subscribed(whose, true, EMAIL)
}

/// The phones of the first level that take SMS.
pub fn primary_phones(whose: &Whose<'_>) -> Items {
    subscribed(whose, true, SMS)
}

/// The email addresses of the other levels.
pub fn backup_emails(whose: &Whose<'_>) -> Items {
    subscribed(whose, false, EMAIL)
}

/// The phones of the other levels that take SMS.
pub fn backup_phones(whose: &Whose<'_>) -> Items {
    subscribed(whose, false, SMS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_is_called_until_the_next_one_is_due() {
        let on_call = OnCall { secondary_after_minutes: 5, escalate_after_minutes: 15, ..OnCall::default() };
        let waits = |level, next| minutes(&on_call, next, level);
        assert_eq!((waits(PRIMARY, Some("secondary")), waits("secondary", Some("escalation")), waits("escalation", None)), (5, 10, 0));
        assert_eq!((waits(PRIMARY, Some("escalation")), waits(PRIMARY, None), waits("secondary", None)), (15, 0, 0));
    }
}
