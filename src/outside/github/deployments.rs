//! Waves as deployments of a repository: made, and told how they are. Nothing waits for them, so nothing is asked twice; and none of them
//! merges anything or starts a workflow's checks.

use super::app::{Permissions, installed};
use super::asking::{GitHub, parsed};
use super::trouble::Trouble;
use super::wire::{Base, Octocrab, Request, Verb, Wire};
use super::{Credentials, Repository};
use serde::Deserialize;
use serde_json::json;
use std::collections::BTreeMap;

/// What the token has to be allowed.
const PERMISSION: (&str, &str) = ("deployments", "write");
/// Which deployments are ours.
const TASK: &str = "landfall";
/// The longest description (GitHub's documentation, "Create a deployment status").
const DESCRIPTION: usize = 140;

/// How a deployment is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    InProgress,
    Success,
    Failure,
    /// Halted: it was let be.
    Inactive,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::InProgress => "in_progress",
            State::Success => "success",
            State::Failure => "failure",
            State::Inactive => "inactive",
        }
    }
}

/// What is deployed, and where to.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The full name of the commit.
    pub commit: String,
    pub environment: String,
    pub description: String,
}

/// The deployments of one repository.
pub struct Deployments<W> {
    github: GitHub<W>,
    /// Those that were made or found, by their environment.
    known: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Made {
    id: u64,
}

impl Deployments<Octocrab> {
    /// Signs in as whom the environment says.
    ///
    /// # Errors
    /// It says nobody, or somebody who may not.
    pub async fn of(repository: Repository) -> Result<Deployments<Octocrab>, Trouble> {
        let base = Base::of_environment()?;
        let token = match Credentials::of_environment()? {
            Credentials::Token(token) => token,
            Credentials::App(app) => installed(&base, &app, &repository, &Permissions::from([PERMISSION]), false, |_| ()).await?.0,
        };
        Ok(Deployments::over(GitHub::new(Octocrab::new(&base, Some(&token))?, repository, |_| ())))
    }
}

impl<W: Wire> Deployments<W> {
    pub fn over(github: GitHub<W>) -> Deployments<W> {
        Deployments { github, known: BTreeMap::new() }
    }

    /// Says how a deployment is; makes it where this run has not, and no earlier job of it.
    ///
    /// # Errors
    /// Those of the calls.
    pub async fn tell(&mut self, what: &Deployment, state: State, log: Option<&str>) -> Result<(), Trouble> {
        let known = self.known.get(&what.environment).copied();
        let id = match known {
            Some(id) => id,
            None => self.open(what, state).await?,
        };
        self.known.insert(what.environment.clone(), id);
        let description: String = what.description.chars().take(DESCRIPTION).collect();
        let mut body = json!({ "state": state.as_str(), "environment": what.environment, "description": description });
        if let Some(log) = log {
            body["log_url"] = json!(log);
        }
        let path = self.github.path(format_args!("/deployments/{id}/statuses"));
        self.github.once(&Request { verb: Verb::Post, path, body: Some(body) }).await.map(drop)
    }

    /// The deployment that an earlier job of the run made, or a new one. What begins is always new.
    async fn open(&self, what: &Deployment, state: State) -> Result<u64, Trouble> {
        if state != State::InProgress
            && let Some(found) = self.latest(what).await?
        {
            return Ok(found);
        }
        let body = json!({
            "ref": what.commit,
            "task": TASK,
            "environment": what.environment,
            "description": what.description.chars().take(DESCRIPTION).collect::<String>(),
            // Else GitHub merges the default branch into it, or refuses it until every check is green, this run's own included.
            "auto_merge": false,
            "required_contexts": [],
        });
        let request = Request { verb: Verb::Post, path: self.github.path("/deployments"), body: Some(body) };
        let made: Made = parsed(&request, &self.github.once(&request).await?)?;
        Ok(made.id)
    }

    async fn latest(&self, what: &Deployment) -> Result<Option<u64>, Trouble> {
        let Deployment { commit, environment, .. } = what;
        let query = format!("/deployments?sha={commit}&task={TASK}&environment={environment}&per_page=1");
        let found: Vec<Made> = self.github.get(&self.github.path(query)).await?;
        Ok(found.first().map(|made| made.id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::asking::tests::{answer, script};
    use super::*;

    #[tokio::test]
    async fn a_wave_is_made_once_and_told_of_from_job_to_job() {
        let what = Deployment { commit: "a1".repeat(20), environment: "acme-dev".into(), description: "x".repeat(500) };
        let (made, told) = (answer(201, &[], r#"{"id":7}"#), || answer(201, &[], "{}"));
        let mut one = Deployments::over(script([made, told(), told()]));
        one.tell(&what, State::InProgress, Some("https://github.com/x")).await.unwrap();
        one.tell(&what, State::Success, None).await.unwrap();
        let statuses = "POST /repos/acme/infra/deployments/7/statuses";
        assert_eq!(*one.github.wire.asked.borrow(), ["POST /repos/acme/infra/deployments", statuses, statuses]);
        let mut other = Deployments::over(script([answer(200, &[], r#"[{"id":7}]"#), told()]));
        other.tell(&what, State::Failure, None).await.unwrap();
        assert_eq!(other.github.wire.asked.borrow()[1], statuses);
    }

    #[tokio::test]
    async fn a_refusal_is_told_and_not_repeated() {
        let what = Deployment { commit: "a1".repeat(20), environment: "acme-dev".into(), description: String::new() };
        let mut refused = Deployments::over(script([answer(403, &[], r#"{"message":"Resource not accessible by integration"}"#)]));
        assert_eq!(refused.tell(&what, State::InProgress, None).await.unwrap_err().status, Some(403));
    }
}
