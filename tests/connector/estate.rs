//! One domain with all that the repository's modules give it, but for what other services than AWS have a part in: their clients know no
//! virtual time.

use super::files::Generated;
use landfall::kinds::{OUTSIDE, Spec, TABLE};
use landfall::model::{Address, KindName};
use landfall::plan::Desired;
use std::collections::BTreeSet;

const DOMAINS: &str = "\
organization: { name: acme, account_email: 'aws+{domain}-{environment}@acme.example', home_region: us-west-2, github: acme-example }
network: { pool: 10.0.0.0/8, vpc_prefix: 20, zones: 2 }
people:
  ada: { name: Ada Fern, email: ada@acme.example, phone: '+15550100' }
  grace: { name: Grace Okoye, email: grace@acme.example, phone: '+15550104' }
teams:
  core: { slack: '#team-core', on_call: { primary: [ada], escalation: grace, handover: monday 09:00 Europe/Berlin } }
domains:
  payments: { team: core, environments: [prod], repositories: [payments], ci_users: { deploy: {}, publish: { kind: user } } }
";

const CI_KEY: KindName = KindName::new("ci-key");

/// The management account and one more, with the kinds that AWS alone has a part in.
pub fn one_account() -> Desired {
    let files = Generated::of(DOMAINS);
    let now = "2026-11-21T08:00:00Z".parse().unwrap();
    let loaded = landfall::config::load(files.root(), landfall::config::DOMAINS, now);
    let mut desired = loaded.unwrap_or_else(|problems| panic!("{problems:?}")).desired;
    let outside: BTreeSet<&KindName> =
        TABLE.iter().filter(|row| row.kind != CI_KEY && (is_outside(row.reads) || is_outside(row.writes))).map(|row| &row.kind).collect();
    for declared in desired.resources.values_mut() {
        // A key that nobody at GitHub gets.
        if let Spec::CiKey(key) = &mut declared.spec {
            key.repositories.clear();
        }
    }
    desired.kinds.retain(|kind| !outside.contains(kind));
    desired.resources.retain(|at, _| !outside.contains(&at.kind));
    whole(desired)
}

/// The same without some modules, and without whatever needs something of theirs.
pub fn without(modules: &[&str]) -> Desired {
    let mut desired = one_account();
    desired.resources.retain(|_, declared| !modules.contains(&declared.module.as_str()));
    whole(desired)
}

fn whole(mut desired: Desired) -> Desired {
    while let Some(bereft) = bereft(&desired) {
        desired.resources.remove(&bereft);
    }
    desired
}

fn is_outside(operations: &[&str]) -> bool {
    operations.iter().any(|operation| OUTSIDE.iter().any(|service| operation.starts_with(service)))
}

/// A resource that needs one that is not there.
fn bereft(desired: &Desired) -> Option<Address> {
    let home = &desired.estate.home_region;
    let lacks = |(at, declared): &(&Address, &landfall::plan::Declared)| {
        declared.spec.needs().iter().any(|need| !desired.resources.contains_key(&need.resolve(at, home)))
    };
    desired.resources.iter().find(lacks).map(|(at, _)| at.clone())
}
