//! Carries notices out, one after the other, beside the run. Knows the addresses, which are secrets of the environment, and forgets nothing
//! that could not be delivered: it is told once, at the end, without the address.

use super::super::super::clock;
use super::super::super::github::variable;
use crate::model::Name;
use crate::outside::github::deployments::{Deployment, Deployments, State};
use crate::outside::github::wire::Octocrab;
use crate::outside::github::{Repository, is_commit};
use crate::outside::{Hook, Secret};
use crate::plan;
use crate::render::escape::line as escape;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;
use tokio::sync::mpsc::UnboundedReceiver;

/// Where Slack's incoming webhook is; behind an underscore and a team's name, that team's own.
const SLACK: &str = "LANDFALL_SLACK_WEBHOOK";
/// Those of the teams in one secret, since a workflow has to name each that it hands on: a line each, a team and its address.
const TEAMS: &str = "LANDFALL_SLACK_WEBHOOKS";
const WEBHOOK: &str = "LANDFALL_WEBHOOK";
/// What a webhook's requests are signed with.
const KEY: &str = "LANDFALL_WEBHOOK_SECRET";
/// After so many failures in a row, nothing more is sent there: a run must not drag what is dead along.
const PATIENCE: u32 = 3;
/// GitHub may take two calls and a signing in; it ends its own requests after ten seconds.
const GITHUB: Duration = Duration::from_secs(15);
/// How long the end of a run waits for what is still to be told.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// What is to be carried.
pub(in super::super) enum Message {
    /// `urgent`: everybody's channel is told where the team has none.
    Slack {
        team: Option<Name>,
        urgent: bool,
        body: String,
    },
    Webhook(String),
    Deployment {
        what: Deployment,
        state: State,
        log: Option<String>,
    },
}

/// What could not be told, by whom it was meant for: how often in a row, and why the first time.
#[derive(Clone, Default)]
pub(in super::super) struct Unheard(Rc<RefCell<BTreeMap<String, (u32, String)>>>);

pub(in super::super) struct Courier {
    inbox: UnboundedReceiver<Message>,
    slack: BTreeMap<Option<Name>, Hook>,
    webhook: Option<Hook>,
    repository: Option<Repository>,
    github: Option<Deployments<Octocrab>>,
    unheard: Unheard,
}

impl Courier {
    /// One who knows the addresses of the environment, as far as the plan wants them told.
    pub fn of(ways: &plan::Notices, inbox: UnboundedReceiver<Message>) -> Courier {
        let unheard = Unheard::default();
        let hook = |name: &str| {
            let made = variable(name).map(|address| Hook::at(&address))?;
            made.map_err(|why| unheard.note(name, why)).ok()
        };
        let mut slack = BTreeMap::new();
        if ways.slack {
            slack.extend(hook(SLACK).map(|hook| (None, hook)));
            let listed = listed(&variable(TEAMS).unwrap_or_default());
            let own = ways.teams.keys().filter_map(|team| {
                let own = || Hook::at(listed.get(team)?).map_err(|why| unheard.note(&format!("{TEAMS}, {team}"), why)).ok();
                Some((Some(team.clone()), hook(&variable_of(team)).or_else(own)?))
            });
            slack.extend(own);
            unheard.note_if(slack.is_empty(), "Slack", &format!("{SLACK} is not set"));
        }
        let webhook = if ways.webhook { hook(WEBHOOK) } else { None };
        unheard.note_if(ways.webhook && webhook.is_none(), WEBHOOK, "it is not set");
        let webhook = webhook.map(|hook| match variable(KEY) {
            Some(key) => hook.signed(&Secret::new(key)),
            None => hook,
        });
        let repository = ways.deployments.as_ref().and_then(repository);
        unheard.note_if(ways.deployments.is_some() && repository.is_none(), "GitHub", "GITHUB_REPOSITORY is not set");
        Courier { inbox, slack, webhook, repository, github: None, unheard }
    }

    pub fn unheard(&self) -> Unheard {
        self.unheard.clone()
    }

    /// Carries until nothing more can come.
    pub async fn carry(mut self) {
        while let Some(message) = self.inbox.recv().await {
            let (to, became) = match message {
                Message::Slack { team, urgent, body } => {
                    let everybody = || self.slack.get(&None).filter(|_| urgent);
                    let Some(hook) = self.slack.get(&team).or_else(everybody) else { continue };
                    let to = team.filter(|team| self.slack.contains_key(&Some(team.clone())));
                    let to = to.map_or_else(|| "Slack".to_owned(), |team| format!("Slack for {team}"));
                    if self.unheard.is_given_up(&to) {
                        continue;
                    }
                    (to, hook.tell(body, clock::now(None)).await)
                }
                Message::Webhook(body) => {
                    let Some(hook) = self.webhook.as_ref().filter(|_| !self.unheard.is_given_up("the webhook")) else { continue };
                    ("the webhook".to_owned(), hook.tell(body, clock::now(None)).await)
                }
                Message::Deployment { what, state, log } => {
                    let Some(repository) = self.repository.clone().filter(|_| !self.unheard.is_given_up("GitHub")) else { continue };
                    ("GitHub".to_owned(), deploy(&mut self.github, repository, &what, state, log).await)
                }
            };
            self.unheard.remember(&to, became);
        }
    }
}

/// Tells GitHub, with a time limit.
async fn deploy(
    github: &mut Option<Deployments<Octocrab>>,
    repository: Repository,
    what: &Deployment,
    state: State,
    log: Option<String>,
) -> Result<(), String> {
    if !is_commit(&what.commit) {
        return Err("GITHUB_SHA names no commit".to_owned());
    }
    let told = async {
        if github.is_none() {
            *github = Some(Deployments::of(repository).await?);
        }
        match github {
            Some(github) => github.tell(what, state, log.as_deref()).await,
            None => Ok(()),
        }
    };
    let told = tokio::time::timeout(GITHUB, told).await.map_err(|_| format!("no answer within {} s", GITHUB.as_secs()))?;
    told.map_err(|trouble| escape(&trouble.to_string()))
}

/// `LANDFALL_SLACK_WEBHOOK_TEAM_A` of `team-a`.
fn variable_of(team: &Name) -> String {
    format!("{SLACK}_{}", team.as_str().to_uppercase().replace('-', "_"))
}

/// A team and an address on each line; what is neither is of no team.
fn listed(text: &str) -> BTreeMap<Name, String> {
    let lines = text.lines().filter_map(|line| line.trim().split_once(char::is_whitespace));
    lines.filter_map(|(team, address)| Some((team.parse().ok()?, address.trim().to_owned()))).collect()
}

fn repository(which: &plan::Deployments) -> Option<Repository> {
    match which {
        plan::Deployments::Own => variable("GITHUB_REPOSITORY")?.parse().ok(),
        plan::Deployments::In(text) => text.parse().ok(),
    }
}

impl Unheard {
    pub fn note(&self, to: &str, why: String) {
        self.0.borrow_mut().entry(to.to_owned()).or_insert((PATIENCE, why));
    }

    fn note_if(&self, is_so: bool, to: &str, why: &str) {
        if is_so {
            self.note(to, why.to_owned());
        }
    }

    fn is_given_up(&self, to: &str) -> bool {
        self.0.borrow().get(to).is_some_and(|(failures, _)| *failures >= PATIENCE)
    }

    pub fn remember(&self, to: &str, became: Result<(), String>) {
        let mut all = self.0.borrow_mut();
        match became {
            Err(why) => all.entry(to.to_owned()).or_insert((0, why)).0 += 1,
            Ok(()) => {
                if let Some((failures, _)) = all.get_mut(to) {
                    *failures = 0;
                }
            }
        }
    }

    /// A line for each who did not hear all of it.
    pub fn lines(&self) -> Vec<String> {
        self.0.borrow().iter().map(|(to, (_, why))| format!("not all of this run was told to {to}: {why}")).collect()
    }
}

/// Waits for the last notices, for so long.
pub(in super::super) async fn last_words(sending: impl Future<Output = ()>, unheard: &Unheard) {
    if tokio::time::timeout(LAST_WORDS, sending).await.is_err() {
        unheard.note("whom the last notices were for", format!("they were not delivered within {} s", LAST_WORDS.as_secs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_teams_variable_is_one_that_a_shell_can_set() {
        assert_eq!(variable_of(&"on-call-2".parse().unwrap()), "LANDFALL_SLACK_WEBHOOK_ON_CALL_2");
    }

    #[test]
    fn many_teams_addresses_fit_into_one_secret() {
        let all = listed("payments https://hooks.example/1\n\n  on-call-2\thttps://hooks.example/2 \nnobody\n/x nothing\n");
        let shown: Vec<String> = all.iter().map(|(team, address)| format!("{team}={address}")).collect();
        assert_eq!(shown, ["on-call-2=https://hooks.example/2", "payments=https://hooks.example/1"]);
    }

    #[test]
    fn who_does_not_hear_is_told_of_once_and_given_up_after_a_while() {
        let unheard = Unheard::default();
        for failing in [true, true, false, true, true] {
            unheard.remember("Slack", if failing { Err("it answered 500".into()) } else { Ok(()) });
            assert!(!unheard.is_given_up("Slack"));
        }
        unheard.remember("Slack", Err("no answer within 5 s".into()));
        assert!(unheard.is_given_up("Slack"));
        assert_eq!(unheard.lines(), ["not all of this run was told to Slack: it answered 500"]);
    }
}
