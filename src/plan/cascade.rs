//! What follows for others: replacing a resource rebinds or replaces what is bound to it, and what is still held can't be deleted.
//! Only ever adds work to the dependents of a replacement, or blocks; never unblocks.

use super::compare::{Fate, Fates, to_do_by_hand};
use super::ground::Ground;
use super::keep::is_setting;
use crate::kinds::row;
use crate::model::{Address, Change, Effect, Note, Reference, Risk, Severity, Subject, show};
use std::collections::BTreeSet;

/// What the fields of such changes begin with.
const BINDING: &str = "needs.";

/// Why something can't be deleted, neither for good nor to be replaced.
enum Hold {
    /// Live resources that are bound to it and stay, and that no step frees it from.
    Held(BTreeSet<Address>),
    /// Kinds that might be bound to it and could not be read.
    Unseen(Vec<String>),
}

/// Follows the consequences until there are no more.
pub(super) fn follow(ground: &Ground, fates: &mut Fates) {
    spread(ground, fates);
    // Each round blocks at least one address more, so there are at most as many rounds as addresses.
    loop {
        let gone = |fate: &Fate| matches!(fate, Fate::Delete | Fate::Replace(_));
        let going = fates.of.iter().filter(|(_, fate)| gone(fate)).map(|(at, _)| (*at).clone());
        let held: Vec<(Address, Hold)> = going.filter_map(|at| hold(ground, fates, &at).map(|hold| (at, hold))).collect();
        if held.is_empty() {
            return;
        }
        let blocked = ground.reach(held.iter().map(|(at, _)| at.clone()));
        fates.notes.extend(held.iter().map(|(at, hold)| note(at, hold)));
        fates
            .of
            .iter_mut()
            .filter(|(at, fate)| blocked.contains(**at) && **fate != Fate::Unchanged)
            .for_each(|(_, fate)| *fate = Fate::Blocked);
    }
}

/// Replaces and rebinds the dependents of whatever is replaced.
fn spread(ground: &Ground, fates: &mut Fates) {
    let replaced =
        |fates: &Fates| fates.of.iter().filter(|(_, fate)| matches!(fate, Fate::Replace(_))).map(|(at, _)| (*at).clone()).collect();
    let mut next: Vec<Address> = replaced(fates);
    let mut seen: BTreeSet<Address> = next.iter().cloned().collect();
    while let Some(at) = next.pop() {
        for user in ground.holders(&at) {
            rebind(ground, fates, user, &at);
            if matches!(fates.of.get(user), Some(Fate::Replace(_))) && seen.insert(user.clone()) {
                next.push(user.clone());
            }
        }
    }
    for fate in fates.of.values_mut() {
        if let Fate::Update(changes) | Fate::Replace(changes) = fate {
            // In the order of the search they would depend on which replacement was met first.
            let own = changes.iter().position(|change| change.field.starts_with(BINDING)).unwrap_or(changes.len());
            changes[own..].sort_by(|one, other| one.field.cmp(&other.field));
        }
    }
}

/// Points a live dependent at the replacement of what it is bound to, if it is to stay bound to it.
fn rebind(ground: &Ground, fates: &mut Fates, user: &Address, replaced: &Address) {
    let Some(want) = fates.want(ground, user) else { return };
    let Some(reference) = ground.reference(user, want, replaced) else { return };
    let effect = want.rebind(&reference);
    let change = rebinding(&reference, effect);
    let is_blocked = fates.blocked.contains(user);
    let Some(fate) = fates.of.get_mut(user) else { return };
    let mut changes = match fate {
        Fate::Blocked => return,
        Fate::Update(changes) | Fate::Replace(changes) => std::mem::take(changes),
        Fate::Unchanged | Fate::Create | Fate::Delete => Vec::new(),
    };
    let by_hand =
        matches!(effect, Effect::ByHand | Effect::Awaited) || (effect == Effect::Replaces && super::keep::reason(ground, user).is_some());
    if by_hand {
        fates.notes.push(to_do_by_hand(user, &[change]));
    } else {
        changes.push(change);
    }
    *fate = match changes {
        changes if changes.is_empty() => Fate::Unchanged,
        _ if is_blocked => Fate::Blocked,
        changes if changes.iter().any(|change| change.effect == Effect::Replaces) => Fate::Replace(changes),
        changes => Fate::Update(changes),
    };
}

fn rebinding(reference: &Reference, effect: Effect) -> Change {
    let (before, after) = (reference.to_string(), format!("{reference} (replaced)"));
    let change = Change::between(field(reference), Some(before), Some(after));
    match effect {
        Effect::InPlace => change,
        Effect::ByHand | Effect::Awaited => change.by_hand(),
        Effect::Replaces => change.replaces().concerning(Risk::Dangerous, format!("{reference} is replaced under it")),
    }
}

/// What a change of binding is called: no field of the spec differs, only what its reference leads to.
fn field(reference: &Reference) -> String {
    format!("{BINDING}{reference}")
}

/// What keeps an address from being deleted, if anything does.
fn hold(ground: &Ground, fates: &Fates, at: &Address) -> Option<Hold> {
    let unread = ground.live.unreadable.get(&at.account);
    let might_hold = |kind: &&crate::model::KindName| row(kind).is_some_and(|row| row.refers.contains(&at.kind));
    let unseen: Vec<String> = unread.into_iter().flat_map(|kinds| kinds.keys()).filter(might_hold).map(ToString::to_string).collect();
    if !unseen.is_empty() {
        return Some(Hold::Unseen(unseen));
    }
    let held: BTreeSet<Address> = ground.holders(at).filter(|user| *user != at && !lets_go(ground, fates, user, at)).cloned().collect();
    (!held.is_empty()).then_some(Hold::Held(held))
}

/// Whether a live dependent is deleted, or bound anew, or no longer bound to it; or a setting of it, which goes along.
fn lets_go(ground: &Ground, fates: &Fates, user: &Address, at: &Address) -> bool {
    match fates.of.get(user) {
        _ if is_setting(user) => true,
        Some(Fate::Delete | Fate::Replace(_)) => true,
        Some(Fate::Update(changes)) => {
            let reference = fates.want(ground, user).and_then(|want| ground.reference(user, want, at));
            let is_rebound = reference.is_some_and(|reference| changes.iter().any(|change| change.field == field(&reference)));
            is_rebound || !ground.needs(user, at)
        }
        Some(Fate::Unchanged | Fate::Create | Fate::Blocked) | None => false,
    }
}

fn note(at: &Address, hold: &Hold) -> Note {
    let detail = match hold {
        Hold::Held(users) => format!("Still bound to it, and staying: {}.", show(users)),
        Hold::Unseen(kinds) => format!("Whether anything is bound to it is not known: {} could not be read.", kinds.join(", ")),
    };
    Note::new(Severity::Blocking, Subject::Resource(at.clone()), "It has to go, and can't yet", detail)
        .hint("it is left as it is, along with everything that waits for it; resolve what is named and plan again")
}

#[cfg(test)]
mod tests {
    use crate::plan::made::{at, desired, lines, live, notes, unread, words};
    use crate::plan::{Live, plan};
    use serde_json::{Value, json};

    const PARAMETER: &str = "ssm-parameter/landfall/x";

    fn vpc(range: &str) -> (&'static str, Value) {
        ("vpc/main", json!({ "cidr": range }))
    }

    fn subnet(range: &str) -> (&'static str, Value) {
        ("subnet/a", json!({ "vpc": "vpc/main", "cidr": range, "zone": "a" }))
    }

    fn publishes(value: Value) -> (&'static str, Value) {
        (PARAMETER, json!({ "value": value }))
    }

    fn planned(declared: &[(&str, Value)], live: &Live) -> (Vec<String>, Vec<String>, usize) {
        let (plan, report) = plan(&desired(declared), live);
        (lines(&plan), notes(&report), report.unchanged)
    }

    #[test]
    fn what_is_bound_to_a_replacement_is_replaced_or_bound_anew() {
        let id = || publishes(json!({ "id_of": "vpc/main" }));
        let before = live(&[vpc("10.1.0.0/20"), subnet("10.1.0.0/24"), id()]);
        let (steps, notes, _) = planned(&[vpc("10.2.0.0/20"), subnet("10.2.0.0/24"), id()], &before);
        let parameter = format!("~ {PARAMETER}");
        let expected = ["- subnet/a", "- vpc/main", "+ vpc/main 10.2.0.0/20", "+ subnet/a 10.2.0.0/24", &parameter];
        assert_eq!((steps, notes), (words(&expected), vec![]));
    }

    #[test]
    fn what_is_kept_is_not_replaced_along_with_its_need_and_so_keeps_that_too() {
        let gateway = |adopted: bool| {
            let found = json!({ "vpc": "vpc/main", "adopted": adopted });
            let declared = json!({ "vpc": "vpc/main" });
            planned(
                &[vpc("10.2.0.0/20"), ("internet-gateway/main", declared)],
                &live(&[vpc("10.1.0.0/20"), ("internet-gateway/main", found)]),
            )
        };
        let told = ["vpc/main: It has to go, and can't yet", "internet-gateway/main: Something has to be changed by hand"];
        // The gateway is as declared, as are the account and its unit.
        assert_eq!(gateway(true), (vec![], words(&told), 3));
        let (steps, notes, unchanged) = gateway(false);
        assert_eq!(steps, ["- internet-gateway/main", "- vpc/main", "+ vpc/main 10.2.0.0/20", "+ internet-gateway/main"]);
        assert_eq!((notes, unchanged), (vec![], 2));
    }

    #[test]
    fn what_can_not_be_made_anew_is_not_deleted_to_be_replaced() {
        let nat = || ("nat-gateway/a", json!({ "subnet": "subnet/a", "elastic_ip": "elastic-ip/a" }));
        let eip = || ("elastic-ip/a", json!({}));
        let mut before = live(&[vpc("10.1.0.0/20"), subnet("10.1.0.0/24"), eip(), nat()]);
        let declared = [vpc("10.1.0.0/20"), subnet("10.1.1.0/24"), eip(), nat()];
        let replaced = ["- nat-gateway/a", "- subnet/a", "+ subnet/a 10.1.1.0/24", "+ nat-gateway/a"];
        assert_eq!(planned(&declared, &before).0, words(&replaced));
        // Without its address, the gateway would not come up again.
        unread(&mut before, "payments/prod", "elastic-ip");
        before.found.remove(&at("elastic-ip/a"));
        let (steps, notes, _) = planned(&declared, &before);
        assert_eq!(
            (steps, notes),
            (vec![], words(&["payments/prod: Live state could not be read", "subnet/a: It has to go, and can't yet"]))
        );
    }

    #[test]
    fn nothing_is_deleted_while_anything_that_stays_is_bound_to_it_or_might_be() {
        let network = || live(&[vpc("10.1.0.0/20"), subnet("10.1.0.0/24")]);
        let (steps, notes, _) = planned(&[("elastic-ip/a", json!({}))], &network());
        assert_eq!((steps, notes), (words(&["+ elastic-ip/a", "- subnet/a", "- vpc/main"]), vec![]));
        let held = "vpc/main: It has to go, and can't yet";

        let mut claimed = network();
        claimed.twins.insert(at("subnet/a"), vec!["one".into(), "two".into()]);
        let (steps, notes, _) = planned(&[("elastic-ip/a", json!({}))], &claimed);
        assert_eq!((steps, notes.contains(&held.to_owned())), (words(&["+ elastic-ip/a"]), true), "{notes:?}");

        let mut unseen = live(&[vpc("10.1.0.0/20")]);
        unread(&mut unseen, "payments/prod", "subnet");
        let (steps, notes, _) = planned(&[("elastic-ip/a", json!({}))], &unseen);
        assert_eq!((steps, notes.contains(&held.to_owned())), (words(&["+ elastic-ip/a"]), true), "{notes:?}");

        let bound = live(&[vpc("10.1.0.0/20"), publishes(json!({ "id_of": "vpc/main" }))]);
        let (steps, notes, _) = planned(&[publishes(json!({ "text": "none" }))], &bound);
        let freed = [format!("~ {PARAMETER}"), "- vpc/main".to_owned()];
        assert_eq!((steps, notes), (freed.to_vec(), vec![]), "it lets go first");
    }
}
