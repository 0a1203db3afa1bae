//! Adoption: which strangers are to become resources of ours, and why one can't. Never adopts what the files don't name by its id, and
//! never anything of another account.

use super::ground::{Ground, VPC, is_declared};
use super::{Desired, Live, Stranger};
use crate::kinds::{InternetGateway, Kind, Spec};
use crate::model::{Address, Note, Reference, Severity, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// The stranger of each declared address that adopts one, where it is there and no resource of ours lives at the address yet.
pub(super) fn strangers<'a>(desired: &'a Desired, live: &'a Live) -> BTreeMap<&'a Address, &'a Stranger> {
    let adopting = desired.resources.iter().filter_map(|(at, declared)| Some((at, declared.spec.adopts()?)));
    let new = adopting.filter(|(at, _)| !live.found.contains_key(*at) && is_declared(desired, &at.account));
    new.filter_map(|(at, id)| Some((at, stranger(live, at, id)?))).collect()
}

fn stranger<'a>(live: &'a Live, at: &Address, id: &str) -> Option<&'a Stranger> {
    live.strangers.iter().find(|other| other.account == at.account && other.spec.kind() == at.kind && other.id.as_str() == id)
}

/// What can't be adopted as declared and so gets no step, with a note for each reason.
pub(super) fn doubts(ground: &Ground) -> (BTreeSet<Address>, Vec<Note>) {
    let (mut blocked, mut notes) = (BTreeSet::new(), Vec::new());
    for (at, declared) in &ground.desired.resources {
        // What could not be read is another note's business.
        if !ground.live.is_readable(&at.account, &at.kind) {
            continue;
        }
        if let Some(id) = declared.spec.adopts() {
            match ground.found(at) {
                Some(found) if found.id.as_str() != id => {
                    // A range of the other one's can't be had by giving this one up.
                    let moves = declared.spec.range().is_some_and(|fixed| found.spec.range() != Some(fixed));
                    notes.push(taken(at, id, found.id.as_str(), if moves { Severity::Blocking } else { Severity::Warning }));
                    blocked.extend(moves.then(|| at.clone()));
                }
                None if !ground.adopted.contains_key(at) => {
                    notes.push(missing(at, id));
                    blocked.insert(at.clone());
                }
                _ => {}
            }
        }
        if let (Spec::InternetGateway(gateway), None) = (&declared.spec, ground.found(at))
            && let Some(note) = gateway_trouble(ground, at, gateway)
        {
            notes.push(note);
            blocked.insert(at.clone());
        }
    }
    (blocked, notes)
}

/// A VPC has at most one gateway, and taking one away from another VPC would cut that off.
fn gateway_trouble(ground: &Ground, at: &Address, gateway: &InternetGateway) -> Option<Note> {
    let vpc = gateway.vpc.as_ref()?;
    if let Some(stranger) = ground.adopted.get(at) {
        let attached = attached(stranger)?;
        return (!is_same(ground, at, attached, vpc)).then(|| elsewhere(at, stranger, attached));
    }
    let of_account = ground.live.strangers.iter().filter(|other| other.account == at.account);
    let mut others = of_account.filter(|other| attached(other).is_some_and(|attached| is_same(ground, at, attached, vpc)));
    others.next().filter(|_| gateway.adopts.is_none()).map(|other| unadopted(at, other))
}

/// The VPC that a stranger's internet gateway is attached to.
fn attached(stranger: &Stranger) -> Option<&Reference> {
    if let Spec::InternetGateway(gateway) = &stranger.spec { gateway.vpc.as_ref() } else { None }
}

/// Whether a VPC as found is the one that is declared: by its name when it is ours, by its id while it is a stranger's.
fn is_same(ground: &Ground, at: &Address, found: &Reference, declared: &Reference) -> bool {
    let vpc = declared.resolve(at, ground.home());
    let id = ground.adopted.get(&vpc).map(|stranger| stranger.id.as_str());
    found == declared || (found.kind == VPC && id == Some(found.name.as_str()))
}

fn missing(at: &Address, id: &str) -> Note {
    let detail = format!("The account has no {} with the id {id} that others made.", at.kind);
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "There is nothing to adopt", detail);
    note.hint("look the id up in this very account and in the home Region, or take it out of the files to have a new one made")
}

fn taken(at: &Address, id: &str, living: &str, severity: Severity) -> Note {
    let detail = format!("It is to adopt {id}, and lives as {living} already. It stays as it is.");
    let note = Note::new(severity, Subject::Resource(at.clone()), "It can't adopt another one", detail);
    note.hint("take the id out of the files; to move, retire what lives first")
}

fn elsewhere(at: &Address, stranger: &Stranger, attached: &Reference) -> Note {
    let detail = format!("{} is attached to {attached}, which would lose the internet.", stranger.id);
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The gateway to adopt serves another VPC", detail);
    note.hint("adopt the gateway of the VPC that is adopted, or detach this one first")
}

fn unadopted(at: &Address, other: &Stranger) -> Note {
    let detail = format!("{} is attached already, and a VPC takes one {} only.", other.id, InternetGateway::NAME);
    let note = Note::new(Severity::Blocking, Subject::Resource(at.clone()), "The VPC has an internet gateway that is not ours", detail);
    note.hint(format!("adopt it too: `adopt: {{ {}: {{ vpc: …, internet_gateway: {} }} }}`", environment(at), other.id))
}

fn environment(at: &Address) -> String {
    at.account.environment().map(|environment| environment.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use crate::plan::Live;
    use crate::plan::made::{at, desired, live, planned, stranger};
    use serde_json::{Value, json};

    /// What is planned of a VPC that is to adopt `vpc-2`.
    fn adopting(cidr: Value, live: &Live) -> (Vec<String>, Vec<String>) {
        planned(&desired(&[("vpc/main", json!({ "cidr": cidr, "adopts": "vpc-2" }))]), live)
    }

    /// A VPC that lives at the address, and what it is called.
    fn living(id: &str, range: &str) -> Live {
        let mut live = live(&[("vpc/main", json!({ "cidr": range }))]);
        live.found.get_mut(&at("vpc/main")).unwrap().id = id.into();
        live
    }

    #[test]
    fn the_one_that_the_files_name_is_adopted_and_none_beside_it() {
        let mut live = live::<&str>(&[]);
        live.strangers = vec![
            stranger("payments/dev", "vpc-2", "vpc", json!({ "cidr": "172.28.0.0/20" })),
            stranger("payments/prod", "subnet-1", "subnet", json!({ "vpc": "vpc/vpc-1", "cidr": "172.29.0.0/24", "zone": "a" })),
            stranger("payments/prod", "vpc-1", "vpc", json!({ "cidr": "172.29.0.0/20" })),
            stranger("payments/prod", "vpc-2", "vpc", json!({ "cidr": "172.30.0.0/20" })),
        ];
        assert_eq!(adopting(json!({ "prefix": 20 }), &live), (vec!["+ vpc/main 172.30.0.0/20".to_owned()], vec![]));
        live.strangers.pop();
        let nothing = vec!["vpc/main: There is nothing to adopt".to_owned()];
        assert_eq!(adopting(json!({ "prefix": 20 }), &live), (vec![], nothing), "that of another account is another one");
    }

    #[test]
    fn what_was_adopted_is_spoken_of_no_more() {
        assert_eq!(adopting(json!({ "prefix": 20 }), &living("vpc-2", "172.30.0.0/20")), (vec![], vec![]));
    }

    #[test]
    fn what_lives_is_not_given_up_for_one_to_adopt() {
        let live = living("vpc-1", "10.1.0.0/20");
        let told = "vpc/main: It can't adopt another one".to_owned();
        assert_eq!(adopting(json!({ "prefix": 20 }), &live), (vec![], vec![told.clone()]));
        let moved = adopting(json!("172.30.0.0/20"), &live);
        assert_eq!(moved, (vec![], vec![told.clone()]), "nor deleted, where nothing is to be adopted in its place");
        let mut both = live;
        both.strangers = vec![stranger("payments/prod", "vpc-2", "vpc", json!({ "cidr": "172.30.0.0/20" }))];
        let taken = "vpc/main: The fixed range is taken".to_owned();
        assert_eq!(adopting(json!("172.30.0.0/20"), &both), (vec![], vec![told, taken]));
    }
}
