//! Planning as a whole: sound, convergent, deterministic, and blind where it can't see.

use crate::estates::{Domain, applied, at, domain, found, with_domains};
use crate::generated::{POOL, all_applied, domains, upset, upsets};
use landfall::kinds::Spec;
use landfall::model::{Account, Environment, KindName, Severity, canonical};
use landfall::plan::{Action, Desired, FIRST_SEEN, Live, check, plan};
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::json;
use std::collections::BTreeMap;

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases * 3 / 8, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_plan_of_nothing_is_sound_and_the_next_one_is_empty(domains in domains()) {
        let desired = with_domains(POOL, &domains);
        let (first, report) = plan(&desired, &Live::default());
        prop_assert_eq!(check(&desired, &Live::default(), &first), Vec::<String>::new());
        prop_assert!(report.notes.iter().all(|note| note.summary == FIRST_SEEN), "{:?}", report.notes);
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
    let summaries: Vec<&str> = report.notes.iter().map(|note| note.summary.as_str()).collect();
    assert_eq!(summaries, ["Some steps wait for one another", FIRST_SEEN], "and only prod has any");
}

fn sign(action: &Action) -> char {
    match action {
        Action::Create { .. } => '+',
        Action::Update { .. } => '~',
        Action::Delete { .. } => '-',
    }
}

#[test]
fn a_quota_that_would_be_exceeded_is_said_before_the_merge() {
    let domain = Domain { environments: vec![Environment::Prod], zones: "abcdef".chars().collect(), vpc_prefix: 18, ..domain("catalog") };
    let desired = with_domains(POOL, &[domain]);
    let (_, report) = plan(&desired, &Live::default());
    let said: Vec<(String, &str)> = report.notes.iter().map(|note| (note.subject.to_string(), note.detail.as_str())).collect();
    assert_eq!(said, [("catalog/prod".to_owned(), "EC2-VPC Elastic IPs (L-0263D0A3): 6 after this plan; the default is 5.")]);
    let (_, report) = plan(&desired, &all_applied(&desired));
    assert_eq!(report.notes, vec![], "what lives was allowed");
}
