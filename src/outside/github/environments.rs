//! Environments of repositories: what protects them, their variables, and their secrets. One typed call an operation.

use super::client::{Ask, Client};
use super::wire::{Answer, Verb};
use super::{Repository, Secret};
use crate::model::{Account, CallError, Fault};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The most that GitHub puts on a page of variables, and of most other lists.
const VARIABLES: usize = 30;
const PAGE: usize = 100;
/// An environment holds 100 variables and 100 secrets at most (GitHub's limits); a list that goes on is a defect.
const MOST_PAGES: usize = 20;

/// One environment of one repository, asked for in the name of an account.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    pub github: &'a Client,
    pub account: &'a Account,
    pub repository: &'a Repository,
    pub name: &'a str,
}

/// What protects an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    pub wait_minutes: u32,
    pub prevent_self_review: bool,
    pub reviewers: Vec<Reviewer>,
    pub branches: Branches,
}

/// Somebody who may let a job into an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewer {
    /// `Team` or `User`.
    pub kind: String,
    pub id: u64,
    /// A team's short name, or a user's login.
    pub name: String,
}

/// The branches that may deploy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Branches {
    #[default]
    Any,
    Protected,
    /// Those that match a pattern.
    Patterns(BTreeSet<String>),
}

/// A secret, as far as GitHub tells.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct SecretSeen {
    pub name: String,
    /// `2026-11-21T08:00:00Z`.
    pub updated_at: String,
}

#[derive(Deserialize)]
struct Pattern {
    id: u64,
    name: String,
}

#[derive(Deserialize)]
struct Variable {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct SealingKey {
    key_id: String,
    key: String,
}

impl Environment<'_> {
    fn ask(&self, operation: &'static str) -> Ask<'_> {
        Ask { account: self.account, operation, repository: self.repository }
    }

    fn path(&self, rest: &str) -> String {
        format!("{}/environments/{}{rest}", self.repository.path(), escaped(self.name))
    }

    /// What protects it; none when there is no such environment.
    ///
    /// # Errors
    /// Also when the repository is not there, or not for us: an environment that can't be seen is not one that doesn't exist.
    pub async fn settings(&self) -> Result<Option<Settings>, CallError> {
        let ask = self.ask("github:GetEnvironment");
        let answer = match self.github.read(ask, &self.path("")).await {
            Err(error) if error.is(Fault::Missing) => return self.repository_is_there().await.map(|()| None),
            answer => answer?,
        };
        let found: Value = parsed(ask, &answer)?;
        let mut settings = settings(&found);
        if matches!(settings.branches, Branches::Patterns(_)) {
            let patterns = self.patterns().await?;
            settings.branches = Branches::Patterns(patterns.into_iter().map(|pattern| pattern.name).collect());
        }
        Ok(Some(settings))
    }

    async fn repository_is_there(&self) -> Result<(), CallError> {
        let answer = self.github.read(self.ask("github:GetRepository"), &self.repository.path()).await;
        answer.map(drop).map_err(|error| match error.fault {
            Fault::Missing => {
                let message = format!("GitHub knows no repository {}, or does not let us see it", self.repository);
                CallError { fault: Fault::Refused, message, ..error }
            }
            _ => error,
        })
    }

    /// Makes it, or sets what protects it: all of it, because GitHub resets what is left out.
    ///
    /// # Errors
    /// Those of the calls; plans of GitHub's that know no protection refuse it.
    pub async fn put(&self, settings: &Settings) -> Result<(), CallError> {
        let Settings { wait_minutes, prevent_self_review, reviewers, branches } = settings;
        let policy = match branches {
            Branches::Any => Value::Null,
            Branches::Protected => json!({ "protected_branches": true, "custom_branch_policies": false }),
            Branches::Patterns(_) => json!({ "protected_branches": false, "custom_branch_policies": true }),
        };
        let reviewers: Vec<Value> = reviewers.iter().map(|one| json!({ "type": one.kind, "id": one.id })).collect();
        let body = json!({
            "wait_timer": wait_minutes,
            "prevent_self_review": prevent_self_review,
            "reviewers": reviewers,
            "deployment_branch_policy": policy,
        });
        self.github.write(self.ask("github:PutEnvironment"), Verb::Put, &self.path(""), Some(body)).await?;
        match branches {
            Branches::Patterns(want) => self.put_patterns(want).await,
            _ => Ok(()),
        }
    }

    async fn patterns(&self) -> Result<Vec<Pattern>, CallError> {
        self.all("github:ListDeploymentBranchPolicies", "/deployment-branch-policies", "branch_policies", PAGE).await
    }

    async fn put_patterns(&self, want: &BTreeSet<String>) -> Result<(), CallError> {
        let live = self.patterns().await?;
        for pattern in live.iter().filter(|pattern| !want.contains(&pattern.name)) {
            let path = self.path(&format!("/deployment-branch-policies/{}", pattern.id));
            gone(self.github.write(self.ask("github:DeleteDeploymentBranchPolicy"), Verb::Delete, &path, None).await)?;
        }
        let live: BTreeSet<&String> = live.iter().map(|pattern| &pattern.name).collect();
        for name in want.iter().filter(|name| !live.contains(name)) {
            let ask = self.ask("github:CreateDeploymentBranchPolicy");
            self.github.write(ask, Verb::Post, &self.path("/deployment-branch-policies"), Some(json!({ "name": name }))).await?;
        }
        Ok(())
    }

    /// A team of the repository's owner, as a reviewer.
    ///
    /// # Errors
    /// Also when there is no such team.
    pub async fn team(&self, slug: &str) -> Result<Reviewer, CallError> {
        #[derive(Deserialize)]
        struct Team {
            id: u64,
        }
        let ask = self.ask("github:GetTeam");
        let path = format!("/orgs/{}/teams/{}", self.repository.owner(), escaped(slug));
        let team: Team = parsed(ask, &self.github.read(ask, &path).await?)?;
        Ok(Reviewer { kind: "Team".to_owned(), id: team.id, name: slug.to_owned() })
    }

    /// The environment's variables, ours and others'.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn variables(&self) -> Result<BTreeMap<String, String>, CallError> {
        let all: Vec<Variable> = self.all("github:ListEnvironmentVariables", "/variables", "variables", VARIABLES).await?;
        Ok(all.into_iter().map(|variable| (variable.name, variable.value)).collect())
    }

    /// Sets a variable, there already or not.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn put_variable(&self, name: &str, value: &str) -> Result<(), CallError> {
        let body = json!({ "name": name, "value": value });
        let one = self.path(&format!("/variables/{}", escaped(name)));
        let changed = self.github.write(self.ask("github:UpdateEnvironmentVariable"), Verb::Patch, &one, Some(body.clone())).await;
        match changed {
            Err(error) if error.is(Fault::Missing) => {
                let ask = self.ask("github:CreateEnvironmentVariable");
                self.github.write(ask, Verb::Post, &self.path("/variables"), Some(body)).await.map(drop)
            }
            changed => changed.map(drop),
        }
    }

    /// The environment's secrets: their names, and when they were written. None of an environment that is not there.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn secrets(&self) -> Result<Vec<SecretSeen>, CallError> {
        let all = self.all("github:ListEnvironmentSecrets", "/secrets", "secrets", PAGE).await;
        match all {
            Err(error) if error.is(Fault::Missing) => self.repository_is_there().await.map(|()| Vec::new()),
            all => all,
        }
    }

    /// Hands a secret over, in a sealed box.
    ///
    /// # Errors
    /// Those of the calls, and a key of GitHub's that is none.
    pub async fn put_secret(&self, name: &str, secret: &Secret) -> Result<(), CallError> {
        let ask = self.ask("github:GetEnvironmentPublicKey");
        let key: SealingKey = parsed(ask, &self.github.read(ask, &self.path("/secrets/public-key")).await?)?;
        let ask = self.ask("github:PutEnvironmentSecret");
        let sealed = secret.sealed(&key.key).map_err(|why| CallError::refused(ask.operation, why))?;
        let body = json!({ "encrypted_value": sealed, "key_id": key.key_id });
        self.github.write(ask, Verb::Put, &self.path(&format!("/secrets/{}", escaped(name))), Some(body)).await.map(drop)
    }

    /// Removes a secret; succeeds when it is gone already.
    ///
    /// # Errors
    /// Those of the call.
    pub async fn delete_secret(&self, name: &str) -> Result<(), CallError> {
        let path = self.path(&format!("/secrets/{}", escaped(name)));
        gone(self.github.write(self.ask("github:DeleteEnvironmentSecret"), Verb::Delete, &path, None).await)
    }

    /// A list to its end, page by page; `field` is where an answer has it.
    async fn all<T: DeserializeOwned>(&self, operation: &'static str, rest: &str, field: &str, size: usize) -> Result<Vec<T>, CallError> {
        let ask = self.ask(operation);
        let mut found = Vec::new();
        for page in 1..=MOST_PAGES {
            let path = self.path(&format!("{rest}?per_page={size}&page={page}"));
            let mut answer: Value = parsed(ask, &self.github.read(ask, &path).await?)?;
            let total = answer["total_count"].as_u64().unwrap_or(0);
            let items: Vec<T> = serde_json::from_value(answer[field].take()).map_err(|error| strange(ask, &error))?;
            let is_last = items.is_empty();
            found.extend(items);
            if is_last || found.len() as u64 >= total {
                return Ok(found);
            }
        }
        Err(CallError::refused(operation, format!("GitHub's list does not end after {MOST_PAGES} pages")))
    }
}

/// What protects an environment, from GitHub's description of it.
fn settings(found: &Value) -> Settings {
    let mut settings = Settings::default();
    for rule in found["protection_rules"].as_array().into_iter().flatten() {
        match rule["type"].as_str() {
            Some("wait_timer") => settings.wait_minutes = rule["wait_timer"].as_u64().and_then(|m| u32::try_from(m).ok()).unwrap_or(0),
            Some("required_reviewers") => {
                settings.prevent_self_review = rule["prevent_self_review"].as_bool().unwrap_or(false);
                settings.reviewers.extend(rule["reviewers"].as_array().into_iter().flatten().filter_map(reviewer));
            }
            _ => {}
        }
    }
    let policy = &found["deployment_branch_policy"];
    settings.branches = match (policy["protected_branches"].as_bool(), policy["custom_branch_policies"].as_bool()) {
        (Some(true), _) => Branches::Protected,
        (_, Some(true)) => Branches::Patterns(BTreeSet::new()),
        _ => Branches::Any,
    };
    settings
}

fn reviewer(found: &Value) -> Option<Reviewer> {
    let who = &found["reviewer"];
    let name = who["slug"].as_str().or_else(|| who["login"].as_str())?;
    Some(Reviewer { kind: found["type"].as_str()?.to_owned(), id: who["id"].as_u64()?, name: name.to_owned() })
}

fn parsed<T: DeserializeOwned>(ask: Ask<'_>, answer: &Answer) -> Result<T, CallError> {
    serde_json::from_str(&answer.body).map_err(|error| strange(ask, &error))
}

fn strange(ask: Ask<'_>, error: &serde_json::Error) -> CallError {
    let why = super::trouble::shown(&error.to_string());
    CallError::refused(ask.operation, format!("GitHub's answer is not understood: {why}; is GITHUB_API_URL right?"))
}

/// Turns "already gone" into success.
fn gone(result: Result<Answer, CallError>) -> Result<(), CallError> {
    match result {
        Err(error) if error.is(Fault::Missing) => Ok(()),
        result => result.map(drop),
    }
}

fn escaped(part: &str) -> String {
    // What GitHub's own names are made of stays readable.
    const KEPT: percent_encoding::AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.');
    utf8_percent_encode(part, &KEPT).to_string()
}
