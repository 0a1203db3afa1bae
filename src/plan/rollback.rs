//! The way back: from a plan, the plan that undoes it, and what of it only people can undo. Made from the plan alone, before its first step,
//! and an ordinary plan: it is reviewed, and each of its steps looks at its resource first.

use super::{Action, ORGANIZATION, ORGANIZATION_LAST, Plan, Step, Wave, is_canary, judge};
use crate::kinds::{Kind, LambdaFunction, Spec, row};
use crate::model::{Account, Address, Change, Effect, Note, Region, Severity, Subject, show};
use std::collections::{BTreeMap, BTreeSet};

/// What field names of rebinding begin with: which way the reference went, no spec shows.
const BINDING: &str = "needs.";
/// Kinds whose resources, made anew, are others than before for whoever uses them.
const SECRET: [&str; 2] = ["ci-key", "new-relic-keys"];

/// What undoes a step, or why only people can.
#[expect(clippy::large_enum_variant, reason = "there are no more of them than steps, and nearly all hold an action")]
enum Undo {
    By(Action),
    ByHand(String),
}

/// The plan that undoes those steps of a plan that are done, and what is to be done by hand.
///
/// What a plan updated is updated back, what it created is deleted, and what it deleted is created as it was. It goes wave by wave like any
/// other; what belongs to the organization comes back first, and goes last. Accounts, units, settings, what others made and what may hold
/// data by now stay, and so does whatever these need.
pub fn rollback(plan: &Plan, done: &BTreeSet<Address>) -> (Plan, Vec<Note>) {
    let mut undos: BTreeMap<(&Account, usize), Undo> = BTreeMap::new();
    for (account, steps) in plan.waves.iter().flat_map(|wave| &wave.accounts) {
        for (at, step) in steps.iter().enumerate().filter(|(_, step)| done.contains(&step.address)) {
            undos.insert((account, at), undo(step, steps));
        }
    }
    let by_account: BTreeMap<&Account, &[Step]> =
        plan.waves.iter().flat_map(|wave| &wave.accounts).map(|(account, steps)| (account, &steps[..])).collect();
    stay(&by_account, &mut undos, &plan.home_region);
    let notes = notes(&by_account, &undos);
    let mut waves = Vec::new();
    for Wave { name, accounts } in &plan.waves {
        let back = accounts.iter().map(|(account, steps)| (account.clone(), reversed(account, steps, &undos)));
        waves.push(Wave { name: name.clone(), accounts: back.filter(|(_, steps)| !steps.is_empty()).collect() });
    }
    let mut back = Plan { waves: organized(waves), ..plan.clone() };
    watch(&mut back);
    (back, notes)
}

/// What undoes one step of an account.
fn undo(step: &Step, steps: &[Step]) -> Undo {
    let other_half =
        || steps.iter().find(|other| other.address == step.address && other.action.after().is_some() != step.action.after().is_some());
    match &step.action {
        Action::Update { live, want, changes } => updated_back(live, want, changes),
        Action::Create { want, replacing } => match kept(&step.address, want) {
            Some(why) => Undo::ByHand(why),
            None => {
                let why = other_half().and_then(|half| half.action.before()).map(|old| turned_back(want, old, &[])).unwrap_or_default();
                Undo::By(Action::Delete { live: want.clone(), replacing: *replacing, why })
            }
        },
        Action::Delete { live, replacing, .. } => {
            let stays = other_half().and_then(|half| half.action.after()).and_then(|new| kept(&step.address, new));
            match (stays, step.address.kind.as_str()) {
                (Some(why), _) => Undo::ByHand(why),
                (None, "account") => Undo::ByHand("AWS Support can open a closed account again, within 90 days".to_owned()),
                (None, _) => Undo::By(Action::Create { want: live.clone(), replacing: *replacing }),
            }
        }
    }
}

fn updated_back(live: &Spec, want: &Spec, changes: &[Change]) -> Undo {
    let back = turned_back(want, live, changes);
    let (ours, theirs): (Vec<Change>, Vec<Change>) = back.into_iter().partition(|change| change.effect == Effect::InPlace);
    match (ours.is_empty(), theirs.is_empty()) {
        (_, true) if !ours.is_empty() => Undo::By(Action::Update { live: want.clone(), want: live.clone(), changes: ours }),
        (true, true) => Undo::ByHand("nothing that a plan could see differs from before".to_owned()),
        // What is left half way back is neither the one nor the other.
        _ => {
            let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
            let fields = theirs.iter().map(|change| format!("{}: {} → {}", change.field, text(&change.before), text(&change.after)));
            Undo::ByHand(format!("AWS does not take it back in place ({})", show(fields)))
        }
    }
}

/// The changes from what a plan left to what it found; of references that were bound anew, the same ones.
fn turned_back(from: &Spec, to: &Spec, forward: &[Change]) -> Vec<Change> {
    let bindings = forward.iter().filter(|change| change.field.starts_with(BINDING));
    let turned = bindings.map(|change| Change { before: change.after.clone(), after: change.before.clone(), ..change.clone() });
    let own = if from.kind() == to.kind() { Spec::changes(from, to) } else { Vec::new() };
    own.into_iter().chain(turned).collect()
}

/// Why something that a plan made is not deleted by the way back, if it is not.
fn kept(at: &Address, made: &Spec) -> Option<String> {
    let setting = row(&at.kind).is_some_and(|row| row.setting);
    match at.kind.as_str() {
        "account" => Some(format!("an account is closed for good: take it out of the files and write `retire: [{}]`", at.account)),
        "organizational-unit" => Some("units are never deleted by a plan: once it is empty, delete it in the console".to_owned()),
        _ if setting => Some("it is a setting of its account, and what it was before nobody wrote down".to_owned()),
        _ if made.adopts().is_some() => Some("others made it, and only its mark and its settings are ours".to_owned()),
        _ => made.held().map(|held| format!("it may be in use by now: {}", held.why)),
    }
}

/// Leaves what is needed by something that stays: what people undo, or what was bound to it and is not bound back.
fn stay(by_account: &BTreeMap<&Account, &[Step]>, undos: &mut BTreeMap<(&Account, usize), Undo>, home: &Region) {
    loop {
        let mut needed: BTreeMap<Address, Address> = BTreeMap::new();
        for ((account, at), undo) in undos.iter() {
            let step = &by_account[account][*at];
            if let (Undo::ByHand(_), Some(spec)) = (undo, step.action.after()) {
                needed.extend(spec.needs().iter().map(|need| (need.resolve(&step.address, home), step.address.clone())));
            }
        }
        let is_going = |undo: &Undo| matches!(undo, Undo::By(Action::Delete { .. }));
        let mut any = false;
        for ((account, at), undo) in undos.iter_mut().filter(|(_, undo)| is_going(undo)) {
            if let Some(by) = needed.get(&by_account[account][*at].address) {
                *undo = Undo::ByHand(format!("{by} needs it, and stays"));
                any = true;
            }
        }
        if !any {
            return;
        }
    }
}

/// An account's steps back, the last first. Each waits for the way back of everything that waited for it.
fn reversed(account: &Account, steps: &[Step], undos: &BTreeMap<(&Account, usize), Undo>) -> Vec<Step> {
    let action = |at: usize| match undos.get(&(account, at)) {
        Some(Undo::By(action)) => Some(action),
        _ => None,
    };
    let order: Vec<usize> = (0..steps.len()).rev().filter(|at| action(*at).is_some()).collect();
    // By forward place: the places, in the order back, of what has to be undone before it. Where a step has no way back, what waited for it counts.
    let mut before: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); steps.len()];
    for at in (0..steps.len()).rev() {
        let own = order.iter().position(|other| *other == at);
        let passed = own.map_or_else(|| before[at].clone(), |own| BTreeSet::from([own]));
        for need in &steps[at].after {
            before[*need].extend(&passed);
        }
    }
    let back = order.iter().filter_map(|at| {
        let (address, action) = (steps[*at].address.clone(), action(*at)?.clone());
        let concerns = judge::concerns(&address, &action);
        let asked = steps[*at].asked.clone().filter(|_| action.after().is_some());
        Some(Step { address, action, after: before[*at].iter().copied().collect(), concerns, asked })
    });
    back.collect()
}

/// What belongs to the organization comes back before everything that hangs from it, and goes after it has let go.
fn organized(waves: Vec<Wave>) -> Vec<Wave> {
    let (organization, mut others): (Vec<Wave>, Vec<Wave>) = waves.into_iter().partition(|wave| wave.name.as_str() == ORGANIZATION);
    let goes = |step: &Step| matches!(step.action, Action::Delete { replacing: false, .. });
    for wave in organization {
        let part = |last: bool| {
            let accounts = wave.accounts.iter().map(|(account, steps)| (account.clone(), only(steps, |step| goes(step) == last)));
            accounts.filter(|(_, steps)| !steps.is_empty()).collect::<BTreeMap<_, _>>()
        };
        let last = ORGANIZATION_LAST.parse().ok().map(|name| Wave { name, accounts: part(true) });
        others.insert(0, Wave { name: wave.name.clone(), accounts: part(false) });
        others.extend(last);
    }
    others.retain(|wave| !wave.accounts.is_empty());
    others
}

/// Some steps of a list, waiting only for one another.
fn only(steps: &[Step], wanted: impl Fn(&Step) -> bool) -> Vec<Step> {
    let places: Vec<usize> = (0..steps.len()).filter(|at| wanted(&steps[*at])).collect();
    let place = |at: &usize| places.iter().position(|other| other == at);
    places.iter().map(|at| Step { after: steps[*at].after.iter().filter_map(place).collect(), ..steps[*at].clone() }).collect()
}

/// Gates on the way back ask the canaries that are there on the way back.
fn watch(back: &mut Plan) {
    let canaries: Vec<(Address, bool)> = back
        .steps()
        .filter(|step| step.address.kind == LambdaFunction::NAME && is_canary(&step.address.name))
        .map(|step| (step.address.clone(), step.action.after().is_some()))
        .collect();
    for (at, is_there) in canaries {
        let of_account = back.rollout.canaries.entry(at.account.clone()).or_default();
        if is_there {
            of_account.insert(at.name)
        } else {
            of_account.remove(&at.name)
        };
    }
    back.rollout.canaries.retain(|_, canaries| !canaries.is_empty());
}

/// What is to be done by hand, and what comes back without what it held.
fn notes(by_account: &BTreeMap<&Account, &[Step]>, undos: &BTreeMap<(&Account, usize), Undo>) -> Vec<Note> {
    let note = |at: &Address, summary: &str, detail: String| Note::new(Severity::Warning, Subject::Resource(at.clone()), summary, detail);
    let mut notes = BTreeSet::new();
    for ((account, at), undo) in undos {
        let step = &by_account[account][*at];
        match undo {
            Undo::ByHand(why) => drop(notes.insert(note(&step.address, "To be undone by hand, if at all", format!("{why}.")))),
            Undo::By(Action::Create { want, .. }) => {
                let lost = want.held().map(|held| format!("It is made anew, and what it held is gone: {}.", held.why));
                let secret = SECRET.contains(&step.address.kind.as_str());
                let lost = lost.or_else(|| secret.then(|| "It is made anew, with another secret than before.".to_owned()));
                notes.extend(
                    lost.map(|lost| note(&step.address, "Comes back empty", lost).hint("if there is a backup, restore it by hand")),
                );
            }
            Undo::By(_) => {}
        }
    }
    notes.into_iter().collect()
}

#[cfg(test)]
mod tests;
