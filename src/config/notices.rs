//! The type of `notices` in `domains.yaml`, and what it comes to for the accounts of the file. Its doc comments are what editors show.

use super::domains::Domains;
use crate::model::{Account, Name};
use crate::plan;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Who hears of an apply: when it starts, is halted, fails, and is done. The addresses are secrets, and come from the environment.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Notices {
    /// Slack, by the incoming webhook in `LANDFALL_SLACK_WEBHOOK`, and by a team's own in `LANDFALL_SLACK_WEBHOOK_<TEAM>`.
    pub slack: bool,
    /// Whatever is behind the address in `LANDFALL_WEBHOOK`: JSON, signed with `LANDFALL_WEBHOOK_SECRET`.
    pub webhook: bool,
    /// GitHub: each wave is a deployment, with its status. `true` for the workflow's own repository, or `owner/name`.
    pub deployments: Deployments,
}

/// In which repository waves are deployments.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Deployments {
    Switch(bool),
    In(RepositoryText),
}

/// A repository, as written.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct RepositoryText(#[schemars(regex(pattern = r"^[A-Za-z0-9][A-Za-z0-9-]{0,38}/[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$"))] pub String);

impl Default for Deployments {
    fn default() -> Deployments {
        Deployments::Switch(false)
    }
}

/// Who hears, and whose the accounts are.
pub(super) fn of(domains: &Domains) -> plan::Notices {
    let Notices { slack, webhook, deployments } = &domains.notices;
    let deployments = match deployments {
        Deployments::Switch(on) => on.then_some(plan::Deployments::Own),
        Deployments::In(repository) => Some(plan::Deployments::In(repository.0.clone())),
    };
    let silent = plan::Notices { slack: *slack, webhook: *webhook, deployments, teams: BTreeMap::new() };
    let teams = if silent.is_none() { BTreeMap::new() } else { teams(domains) };
    plan::Notices { teams, ..silent }
}

fn teams(domains: &Domains) -> BTreeMap<Name, plan::Hearers> {
    let mut teams: BTreeMap<Name, plan::Hearers> = BTreeMap::new();
    for (name, domain) in &domains.domains {
        // What is no name has been reported.
        let (Ok(team), Ok(name)) = (domain.team.parse::<Name>(), name.parse::<Name>()) else { continue };
        let hearers = teams.entry(team).or_default();
        hearers.channel = domains.teams.get(&domain.team).and_then(|team| team.slack.clone());
        hearers.accounts.extend(domain.environments.iter().map(|environment| Account::member(name.clone(), *environment)));
    }
    teams
}
