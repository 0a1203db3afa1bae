//! Who hears of a run: which ways are on, and whose each account is. Part of the plan, because that is all that apply has. Holds no address
//! of a webhook: whoever knows one can write there, so it is a secret of the environment.

use crate::model::{Account, Name};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The ways on which others hear of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notices {
    pub slack: bool,
    pub webhook: bool,
    pub deployments: Option<Deployments>,
    /// Whose the accounts are; nobody's where nobody hears.
    pub teams: BTreeMap<Name, Hearers>,
}

/// A team, as notices address it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hearers {
    /// Its channel, such as `#team-catalog`.
    pub channel: Option<String>,
    pub accounts: BTreeSet<Account>,
}

/// In which repository a wave is shown as a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deployments {
    /// That of the workflow.
    Own,
    /// `owner/name`.
    In(String),
}

impl Notices {
    /// Whether nobody hears.
    pub fn is_none(&self) -> bool {
        let Notices { slack, webhook, deployments, teams: _ } = self;
        !slack && !webhook && deployments.is_none()
    }

    /// The team that owns an account.
    pub fn owner(&self, account: &Account) -> Option<(&Name, &Hearers)> {
        self.teams.iter().find(|(_, team)| team.accounts.contains(account))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_its_teams() {
        let accounts = BTreeSet::from(["catalog/dev".parse().unwrap()]);
        let teams = BTreeMap::from([("catalog".parse().unwrap(), Hearers { channel: Some("#c".into()), accounts })]);
        let notices = Notices { slack: true, teams, ..Notices::default() };
        assert_eq!(notices.owner(&"catalog/dev".parse().unwrap()).unwrap().0.as_str(), "catalog");
        assert!(notices.owner(&"gone/dev".parse().unwrap()).is_none());
        assert!(!notices.is_none() && Notices::default().is_none());
    }
}
