//! The check of whether somebody can be called at every minute of the weeks to come, in every prod environment whose on-call is made here.

use crate::config::domains::{Domain, OnCall};
use crate::config::files::Files;
use crate::config::on_call::{self, Gap, MODULE, WATCHED};
use crate::config::problem::Problem;
use crate::config::settings;
use crate::model::Environment;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::collections::BTreeMap;

/// The most gaps and domains of one definition that are told one by one: whoever has more has to think about people, not about times.
const TOLD: usize = 4;

pub fn check(files: &Files, found: &mut Vec<Problem>) {
    let mut defined: BTreeMap<[&str; 3], (&OnCall, Vec<&str>)> = BTreeMap::new();
    for (name, domain) in files.domains.value.domains.iter().filter(|(_, domain)| is_on(files, domain)) {
        match place(files, name, domain) {
            Some((path, on_call)) => defined.entry(path).or_insert_with(|| (on_call, Vec::new())).1.push(name),
            None if files.domains.value.teams.contains_key(&domain.team) => {
                let message = format!("nobody is on call for {name}/{}", Environment::Prod);
                let problem = files.domains.at_key("on-call-gap", &["domains", name], message).warning();
                found.push(problem.hint(format!("say who is: `on_call` of the team `{}`, or of the domain", domain.team)));
            }
            None => {}
        }
    }
    for (path, (on_call, domains)) in defined {
        found.extend(of(files, &path, on_call, &domains));
    }
}

/// Whether the module makes on-call of the definitions in the domain's prod environment.
fn is_on(files: &Files, domain: &Domain) -> bool {
    let module = files.modules.get(MODULE).map(|file| &file.value);
    let is_on = |module| settings::of(&files.domains.value, domain, Environment::Prod, MODULE, module).is_some();
    domain.environments.contains(&Environment::Prod) && module.is_some_and(is_on)
}

/// Where the definition for a domain is written, and the definition.
fn place<'a>(files: &'a Files, name: &'a str, domain: &'a Domain) -> Option<([&'a str; 3], &'a OnCall)> {
    let on_call = on_call::of(&files.domains.value, domain)?;
    let owner = if domain.on_call.is_some() { ["domains", name, "on_call"] } else { ["teams", &domain.team, "on_call"] };
    Some((owner, on_call))
}

/// The gaps of one definition, once for all domains that share it. A definition that has other problems is told those first.
fn of(files: &Files, path: &[&str], on_call: &OnCall, domains: &[&str]) -> Option<Problem> {
    let people = &files.domains.value.people;
    let is_whole = on_call::all_levels(on_call).iter().flat_map(|(_, level)| level).all(|name| people.contains_key(*name));
    let turns = on_call::Turns::of(on_call).filter(|_| is_whole)?;
    let gaps = on_call::gaps(on_call, people, files.now, WATCHED);
    let last = gaps.last()?;
    let told: Vec<String> = gaps.iter().take(TOLD).map(|gap| told(gap, &turns.zone)).collect();
    let more = gaps.len().saturating_sub(TOLD);
    let rest = if more > 0 { format!(", and so {more} more times until {}", shown(last.to, &turns.zone)) } else { String::new() };
    let zone = turns.zone.iana_name().unwrap_or("UTC");
    let message = format!("{}: {}{rest} ({zone})", accounts(domains), told.join(", "));
    let problem = files.domains.at_key("on-call-gap", path, message).warning();
    Some(problem.hint("name a `secondary` or an `escalation` who is neither away nor the same person, or swap"))
}

/// `catalog/prod, search/prod and 2 more`.
fn accounts(domains: &[&str]) -> String {
    let named: Vec<String> = domains.iter().take(TOLD).map(|domain| format!("{domain}/{}", Environment::Prod)).collect();
    match domains.len().saturating_sub(TOLD) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// `only barbara is reachable from Mon 2026-12-07 09:00 to Mon 2026-12-14 09:00`.
fn told(gap: &Gap, zone: &TimeZone) -> String {
    let who = match gap.reachable.first() {
        Some(one) => format!("only {one}"),
        None => "nobody".to_owned(),
    };
    format!("{who} is reachable from {} to {}", shown(gap.from, zone), shown(gap.to, zone))
}

/// `Mon 2026-12-07 09:00`, by the clocks of the zone.
fn shown(time: Timestamp, zone: &TimeZone) -> String {
    zone.to_datetime(time).strftime("%a %Y-%m-%d %H:%M").to_string()
}
