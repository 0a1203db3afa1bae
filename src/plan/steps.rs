//! Plan and report: what will be done, and what you should know about it.

use super::{Notices, Reviewed, Rollout};
use crate::kinds::Spec;
use crate::model::{Account, Address, Approvals, Change, Concern, Digest, Name, Note, Place, Region, Risk};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Everything that will be done, in waves. Holds no id and no unknown value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    pub estate: Name,
    pub home_region: Region,
    /// The role to assume in member accounts.
    pub access_role: String,
    /// The accounts that exist or are to be created, by the email that each is found by.
    pub emails: BTreeMap<Account, String>,
    /// How many people have to approve what is planned here.
    pub approvals: Approvals,
    /// How it reaches the accounts, those without steps included.
    pub rollout: Rollout,
    /// Who hears of it.
    #[serde(default, skip_serializing_if = "Notices::is_none")]
    pub notices: Notices,
    pub waves: Vec<Wave>,
}

/// Accounts that go together; no wave starts before its gate holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wave {
    /// `organization`, or one of the rollout's.
    pub name: Name,
    /// The steps of each account, in an order in which they could be done one by one.
    pub accounts: BTreeMap<Account, Vec<Step>>,
}

/// One action on one address.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    pub address: Address,
    pub action: Action,
    /// The steps of the same account that have to succeed first, by their place in the list, ascending.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub after: Vec<usize>,
    /// Why a reviewer should look, the worst first; none for routine steps.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub concerns: Vec<Concern>,
    /// The module and line that asked for it; none for a delete, which nobody asks for any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked: Option<(Name, Place)>,
}

/// What is done. A replacement is a delete and a create of one address, each marked as part of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[expect(clippy::large_enum_variant, reason = "steps are few beside what they do, and nearly all hold one spec or two")]
pub enum Action {
    Create {
        want: Spec,
        replacing: bool,
    },
    Update {
        live: Spec,
        want: Spec,
        changes: Vec<Change>,
    },
    /// `why` is empty for what is no longer declared; for a replacement it holds the changes that demand it.
    Delete {
        live: Spec,
        replacing: bool,
        why: Vec<Change>,
    },
}

/// What to know about a plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    /// Blocking ones first, each subject's together.
    pub notes: Vec<Note>,
    /// Resources that are as declared.
    pub unchanged: usize,
    /// Accounts compared, existing or not.
    pub accounts: usize,
}

/// A plan whose every step somebody has seen: the only thing that `apply` accepts.
#[derive(Clone, Debug, PartialEq)]
pub struct ApprovedPlan(Plan);

impl ApprovedPlan {
    /// Approves the steps whose digests are among those that were reviewed; the others are left out and returned.
    ///
    /// A step left out takes along those that come after it: they were reviewed on the ground that it would be done.
    pub fn of(plan: Plan, reviewed: &BTreeSet<Digest>) -> (ApprovedPlan, Vec<Step>) {
        ApprovedPlan::by(plan, |step| reviewed.contains(&step.digest()))
    }

    /// The same, by what people have seen and what is left of it.
    pub fn seen(plan: Plan, reviewed: &Reviewed) -> (ApprovedPlan, Vec<Step>) {
        ApprovedPlan::by(plan, |step| reviewed.approves(step))
    }

    fn by(plan: Plan, approves: impl Fn(&Step) -> bool) -> (ApprovedPlan, Vec<Step>) {
        let (mut approved, mut withheld) = (plan, Vec::new());
        for steps in approved.waves.iter_mut().flat_map(|wave| wave.accounts.values_mut()) {
            let mut kept: Vec<Option<usize>> = Vec::new();
            let mut next = Vec::new();
            for mut step in std::mem::take(steps) {
                let before: Option<Vec<usize>> = step.after.iter().map(|at| kept[*at]).collect();
                match before.filter(|_| approves(&step)) {
                    Some(before) => {
                        kept.push(Some(next.len()));
                        step.after = before;
                        next.push(step);
                    }
                    None => {
                        kept.push(None);
                        withheld.push(step);
                    }
                }
            }
            *steps = next;
        }
        (ApprovedPlan(approved), withheld)
    }

    pub fn plan(&self) -> &Plan {
        &self.0
    }
}

impl Plan {
    /// A plan of nothing, for an estate.
    pub fn empty(estate: &super::Estate) -> Plan {
        let super::Estate { name, home_region, access_role, approvals, rollout, notices, .. } = estate;
        let (estate, home_region, access_role) = (name.clone(), home_region.clone(), access_role.clone());
        let (emails, approvals, rollout, notices) = (BTreeMap::new(), *approvals, rollout.clone(), notices.clone());
        Plan { estate, home_region, access_role, emails, approvals, rollout, notices, waves: Vec::new() }
    }

    /// All steps, wave by wave and account by account.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.waves.iter().flat_map(|wave| wave.accounts.values().flatten())
    }

    pub fn is_empty(&self) -> bool {
        self.steps().next().is_none()
    }

    /// How many people have to approve it, besides its author.
    pub fn approvals_needed(&self) -> usize {
        if self.is_empty() { 0 } else { self.approvals.needed(self.risk()) }
    }

    /// The worst risk of any step.
    pub fn risk(&self) -> Risk {
        self.steps().map(Step::risk).max().unwrap_or(Risk::Routine)
    }
}

impl Step {
    /// What a reviewer approves: the address and the action, with every value before and after. Not the order, not the line.
    pub fn digest(&self) -> Digest {
        Digest::of(&(&self.address, &self.action))
    }

    pub fn risk(&self) -> Risk {
        self.concerns.iter().map(|concern| concern.risk).max().unwrap_or(Risk::Routine)
    }
}

impl Action {
    /// What is there before the step, if anything.
    pub fn before(&self) -> Option<&Spec> {
        match self {
            Action::Create { .. } => None,
            Action::Update { live, .. } | Action::Delete { live, .. } => Some(live),
        }
    }

    /// What is there after it, if anything.
    pub fn after(&self) -> Option<&Spec> {
        match self {
            Action::Create { want, .. } | Action::Update { want, .. } => Some(want),
            Action::Delete { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::estates::{accounts, desired, steps, with};
    use crate::plan::{Live, plan};
    use serde_json::json;

    const HERE: &str = "payments/prod/us-west-2/";

    /// What is done and what is not, if everything but one step was reviewed: of two networks, one with a subnet.
    fn without(address: &str) -> (Vec<String>, Vec<String>) {
        let subnet = json!({ "vpc": "vpc/b", "cidr": "10.1.0.0/24", "zone": "a" });
        let resources = [
            ("payments/prod/us-west-2/vpc/a", json!({ "cidr": "10.0.0.0/16" })),
            ("payments/prod/us-west-2/vpc/b", json!({ "cidr": "10.1.0.0/16" })),
            ("payments/prod/us-west-2/subnet/b", subnet),
        ];
        let (whole, _) = plan(&desired(&with(accounts(&["payments/prod"]), resources)), &Live::default());
        let reviewed = whole.steps().filter(|step| !step.address.to_string().ends_with(address)).map(Step::digest).collect();
        let (approved, withheld) = ApprovedPlan::of(whole, &reviewed);
        let short = |text: String| text.replace(HERE, "").replace("payments/prod/global/", "");
        let done = steps(approved.plan()).into_iter().filter(|step| !step.contains("management")).map(short);
        (done.collect(), withheld.iter().map(|step| short(step.address.to_string())).collect())
    }

    #[test]
    fn a_step_that_nobody_saw_takes_along_those_that_wait_for_it_and_no_others() {
        let all = ["+ account/main []", "+ vpc/a [0]", "+ vpc/b [0]", "+ subnet/b [0, 2]"].map(str::to_owned);
        assert_eq!(without("nothing"), (all.clone().into(), vec![]));
        assert_eq!(without("vpc/b"), (all[..2].into(), vec!["vpc/b".to_owned(), "subnet/b".to_owned()]));
        let (done, withheld) = without("vpc/a");
        assert_eq!(done, ["+ account/main []", "+ vpc/b [0]", "+ subnet/b [0, 1]"], "places are those of what is left");
        assert_eq!(withheld, ["vpc/a"]);
        assert_eq!(without("account/main").0, Vec::<String>::new(), "nothing is done in an account that is not made");
    }
}
