//! What a notice says: one thing that happened in a run, for everybody or for one team, as a message in Slack and as JSON. Pure. What comes
//! from outside is bounded and escaped here; nothing in it mentions anybody or formats anything.

mod slack;
mod webhook;

pub use slack::slack;
pub use webhook::webhook;

use crate::model::{Account, Name};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    pub what: What,
    pub at: Timestamp,
    pub estate: Name,
    /// As records call it.
    pub run: String,
    /// The first characters of the plan's digest.
    pub plan: String,
    /// Whom it is for; everybody, when absent.
    pub team: Option<Team>,
    pub wave: Option<Name>,
    /// The accounts that it is about, and what became of them.
    pub accounts: BTreeMap<Account, Became>,
    /// How many steps it is about.
    pub steps: usize,
    /// What went wrong, in words from outside.
    pub reasons: Vec<String>,
    /// Who started it, as GitHub or AWS knows them.
    pub who: String,
    /// The address of the workflow run.
    pub link: Option<String>,
}

/// A team, as it is addressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Team {
    pub name: Name,
    /// Such as `#team-catalog`.
    pub channel: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum What {
    Started,
    /// A wave did not start, or went no further.
    Halted,
    /// An account did not succeed; the run goes on where it may.
    Failed,
    /// The end of a run in which all was done.
    Succeeded,
    /// The end of one in which something was not.
    NotSucceeded,
}

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    Failed,
    Withheld,
    NotStarted,
    /// Its steps are still to be done.
    Planned,
    Done,
}

impl Became {
    pub fn as_str(self) -> &'static str {
        match self {
            Became::Failed => "failed",
            Became::Withheld => "withheld",
            Became::NotStarted => "not started",
            Became::Planned => "planned",
            Became::Done => "done",
        }
    }
}

impl Notice {
    /// What happened, in a few words of ours and names.
    pub fn title(&self) -> String {
        let estate = &self.estate;
        let wave = self.wave.as_ref().map(|wave| format!(" at {wave}")).unwrap_or_default();
        let of = self.team.as_ref().map(|team| format!(" for {}", team.name)).unwrap_or_default();
        match self.what {
            What::Started => format!("{estate}: apply started{of}"),
            What::Halted => format!("{estate}: apply halted{wave}{of}"),
            What::Failed => match self.accounts.keys().next() {
                Some(account) => format!("{estate}: {account} failed{of}"),
                None => format!("{estate}: apply failed{wave}{of}"),
            },
            What::Succeeded => format!("{estate}: apply succeeded{of}"),
            What::NotSucceeded => format!("{estate}: apply did not succeed{of}"),
        }
    }

    /// How many accounts there are of each fate, the worst first.
    fn counts(&self) -> BTreeMap<Became, usize> {
        let mut counts = BTreeMap::new();
        for became in self.accounts.values() {
            *counts.entry(*became).or_default() += 1;
        }
        counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Words in which everything is tried at once.
    pub const HOSTILE: &str = "<!channel> <@U1> <https://evil.example|x> &amp; @here #general *b* _i_ `c`\n::error::\u{202e}";

    pub fn notice(what: What, accounts: &[(&str, Became)], reasons: &[&str]) -> Notice {
        Notice {
            what,
            at: Timestamp::from_second(1_795_255_200).unwrap(),
            estate: "acme".parse().unwrap(),
            run: "20261121T100000Z-0123456789ab".into(),
            plan: "1f2e3d4c".into(),
            team: Some(Team { name: "payments".parse().unwrap(), channel: Some("#team-payments".into()) }),
            wave: Some("prod".parse().unwrap()),
            accounts: accounts.iter().map(|(account, became)| (account.parse().unwrap(), *became)).collect(),
            steps: 12,
            reasons: reasons.iter().map(|text| (*text).to_owned()).collect(),
            who: "ada".into(),
            link: Some("https://github.com/acme/infra/actions/runs/7".into()),
        }
    }

    #[test]
    fn a_title_says_what_where_and_for_whom() {
        let one = [("payments/prod", Became::Failed)];
        let title = |what| notice(what, &one, &[]).title();
        assert_eq!(title(What::Started), "acme: apply started for payments");
        assert_eq!(title(What::Halted), "acme: apply halted at prod for payments");
        assert_eq!(title(What::Failed), "acme: payments/prod failed for payments");
        assert_eq!(title(What::Succeeded), "acme: apply succeeded for payments");
        assert_eq!(Notice { team: None, ..notice(What::NotSucceeded, &one, &[]) }.title(), "acme: apply did not succeed");
    }
}
