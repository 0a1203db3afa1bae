//! Desired against live, address by address: what has to happen to each, by itself. Knows nothing of order, nor of what follows for others.

use super::ground::{Ground, UNIT};
use super::keep::{self, is_permanent};
use crate::kinds::Spec;
use crate::model::{Address, Change, Concern, Effect, Note, Severity, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// What has to happen to one address.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fate {
    /// It is as declared, or a person has to change it.
    Unchanged,
    Create,
    Update(Vec<Change>),
    Replace(Vec<Change>),
    Delete,
    /// Something has to happen that can't be planned.
    Blocked,
}

/// What has to happen to each address of the declared accounts, and the declared specs with their ranges.
pub(super) struct Fates<'a> {
    pub of: BTreeMap<&'a Address, Fate>,
    /// Specs whose ranges were chosen; the others are as declared.
    pub ranged: BTreeMap<&'a Address, Spec>,
    /// What no step may touch, because it or something that it needs is not known.
    pub blocked: &'a BTreeSet<Address>,
    pub notes: Vec<Note>,
}

impl<'a> Fates<'a> {
    /// The spec that an address is to have.
    pub(super) fn want(&self, ground: &Ground<'a>, at: &Address) -> Option<&Spec> {
        let declared = || ground.desired.resources.get(at).map(|declared| &declared.spec);
        self.ranged.get(at).or_else(declared)
    }
}

/// Compares every address; nothing happens to those that are blocked, nor to what is as declared.
pub(super) fn compare<'a>(ground: &Ground<'a>, ranged: BTreeMap<&'a Address, Spec>, blocked: &'a BTreeSet<Address>) -> Fates<'a> {
    let mut fates = Fates { of: BTreeMap::new(), ranged, blocked, notes: Vec::new() };
    for at in ground.desired.resources.keys() {
        let (fate, notes) = declared(ground, &fates, at);
        fates.notes.extend(notes);
        fates.of.insert(at, fate);
    }
    for (at, _) in ground.found_all().filter(|(at, _)| ground.declared(at).is_none()) {
        let fate = undeclared(ground, at);
        if at.kind == UNIT {
            fates.notes.push(left_alone(at));
        }
        fates.of.insert(at, fate);
    }
    keep::spare(ground, &mut fates);
    keep::defer(ground, &mut fates);
    fates.notes.extend(keep::undeclared_accounts(ground));
    fates
}

fn declared(ground: &Ground, fates: &Fates, at: &Address) -> (Fate, Vec<Note>) {
    let comparable = ground.live.is_readable(&at.account, &at.kind) && !ground.live.twins.contains_key(at);
    let live = ground.found(at).filter(|found| comparable && found.spec.kind() == at.kind);
    let changes = match (live, fates.want(ground, at)) {
        (Some(live), Some(want)) => Spec::changes(&live.spec, want),
        _ if fates.blocked.contains(at) => return (Fate::Blocked, Vec::new()),
        _ => return (Fate::Create, Vec::new()),
    };
    let keeps = keep::reason(ground, at).is_some();
    let (awaited, changes): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| change.effect == Effect::Awaited);
    let (by_hand, changes): (Vec<Change>, Vec<Change>) =
        changes.into_iter().partition(|change| change.effect == Effect::ByHand || (keeps && change.effect == Effect::Replaces));
    let fate = match changes {
        changes if changes.is_empty() => Fate::Unchanged,
        _ if fates.blocked.contains(at) => Fate::Blocked,
        changes if changes.iter().any(|change| change.effect == Effect::Replaces) => Fate::Replace(changes),
        changes => Fate::Update(changes),
    };
    let by_hand = (!by_hand.is_empty()).then(|| to_do_by_hand(at, &by_hand));
    let awaited = (!awaited.is_empty()).then(|| under_way(at, &awaited));
    (fate, by_hand.into_iter().chain(awaited).collect())
}

fn undeclared(ground: &Ground, at: &Address) -> Fate {
    let known = ground.live.is_readable(&at.account, &at.kind) && !ground.live.twins.contains_key(at);
    let stays = is_permanent(ground, at) || keep::is_setting(at) || keep::goes_with_its_account(ground, at);
    match (stays, known) {
        (true, _) => Fate::Unchanged,
        (false, true) => Fate::Delete,
        (false, false) => Fate::Blocked,
    }
}

/// One note for the by-hand changes of an address.
pub(super) fn to_do_by_hand(at: &Address, changes: &[Change]) -> Note {
    Note::new(Severity::Warning, Subject::Resource(at.clone()), "Something has to be changed by hand", in_words(changes))
        .hint("no plan does it; until it is done, this note comes back")
}

/// One note for the changes of an address that somebody else was asked for.
fn under_way(at: &Address, changes: &[Change]) -> Note {
    Note::new(Severity::Information, Subject::Resource(at.clone()), "Asked for, and pending", in_words(changes))
        .hint("no plan asks again; until somebody else has done it, this note comes back")
}

fn in_words(changes: &[Change]) -> String {
    let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
    let lines = changes.iter().map(|Change { field, before, after, effect: _, concern }| {
        let why = concern.as_ref().map(|Concern { risk: _, why }| format!(" ({why})")).unwrap_or_default();
        format!("{field}: {} → {}{why}", text(before), text(after))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn left_alone(at: &Address) -> Note {
    let detail = format!("The files no longer declare {at}; it is left as it is.");
    Note::new(Severity::Warning, Subject::Resource(at.clone()), "No longer declared, and never deleted by a plan", detail)
        .hint("retiring an account or a unit is a decision of its own; declare it again to keep it under care")
}

#[cfg(test)]
mod tests {
    use crate::kinds::Spec;
    use crate::plan::made::{at, desired, lines, live, notes, spec};
    use crate::plan::{Live, plan};
    use serde_json::{Value, json};

    const EIP: &str = "elastic-ip/a";

    fn eip() -> [(&'static str, Value); 1] {
        [(EIP, json!({}))]
    }

    #[test]
    fn what_is_as_declared_is_counted_and_what_is_not_known_is_not() {
        let counted = |change: &dyn Fn(&mut Live)| {
            let mut live = live(&eip());
            change(&mut live);
            let (plan, report) = plan(&desired(&eip()), &live);
            assert_eq!(lines(&plan), Vec::<String>::new());
            (report.unchanged, notes(&report))
        };
        // Its account and the unit of that besides.
        assert_eq!(counted(&|_| {}), (3, vec![]));
        let claimed = counted(&|live| drop(live.twins.insert(at(EIP), vec!["one".into(), "two".into()])));
        assert_eq!(claimed, (2, vec![format!("{EIP}: Several live resources claim one address")]));
        let misread = counted(&|live| live.found.get_mut(&at(EIP)).unwrap().spec = spec("vpc/main", json!({ "cidr": "10.0.16.0/20" })));
        assert_eq!(misread, (2, vec![format!("{EIP}: Live state contradicts itself")]));
    }

    #[test]
    fn a_unit_that_nobody_declares_is_left_alone_and_told_of() {
        let old = "management/global/organizational-unit/old";
        let (plan, report) = plan(&desired(&eip()), &live(&[(EIP, json!({})), (old, json!({}))]));
        assert_eq!(lines(&plan), Vec::<String>::new());
        assert_eq!(notes(&report), [format!("{old}: No longer declared, and never deleted by a plan")]);
        assert_eq!(report.unchanged, 3, "it is not as declared");
    }

    #[test]
    fn what_no_step_changes_is_told_with_both_values_and_why() {
        let quota = "service-quota/ec2/L-0263D0A3";
        let asked = |state: &str| json!({ "value": 5, "requested": { "value": 10, "state": state, "by": "case 1" } });
        let told = |state: &str| {
            let mut live = live(&[(quota, asked(state))]);
            if let Spec::Account(account) = &mut live.found.get_mut(&at("account/main")).unwrap().spec {
                account.email = "old@acme.example".into();
            }
            let (plan, report) = plan(&desired(&[(quota, json!({ "value": 10 }))]), &live);
            assert_eq!(lines(&plan), Vec::<String>::new());
            report.notes.into_iter().map(|note| format!("{}: {}", note.summary, note.detail)).collect::<Vec<_>>()
        };
        let by_hand = |change: &str| format!("Something has to be changed by hand: {change}");
        let email = by_hand("email: old@acme.example → payments/prod@acme.example");
        let denied = by_hand("value: 5 → 10 (AWS denied 10 in case 1: ask again in the console, with a reason)");
        assert_eq!(told("denied"), [email.clone(), denied]);
        let [first, second] = told("pending").try_into().unwrap();
        assert_eq!(first, email);
        assert!(second.starts_with("Asked for, and pending: value: 5 → 10 ("), "{second}");
    }
}
