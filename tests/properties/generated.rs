//! Generated estates, and the ways in which live state comes to differ from what was applied. Holds no expectation.

use crate::estates::{Domain, applied, found, stranger};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Environment};
use landfall::plan::{Desired, Live, plan};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::json;

/// Wide enough for every generated estate.
pub const POOL: &str = "10.0.0.0/8";

pub fn domains() -> impl Strategy<Value = Vec<Domain>> {
    let environments = subsequence(Environment::ALL.to_vec(), 1..=3);
    let zones = subsequence(vec!['a', 'b', 'c', 'd'], 1..=4);
    let one = (environments, 18u8..=22, zones, 3u8..=4, any::<bool>(), any::<bool>());
    let named = |(name, (environments, vpc_prefix, zones, newbits, with_role, with_network)): (&str, _)| Domain {
        name: name.to_owned(),
        environments,
        vpc_prefix,
        zones,
        newbits,
        with_role,
        with_network,
    };
    let names = subsequence(vec!["catalog", "payments", "search", "ledger"], 1..=4);
    names.prop_flat_map(move |names| {
        let count = names.len();
        prop::collection::vec(one.clone(), count).prop_map(move |all| names.clone().into_iter().zip(all).map(named).collect())
    })
}

/// Ways in which live state comes to differ from what was applied.
#[derive(Clone, Debug)]
pub enum Upset {
    /// Deleted, with all that was bound to it: AWS lets nothing hang in the air.
    Gone(Index),
    /// Without its mark: those bound to it now name a stranger, by its id.
    Unmarked(Index),
    Retagged(Index),
    Undeclared(Index),
    Unreadable(Index),
    Claimed(Index),
    Moved(Index),
    Foreign(u8),
}

pub fn upsets() -> impl Strategy<Value = Vec<Upset>> {
    let which = any::<Index>;
    let one = prop_oneof![
        which().prop_map(Upset::Gone),
        which().prop_map(Upset::Unmarked),
        which().prop_map(Upset::Retagged),
        which().prop_map(Upset::Undeclared),
        which().prop_map(Upset::Unreadable),
        which().prop_map(Upset::Claimed),
        which().prop_map(Upset::Moved),
        any::<u8>().prop_map(Upset::Foreign),
    ];
    prop::collection::vec(one, 0..6)
}

/// The references by which a live resource names another one, or its account.
fn names(at: &Address, spec: &Spec, other: &Address) -> bool {
    let is_account = other.kind.as_str() == "account" && other.account == at.account && other != at;
    is_account || spec.needs().iter().any(|need| need.resolve(at, &"us-west-2".parse().unwrap()) == *other && other != at)
}

fn remove(live: &mut Live, gone: &Address) {
    live.found.remove(gone);
    let bound: Vec<Address> = live.found.iter().filter(|(at, found)| names(at, &found.spec, gone)).map(|(at, _)| at.clone()).collect();
    bound.iter().for_each(|at| remove(live, at));
}

fn unmark(live: &mut Live, lost: &Address) {
    if lost.kind.as_str() == "account" {
        return remove(live, lost);
    }
    live.found.remove(lost);
    for (_, found) in live.found.iter_mut().filter(|(at, found)| names(at, &found.spec, lost)).collect::<Vec<_>>() {
        let text = serde_json::to_string(&found.spec).unwrap();
        let [before, after] = [lost.name.as_str(), "lost-1"].map(|name| format!("{}/{name}\"", lost.kind));
        found.spec = serde_json::from_str(&text.replace(&before, &after)).unwrap();
    }
}

pub fn upset(live: &mut Live, upsets: &[Upset]) {
    for upset in upsets {
        let nth = |index: &Index| -> Option<Address> {
            let all: Vec<&Address> = live.found.keys().collect();
            (!all.is_empty()).then(|| all[index.index(all.len())].clone())
        };
        match upset {
            Upset::Gone(index) => nth(index).into_iter().for_each(|at| remove(live, &at)),
            Upset::Unmarked(index) => nth(index).into_iter().for_each(|at| unmark(live, &at)),
            Upset::Retagged(index) => {
                let resource = nth(index).and_then(|at| live.found.get_mut(&at));
                resource.and_then(|found| found.spec.tags()).map(|tags| tags.insert("team".into(), "nobody".into()));
            }
            Upset::Undeclared(index) => {
                let copy = nth(index).and_then(|at| Some((at.clone(), live.found.get(&at)?.spec.clone())));
                if let Some((mut at, spec)) = copy.filter(|(at, _)| at.kind.as_str() != "account") {
                    at.name = format!("{}-old", at.name).parse().unwrap();
                    live.found.insert(at.clone(), found(&at, &spec));
                }
            }
            Upset::Unreadable(index) => {
                let Some(at) = nth(index) else { continue };
                let under = if at.kind.as_str() == "account" { Account::Management } else { at.account.clone() };
                live.found.retain(|other, _| other.kind != at.kind || (other.account != under && at.kind.as_str() != "account"));
                live.unreadable.entry(under).or_default().insert(at.kind, "AccessDenied".into());
            }
            Upset::Claimed(index) => {
                let Some(at) = nth(index) else { continue };
                live.twins.insert(at, vec!["one".into(), "two".into()]);
            }
            Upset::Moved(index) => {
                let resource = nth(index).and_then(|at| live.found.get_mut(&at));
                match resource.map(|found| &mut found.spec) {
                    Some(Spec::Subnet(subnet)) => subnet.zone = "f".into(),
                    Some(Spec::SecurityGroup(group)) => group.description = "something else".into(),
                    Some(Spec::RouteTable(table)) => table.routes.clear(),
                    Some(Spec::NatGateway(gateway)) => gateway.elastic_ip = "elastic-ip/lost".parse().unwrap(),
                    _ => {}
                }
            }
            Upset::Foreign(third) => {
                let cidr = format!("10.{third}.0.0/18");
                live.strangers.push(stranger("catalog/prod", "vpc-foreign", "vpc", json!({ "cidr": cidr })));
            }
        }
    }
}

pub fn all_applied(desired: &Desired) -> Live {
    applied(&plan(desired, &Live::default()).0, &Live::default())
}
