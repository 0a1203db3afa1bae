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
mod tests {
    use super::*;
    use crate::kinds;
    use serde_json::{Value, json};

    fn step(at: &str, action: &str, before: Value, after: Value) -> Step {
        let address: Address = at.parse().unwrap();
        let spec = |fields: Value| (kinds::row(&address.kind).unwrap().parse)(fields).unwrap();
        let action = match action {
            "create" => Action::Create { want: spec(after), replacing: false },
            "delete" => Action::Delete { live: spec(before), replacing: false, why: Vec::new() },
            _ => {
                let (live, want) = (spec(before), spec(after));
                let changes = Spec::changes(&live, &want);
                Action::Update { live, want, changes }
            }
        };
        Step { address, action, after: Vec::new(), concerns: Vec::new(), asked: None }
    }

    /// A plan of steps in their wave each.
    fn plan_of(waves: &[(&str, Vec<Step>)]) -> Plan {
        let wave = |(name, steps): &(&str, Vec<Step>)| {
            let mut accounts: BTreeMap<Account, Vec<Step>> = BTreeMap::new();
            steps.iter().for_each(|step| accounts.entry(step.address.account.clone()).or_default().push(step.clone()));
            Wave { name: name.parse().unwrap(), accounts }
        };
        Plan {
            estate: "acme".parse().unwrap(),
            home_region: "us-west-2".parse().unwrap(),
            access_role: "role".into(),
            emails: BTreeMap::new(),
            approvals: crate::model::Approvals::default(),
            notices: Default::default(),
            rollout: crate::plan::Rollout::default(),
            waves: waves.iter().map(wave).collect(),
        }
    }

    /// The way back from all steps of a plan: its steps, and what people do.
    fn back(waves: &[(&str, Vec<Step>)]) -> (Vec<String>, Vec<String>) {
        let plan = plan_of(waves);
        let all = plan.steps().map(|step| step.address.clone()).collect();
        let (back, notes) = rollback(&plan, &all);
        let verb = |step: &Step| match &step.action {
            Action::Create { .. } => "create",
            Action::Update { .. } => "update",
            Action::Delete { .. } => "delete",
        };
        let steps = back.waves.iter().flat_map(|wave| {
            wave.accounts.values().flatten().map(|step| format!("{}: {} {} {:?}", wave.name, verb(step), step.address, step.after))
        });
        (steps.collect(), notes.iter().map(|note| format!("{}: {}: {}", note.subject, note.summary, note.detail)).collect())
    }

    #[test]
    fn what_is_not_a_plans_to_undo_is_said_and_what_it_needs_stays() {
        let account = json!({ "email": "a@b.example", "name": "x", "organizational_unit": "management:organizational-unit/prod", "access_role": "r" });
        let vpc = json!({ "cidr": "10.0.0.0/20" });
        let subnet = json!({ "vpc": "vpc/main", "cidr": "10.0.0.0/24", "zone": "a" });
        let at = |rest: &str| format!("pay/prod/{rest}");
        let mut subnet = step(&at("us-west-2/subnet/a"), "create", json!(null), subnet);
        subnet.after = vec![1];
        let mut steps = vec![
            step(&at("global/account/main"), "create", json!(null), account),
            step(&at("us-west-2/vpc/main"), "create", json!(null), vpc),
            subnet,
            step(&at("global/password-policy/main"), "create", json!(null), json!({ "minimum_length": 14 })),
            step(&at("us-west-2/log-group/aws/x"), "delete", json!({ "retention_days": 90 }), json!(null)),
        ];
        steps[1].after = vec![0];
        let unit = step("management/global/organizational-unit/prod", "create", json!(null), json!({}));
        let (steps, notes) = back(&[("organization", vec![unit]), ("prod", steps)]);
        let expected = [
            "create pay/prod/us-west-2/log-group/aws/x []",
            "delete pay/prod/us-west-2/subnet/a []",
            "delete pay/prod/us-west-2/vpc/main [1]",
        ];
        assert_eq!(steps, expected.map(|step| format!("prod: {step}")));
        let whose: Vec<&str> = notes.iter().map(|note| note.split(": ").next().unwrap()).collect();
        let by_hand =
            ["management/global/organizational-unit/prod", "pay/prod/global/account/main", "pay/prod/global/password-policy/main"];
        assert_eq!(whose[..3], by_hand, "{notes:#?}");
    }

    #[test]
    fn what_belongs_to_the_organization_goes_last_and_comes_back_first() {
        let set = json!({ "description": "x", "session_duration": "PT8H" });
        let one = |action: &str, name: &str| step(&format!("management/global/permission-set/{name}"), action, set.clone(), set.clone());
        let parameter = step("pay/prod/us-west-2/ssm-parameter/landfall/x", "create", json!(null), json!({ "value": { "text": "x" } }));
        let (steps, _) = back(&[("organization", vec![one("create", "new"), one("delete", "old")]), ("prod", vec![parameter])]);
        let expected = [
            "organization: create management/global/permission-set/old []",
            "prod: delete pay/prod/us-west-2/ssm-parameter/landfall/x []",
            "organization-last: delete management/global/permission-set/new []",
        ];
        assert_eq!(steps, expected);
    }

    #[test]
    fn each_step_has_a_way_back_or_a_reason_why_only_people_can() {
        let range = |cidr: &str| json!({ "cidr": cidr });
        let account = json!({ "email": "a@b.example", "name": "x", "organizational_unit": "management:organizational-unit/prod", "access_role": "r" });
        let key = json!({ "user": "iam-user/ci", "rotate_after_days": 90, "secret": "landfall/ci" });
        let (log, vpc) = ("us-west-2/log-group/x", "us-west-2/vpc/main");
        let cases = [
            (log, "update", json!({ "retention_days": 30 }), json!({ "retention_days": 90 }), "update", ""),
            (log, "create", json!(null), json!({}), "delete", ""),
            (log, "delete", json!({}), json!(null), "create", ""),
            (
                log,
                "delete",
                json!({ "holds_entries": true }),
                json!(null),
                "create",
                "It is made anew, and what it held is gone: it holds log entries.",
            ),
            ("us-west-2/ci-key/ci", "delete", key, json!(null), "create", "It is made anew, with another secret than before."),
            (
                vpc,
                "update",
                range("10.0.0.0/20"),
                range("10.1.0.0/20"),
                "",
                "AWS does not take it back in place (cidr: 10.1.0.0/20 → 10.0.0.0/20).",
            ),
            (vpc, "update", range("10.0.0.0/20"), range("10.0.0.0/20"), "", "nothing that a plan could see differs from before."),
            (
                vpc,
                "create",
                json!(null),
                json!({ "cidr": "10.0.0.0/20", "adopts": "vpc-0a1b2c3d" }),
                "",
                "others made it, and only its mark and its settings are ours.",
            ),
            ("global/account/main", "delete", account, json!(null), "", "AWS Support can open a closed account again, within 90 days."),
        ];
        for (at, action, before, after, undone, told) in cases {
            let at = format!("pay/prod/{at}");
            let (steps, notes) = back(&[("prod", vec![step(&at, action, before, after)])]);
            let expected: Vec<String> =
                [undone].iter().filter(|verb| !verb.is_empty()).map(|verb| format!("prod: {verb} {at} []")).collect();
            assert_eq!(steps, expected);
            let details: Vec<&str> = notes.iter().filter_map(|note| note.splitn(3, ": ").nth(2)).collect();
            assert_eq!(details, [told].into_iter().filter(|told| !told.is_empty()).collect::<Vec<_>>());
        }
    }

    #[test]
    fn only_what_was_done_is_undone() {
        let one = |name: &str| step(&format!("pay/prod/us-west-2/log-group/{name}"), "create", json!(null), json!({}));
        let done = BTreeSet::from([one("a").address]);
        let (back, notes) = rollback(&plan_of(&[("prod", vec![one("a"), one("b")])]), &done);
        assert_eq!(back.steps().map(|step| step.address.clone()).collect::<BTreeSet<_>>(), done);
        assert_eq!(notes, []);
    }

    #[test]
    fn gates_on_the_way_back_ask_the_canaries_that_are_there_on_it() {
        let canary = |name: &str, action: &str| {
            let fields = json!({ "runtime": "python3.13", "handler": "handler.handler", "code": { "handler.py": "x = 1" }, "role": "iam-role/canary" });
            step(&format!("pay/prod/us-west-2/lambda-function/{name}"), action, fields.clone(), fields)
        };
        let steps = vec![canary("landfall-canary-new", "create"), canary("landfall-canary-old", "delete"), canary("other", "delete")];
        let asked = |steps: Vec<Step>| {
            let mut plan = plan_of(&[("prod", steps)]);
            plan.rollout.canaries.insert("pay/prod".parse().unwrap(), BTreeSet::from(["landfall-canary-new".parse().unwrap()]));
            let all = plan.steps().map(|step| step.address.clone()).collect();
            let canaries = rollback(&plan, &all).0.rollout.canaries;
            canaries.iter().map(|(account, names)| format!("{account}: {}", show(names))).collect::<Vec<_>>()
        };
        assert_eq!(asked(steps.clone()), ["pay/prod: landfall-canary-old"]);
        assert_eq!(asked(steps[..1].to_vec()), Vec::<String>::new());
    }
}
