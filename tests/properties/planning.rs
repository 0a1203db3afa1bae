//! Planning as a whole: sound, convergent, deterministic, and blind where it can't see.

use crate::estates::{Domain, applied, at, domain, found, stranger, with_domains};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Environment, KindName, Severity, canonical};
use landfall::plan::{Action, Desired, Live, check, plan};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use serde_json::json;
use std::collections::BTreeMap;

/// Wide enough for every generated estate.
const POOL: &str = "10.0.0.0/8";

fn domains() -> impl Strategy<Value = Vec<Domain>> {
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
enum Upset {
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

fn upsets() -> impl Strategy<Value = Vec<Upset>> {
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

fn upset(live: &mut Live, upsets: &[Upset]) {
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

fn all_applied(desired: &Desired) -> Live {
    applied(&plan(desired, &Live::default()).0, &Live::default())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_of_nothing_is_sound_and_the_next_one_is_empty(domains in domains()) {
        let desired = with_domains(POOL, &domains);
        let (first, report) = plan(&desired, &Live::default());
        prop_assert_eq!(check(&desired, &Live::default(), &first), Vec::<String>::new());
        prop_assert_eq!(report.notes, vec![]);
        let live = applied(&first, &Live::default());
        let (second, report) = plan(&desired, &live);
        prop_assert!(second.is_empty(), "{:?}", second.steps().map(|step| step.address.to_string()).collect::<Vec<_>>());
        prop_assert_eq!((report.notes.len(), report.unchanged), (0, desired.resources.len()));
    }

    #[test]
    fn a_plan_of_anything_is_sound_and_converges(before in domains(), after in domains(), upsets in upsets()) {
        let mut live = all_applied(&with_domains(POOL, &before));
        upset(&mut live, &upsets);
        let desired = with_domains(POOL, &after);
        let (first, _) = plan(&desired, &live);
        prop_assert_eq!(check(&desired, &live, &first), Vec::<String>::new());
        let then = applied(&first, &live);
        let (second, _) = plan(&desired, &then);
        prop_assert_eq!(check(&desired, &then, &second), Vec::<String>::new());
        prop_assert!(second.is_empty(), "{:?}", second.steps().map(|step| step.address.to_string()).collect::<Vec<_>>());
    }

    #[test]
    fn what_blocks_is_said_and_what_is_said_to_block_is_left_out(before in domains(), upsets in upsets()) {
        let desired = with_domains(POOL, &before);
        let mut live = all_applied(&desired);
        upset(&mut live, &upsets);
        let (plan, report) = plan(&desired, &live);
        let blind = !live.unreadable.is_empty() || !live.twins.is_empty();
        let whole = report.notes.iter().all(|note| note.severity != Severity::Blocking);
        prop_assert!(!blind || !whole, "blind, and does not say so");
        let touched = plan.steps().filter(|step| step.action.after().is_some()).count();
        prop_assert!(touched + report.unchanged <= desired.resources.len());
        prop_assert!(!whole || touched_or_unchanged(&desired, &plan) + report.unchanged == desired.resources.len());
    }

    #[test]
    fn equal_inputs_give_equal_bytes(domains in domains(), upsets in upsets(), turn in any::<Index>()) {
        let mut turned = domains.clone();
        turned.rotate_left(turn.index(domains.len()));
        let mut live = all_applied(&with_domains(POOL, &domains));
        upset(&mut live, &upsets);
        let bytes = |domains: &[Domain]| canonical(&plan(&with_domains(POOL, domains), &live));
        prop_assert_eq!(bytes(&domains), bytes(&turned));
    }
}

/// The declared addresses that a plan creates, updates or replaces.
fn touched_or_unchanged(desired: &Desired, plan: &landfall::plan::Plan) -> usize {
    plan.steps().filter(|step| step.action.after().is_some() && desired.resources.contains_key(&step.address)).count()
}

#[test]
fn twenty_runs_give_the_same_bytes() {
    let desired = with_domains(POOL, &[domain("catalog"), domain("payments")]);
    let runs: Vec<String> = (0..20).map(|_| canonical(&plan(&desired, &Live::default()))).collect();
    assert!(runs.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn an_unreadable_organization_stops_everything() {
    let desired = with_domains(POOL, &[domain("catalog")]);
    let mut live = all_applied(&desired);
    live.found.clear();
    live.unreadable = BTreeMap::from([(Account::Management, BTreeMap::from([(KindName::new("account"), "AccessDenied".to_owned())]))]);
    let (plan, report) = plan(&desired, &live);
    assert!(plan.is_empty() && plan.emails.is_empty());
    assert_eq!(report.notes.iter().map(|note| note.severity).collect::<Vec<_>>(), [Severity::Blocking]);
}

#[test]
fn a_replaced_vpc_takes_along_what_is_bound_to_it_and_lets_the_rest_be() {
    let mut desired = with_domains(POOL, &[Domain { environments: vec![Environment::Prod], zones: vec!['a'], ..domain("catalog") }]);
    let live = all_applied(&desired);
    if let Spec::Vpc(vpc) = &mut desired.resources.get_mut(&at("catalog/prod/us-west-2/vpc/main")).unwrap().spec {
        vpc.cidr = landfall::kinds::Cidr::Fixed("10.99.0.0/20".parse().unwrap());
    }
    let (plan, _) = plan(&desired, &live);
    assert_eq!(check(&desired, &live, &plan), Vec::<String>::new());
    let shown: Vec<String> =
        plan.steps().map(|step| format!("{} {}/{}", sign(&step.action), step.address.kind, step.address.name)).collect();
    assert_eq!(
        shown,
        [
            "- security-group/web",
            "- security-group/internal",
            "- route-table/private-a",
            "- route-table/public",
            "- nat-gateway/a",
            "- subnet/private-a",
            "- subnet/public-a",
            "- internet-gateway/main",
            "- vpc/main",
            "+ vpc/main",
            "+ internet-gateway/main",
            "+ subnet/private-a",
            "+ subnet/public-a",
            "+ nat-gateway/a",
            "+ route-table/private-a",
            "+ route-table/public",
            "+ security-group/internal",
            "+ security-group/web",
            "~ ssm-parameter/landfall/network/vpc-id",
        ]
    );
}

#[test]
fn what_needs_something_unreadable_is_not_replaced_along_with_its_subnet() {
    let desired = with_domains(POOL, &[Domain { environments: vec![Environment::Prod], zones: vec!['a'], ..domain("catalog") }]);
    let mut live = all_applied(&desired);
    live.found.retain(|at, _| at.kind.as_str() != "elastic-ip");
    let unreadable = BTreeMap::from([(KindName::new("elastic-ip"), "AccessDenied".to_owned())]);
    live.unreadable.insert(at("catalog/prod/us-west-2/vpc/main").account, unreadable);
    if let Spec::Subnet(subnet) = &mut live.found.get_mut(&at("catalog/prod/us-west-2/subnet/public-a")).unwrap().spec {
        subnet.zone = "f".into();
    }
    let (plan, report) = plan(&desired, &live);
    assert_eq!(check(&desired, &live, &plan), Vec::<String>::new());
    assert!(plan.is_empty(), "the gateway holds its subnet, and can't be made anew without its address");
    let summaries: Vec<&str> = report.notes.iter().map(|note| note.summary.as_str()).collect();
    assert_eq!(summaries, ["Live state could not be read", "It has to go, and can't yet"]);
}

#[test]
fn security_groups_that_name_each_other_are_deleted_all_the_same() {
    let desired = with_domains(POOL, &[domain("catalog")]);
    let mut live = all_applied(&desired);
    for (name, other) in [("one", "two"), ("two", "one")] {
        let at = at(&format!("catalog/prod/us-west-2/security-group/{name}"));
        let rule = json!({ "protocol": "all", "security_group": format!("security-group/{other}") });
        let spec = crate::estates::spec("security-group", json!({ "vpc": "vpc/main", "description": "old", "ingress": [rule] }));
        live.found.insert(at.clone(), found(&at, &spec));
    }
    let (plan, report) = plan(&desired, &live);
    assert_eq!(plan.steps().filter(|step| matches!(step.action, Action::Delete { .. })).count(), 2);
    assert_eq!(report.notes.iter().map(|note| note.summary.as_str()).collect::<Vec<_>>(), ["Some steps wait for one another"]);
}

fn sign(action: &Action) -> char {
    match action {
        Action::Create { .. } => '+',
        Action::Update { .. } => '~',
        Action::Delete { .. } => '-',
    }
}
