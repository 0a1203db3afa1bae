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
