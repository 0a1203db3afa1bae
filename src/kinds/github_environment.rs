//! `github-environment`: the environment of a repository that deploys to an account: what protects it, and the variables that jobs read.
//!
//! GitHub's environments carry no mark. The name is the identity: the repository is the resource's, the environment the account's. One that
//! exists already is taken into care by changing declared fields only; one that nobody declares any more is never looked at, and so is
//! left as it is, as are variables and secrets of others.

use super::{Driver, Kind, Scope, Seen, Tags, document};
use crate::aws::{CallError, Session};
use crate::model::{Account, Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk, show};
use crate::outside::github::{self, Environment, Repository, Reviewer, Settings};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// The environment of a GitHub repository that has the name of the account's environment. The resource's name is `owner/repository`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GithubEnvironment {
    /// Variables that the environment's jobs read, by name. `${account.id}`, `${partition}` and `${region}` are filled in. Others than these
    /// are left alone.
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Teams of the organization, by their short names, one of which has to agree to each deployment. Left alone when absent.
    pub reviewers: Option<BTreeSet<String>>,
    /// Whether nobody may agree to a deployment of their own. Left alone when absent.
    pub prevent_self_review: Option<bool>,
    /// How many minutes a deployment waits. Left alone when absent.
    #[schemars(range(max = 43_200))]
    pub wait_minutes: Option<u32>,
    /// The branches that may deploy. Left alone when absent.
    pub branches: Option<Branches>,
}

/// The branches that may deploy: `any`, `protected`, or `{patterns: [main, "release/*"]}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Branches {
    /// All branches and tags.
    Any,
    /// Those with a protection rule.
    Protected,
    /// Those whose names match one of these patterns.
    Patterns(BTreeSet<String>),
}

impl Kind for GithubEnvironment {
    const NAME: KindName = KindName::new("github-environment");
    const SCOPE: Scope = Scope::Managed;
    const ABOUT: &'static str =
        "The environment of a GitHub repository that deploys to the account: its variables, and what protects it. Never deleted.";
    const REFERS: &'static [KindName] = &[];
    const SETTING: bool = true;
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &[
        "github:GetEnvironment",
        "github:GetRepository",
        "github:ListDeploymentBranchPolicies",
        "github:ListEnvironmentVariables",
    ];
    const WRITES: &'static [&'static str] = &[
        "github:PutEnvironment",
        "github:GetTeam",
        "github:CreateDeploymentBranchPolicy",
        "github:DeleteDeploymentBranchPolicy",
        "github:CreateEnvironmentVariable",
        "github:UpdateEnvironmentVariable",
    ];

    fn changes(live: &GithubEnvironment, want: &GithubEnvironment) -> Vec<Change> {
        let GithubEnvironment { variables, reviewers, prevent_self_review, wait_minutes, branches } = live;
        let GithubEnvironment { variables: want_variables, reviewers: want_reviewers, .. } = want;
        let GithubEnvironment { prevent_self_review: want_prevent, wait_minutes: want_wait, branches: want_branches, .. } = want;
        let differing = want_variables.iter().filter(|(name, value)| variables.get(*name) != Some(*value));
        let variable = |(name, value): (&String, &String)| {
            Change::between(format!("variables.{name}"), variables.get(name).cloned(), Some(value.clone()))
        };
        let listed = |names: &Option<BTreeSet<String>>| names.as_ref().map(show);
        let protection = [
            declared("reviewers", listed(reviewers), listed(want_reviewers)),
            declared("prevent_self_review", text(prevent_self_review), text(want_prevent)),
            declared("wait_minutes", text(wait_minutes), text(want_wait)),
            declared("branches", text(branches), text(want_branches)),
        ];
        let why = "changes who and what may deploy to the account";
        let protection = protection.into_iter().flatten().map(|change| change.concerning(Risk::Notable, why));
        protection.chain(differing.map(variable)).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// The change of a field, if it is declared.
fn declared(field: &str, live: Option<String>, want: Option<String>) -> Option<Change> {
    (want.is_some() && live != want).then(|| Change::between(field, live, want))
}

fn text<T: ToString>(value: &Option<T>) -> Option<String> {
    value.as_ref().map(T::to_string)
}

impl Driver for GithubEnvironment {
    async fn read(at: &Session) -> Result<Vec<Seen<GithubEnvironment>>, CallError> {
        let mut seen = Vec::new();
        for name in at.declared(&GithubEnvironment::NAME) {
            seen.extend(see(at, &name).await?);
        }
        Ok(seen)
    }

    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<GithubEnvironment>>, CallError> {
        see(at, &address.name).await
    }

    async fn create(at: &Session, address: &Address, want: &GithubEnvironment) -> Result<RemoteId, CallError> {
        let repository = repository(&address.name)?;
        let environment = environment(at, &repository)?;
        environment.put(&settings(&environment, Settings::default(), want).await?).await?;
        for (name, value) in &want.variables {
            environment.put_variable(name, &filled(at, value)).await?;
        }
        Ok(id(&environment))
    }

    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &GithubEnvironment, changes: &[Change]) -> Result<(), CallError> {
        let repository = repository(&address.name)?;
        let environment = environment(at, &repository)?;
        if changes.iter().any(|change| !change.field.starts_with("variables.")) {
            let live = environment.settings().await?.unwrap_or_default();
            environment.put(&settings(&environment, live, want).await?).await?;
        }
        let named = changes.iter().filter_map(|change| change.field.strip_prefix("variables."));
        for (name, value) in named.filter_map(|name| want.variables.get_key_value(name)) {
            environment.put_variable(name, &filled(at, value)).await?;
        }
        Ok(())
    }

    /// Never: deployments, and the secrets of others, would go with it.
    async fn delete(_: &Session, _: &Address, _: &RemoteId, _: &GithubEnvironment) -> Result<(), CallError> {
        Ok(())
    }
}

async fn see(at: &Session, name: &Name) -> Result<Option<Seen<GithubEnvironment>>, CallError> {
    let repository = repository(name)?;
    let environment = environment(at, &repository)?;
    let Some(settings) = environment.settings().await? else { return Ok(None) };
    let restored = |value: &str| document::restored(value, at.account_id().as_str(), at.region().as_str());
    let variables = environment.variables().await?;
    let teams = settings.reviewers.iter().filter(|reviewer| reviewer.kind == "Team");
    let spec = GithubEnvironment {
        variables: variables.into_iter().map(|(name, value)| (name, restored(&value))).collect(),
        reviewers: Some(teams.map(|team| team.name.clone()).collect()),
        prevent_self_review: Some(settings.prevent_self_review),
        wait_minutes: Some(settings.wait_minutes),
        branches: Some(match settings.branches {
            github::Branches::Any => Branches::Any,
            github::Branches::Protected => Branches::Protected,
            github::Branches::Patterns(patterns) => Branches::Patterns(patterns),
        }),
    };
    Ok(Some(Seen { id: id(&environment), name: Some(name.clone()), spec }))
}

/// What is to protect it: what is declared, and for the rest what does so already.
async fn settings(at: &Environment<'_>, live: Settings, want: &GithubEnvironment) -> Result<Settings, CallError> {
    let reviewers: Vec<Reviewer> = match &want.reviewers {
        Some(teams) => {
            let mut found = Vec::new();
            for team in teams {
                found.push(at.team(team).await?);
            }
            found
        }
        None => live.reviewers,
    };
    Ok(Settings {
        wait_minutes: want.wait_minutes.unwrap_or(live.wait_minutes),
        prevent_self_review: want.prevent_self_review.unwrap_or(live.prevent_self_review),
        reviewers,
        branches: match &want.branches {
            Some(Branches::Any) => github::Branches::Any,
            Some(Branches::Protected) => github::Branches::Protected,
            Some(Branches::Patterns(patterns)) => github::Branches::Patterns(patterns.clone()),
            None => live.branches,
        },
    })
}

/// A repository, from a resource's name.
fn repository(name: &Name) -> Result<Repository, CallError> {
    name.as_str().parse().map_err(|why: String| CallError::refused("github:GetEnvironment", format!("{name}: {why}")))
}

/// The environment of a repository that has the name of the account's.
pub(super) fn environment<'a>(at: &'a Session, repository: &'a Repository) -> Result<Environment<'a>, CallError> {
    let Account::Member { environment, .. } = at.account() else {
        return Err(CallError::refused("github:GetEnvironment", "the management account has no environment"));
    };
    Ok(Environment { github: &at.outside().github, account: at.account(), repository, name: environment.as_str() })
}

fn id(at: &Environment<'_>) -> RemoteId {
    format!("{}:{}", at.repository, at.name).as_str().into()
}

fn filled(at: &Session, value: &str) -> String {
    document::fill(value, at.account_id().as_str(), at.partition(), at.region().as_str())
}

impl fmt::Display for Branches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Branches::Any => f.write_str("any"),
            Branches::Protected => f.write_str("protected"),
            Branches::Patterns(patterns) => f.write_str(&show(patterns)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn environment(fields: serde_json::Value) -> GithubEnvironment {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn only_what_is_declared_is_compared() {
        let live = environment(json!({
            "variables": { "AWS_ACCOUNT_ID": "${account.id}", "THEIRS": "x" },
            "reviewers": ["release"], "prevent_self_review": true, "wait_minutes": 5, "branches": "protected",
        }));
        assert_eq!(GithubEnvironment::changes(&live, &environment(json!({}))), []);
        let want = json!({ "variables": { "AWS_ACCOUNT_ID": "1", "NEW": "y" }, "reviewers": [], "branches": { "patterns": ["main"] } });
        let changes = GithubEnvironment::changes(&live, &environment(want));
        let seen: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.concern.is_some())).collect();
        assert_eq!(seen, [("reviewers", true), ("branches", true), ("variables.AWS_ACCOUNT_ID", false), ("variables.NEW", false)]);
    }
}
