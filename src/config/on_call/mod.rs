//! Who is called when something breaks in a domain: the levels, whose turn it is, and whether anybody can be reached. Pure: what time it is
//! comes along with the files.

mod coverage;
mod lists;
#[cfg(test)]
mod made;
mod turns;

pub use coverage::{Gap, WATCHED, gaps};
pub use lists::{backup_emails, backup_levels, backup_phones, channels, defined, levels, people, primary_emails, primary_phones};
pub use turns::{Handover, Turns, away, day};

use super::domains::{ChannelName, Domain, Domains, OnCall, Person};

/// The name of the module that makes on-call of these definitions.
pub const MODULE: &str = "on-call";

/// The level that is called first.
pub const PRIMARY: &str = "primary";

/// A level: its name, and who takes turns in it.
pub type Level<'a> = (&'static str, Vec<&'a str>);

/// Who is called for a domain: the domain's own definition, or its team's.
pub fn of<'a>(domains: &'a Domains, domain: &'a Domain) -> Option<&'a OnCall> {
    let team = || domains.teams.get(&domain.team).and_then(|team| team.on_call.as_ref());
    domain.on_call.as_ref().or_else(team)
}

/// The levels that have somebody, in the order in which they are called.
pub fn all_levels(on_call: &OnCall) -> Vec<Level<'_>> {
    let several = [(PRIMARY, &on_call.primary), ("secondary", &on_call.secondary)];
    let several = several.into_iter().map(|(name, people)| (name, people.iter().map(String::as_str).collect::<Vec<_>>()));
    let last = on_call.escalation.iter().map(|person| ("escalation", vec![person.as_str()]));
    several.chain(last).filter(|(_, people)| !people.is_empty()).collect()
}

/// How somebody is reached: as declared, or by everything there is.
pub fn ways(person: &Person) -> Vec<ChannelName> {
    let by_phone = |way: &ChannelName| *way == ChannelName::Email || person.phone.is_some();
    let all = [ChannelName::Sms, ChannelName::Voice, ChannelName::Email];
    person.channels.clone().unwrap_or_else(|| all.into()).into_iter().filter(by_phone).collect()
}
