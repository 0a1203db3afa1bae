//! Which domains a change of the files touches. Pure: compares what the files ask for, not the files, so that a module touches exactly
//! those who get something else from it. Must never leave out a domain whose plan the change could alter.

use super::{Declared, Desired, Estate, Member, Retired};
use crate::kinds::Spec;
use crate::model::{Account, Address, Name};
use std::collections::{BTreeMap, BTreeSet};

/// The domains of two versions of the files, by whether anything that is declared for them differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    pub domains: BTreeSet<Name>,
    /// All accounts of these domains, those included that are declared no more.
    pub accounts: BTreeSet<Account>,
    pub untouched: BTreeSet<Name>,
    /// The accounts of the untouched ones.
    pub left_out: usize,
}

/// Compares what was asked for with what is asked for now, account by account.
pub fn touched(before: &Desired, now: &Desired) -> Touched {
    let (was, is) = (facts(before), facts(now));
    let all: BTreeSet<&Account> = was.keys().chain(is.keys()).copied().collect();
    let everything = rest(&before.estate) != rest(&now.estate);
    let differs = |account: &&Account| everything || was.get(*account) != is.get(*account);
    let domains: BTreeSet<Name> = all.iter().copied().filter(differs).filter_map(domain).cloned().collect();
    let (inside, outside): (BTreeSet<&Account>, BTreeSet<&Account>) = all
        .into_iter()
        .filter(|account| domain(account).is_some())
        .partition(|account| domain(account).is_some_and(|at| domains.contains(at)));
    let untouched = outside.iter().copied().filter_map(domain).cloned().collect();
    Touched { accounts: inside.into_iter().cloned().collect(), left_out: outside.len(), untouched, domains }
}

/// What is declared for an account, without the lines that declare it.
#[derive(Default, PartialEq)]
struct Facts<'a> {
    member: Option<(&'a str, &'a Name)>,
    /// The place of its wave.
    wave: Option<usize>,
    retired: bool,
    specs: BTreeMap<&'a Address, &'a Spec>,
}

fn facts(desired: &Desired) -> BTreeMap<&Account, Facts<'_>> {
    let mut facts: BTreeMap<&Account, Facts<'_>> = BTreeMap::new();
    for (account, Member { email, team, place: _ }) in &desired.estate.members {
        let facts = facts.entry(account).or_default();
        (facts.member, facts.wave) = (Some((email.as_str(), team)), desired.estate.rollout.place_of(account));
    }
    for account in &desired.estate.retired.accounts {
        facts.entry(account).or_default().retired = true;
    }
    for (address, Declared { spec, module: _, place: _ }) in &desired.resources {
        facts.entry(&address.account).or_default().specs.insert(address, spec);
    }
    facts
}

/// What is true for all: the pools, the Region, the role, the waves without their accounts. When any of it differs, everything is touched.
fn rest(estate: &Estate) -> Estate {
    let resources = estate.retired.resources.clone();
    let mut rollout = estate.rollout.clone();
    rollout.waves.iter_mut().for_each(|wave| wave.members.clear());
    Estate { members: BTreeMap::new(), rollout, retired: Retired { accounts: BTreeSet::new(), resources }, ..estate.clone() }
}

fn domain(account: &Account) -> Option<&Name> {
    match account {
        Account::Management => None,
        Account::Member { domain, environment: _ } => Some(domain),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load_texts;

    const MODULE: &str = "\
about: A parameter.
parameters: { greeting: { type: string, default: hello } }
resources:
  - { kind: ssm-parameter, name: landfall/greeting, spec: { value: { text: \"${parameter.greeting}\" } } }
";
    const DOMAINS: &str = "\
organization: { name: acme, account_email: \"aws+{domain}-{environment}@acme.example\", home_region: us-west-2, github: acme }
network: { pool: 10.0.0.0/8 }
teams: { core: {}, other: {} }
domains:
  catalog: { team: core }
  payments: { team: core, environments: [prod] }
  search: { team: core }
";

    fn desired(domains: &str, module: &str) -> Desired {
        let modules = BTreeMap::from([("greeting".to_owned(), ("modules/greeting/module.yaml".to_owned(), module.to_owned()))]);
        load_texts(("domains.yaml", domains), &modules, jiff::Timestamp::UNIX_EPOCH)
            .map_err(|problems| crate::config::show(&problems, false))
            .unwrap()
            .desired
    }

    /// The domains that a change of the domains file touches, and how many accounts it leaves out.
    fn of(from: &str, to: &str) -> (Vec<String>, usize) {
        assert!(DOMAINS.contains(from), "{from}");
        let touched = touched(&desired(DOMAINS, MODULE), &desired(&DOMAINS.replace(from, to), MODULE));
        (touched.domains.iter().map(ToString::to_string).collect(), touched.left_out)
    }

    #[test]
    fn comments_and_lines_touch_nothing() {
        assert_eq!(of("domains:\n", "# more\n\ndomains:\n"), (vec![], 7));
    }

    #[test]
    fn one_account_touches_its_whole_domain_and_no_other() {
        assert_eq!(of("search: { team: core }", "search: { team: other }"), (vec!["search".to_owned()], 4));
        let first = "rollout: { waves: [{ name: first, accounts: [catalog/dev] }, dev, stage, prod] }";
        let moved = format!("{DOMAINS}{}", first.replace("catalog", "search"));
        let touched = touched(&desired(&format!("{DOMAINS}{first}"), MODULE), &desired(&moved, MODULE));
        assert_eq!(touched.domains.iter().map(Name::as_str).collect::<Vec<_>>(), ["catalog", "search"], "they go when others do");
        assert_eq!(of("environments: [prod]", "environments: [stage, prod]"), (vec!["payments".to_owned()], 6));
        let modules = "payments: { team: core, modules: { greeting: { greeting: bonjour } }, ";
        assert_eq!(of("payments: { team: core, ", modules), (vec!["payments".to_owned()], 6));
    }

    #[test]
    fn a_domain_that_comes_or_goes_is_touched() {
        assert_eq!(of("  search: { team: core }\n", ""), (vec!["search".to_owned()], 4));
        assert_eq!(of("domains:\n", "domains:\n  new: { team: core }\n"), (vec!["new".to_owned()], 7));
    }

    #[test]
    fn what_is_true_for_all_touches_all() {
        let all = || ["catalog", "payments", "search"].map(str::to_owned).to_vec();
        assert_eq!(of("pool: 10.0.0.0/8", "pool: 10.0.0.0/9"), (all(), 0));
        assert_eq!(of("home_region: us-west-2", "home_region: us-east-1"), (all(), 0));
        let other = MODULE.replace("default: hello", "default: good day");
        assert_eq!(touched(&desired(DOMAINS, MODULE), &desired(DOMAINS, &other)).domains.len(), 3);
    }

    #[test]
    fn what_may_be_given_up_touches_whose_it_is() {
        let before = desired(DOMAINS, MODULE);
        let retiring = |account: &str| {
            let mut now = before.clone();
            now.estate.retired.accounts.insert(account.parse().unwrap());
            touched(&before, &now)
        };
        assert_eq!(retiring("search/dev").domains.iter().map(Name::as_str).collect::<Vec<_>>(), ["search"]);
        let gone = retiring("gone/dev");
        assert_eq!((gone.domains.iter().map(Name::as_str).collect::<Vec<_>>(), gone.left_out), (vec!["gone"], 7), "it may still live");
        let mut now = before.clone();
        now.estate.retired.resources.insert("search/dev/us-west-2/log-group/x".parse().unwrap());
        assert_eq!(touched(&before, &now).domains.len(), 3, "an address is no promise of whose plan it alters");
    }
}
