//! The way back from any plan, whole or stopped at any step, ends where it began, but for what it says that people have to do.

use crate::estates::{applied, with_domains};
use crate::generated::{POOL, all_applied, domains};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Subject};
use landfall::plan::{Live, Plan, PlanFile, Report, Step, Wave, plan, rollback};
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};

/// The first steps of a plan, as when an apply was stopped.
fn begun(plan: &Plan, count: usize) -> Plan {
    let mut left = count;
    let mut take = |steps: &Vec<Step>| {
        let taken: Vec<Step> = steps.iter().take(left).cloned().collect();
        left -= taken.len();
        taken
    };
    let waves = plan.waves.iter().map(|wave| {
        let accounts: BTreeMap<Account, Vec<Step>> = wave.accounts.iter().map(|(account, steps)| (account.clone(), take(steps))).collect();
        Wave { name: wave.name.clone(), accounts }
    });
    Plan { waves: waves.collect(), ..plan.clone() }
}

fn needs(at: &Address, spec: &Spec) -> BTreeSet<Address> {
    spec.needs().iter().map(|need| need.resolve(at, &"us-west-2".parse().unwrap())).filter(|need| need != at).collect()
}

/// Whether, done one by one, each step finds what it needs, and deletes nothing that something still there needs.
fn goes_in_turn(back: &Plan, live: &Live) -> Result<(), String> {
    let mut there: BTreeMap<&Address, &Spec> = live.found.iter().map(|(at, found)| (at, &found.spec)).collect();
    for step in back.steps() {
        match step.action.after() {
            Some(spec) => {
                if let Some(missing) = needs(&step.address, spec).into_iter().find(|need| !there.contains_key(need)) {
                    return Err(format!("{} needs {missing}", step.address));
                }
                there.insert(&step.address, spec);
            }
            None => {
                let user = there.iter().find(|(at, spec)| needs(at, spec).contains(&step.address));
                if let Some((user, _)) = user {
                    return Err(format!("{} is deleted under {user}", step.address));
                }
                there.remove(&step.address);
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 2, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn there_and_back(before in domains(), after in domains(), stop in any::<Index>()) {
        let was = all_applied(&with_domains(POOL, &before));
        let (whole, _) = plan(&with_domains(POOL, &after), &was);
        let there = begun(&whole, stop.index(whole.steps().count() + 1));
        let done: BTreeSet<Address> = there.steps().map(|step| step.address.clone()).collect();
        // A replacement that was stopped between its halves is taken back as a whole.
        let there = begun(&whole, whole.steps().enumerate().filter(|(_, step)| done.contains(&step.address)).map(|(at, _)| at + 1).max().unwrap_or(0));
        let done: BTreeSet<Address> = there.steps().map(|step| step.address.clone()).collect();
        let is = applied(&there, &was);
        let (back, notes) = rollback(&whole, &done);
        prop_assert!(PlanFile::read(&PlanFile::of(back.clone(), Report::default()).to_json()).is_ok());
        if let Err(wrong) = goes_in_turn(&back, &is) {
            prop_assert!(false, "{}", wrong);
        }
        let ends = applied(&back, &is);
        let by_hand: BTreeSet<&Address> = notes.iter().filter_map(|note| if let Subject::Resource(at) = &note.subject { Some(at) } else { None }).collect();
        for at in was.found.keys().chain(ends.found.keys()).filter(|at| !by_hand.contains(at)) {
            prop_assert_eq!(was.found.get(at).map(|found| &found.spec), ends.found.get(at).map(|found| &found.spec), "{}", at);
        }
        let touched: BTreeSet<&Address> = back.steps().map(|step| &step.address).collect();
        prop_assert!(touched.iter().all(|at| done.contains(*at)), "only what was done is undone");
    }
}
