//! What earlier runs have come to, by their change records: the jobs of a matrix, as the gates of later waves see them, and what a run that
//! was lost left half done. Must never take silence for success: an account of which no record tells did not start, and one whose record
//! has no end failed.

use super::{Past, Reason};
use crate::model::{Account, Address, Began, ChangeRecord, Closing, Colour, Deed, Entry, Name, StepOutcome, StepRecord, When};
use crate::plan::{ORGANIZATION, Plan, Step, Wave};
use std::collections::{BTreeMap, BTreeSet};

/// What became of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Came {
    Succeeded,
    Failed,
    NotStarted,
}

impl Past {
    /// What the waves of a plan before one of them have come to. `otherwise` is what became of the accounts that nothing is said of.
    pub fn before(plan: &Plan, wave: &Name, came: &BTreeMap<Account, Came>, otherwise: Came) -> Past {
        Past::of(plan, earlier(plan, wave), came, otherwise)
    }

    /// What all waves of a plan have come to. Accounts that nothing is said of did not start.
    pub fn of_all(plan: &Plan, came: &BTreeMap<Account, Came>) -> Past {
        Past::of(plan, plan.waves.iter(), came, Came::NotStarted)
    }

    fn of<'a>(plan: &Plan, waves: impl Iterator<Item = &'a Wave>, came: &BTreeMap<Account, Came>, otherwise: Came) -> Past {
        let mut past = Past::default();
        for earlier in waves {
            let that = |which: Came| busy(earlier).filter(move |account| *came.get(account).unwrap_or(&otherwise) == which).cloned();
            let (failed, held): (BTreeSet<Account>, BTreeSet<Account>) = (that(Came::Failed).collect(), that(Came::NotStarted).collect());
            let started = busy(earlier).count() - held.len();
            let tolerated = plan.rollout.rules(&earlier.name).map_or(0, |rules| rules.tolerated(started));
            if failed.len() > tolerated {
                past.halted.get_or_insert(Reason::TooMany { wave: earlier.name.clone(), failed: failed.len(), tolerated });
            }
            past.failed.extend(failed);
            past.held.extend(held);
        }
        past
    }
}

/// The waves of a plan that come before one, which may have no steps in it.
fn earlier<'a>(plan: &'a Plan, wave: &Name) -> impl Iterator<Item = &'a Wave> {
    // The organization has no place among the waves, and comes before them all; its second part has none either, and comes after them.
    let place = |name: &Name| (name.as_str() != ORGANIZATION).then(|| plan.rollout.place(name).unwrap_or(usize::MAX));
    let at = place(wave);
    plan.waves.iter().take_while(move |other| place(&other.name) < at)
}

fn busy(wave: &Wave) -> impl Iterator<Item = &Account> {
    wave.accounts.iter().filter(|(_, steps)| !steps.is_empty()).map(|(account, _)| account)
}

/// What became of the accounts of which the records of one turn tell. Of several runs for an account, such as a job that was run again, the
/// last one counts.
pub fn came(plan: &Plan, records: &[ChangeRecord]) -> BTreeMap<Account, Came> {
    let (mut began, mut came) = (BTreeMap::new(), BTreeMap::new());
    for ChangeRecord { run, entry, .. } in records {
        match entry {
            Entry::Began(entry) => {
                let accounts = set_out(plan, entry);
                came.extend(accounts.iter().map(|account| ((*account).clone(), Came::Failed)));
                began.insert(run, accounts);
            }
            Entry::Ended(closing) => {
                let accounts = began.remove(run).unwrap_or_default();
                came.extend(accounts.into_iter().map(|account| (account.clone(), of_plan(plan, closing, account))));
            }
            Entry::LockBroken { .. } => {}
        }
    }
    came
}

/// The addresses whose steps runs of a plan may have left half done: those that failed, and every one of a run that has no end, which was
/// killed at any of them. In an account that such a run made all that it left is its own, too: settings are there as soon as the account
/// is. Of several runs the last one to say so counts.
pub fn unfinished(plan: &Plan, records: &[ChangeRecord]) -> BTreeSet<Address> {
    let end_of = |run: &str| records.iter().find_map(|record| ended(record).filter(|_| record.run == run));
    let mut left = BTreeSet::new();
    for record in records {
        let Entry::Began(began) = &record.entry else { continue };
        let Some(closing) = end_of(&record.run) else {
            let accounts: BTreeSet<&Account> = set_out(plan, began).into_iter().collect();
            left.extend(plan.steps().map(|step| &step.address).filter(|at| accounts.contains(&at.account)).cloned());
            continue;
        };
        for step in &closing.steps {
            left.extend(left_in_new(plan, closing, step));
            match step.outcome {
                StepOutcome::Failed => drop(left.insert(step.address.clone())),
                StepOutcome::Done | StepOutcome::AlreadySo => drop(left.remove(&step.address)),
                StepOutcome::Withheld | StepOutcome::Skipped | StepOutcome::NotStarted => {}
            }
        }
    }
    left
}

/// What a run that made an account did not come to in it.
fn left_in_new(plan: &Plan, closing: &Closing, made: &StepRecord) -> Vec<Address> {
    if !plan.makes_by(&made.address) || (made.action, made.outcome) != (Deed::Create, StepOutcome::Done) {
        return Vec::new();
    }
    let not_begun = |at: &&Address| {
        let told = closing.steps.iter().find(|step| step.address == **at);
        told.is_none_or(|step| matches!(step.outcome, StepOutcome::NotStarted | StepOutcome::Skipped))
    };
    let inside = plan.steps().map(|step| &step.address).filter(|at| at.account == made.address.account);
    inside.filter(not_begun).cloned().collect()
}

fn ended(record: &ChangeRecord) -> Option<&Closing> {
    match &record.entry {
        Entry::Ended(closing) => Some(closing),
        Entry::Began(_) | Entry::LockBroken { .. } => None,
    }
}

/// The accounts that a run set out for.
fn set_out<'a>(plan: &'a Plan, began: &'a Began) -> Vec<&'a Account> {
    let part = began.part.as_ref();
    match part.filter(|part| !part.accounts.is_empty()) {
        Some(part) => part.accounts.iter().collect(),
        None => {
            let wave = part.and_then(|part| part.wave.as_ref());
            plan.waves.iter().filter(|other| wave.is_none_or(|wave| other.name == *wave)).flat_map(busy).collect()
        }
    }
}

/// The accounts of a wave that failed, by the records of the runs that have ended: as its own jobs see it, of which others are under way.
pub fn failed_in(wave: &Name, records: &[ChangeRecord]) -> BTreeSet<Account> {
    let (mut began, mut came) = (BTreeMap::new(), BTreeMap::new());
    for ChangeRecord { run, entry, .. } in records {
        match entry {
            Entry::Began(entry) => {
                let part = entry.part.as_ref().filter(|part| part.wave.as_ref() == Some(wave));
                began.extend(part.map(|part| (run, &part.accounts)));
            }
            Entry::Ended(closing) => {
                let accounts = began.remove(run).into_iter().flatten();
                came.extend(accounts.map(|account| (account.clone(), became(closing, account))));
            }
            Entry::LockBroken { .. } => {}
        }
    }
    came.into_iter().filter(|(_, came)| *came == Came::Failed).map(|(account, _)| account).collect()
}

/// What a run made of an account of a plan. One that did well with a part of its steps alone, such as its creation, has not begun with
/// the others.
fn of_plan(plan: &Plan, closing: &Closing, account: &Account) -> Came {
    let told = |step: &Step| closing.steps.iter().any(|record| record.address == step.address);
    match became(closing, account) {
        Came::Succeeded if !plan.steps().filter(|step| step.address.account == *account).all(told) => Came::NotStarted,
        came => came,
    }
}

fn became(closing: &Closing, account: &Account) -> Came {
    let steps: Vec<StepOutcome> = closing.steps.iter().filter(|step| step.address.account == *account).map(|step| step.outcome).collect();
    let after = closing.readings.iter().rfind(|reading| reading.account == *account && reading.when == When::After);
    let sick = after.is_some_and(|reading| reading.said.starts_with(&Colour::Red.to_string()));
    if steps.iter().all(|outcome| *outcome == StepOutcome::NotStarted) {
        Came::NotStarted
    } else if !sick && steps.iter().all(|outcome| matches!(outcome, StepOutcome::Done | StepOutcome::AlreadySo)) {
        Came::Succeeded
    } else {
        Came::Failed
    }
}

#[cfg(test)]
mod tests;
