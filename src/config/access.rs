//! Who may enter which account: the types of `access` in a domains file, and the lists that the access module repeats over. What a role
//! allows is the module's business.

use super::checks::date;
use super::domains::{Domain, EnvironmentName, Team};
use super::files::Files;
use crate::model::Environment;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// What the names of contractors' groups begin with; `access-group` reads the members of no others.
pub const CONTRACTOR: &str = "contractor-";

/// Who is let in beside the teams.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Access {
    /// People from outside, by a short name: each for the domains and environments that are named, and until a day.
    pub contractors: BTreeMap<String, Contractor>,
}

/// Somebody from outside.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Contractor {
    /// The email by which Identity Center knows them.
    pub email: String,
    /// The domains that they work on.
    #[schemars(length(min = 1))]
    pub domains: BTreeSet<String>,
    /// The environments of these that they may enter; only `dev` when absent.
    #[serde(default = "only_dev")]
    #[schemars(with = "BTreeSet<EnvironmentName>")]
    pub environments: BTreeSet<Environment>,
    /// What they may do there: work (`contractor`), or look (`reader`).
    #[serde(default)]
    pub role: Role,
    /// The last day, in UTC: `2026-12-31`. From the day after, no plan lets them in.
    pub until: String,
}

/// What somebody from outside may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    #[default]
    Contractor,
    Reader,
}

/// The groups of a team in IAM Identity Center.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Groups {
    /// Who writes the team's software; `TEAM-developers` when absent.
    pub developers: Option<String>,
    /// Who runs it; `TEAM-operators` when absent.
    pub operators: Option<String>,
}

fn only_dev() -> BTreeSet<Environment> {
    BTreeSet::from([Environment::Dev])
}

impl Contractor {
    /// Whether the last day has passed. A date that is none has been reported, and lets nobody in.
    pub fn has_ended(&self, now: Timestamp) -> bool {
        let today = now.to_zoned(TimeZone::UTC).date();
        let today = (today.year().unsigned_abs(), today.month().unsigned_abs(), today.day().unsigned_abs());
        date(&self.until).is_none_or(|until| until < today)
    }
}

impl Role {
    fn set(self) -> &'static str {
        match self {
            Role::Contractor => "contractor",
            Role::Reader => "reader",
        }
    }
}

/// The group of a contractor.
fn contractor_group(name: &str) -> String {
    format!("{CONTRACTOR}{name}")
}

/// The groups of a team: its developers and its operators.
fn groups(name: &str, team: Option<&Team>) -> [String; 2] {
    let groups = team.map(|team| team.groups.clone()).unwrap_or_default();
    [groups.developers.unwrap_or_else(|| format!("{name}-developers")), groups.operators.unwrap_or_else(|| format!("{name}-operators"))]
}

/// The contractors that are let into an account.
fn let_in<'a>(files: &'a Files, domain: &'a str, environment: Environment) -> impl Iterator<Item = (&'a String, &'a Contractor)> {
    let confined = move |one: &Contractor| one.domains.contains(domain) && one.environments.contains(&environment);
    files.domains.value.access.contractors.iter().filter(move |(_, one)| confined(one) && !one.has_ended(files.now))
}

/// The owners' groups, with what each is for.
pub fn team_groups(files: &Files, domain: &Domain) -> Vec<(String, Value)> {
    let team = domain.team.as_str();
    let [developers, operators] = groups(team, files.domains.value.teams.get(team));
    let item = |group: String, about: &str| (group, json!({ "description": format!("{about} of {team}") }));
    if developers == operators {
        return vec![item(developers, "Developers and operators")];
    }
    vec![item(developers, "Developers"), item(operators, "Operators")]
}

/// The contractors of an account, each a group of one.
pub fn contractors(files: &Files, domain: &str, environment: Environment) -> Vec<(String, Value)> {
    let item = |(name, one): (&String, &Contractor)| (contractor_group(name), json!({ "email": one.email.to_lowercase(), "name": name }));
    let_in(files, domain, environment).map(item).collect()
}

/// Which group gets which permission set in an account: developers work in dev and look elsewhere, operators work everywhere,
/// contractors do what their entry says.
pub fn grants(files: &Files, (name, domain): (&str, &Domain), environment: Environment) -> Vec<(String, Value)> {
    let team = domain.team.as_str();
    let [developers, operators] = groups(team, files.domains.value.teams.get(team));
    let developer = if environment == Environment::Dev { "developer" } else { "reader" };
    let own = [(developer, developers), ("operator", operators)];
    let theirs = let_in(files, name, environment).map(|(name, one)| (one.role.set(), contractor_group(name)));
    let item = |(set, group): (&str, String)| (format!("{set}/{group}"), json!({ "set": set, "group": group }));
    own.into_iter().chain(theirs).map(item).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(text: &str) -> bool {
        let one: Contractor = serde_json::from_value(json!({ "email": "a@b.example", "domains": ["x"], "until": text })).unwrap();
        // The last second of 2026 in UTC.
        one.has_ended("2026-12-31T23:59:59Z".parse().unwrap())
    }

    #[test]
    fn the_last_day_is_a_whole_one() {
        assert_eq!((until("2026-12-31"), until("2026-12-30"), until("2027-01-01")), (false, true, false));
        assert!(until("2027-13-01") && until("soon"), "what is no date lets nobody in");
    }
}
