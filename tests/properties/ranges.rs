//! Address ranges: never overlapping, never moved, and independent of the order in which anything is written.

use crate::estates::{Domain, applied, at, domain, stranger, with_domains};
use ipnet::Ipv4Net;
use landfall::kinds::Spec;
use landfall::model::{Address, Severity};
use landfall::plan::{Desired, Live, check, plan};
use proptest::prelude::*;
use proptest::sample::subsequence;
use serde_json::json;
use std::collections::BTreeMap;

fn ranges<'a>(specs: impl Iterator<Item = (&'a Address, &'a Spec)>) -> BTreeMap<Address, Ipv4Net> {
    let range = |spec: &Spec| match spec {
        Spec::Vpc(vpc) => vpc.cidr.fixed(),
        Spec::Subnet(subnet) => subnet.cidr.fixed(),
        _ => None,
    };
    specs.filter_map(|(at, spec)| Some((at.clone(), range(spec)?))).collect()
}

fn living(live: &Live) -> BTreeMap<Address, Ipv4Net> {
    ranges(live.found.iter().map(|(at, found)| (at, &found.spec)))
}

fn planned(desired: &Desired, live: &Live) -> BTreeMap<Address, Ipv4Net> {
    let plan = plan(desired, live).0;
    ranges(plan.steps().filter_map(|step| Some((&step.address, step.action.after()?))))
}

/// A handful of domains out of forty, with networks of several sizes.
fn some_domains() -> impl Strategy<Value = Vec<Domain>> {
    let names: Vec<usize> = (0..40).collect();
    subsequence(names, 1..12).prop_flat_map(|names| {
        let sizes = prop::collection::vec(18u8..=22, names.len());
        let make = |(name, vpc_prefix): (usize, u8)| Domain { vpc_prefix, with_role: false, ..domain(&format!("domain-{name}")) };
        sizes.prop_map(move |sizes| names.iter().copied().zip(sizes).map(make).collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn what_lives_keeps_its_range_through_any_edit(before in some_domains(), after in some_domains(), pool in prop::sample::select(vec!["10.0.0.0/8", "10.0.0.0/14"])) {
        let desired = with_domains(pool, &before);
        let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
        let edited = with_domains(pool, &after);
        let (next, _) = plan(&edited, &live);
        prop_assert_eq!(check(&edited, &live, &next), Vec::<String>::new());
        let then = living(&applied(&next, &live));
        for (at, range) in living(&live) {
            prop_assert!(then.get(&at).is_none_or(|now| *now == range), "{} moved", at);
        }
    }

    #[test]
    fn a_tight_pool_is_filled_to_the_last_block(count in 1usize..=16) {
        // Sixteen blocks of /20, of which the office has the first.
        let domains: Vec<Domain> = (0..count).map(|n| Domain { environments: vec![landfall::model::Environment::Prod], ..domain(&format!("domain-{n}")) }).collect();
        let (plan, report) = plan(&with_domains("10.0.0.0/16", &domains), &Live::default());
        let vpcs = plan.steps().filter(|step| step.address.kind.as_str() == "vpc").count();
        prop_assert_eq!(vpcs, count.min(15));
        let blocking = report.notes.iter().filter(|note| note.severity == Severity::Blocking).count();
        prop_assert_eq!(blocking, usize::from(count == 16));
    }

    #[test]
    fn zones_are_added_without_moving_anything(zones in subsequence(vec!['a', 'b', 'c', 'd', 'e'], 1..5)) {
        let small = Domain { zones, ..domain("catalog") };
        let live = applied(&plan(&with_domains("10.0.0.0/8", std::slice::from_ref(&small)), &Live::default()).0, &Live::default());
        let grown = with_domains("10.0.0.0/8", &[Domain { zones: vec!['a', 'b', 'c', 'd', 'e'], ..small }]);
        let (next, report) = plan(&grown, &live);
        prop_assert_eq!(report.notes, vec![]);
        prop_assert_eq!(check(&grown, &live, &next), Vec::<String>::new());
        let then = living(&applied(&next, &live));
        prop_assert!(living(&live).iter().all(|(at, range)| then[at] == *range));
    }
}

#[test]
fn in_a_roomy_pool_planning_another_new_domain_moves_no_new_range() {
    let all: Vec<Domain> = (0..40).map(|n| domain(&format!("domain-{n}"))).collect();
    let without = planned(&with_domains("10.0.0.0/8", &all[1..]), &Live::default());
    let with = planned(&with_domains("10.0.0.0/8", &all), &Live::default());
    let moved = without.iter().filter(|(at, range)| at.kind.as_str() == "vpc" && with[*at] != **range).count();
    assert_eq!(moved, 0, "of {} VPCs that do not live yet", without.keys().filter(|at| at.kind.as_str() == "vpc").count());
}

#[test]
fn four_hundred_and_fifty_networks_share_no_address() {
    let all: Vec<Domain> = (0..150).map(|n| Domain { vpc_prefix: 18 + (n % 4) as u8, ..domain(&format!("domain-{n}")) }).collect();
    let desired = with_domains("10.0.0.0/8", &all);
    let (plan, report) = plan(&desired, &Live::default());
    assert_eq!(report.notes, []);
    let mut vpcs: Vec<Ipv4Net> =
        plan.steps().filter_map(|step| if let Spec::Vpc(vpc) = step.action.after()? { vpc.cidr.fixed() } else { None }).collect();
    vpcs.sort();
    assert_eq!(vpcs.len(), 450);
    assert!(vpcs.windows(2).all(|pair| pair[0].broadcast() < pair[1].network()));
}

#[test]
fn no_new_range_while_somebodys_networks_are_unseen_and_living_ones_go_on() {
    let desired = with_domains("10.0.0.0/8", &[domain("catalog")]);
    let mut live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    live.unreadable.entry("catalog/dev".parse().unwrap()).or_default().insert("vpc".parse().unwrap(), "Throttled".into());
    live.found.remove(&at("catalog/prod/us-west-2/route-table/public"));
    let grown = with_domains("10.0.0.0/8", &[domain("catalog"), domain("payments")]);
    let (plan, report) = plan(&grown, &live);
    assert_eq!(check(&grown, &live, &plan), Vec::<String>::new());
    assert!(planned(&grown, &live).is_empty());
    assert!(plan.steps().any(|step| step.address == at("catalog/prod/us-west-2/route-table/public")));
    let note = report.notes.iter().find(|note| note.summary == "No range can be chosen for new VPCs").unwrap();
    assert!(note.detail.contains("The VPCs of catalog/dev are not all known"), "{}", note.detail);
}

#[test]
fn strangers_networks_and_subnets_are_avoided() {
    let desired = with_domains("10.0.0.0/18", &[Domain { environments: vec![landfall::model::Environment::Prod], ..domain("catalog") }]);
    let strangers = ["10.0.16.0/20", "10.0.32.0/21"].map(|cidr| stranger("catalog/prod", "vpc-1", "vpc", json!({ "cidr": cidr }))).to_vec();
    let live = Live { strangers, ..Live::default() };
    let vpc = planned(&desired, &live)[&at("catalog/prod/us-west-2/vpc/main")];
    assert_eq!(vpc, "10.0.48.0/20".parse().unwrap());
    let whole = applied(&plan(&desired, &live).0, &live);
    let mut live = whole.clone();
    live.found.retain(|at, _| at.kind.as_str() != "subnet");
    let fields = json!({ "vpc": "vpc/main", "cidr": "10.0.48.0/24", "zone": "a" });
    live.strangers.push(stranger("catalog/prod", "subnet-1", "subnet", fields));
    let (next, _) = plan(&desired, &live);
    assert_eq!(check(&desired, &live, &next), Vec::<String>::new());
    assert_eq!(planned(&desired, &live)[&at("catalog/prod/us-west-2/subnet/private-a")], "10.0.50.0/23".parse().unwrap());
}

#[test]
fn larger_networks_are_placed_first_so_that_all_that_fit_by_size_fit() {
    // The office has the first /20 of eight; what is left holds one /19 beside five /20 only if the /19 chooses before the others.
    let prod = |name: &str, vpc_prefix| Domain { vpc_prefix, environments: vec![landfall::model::Environment::Prod], ..domain(name) };
    for turn in 0..20 {
        let mut all: Vec<Domain> = (0..3).map(|n| prod(&format!("a{turn}-{n}"), 20)).collect();
        all.extend([prod("z-one", 19), prod("z-two", 19)]);
        let (plan, report) = plan(&with_domains("10.0.0.0/17", &all), &Live::default());
        assert_eq!(report.notes, [], "{turn}");
        assert_eq!(plan.steps().filter(|step| step.address.kind.as_str() == "vpc").count(), 5);
    }
}
