//! What is kept although nobody declares it: accounts and units, settings, and what people can't get back, unless the files retire it.
//! Only ever takes a delete or a replacement away.

use super::compare::{Fate, Fates};
use super::ground::{ACCOUNT, Ground, UNIT, is_inside};
use crate::kinds::{Held, row};
use crate::model::{Account, Address, Note, Severity, Subject, show};
use std::collections::{BTreeMap, BTreeSet};

/// Whether something is never deleted: an account that is not retired, and every unit.
pub(super) fn is_permanent(ground: &Ground, at: &Address) -> bool {
    at.kind == UNIT || at.kind == ACCOUNT && !is_retired(ground, at)
}

/// Why something that lives must not be deleted, nor replaced, if it must not.
pub(super) fn reason(ground: &Ground, at: &Address) -> Option<Held> {
    if is_permanent(ground, at) {
        return Some(Held::along("retiring an account or a unit is a decision of its own"));
    }
    ground.found(at).and_then(|found| found.spec.held()).filter(|_| !is_retired(ground, at))
}

/// What every account has anyway. Nobody knows what it was before it was declared, so it stays as it is.
pub(super) fn is_setting(at: &Address) -> bool {
    row(&at.kind).is_some_and(|row| row.setting)
}

/// Whether it goes when its account is closed, and need not be deleted before.
pub(super) fn goes_with_its_account(ground: &Ground, at: &Address) -> bool {
    is_inside(at) && ground.desired.estate.retired.accounts.contains(&at.account)
}

fn is_retired(ground: &Ground, at: &Address) -> bool {
    let retired = &ground.desired.estate.retired;
    retired.resources.contains(at) || retired.accounts.contains(&at.account)
}

/// Spares what is kept and all that it needs; and where it is of use only together with what is bound to it, that as well, with its needs.
pub(super) fn spare(ground: &Ground, fates: &mut Fates) {
    let going = fates.of.iter().filter(|(_, fate)| **fate == Fate::Delete).map(|(at, _)| (*at).clone());
    let roots: Vec<(Address, Held)> = going.filter_map(|at| reason(ground, &at).map(|held| (at, held))).collect();
    for (root, held) in roots {
        let spared = around(ground, &root, held.along);
        let mut others = BTreeSet::new();
        for (at, fate) in fates.of.iter_mut().filter(|(at, fate)| **fate == Fate::Delete && spared.contains(**at)) {
            *fate = Fate::Unchanged;
            others.extend((**at != root).then(|| (*at).clone()));
        }
        fates.notes.push(note(&root, &held.why, &others));
    }
}

/// Leaves to a later plan what belongs to the organization and is still bound in accounts: the organization goes first, before they let go.
pub(super) fn defer(ground: &Ground, fates: &mut Fates) {
    let of_organization = |at: &&Address| at.account == Account::Management;
    let going = fates.of.iter().filter(|(_, fate)| **fate == Fate::Delete).map(|(at, _)| *at).filter(of_organization);
    let held = going.map(|at| (at, ground.holders(at).filter(|user| !of_organization(user)).cloned().collect::<BTreeSet<Address>>()));
    let held: Vec<(&Address, BTreeSet<Address>)> = held.filter(|(_, users)| !users.is_empty()).collect();
    for (at, users) in held {
        fates.of.insert(at, Fate::Unchanged);
        let detail = format!("Bound to it, and changed after the organization: {}.", show(&users));
        let note = Note::new(Severity::Information, Subject::Resource(at.clone()), "Deleted by the plan after this one", detail);
        fates.notes.push(note.hint("apply this plan, then plan again"));
    }
}

/// A resource, with `along` also what lives bound to it, and what each of these is bound to.
fn around(ground: &Ground, root: &Address, along: bool) -> BTreeSet<Address> {
    let follow = |from: BTreeSet<Address>, edges: &dyn Fn(&Address) -> Vec<Address>| {
        let (mut next, mut seen): (Vec<Address>, _) = (from.iter().cloned().collect(), from);
        while let Some(at) = next.pop() {
            next.extend(edges(&at).into_iter().filter(|new| seen.insert(new.clone())));
        }
        seen
    };
    let users = follow(BTreeSet::from([root.clone()]), &|at| ground.holders(at).filter(|_| along).cloned().collect());
    let needs: BTreeMap<&Address, Vec<Address>> = ground.found_all().map(|(at, found)| (at, ground.bound(at, &found.spec))).collect();
    follow(users, &|at| needs.get(at).cloned().unwrap_or_default())
}

fn note(root: &Address, why: &str, others: &BTreeSet<Address>) -> Note {
    let along = if others.is_empty() { String::new() } else { format!(" So do {}.", show(others)) };
    let detail = format!("Nobody declares it any more, and it stays: {why}.{along}");
    let hint = format!("to have it deleted all the same, write `retire: [{root}]` into domains.yaml");
    Note::new(Severity::Warning, Subject::Resource(root.clone()), "Kept, although it is no longer declared", detail).hint(hint)
}

/// A note for each account that lives, carries our mark, and is in no file.
pub(super) fn undeclared_accounts(ground: &Ground) -> Vec<Note> {
    let undeclared = ground.live.found.keys().filter(|at| at.kind == ACCOUNT && !super::ground::is_declared(ground.desired, &at.account));
    undeclared.map(|at| undeclared_account(ground, &at.account)).collect()
}

fn undeclared_account(ground: &Ground, account: &Account) -> Note {
    let subject = Subject::Account(account.clone());
    if ground.desired.estate.retired.accounts.contains(account) {
        let detail = "It is closed, and what is in it goes with it: AWS keeps it for 90 days, in which AWS Support can open it again.";
        let note = Note::new(Severity::Warning, subject, "An account is retired", detail.to_owned());
        return note.hint("once it is closed, its line under `retire` can go");
    }
    let detail = "What Landfall made in it is deleted; the account itself stays open, and so does what people could not get back.";
    let note = Note::new(Severity::Warning, subject, "An account is no longer declared", detail.to_owned());
    note.hint(format!("declare its domain and environment again to keep it, or write `retire: [{account}]` to have it closed"))
}

#[cfg(test)]
mod tests {
    use crate::plan::estates::{accounts, desired, live, steps, with};
    use crate::plan::plan;
    use serde_json::{Value, json};

    const ASSIGNMENT: &str = "payments/prod/global/access-assignment/developer/developers";

    /// A permission set that a group has in an account, and one that nobody has.
    fn access() -> Vec<(String, Value)> {
        let set = || json!({ "description": "x", "session_duration": "PT8H" });
        let assignment = json!({ "permission_set": "management:permission-set/developer", "group": "management:access-group/developers" });
        with(
            accounts(&["payments/prod"]),
            [
                ("management/global/permission-set/developer", set()),
                ("management/global/permission-set/unused", set()),
                ("management/global/access-group/developers", json!({})),
                (ASSIGNMENT, assignment),
            ],
        )
    }

    #[test]
    fn what_accounts_still_hold_of_the_organization_goes_with_the_plan_after_theirs() {
        let (declared, mut lives) = (desired(&accounts(&["payments/prod"])), live(&access()));
        let (first, report) = plan(&declared, &lives);
        assert_eq!(steps(&first), ["- management/global/permission-set/unused []".to_owned(), format!("- {ASSIGNMENT} []")]);
        let told: Vec<String> = report.notes.iter().map(|note| format!("{}: {}: {}", note.subject, note.summary, note.detail)).collect();
        let set = "management/global/permission-set/developer";
        let later = "Deleted by the plan after this one: Bound to it, and changed after the organization";
        assert_eq!(told, [format!("{set}: {later}: {ASSIGNMENT}.")]);
        first.steps().for_each(|step| drop(lives.found.remove(&step.address)));
        let (second, report) = plan(&declared, &lives);
        assert_eq!((steps(&second), report.notes), (vec![format!("- {set} []")], vec![]));
    }

    #[test]
    fn what_only_the_organization_itself_holds_goes_at_once() {
        let channel = json!({ "contact": "contact/ada", "type": "email", "address": "ada@acme.example" });
        let on_call =
            [("management/global/contact/ada", json!({ "display_name": "Ada" })), ("management/global/contact-channel/ada-email", channel)];
        let (plan, report) = plan(&desired(&accounts(&["payments/prod"])), &live(&with(accounts(&["payments/prod"]), on_call)));
        assert_eq!(steps(&plan), ["- management/global/contact-channel/ada-email []", "- management/global/contact/ada [0]"]);
        assert_eq!(report.notes, []);
    }
}
