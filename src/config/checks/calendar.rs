//! Checks of when and in which order things are changed.

use crate::config::files::Files;
use crate::config::node::shortened;
use crate::config::problem::Problem;
use crate::config::rollout::{RuledWave, accounts};
use crate::model::{Account, Environment, Name, show};
use crate::plan::{ORGANIZATION, ORGANIZATION_LAST, seconds};
use jiff::tz::TimeZone;
use std::collections::BTreeSet;

/// The most accounts that a message names.
const NAMED: usize = 8;
/// The wave that files may name although none of their accounts is in it.
const STAGING: &str = "staging";
/// Environments and outputs of GitHub workflows are called like waves; people read them side by side.
const LONGEST_WAVE: usize = 32;

pub fn waves(files: &Files, found: &mut Vec<Problem>) {
    let domains = &files.domains.value;
    let waves: Vec<RuledWave> = domains.rollout.waves.iter().map(|wave| wave.ruled()).collect();
    let mut left: BTreeSet<Account> = accounts(domains).collect();
    for (at, wave) in waves.iter().enumerate() {
        let place = at.to_string();
        let here = |key: Option<&str>, message: String| {
            let path: Vec<&str> = ["rollout", "waves", &place].into_iter().chain(key).collect();
            files.domains.at("waves", &path, message)
        };
        let takes_something = !(wave.accounts.is_empty() && wave.domains.is_empty() && wave.environments.is_empty());
        if let Some(why) = misnamed(wave) {
            found.push(here(Some("name"), why));
        } else if waves[..at].iter().any(|other| other.name == wave.name) {
            found.push(here(None, "this wave is here twice".to_owned()));
        } else if !takes_something {
            let message = format!("the wave `{}` takes no account", shortened(&wave.name));
            let hint =
                format!("name them: `{{ name: {}, accounts: [catalog/dev] }}`; or `domains`, or `environments`", shortened(&wave.name));
            let problem = here(None, message).hint(hint);
            found.push(if wave.name == STAGING { elsewhere(problem) } else { problem });
        }
        demands(files, &place, wave, found);
        unknown(files, &place, found);
        left.retain(|account| !wave.takes(account));
    }
    let in_no_wave = |environment: Environment| left.iter().filter(move |account| account.environment() == Some(environment));
    for environment in Environment::ALL.into_iter().filter(|environment| in_no_wave(*environment).next().is_some()) {
        let accounts: Vec<&Account> = in_no_wave(environment).collect();
        let more = accounts.len().saturating_sub(NAMED);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let message = format!("no wave takes {}{more}", show(accounts.iter().take(NAMED)));
        found.push(files.domains.at_key("waves", &["rollout", "waves"], message).hint(format!("add `{environment}` to the waves")));
    }
}

/// A staging organization is an estate of its own, and can't be reached with the credentials of this one.
fn elsewhere(problem: Problem) -> Problem {
    let hint = "a staging organization has its own file, and its own run before this one; or name accounts of this estate that go first";
    problem.warning().hint(hint)
}

fn misnamed(wave: &RuledWave) -> Option<String> {
    let name = &wave.name;
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if [ORGANIZATION, ORGANIZATION_LAST].contains(&name.as_str()) {
        Some(format!("`{name}` goes without saying: what belongs to the organization is a wave of its own"))
    } else if name.parse::<Name>().is_err() || name.len() > LONGEST_WAVE || !name.chars().all(plain) {
        Some(format!(
            "\"{}\" is no name of a wave: it takes lower-case letters, digits and hyphens, {LONGEST_WAVE} at most",
            shortened(name)
        ))
    } else {
        None
    }
}

/// What a wave demands, as far as the schema doesn't hold it.
fn demands(files: &Files, place: &str, wave: &RuledWave, found: &mut Vec<Problem>) {
    let path = |key| ["rollout", "waves", place, key];
    if let Some(Err(why)) = wave.tolerance() {
        found.push(files.domains.at("waves", &path("tolerate"), why).hint("write a number of accounts, or a percentage such as 5%"));
    }
    if let Some(Err(why)) = wave.bake.as_deref().map(seconds) {
        found.push(files.domains.at("waves", &path("bake"), why).hint("write it as 90s, 10m or 2h, up to 7d"));
    }
    if let Some(parallel) = wave.parallel.filter(|parallel| parallel.most < parallel.start) {
        let message = format!("it starts with {} accounts at once, which is over {}, the most", parallel.start, parallel.most);
        found.push(files.domains.at("waves", &[&path("parallel")[..], &["most"]].concat(), message));
    }
}

/// Accounts and domains that don't exist.
fn unknown(files: &Files, place: &str, found: &mut Vec<Problem>) {
    let domains = &files.domains.value;
    let all: BTreeSet<String> = accounts(domains).map(|account| account.to_string()).collect();
    let listed = files
        .domains
        .root
        .get("rollout")
        .and_then(|node| node.get("waves"))
        .and_then(|node| node.items().get(place.parse::<usize>().ok()?));
    let mut missing = |key: &str, what: &str, known: &dyn Fn(&str) -> bool, names: &dyn Fn() -> Vec<String>| {
        for item in listed.and_then(|wave| wave.get(key)).map_or(&[][..], |node| node.items()) {
            let Some(text) = item.text().filter(|text| !known(text)) else { continue };
            let message = format!("there is no {what} `{}`", shortened(text));
            let problem = Problem::error("waves", &files.domains.name, item.at, message);
            found.push(problem.suggest(text, names().iter().map(String::as_str)));
        }
    };
    missing("accounts", "account", &|text| all.contains(text), &|| all.iter().cloned().collect());
    let written = files.domains.keys("domains");
    missing("domains", "domain", &|text| written.contains(text), &|| written.iter().map(|name| (*name).to_owned()).collect());
}

pub fn block_days(files: &Files, found: &mut Vec<Problem>) {
    let calendar = &files.domains.value.calendar;
    if TimeZone::get(&calendar.time_zone).is_err() {
        let message = format!("there is no time zone \"{}\"", shortened(&calendar.time_zone));
        let problem = files.domains.at("block-days", &["calendar", "time_zone"], message);
        found.push(problem.hint("write it as America/Los_Angeles, or UTC"));
    }
    for (at, days) in calendar.block_days.iter().enumerate() {
        let at = at.to_string();
        let path = |key| ["calendar", "block_days", &at, key];
        let (from, to) = (date(&days.from), date(&days.to));
        for (key, text, date) in [("from", &days.from, from), ("to", &days.to, to)] {
            if date.is_none() {
                let problem = files.domains.at("block-days", &path(key), format!("\"{}\" is no date", shortened(text)));
                found.push(problem.hint("write it as 2026-11-26"));
            }
        }
        if from.zip(to).is_some_and(|(from, to)| from > to) {
            found.push(files.domains.at("block-days", &path("to"), format!("`{}` ends before it begins", days.name)));
        }
    }
}

/// Year, month and day of a date that exists.
pub fn date(text: &str) -> Option<(u16, u8, u8)> {
    let fits = text.len() == 10
        && text.bytes().enumerate().all(|(at, byte)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    let (year, month, day) = fits.then(|| (&text[..4], &text[5..7], &text[8..]))?;
    let (year, month, day) = (year.parse::<u16>().ok()?, month.parse::<u8>().ok()?, day.parse::<u8>().ok()?);
    (1..=days(year, month)?).contains(&day).then_some((year, month, day))
}

fn days(year: u16, month: u8) -> Option<u8> {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => Some(31),
        4 | 6 | 9 | 11 => Some(30),
        2 => Some(if leap { 29 } else { 28 }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_exist() {
        assert_eq!(date("2028-02-29"), Some((2028, 2, 29)));
        for text in ["2026-02-29", "2026-13-01", "2026-1-1", "2026-11-00", "26-11-2026", "２026-11-2", ""] {
            assert_eq!(date(text), None, "{text}");
        }
    }
}
