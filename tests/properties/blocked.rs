//! What must not happen: deletes of what is still held or might be, steps on what several resources claim, work in closed accounts.

use crate::estates::{Domain, applied, at, domain, found, spec, with_domains};
use landfall::kinds::{Cidr, Spec};
use landfall::model::{Address, Environment, Severity};
use landfall::plan::{Action, Desired, Live, Plan, check, plan};
use serde_json::json;

const VPC: &str = "catalog/prod/us-west-2/vpc/main";

fn small() -> Domain {
    Domain { environments: vec![Environment::Prod], zones: vec!['a'], ..domain("catalog") }
}

fn estate() -> (Desired, Live) {
    let desired = with_domains("10.0.0.0/8", &[small()]);
    let live = applied(&plan(&desired, &Live::default()).0, &Live::default());
    (desired, live)
}

fn unread(live: &mut Live, kind: &str) {
    live.unreadable.entry("catalog/prod".parse().unwrap()).or_default().insert(kind.parse().unwrap(), "AccessDenied".into());
    live.found.retain(|at, _| at.kind.as_str() != kind);
}

fn deleted(plan: &Plan) -> Vec<String> {
    let deletes = plan.steps().filter(|step| matches!(step.action, Action::Delete { .. }));
    deletes.map(|step| format!("{}/{}", step.address.kind, step.address.name)).collect()
}

fn blocking(desired: &Desired, live: &Live) -> (Plan, Vec<(String, String)>) {
    let (plan, report) = plan(desired, live);
    assert_eq!(check(desired, live, &plan), Vec::<String>::new());
    let notes = report.notes.into_iter().filter(|note| note.severity == Severity::Blocking);
    (plan, notes.map(|note| (note.subject.to_string(), note.summary)).collect())
}

#[test]
fn what_an_unread_kind_might_hold_is_neither_deleted_nor_replaced() {
    let (_, mut live) = estate();
    unread(&mut live, "subnet");
    let off = with_domains("10.0.0.0/8", &[Domain { with_network: false, ..small() }]);
    let (plan, notes) = blocking(&off, &live);
    // Neither the VPC nor what else is bound only to what stays; NAT gateways and route tables hold nothing that is unread.
    let gone = deleted(&plan);
    assert!(!gone.contains(&"vpc/main".to_owned()), "{gone:?}");
    assert!(gone.contains(&"nat-gateway/a".to_owned()), "{gone:?}");
    assert!(notes.contains(&(VPC.to_owned(), "It has to go, and can't yet".to_owned())), "{notes:?}");
}

#[test]
fn what_a_resource_that_stays_is_bound_to_stays_too() {
    let (_, mut live) = estate();
    let twin = at("catalog/prod/us-west-2/subnet/private-a");
    live.twins.insert(twin, vec!["subnet-1".into(), "subnet-2".into()]);
    let off = with_domains("10.0.0.0/8", &[Domain { with_network: false, ..small() }]);
    let (plan, notes) = blocking(&off, &live);
    let gone = deleted(&plan);
    assert!(!gone.contains(&"subnet/private-a".to_owned()) && !gone.contains(&"vpc/main".to_owned()), "{gone:?}");
    assert!(gone.contains(&"subnet/public-a".to_owned()), "{gone:?}");
    assert!(notes.contains(&(VPC.to_owned(), "It has to go, and can't yet".to_owned())), "{notes:?}");
}

#[test]
fn a_replacement_that_is_held_blocks_what_waits_for_it() {
    let (mut desired, mut live) = estate();
    let twin: Address = at("catalog/prod/us-west-2/security-group/web");
    live.twins.insert(twin, vec!["sg-1".into(), "sg-2".into()]);
    if let Spec::Vpc(vpc) = &mut desired.resources.get_mut(&at(VPC)).unwrap().spec {
        vpc.cidr = Cidr::Fixed("10.99.0.0/20".parse().unwrap());
    }
    let (plan, notes) = blocking(&desired, &live);
    assert!(plan.is_empty(), "{:?}", plan.steps().map(|step| step.address.to_string()).collect::<Vec<_>>());
    assert!(notes.contains(&(VPC.to_owned(), "It has to go, and can't yet".to_owned())), "{notes:?}");
}

#[test]
fn nothing_is_planned_in_an_account_that_is_not_active() {
    let (desired, mut live) = estate();
    live.found.retain(|at, _| at.kind.as_str() != "subnet");
    let main = at("catalog/prod/global/account/main");
    if let Some(Spec::Account(account)) = live.found.get_mut(&main).map(|found| &mut found.spec) {
        account.status = Some("SUSPENDED".into());
    }
    let (plan, notes) = blocking(&desired, &live);
    assert!(plan.is_empty());
    assert_eq!(notes, [("catalog/prod".to_owned(), "The account is not active".to_owned())]);
}

#[test]
fn a_gateway_to_the_internet_outlives_its_nat_gateways_and_comes_before_them() {
    let (desired, live) = estate();
    let waits = |plan: &Plan, waiting: &str, waited: &str| {
        let steps = plan
            .waves
            .iter()
            .flat_map(|wave| wave.accounts.values())
            .find(|steps| steps.iter().any(|step| step.address.kind.as_str() == waiting))
            .unwrap();
        let place = |kind: &str| steps.iter().position(|step| step.address.kind.as_str() == kind).unwrap();
        steps[place(waiting)].after.contains(&place(waited))
    };
    let (first, _) = plan(&desired, &Live::default());
    assert!(waits(&first, "nat-gateway", "internet-gateway"));
    let off = with_domains("10.0.0.0/8", &[Domain { with_network: false, ..small() }]);
    let (last, _) = plan(&off, &live);
    assert!(waits(&last, "internet-gateway", "nat-gateway"));
}

#[test]
fn what_nobody_declares_and_several_claim_is_left_alone() {
    let (desired, mut live) = estate();
    let old = at("catalog/prod/us-west-2/elastic-ip/old");
    live.found.insert(old.clone(), found(&old, &spec("elastic-ip", json!({}))));
    live.twins.insert(old, vec!["eipalloc-1".into(), "eipalloc-2".into()]);
    let (plan, notes) = blocking(&desired, &live);
    assert!(plan.is_empty());
    assert_eq!(notes.len(), 1);
}
