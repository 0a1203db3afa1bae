//! Folding: exact whatever the plan, and telling of who is missing.

use crate::estates::{Domain, applied, at, domain, with_domains};
use crate::generated::{POOL, all_applied, domains, upset, upsets};
use landfall::kinds::Spec;
use landfall::model::{Account, Address, Environment, Name, Risk};
use landfall::plan::{Action, Live, Plan, plan};
use landfall::render::fold::{Folded, Group, Pattern, fold, groups};
use proptest::prelude::*;

/// Names that also stand for something else: kinds, resources, words of the JSON, environments.
const AMBIGUOUS: [&str; 10] = ["vpc", "main", "team", "web", "internal", "environment", "prod", "dev", "tags", "a"];

proptest! {
    #![proptest_config(ProptestConfig { cases: ProptestConfig::default().cases / 4, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn expanding_gives_back_the_very_steps(before in domains(), after in domains(), upsets in upsets(), names in prop::sample::subsequence(&AMBIGUOUS[..], 4)) {
        let mut live = all_applied(&with_domains(POOL, &before));
        upset(&mut live, &upsets);
        let named = after.iter().zip(names).map(|(domain, name)| Domain { name: name.to_owned(), ..domain.clone() });
        let after: Vec<Domain> = named.chain(after.iter().cloned()).collect();
        let (plan, _) = plan(&with_domains(POOL, &after), &live);
        let folded = fold(&plan);
        prop_assert_eq!(folded.expand(), Ok(plan.waves.clone()));
        let members: usize = folded.patterns.iter().map(|pattern| pattern.members.len()).sum();
        prop_assert_eq!(members, plan.steps().count());
        let grouped: usize = groups(&folded, &plan).iter().map(Group::steps).sum();
        prop_assert_eq!(grouped, members);
    }
}

#[test]
fn a_domain_called_like_a_resource_is_in_the_patterns_all_the_same() {
    let names = ["catalog", "payments", "search", "web", "main"];
    let domains: Vec<Domain> = names.iter().map(|name| domain(name)).collect();
    let (plan, _) = plan(&with_domains(POOL, &domains), &Live::default());
    let folded = fold(&plan);
    let outliers: Vec<&Pattern> = folded.patterns.iter().filter(|pattern| pattern.is_outlier()).collect();
    // The units: one each.
    assert!(outliers.iter().all(|pattern| pattern.shape.kind == "organizational-unit"), "{outliers:#?}");
    assert_eq!(folded.expand(), Ok(plan.waves.clone()));
}

/// An estate of so many prod accounts, all applied, and then one change made to each declared gateway but those of some.
fn all_but(count: usize, spared: &[&str]) -> (Plan, Vec<Domain>) {
    let name = |number| format!("team-{number:03}");
    let prod = |name: &str| Domain { environments: vec![Environment::Prod], zones: vec!['a'], ..domain(name) };
    let domains: Vec<Domain> = (0..count).map(|number| prod(&name(number))).collect();
    let mut desired = with_domains(POOL, &domains);
    let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    for (at, declared) in &mut desired.resources {
        let is_spared = spared.iter().any(|name| at.account.to_string() == format!("{name}/prod"));
        if let Spec::SecurityGroup(group) = &mut declared.spec
            && at.name.as_str() == "web"
            && !is_spared
        {
            group.tags.insert("reviewed".into(), "yes".into());
        }
    }
    (plan(&desired, &live).0, domains)
}

#[test]
fn a_pattern_says_which_of_its_peers_it_misses() {
    let (plan, _) = all_but(28, &["team-007"]);
    let folded = fold(&plan);
    let groups = groups(&folded, &plan);
    assert_eq!((groups.len(), groups[0].accounts.len()), (1, 27));
    let peers = &groups[0].peers[0];
    let missing: Vec<String> = peers.missing.iter().map(ToString::to_string).collect();
    assert_eq!((peers.within, peers.all, missing), (27, 28, vec!["team-007/prod".to_owned()]));
}

#[test]
fn a_pattern_of_some_misses_nobody() {
    let spared: Vec<String> = (0..10).map(|number| format!("team-{number:03}")).collect();
    let (plan, _) = all_but(28, &spared.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(groups(&fold(&plan), &plan)[0].peers, vec![]);
}

#[test]
fn another_size_of_range_and_another_value_are_outliers() {
    let mut domains: Vec<Domain> = ["catalog", "payments", "search"].map(domain).to_vec();
    domains[1].vpc_prefix = 19;
    domains[1].environments = vec![Environment::Prod];
    let (plan, _) = plan(&with_domains(POOL, &domains), &Live::default());
    let folded = fold(&plan);
    let only_here: Vec<(&str, &str)> = outliers_of(&folded, "payments/prod");
    assert!(only_here.contains(&("vpc", "main")) && only_here.contains(&("subnet", "private-a")), "{only_here:?}");
    assert!(!only_here.contains(&("internet-gateway", "main")));
}

fn outliers_of<'a>(folded: &'a Folded, account: &str) -> Vec<(&'a str, &'a str)> {
    let account: Account = account.parse().unwrap();
    let here = folded.patterns.iter().filter(|pattern| pattern.is_outlier() && pattern.accounts().any(|at| *at == account));
    here.map(|pattern| (pattern.shape.kind.as_str(), pattern.shape.name.as_str())).collect()
}

#[test]
fn text_that_looks_like_a_placeholder_is_left_alone() {
    let mut desired = with_domains(POOL, &["catalog", "payments"].map(domain));
    for declared in desired.resources.values_mut() {
        if let Some(tags) = declared.spec.tags() {
            tags.insert("note".into(), "‹domain› and ‹range of vpc/main›/20".into());
        }
    }
    let (plan, _) = plan(&desired, &Live::default());
    assert_eq!(fold(&plan).expand(), Ok(plan.waves));
}

#[test]
fn one_dangerous_step_among_thousands_comes_first() {
    let (mut plan, _) = all_but(120, &[]);
    let victim: Address = at("team-050/prod/us-west-2/security-group/web");
    let wave = plan.waves.iter_mut().find(|wave| wave.name == "prod".parse::<Name>().unwrap()).unwrap();
    let steps = wave.accounts.get_mut(&victim.account).unwrap();
    let Action::Update { live, .. } = steps[0].action.clone() else { panic!("an update") };
    steps[0].action = Action::Delete { live, replacing: false, why: Vec::new() };
    steps[0].concerns = vec![landfall::model::Concern { risk: Risk::Dangerous, why: "deletes it".into() }];
    let folded = fold(&plan);
    let groups = groups(&folded, &plan);
    assert_eq!(groups[0].accounts, [&victim.account]);
    assert_eq!((groups[0].risk, groups[1].accounts.len()), (Risk::Dangerous, 119));
}
