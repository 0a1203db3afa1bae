//! Small estates spelled out resource by resource, over several accounts and waves, for the tests of this room. `made` has what is of one account.

use super::{Action, Declared, Desired, Estate, Found, Live, Member, Plan, Retired, Rollout, WaveRules};
use crate::kinds::{Spec, row};
use crate::model::{Account, Address, Approvals, Environment, Name, Place};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn at(text: &str) -> Address {
    text.parse().unwrap()
}

pub(super) fn spec(at: &Address, fields: Value) -> Spec {
    (row(&at.kind).unwrap().parse)(fields).unwrap()
}

/// What accounts are made of, where nothing else is in them: each in one unit.
pub(super) fn accounts(of: &[&str]) -> Vec<(String, Value)> {
    let account = |of: &&str| {
        let (email, unit) = (format!("aws+{}@acme.example", of.replace('/', "-")), "management:organizational-unit/all");
        let fields = json!({ "email": email, "name": "x", "organizational_unit": unit, "access_role": "Role" });
        (format!("{of}/global/account/main"), fields)
    };
    let unit = ("management/global/organizational-unit/all".to_owned(), json!({}));
    [unit].into_iter().chain(of.iter().map(account)).collect()
}

/// Resources by address, with their fields as a module writes them; whatever their accounts are made of besides.
pub(super) fn with<const N: usize>(mut others: Vec<(String, Value)>, resources: [(&str, Value); N]) -> Vec<(String, Value)> {
    others.extend(resources.map(|(at, fields)| (at.to_owned(), fields)));
    others
}

/// Files that ask for some resources, and know the accounts that these are in. What has one name in several accounts is asked for by one line.
pub(super) fn desired(resources: &[(String, Value)]) -> Desired {
    let place = |line: usize| Place { file: "domains.yaml".into(), line: u32::try_from(line).unwrap() };
    let (module, team): (Name, Name) = ("network".parse().unwrap(), "core".parse().unwrap());
    let declared = |(text, fields): &(String, Value)| {
        let at = at(text);
        let same = format!("/{}/{}", at.kind, at.name);
        let line = resources.iter().position(|(other, _)| other.ends_with(&same)).unwrap();
        let spec = spec(&at, fields.clone());
        (at, Declared { spec, module: module.clone(), place: place(line) })
    };
    let resources: BTreeMap<Address, Declared> = resources.iter().map(declared).collect();
    let of: BTreeSet<Account> = resources.keys().map(|at| at.account.clone()).filter(|of| *of != Account::Management).collect();
    let member = |of: &Account| {
        let email = format!("aws+{}@acme.example", of.to_string().replace('/', "-"));
        (of.clone(), Member { email, team: team.clone(), place: place(0) })
    };
    Desired { estate: estate(of.iter().map(member).collect()), resources, kinds: BTreeSet::new() }
}

pub(super) fn estate(members: BTreeMap<Account, Member>) -> Estate {
    let wave = |of: Environment| {
        let here = members.keys().filter(|account| account.environment() == Some(of)).cloned().collect();
        WaveRules::of(of, here, of.as_str().parse().unwrap())
    };
    let waves = [Environment::Dev, Environment::Stage, Environment::Prod].map(wave).into();
    Estate {
        name: "acme".parse().unwrap(),
        home_region: "us-west-2".parse().unwrap(),
        access_role: "Role".into(),
        plan_role: "Role".into(),
        pools: Vec::new(),
        reserved: BTreeMap::new(),
        rollout: Rollout { waves, time_zone: "UTC".to_owned(), ..Rollout::default() },
        approvals: Approvals::default(),
        notices: Default::default(),
        members,
        retired: Retired::default(),
    }
}

/// What lives: some resources of ours.
pub(super) fn live(resources: &[(String, Value)]) -> Live {
    let found = resources.iter().map(|(text, fields)| {
        let at = at(text);
        let spec = spec(&at, fields.clone());
        (at, Found { id: format!("id-of-{text}").into(), spec })
    });
    Live { found: found.collect(), ..Live::default() }
}

/// The steps of a plan in the order of their waves, each with the places of those of its account that come first: `+ pay/dev/… [0]`.
pub(super) fn steps(plan: &Plan) -> Vec<String> {
    let sign = |action: &Action| match action {
        Action::Create { .. } => '+',
        Action::Update { .. } => '~',
        Action::Delete { .. } => '-',
    };
    plan.steps().map(|step| format!("{} {} {:?}", sign(&step.action), step.address, step.after)).collect()
}
