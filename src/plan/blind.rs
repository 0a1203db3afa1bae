//! What can't be planned because it is not known: kinds that could not be read, addresses that several resources claim, needs
//! that nobody declares. A failed read is never an empty read: such addresses get a blocking note and no step.

use super::Live;
use super::ground::{ACCOUNT, Ground, VPC, account_of, is_ours};
use crate::kinds::Spec;
use crate::model::{Account, Address, KindName, Note, RemoteId, Severity, Subject, show};
use std::collections::{BTreeMap, BTreeSet};

/// The note that nothing at all can be planned, when it is not known which accounts exist.
pub(super) fn organization(live: &Live) -> Option<Note> {
    let error = live.unreadable.get(&Account::Management)?.get(&ACCOUNT)?;
    let detail = format!("Which accounts exist is not known, so nothing was compared: {error}");
    let note = Note::new(Severity::Blocking, Subject::Estate, "The organization could not be read", detail);
    Some(note.hint("check the credentials and permissions of the management account, then plan again"))
}

/// The addresses that nothing is known of, and a note for each reason.
pub(super) fn addresses(ground: &Ground) -> (BTreeSet<Address>, Vec<Note>) {
    let (mut blocked, mut notes) = (BTreeSet::new(), Vec::new());
    for (account, kinds) in ground.live.unreadable.iter().filter(|(account, _)| is_ours(ground.desired, ground.live, account)) {
        let of_these = |at: &&Address| at.account == *account && kinds.contains_key(&at.kind);
        let unread: Vec<Address> = ground.desired.resources.keys().filter(of_these).cloned().collect();
        notes.push(unreadable(account, kinds, ground.reach(unread.iter().cloned()).len()));
        blocked.extend(unread);
    }
    for (at, ids) in ground.live.twins.iter().filter(|(at, _)| is_ours(ground.desired, ground.live, &at.account)) {
        notes.push(twins(at, ids));
        blocked.insert(at.clone());
    }
    for (at, found) in ground.found_all().filter(|(at, found)| found.spec.kind() != at.kind) {
        notes.push(misread(at, &found.spec.kind()));
        blocked.insert(at.clone());
    }
    for (at, status) in closed(ground) {
        notes.push(inactive(at, status));
        blocked.insert(at.clone());
    }
    for (at, need) in groundless(ground) {
        notes.push(unmet(at, need));
        blocked.insert(at.clone());
    }
    (blocked, notes)
}

/// The accounts that AWS holds, but nobody can work in.
fn closed<'a>(ground: &'a Ground) -> impl Iterator<Item = (&'a Address, &'a str)> {
    ground.found_all().filter_map(|(at, found)| Some((at, status(&found.spec)?)))
}

/// What AWS says of an account that is not active.
fn status(spec: &Spec) -> Option<&str> {
    if let Spec::Account(account) = spec { account.status.as_deref() } else { None }
}

/// The declared resources with a need that no step before them can meet. Config refuses the files that lead here; this is the second lock.
fn groundless<'a>(ground: &'a Ground) -> impl Iterator<Item = (&'a Address, &'a Address)> {
    let pairs = ground.needs.iter().flat_map(|(at, needs)| needs.iter().map(|need| (*at, need)));
    pairs.filter(|(at, need)| {
        let lives = ground.found(need).is_some();
        let is_own_account = account_of(&at.account).as_ref() == Some(*need);
        let elsewhere = need.account != at.account && need.account != Account::Management;
        let declared = ground.declared(need).is_some();
        !(if is_own_account {
            lives || declared
        } else if elsewhere {
            lives
        } else {
            declared
        })
    })
}

fn unreadable(account: &Account, kinds: &BTreeMap<KindName, String>, concerned: usize) -> Note {
    let mut by_error: BTreeMap<&str, Vec<&KindName>> = BTreeMap::new();
    kinds.iter().for_each(|(kind, error)| by_error.entry(error).or_default().push(kind));
    let lines = by_error.into_iter().map(|(error, kinds)| format!("{}: {error}", show(kinds)));
    let left_out = match concerned {
        0 => "Nothing declared is of these kinds; whether something has to be deleted is not known.".to_owned(),
        1 => "1 declared resource is of these kinds; it is left out.".to_owned(),
        many => format!("{many} declared resources are of these kinds or need one; what they would take is left out."),
    };
    let detail = lines.chain([left_out]).collect::<Vec<_>>().join("\n");
    let note = Note::new(Severity::Blocking, Subject::Account(account.clone()), "Live state could not be read", detail);
    note.hint("what was not seen is never created or deleted; remove the cause and plan again")
}

fn twins(at: &Address, ids: &[RemoteId]) -> Note {
    let detail = format!("{} carry this address: {}. Which of them is meant is not known.", ids.len(), show(ids));
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "Several live resources claim one address", detail);
    note.hint(format!("take the tag {} off all but the one to keep, then plan again", crate::kinds::ADDRESS_TAG))
}

fn misread(at: &Address, kind: &KindName) -> Note {
    let detail = format!("What was read at this address is of the kind {kind}.");
    Note::new(Severity::Blocking, Subject::Resource(at.clone()), "Live state contradicts itself", detail)
}

fn inactive(at: &Address, status: &str) -> Note {
    let detail = format!("AWS says {status}. Nothing in it is planned.");
    Note::new(Severity::Blocking, Subject::Account(at.account.clone()), "The account is not active", detail)
        .hint("reopen it within 90 days of its closing through AWS Support, or take it out of domains.yaml")
}

fn unmet(at: &Address, need: &Address) -> Note {
    let detail = format!("It needs {need}, which neither lives nor is made by an earlier step.");
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "A need can't be met", detail);
    note.hint("declare what it needs, or apply what makes it and plan again")
}

/// The accounts whose resources of a kind are not all known: their ranges could be anywhere.
pub(super) fn accounts(live: &Live, kind: &KindName) -> BTreeSet<Account> {
    let unread = live.unreadable.iter().filter(|(_, kinds)| kinds.contains_key(kind)).map(|(account, _)| account);
    // Of twins, only the first one's range is known.
    let claimed = live.twins.keys().filter(|at| at.kind == *kind).map(|at| &at.account);
    // Nobody can look into an account that AWS suspends, and its VPCs are there again once it is reopened. Nothing else in it is planned.
    let inactive = live.found.iter().filter(|(_, found)| *kind == VPC && status(&found.spec).is_some()).map(|(at, _)| &at.account);
    unread.chain(claimed).chain(inactive).cloned().collect()
}

#[cfg(test)]
mod tests {
    use crate::plan::made::{at, desired, live, planned};
    use serde_json::{Value, json};

    const PARAMETER: &str = "ssm-parameter/landfall/x";

    /// A parameter that publishes the id of a VPC, which it needs.
    fn publishes(of: &str) -> (&str, Value) {
        (PARAMETER, json!({ "value": { "id_of": of } }))
    }

    fn vpc(of: &str) -> (&str, Value) {
        (of, json!({ "cidr": "10.1.0.0/20" }))
    }

    #[test]
    fn nothing_is_planned_on_ground_that_is_not_there_or_about_to_go() {
        let nothing = live::<&str>(&[]);
        let unmet = vec![format!("{PARAMETER}: A need can't be met")];
        let publishing = desired(&[publishes("vpc/main")]);
        assert_eq!(planned(&publishing, &nothing), (vec![], unmet.clone()), "neither declared nor there");
        let going = planned(&publishing, &live(&[vpc("vpc/main")]));
        assert_eq!(going, (vec!["- vpc/main".to_owned()], unmet), "there, and declared no more");
        let (steps, notes) = planned(&desired(&[publishes("vpc/main"), vpc("vpc/main")]), &nothing);
        assert_eq!((steps, notes), (vec!["+ vpc/main 10.1.0.0/20".to_owned(), format!("+ {PARAMETER}")], vec![]));
    }

    #[test]
    fn a_need_in_another_account_has_to_live_already() {
        let dev = "payments/dev/us-west-2/vpc/main";
        let desired = desired(&[publishes("payments/dev:vpc/main"), vpc(dev)]);
        let there = live(&[vpc(dev)]);
        assert_eq!(planned(&desired, &there), (vec![format!("+ {PARAMETER}")], vec![]));
        let mut not_yet = there;
        not_yet.found.remove(&at(dev));
        let told = vec![format!("{PARAMETER}: A need can't be met")];
        assert_eq!(planned(&desired, &not_yet), (vec![format!("+ {dev} 10.1.0.0/20")], told));
    }

    #[test]
    fn the_account_itself_is_ground_enough_while_it_lives() {
        let mut desired = desired(&[vpc("vpc/main")]);
        desired.resources.remove(&at("account/main"));
        let (steps, notes) = planned(&desired, &live(&[("elastic-ip/a", json!({}))]));
        assert_eq!((steps, notes), (vec!["+ vpc/main 10.1.0.0/20".to_owned(), "- elastic-ip/a".to_owned()], vec![]));
    }
}
