//! A plan cut down to some accounts. Planned whole and cut afterwards, so that a part is always the part of the whole:
//! the same ranges, the same order, the same digests.

use super::{Action, Desired, Live, Plan, Report, Step, representative};
use crate::kinds::Spec;
use crate::model::{Account, Address, Note, Subject};
use std::collections::BTreeSet;

impl Plan {
    /// Keeps the steps of some accounts, and those of the organization, which they may need.
    pub fn keep(&mut self, accounts: &BTreeSet<Account>) {
        for wave in &mut self.waves {
            wave.accounts.retain(|account, _| kept(accounts, account));
        }
        self.waves.retain(|wave| !wave.accounts.is_empty());
    }

    /// Keeps the creation of accounts alone, and asks no canary: what is done before there are jobs of which each enters its own account.
    pub fn keep_new_accounts(&mut self) {
        self.waves.iter_mut().flat_map(|wave| wave.accounts.values_mut()).for_each(|steps| steps.retain(makes_account));
        self.rollout.canaries.clear();
    }

    /// Whether it creates an account.
    pub fn makes(&self, account: &Account) -> bool {
        self.steps().any(|step| step.address.account == *account && makes_account(step))
    }

    /// Whether the step at an address creates an account.
    pub fn makes_by(&self, at: &Address) -> bool {
        self.steps().any(|step| step.address == *at && makes_account(step))
    }
}

/// One that waits for others of its account can't go by itself; none does, since there is nothing in an account before it.
fn makes_account(step: &Step) -> bool {
    matches!(step.action, Action::Create { want: Spec::Account(_), .. }) && step.after.is_empty()
}

/// The part of a plan and its report that is about some accounts and the organization.
pub fn narrow(mut plan: Plan, report: Report, accounts: &BTreeSet<Account>, desired: &Desired, live: &Live) -> (Plan, Report) {
    plan.keep(accounts);
    let steps: BTreeSet<&Address> = plan.steps().map(|step| &step.address).collect();
    let settled = |address: &&Address| kept(accounts, &address.account) && live.found.contains_key(*address) && !steps.contains(*address);
    let unchanged = desired.resources.keys().filter(settled).count();
    let about = |subject: &Subject| match subject {
        Subject::Estate => true,
        Subject::Account(account) => kept(accounts, account),
        Subject::Resource(address) => kept(accounts, &address.account),
    };
    let mut notes: Vec<Note> = report.notes.into_iter().filter(|note| about(&note.subject)).collect();
    // The one note that sums up steps is of those that are left.
    notes.retain(|note| note.summary != representative::SUMMARY);
    notes.extend(representative::note(&plan));
    notes.sort();
    (plan, Report { notes, unchanged, accounts: accounts.len() })
}

fn kept(accounts: &BTreeSet<Account>, account: &Account) -> bool {
    *account == Account::Management || accounts.contains(account)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Severity;
    use crate::plan::estates::{accounts, at, desired, live, steps, with};
    use crate::plan::plan;
    use serde_json::{Value, json};

    const UNIT: &str = "management/global/organizational-unit/all";
    const GREETING: &str = "us-west-2/ssm-parameter/landfall/greeting";

    /// Two domains of two accounts each, with a parameter in each account.
    fn estate(text: &str) -> Vec<(String, Value)> {
        let of = ["catalog/dev", "catalog/prod", "payments/dev", "payments/prod"];
        let parameter = |of: &str| (format!("{of}/{GREETING}"), json!({ "value": { "text": text } }));
        accounts(&of).into_iter().chain(of.map(parameter)).collect()
    }

    fn only(account: &str) -> BTreeSet<Account> {
        BTreeSet::from([account.parse().unwrap()])
    }

    #[test]
    fn a_part_is_the_accounts_own_and_the_organizations() {
        let (declared, nothing) = (desired(&estate("hello")), Live::default());
        let (whole, report) = plan(&declared, &nothing);
        let (part, _) = narrow(whole, report, &only("payments/dev"), &declared, &nothing);
        let expected =
            [format!("+ {UNIT} []"), "+ payments/dev/global/account/main []".to_owned(), format!("+ payments/dev/{GREETING} [0]")];
        assert_eq!(steps(&part), expected);
        assert_eq!(
            part.waves.iter().map(|wave| wave.name.as_str()).collect::<Vec<_>>(),
            ["organization", "dev"],
            "no wave without accounts"
        );
    }

    #[test]
    fn what_is_said_of_a_part_is_about_it_alone() {
        let (declared, lives) = (desired(&estate("good day")), live(&estate("hello")));
        let (whole, report) = plan(&declared, &lives);
        let (mine, others) = (at(&format!("payments/dev/{GREETING}")), at(&format!("catalog/dev/{GREETING}")));
        let [about, other] = ["payments/dev", "catalog/prod"].map(|account| Subject::Account(account.parse().unwrap()));
        let kept = [Subject::Estate, about, Subject::Resource(at(UNIT)), Subject::Resource(mine)];
        let all = kept.iter().cloned().chain([other, Subject::Resource(others)]);
        let notes = all.map(|subject| Note::new(Severity::Warning, subject, "x", "y")).collect();
        let (_, part) = narrow(whole, Report { notes, ..report }, &only("payments/dev"), &declared, &lives);
        let subjects: BTreeSet<String> = part.notes.iter().map(|note| note.subject.to_string()).collect();
        assert_eq!(subjects, kept.iter().map(ToString::to_string).collect());
        // Its account and the unit are as declared, its parameter is not.
        assert_eq!((part.unchanged, part.accounts), (2, 1));
    }

    #[test]
    fn what_sums_up_steps_sums_up_those_that_are_left() {
        let new = |of: &str| (format!("{of}/prod/us-west-2/ssm-parameter/landfall/new"), json!({ "value": { "text": "x" } }));
        let declared = desired(&[estate("hello"), ["catalog", "payments"].map(new).into()].concat());
        let lives = live(&estate("hello"));
        let told = |account: &str| {
            let (whole, report) = plan(&declared, &lives);
            let (_, part) = narrow(whole, report, &only(account), &declared, &lives);
            part.notes.into_iter().map(|note| note.detail).collect::<Vec<_>>()
        };
        assert_eq!(told("payments/prod"), ["first seen in prod: create ssm-parameter landfall/new of network, in payments/prod"]);
        assert_eq!(told("payments/dev"), Vec::<String>::new());
    }

    #[test]
    fn accounts_are_made_before_anything_else_and_ask_no_canary() {
        let (old, new) = ("catalog/prod", "payments/prod");
        let parameter = |of: &str| format!("{of}/{GREETING}");
        let fields = || json!({ "value": { "text": "x" } });
        let declared = with(accounts(&[old, new]), [(&parameter(old), fields()), (&parameter(new), fields())]);
        let (mut plan, _) = plan(&desired(&declared), &live(&accounts(&[old])));
        let [old, new, management] = [old, new, "management"].map(|account| account.parse().unwrap());
        assert_eq!([&old, &new, &management].map(|account| plan.makes(account)), [false, true, false], "both have steps");
        assert!(plan.makes_by(&at("payments/prod/global/account/main")) && !plan.makes_by(&at(&format!("payments/prod/{GREETING}"))));
        plan.rollout.canaries.insert(new, BTreeSet::from(["landfall-canary-network".parse().unwrap()]));
        plan.keep_new_accounts();
        assert_eq!(steps(&plan), ["+ payments/prod/global/account/main []"]);
        assert!(plan.rollout.canaries.is_empty());
    }
}
