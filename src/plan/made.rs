//! Resources of one account, what lives of them, and steps, for the tests of this room: a line each. Holds no expectation.

use super::{Action, Declared, Desired, Estate, Found, Live, Member, Plan, Report, Rollout, Step, Stranger, Wave};
use crate::kinds::{Scope, Spec, row};
use crate::model::{Account, Address, Change, Environment, KindName, Place};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What addresses of `payments/prod` begin with, and are shown without.
const HERE: [&str; 2] = ["payments/prod/us-west-2/", "payments/prod/global/"];
/// The pool of every estate here, and what is reserved in it for the office.
const POOL: &str = "10.0.0.0/8";
const RESERVED: &str = "10.0.0.0/20";

/// The address of a text. `vpc/main` is that of `payments/prod`.
pub(super) fn at(text: &str) -> Address {
    let kind: KindName = text.split('/').next().unwrap().parse().unwrap();
    match row(&kind).map(|row| row.scope) {
        Some(Scope::Regional) => format!("{}{text}", HERE[0]).parse().unwrap(),
        Some(_) => format!("{}{text}", HERE[1]).parse().unwrap(),
        None => text.parse().unwrap(),
    }
}

/// A text with the addresses of `payments/prod` as `at` takes them.
pub(super) fn shown(text: &str) -> String {
    HERE.iter().fold(text.to_owned(), |text, here| text.replace(here, ""))
}

pub(super) fn account(text: &str) -> Account {
    text.parse().unwrap()
}

/// The spec of `vpc/main`, or of anything else of its kind.
pub(super) fn spec(of: &str, fields: Value) -> Spec {
    (row(&at(of).kind).unwrap().parse)(fields).unwrap()
}

pub(super) fn stranger(of: &str, id: &str, kind: &str, fields: Value) -> Stranger {
    Stranger { account: account(of), id: id.into(), spec: spec(&format!("{kind}/x"), fields) }
}

/// The organization of every estate here, and the accounts of some addresses.
fn foundations<'a>(others: impl Iterator<Item = &'a Address>) -> BTreeMap<Address, Spec> {
    let members = others.map(|at| at.account.clone()).chain([account("payments/prod")]);
    let main = |account: Account| {
        let fields = json!({ "email": format!("{account}@acme.example"), "name": "x", "access_role": "Role",
            "organizational_unit": "management:organizational-unit/all" });
        (at(&format!("{account}/global/account/main")), spec("account/main", fields))
    };
    let unit = (at("management/global/organizational-unit/all"), spec("organizational-unit/all", json!({})));
    members.filter(|account| *account != Account::Management).map(main).chain([unit]).collect()
}

fn specs<A: AsRef<str>>(resources: &[(A, Value)]) -> BTreeMap<Address, Spec> {
    let named: Vec<_> = resources.iter().map(|(text, fields)| (at(text.as_ref()), fields)).collect();
    let mut all = foundations(named.iter().map(|(at, _)| at));
    all.extend(named.iter().map(|(at, fields)| (at.clone(), (row(&at.kind).unwrap().parse)((*fields).clone()).unwrap())));
    all
}

/// An estate that declares some resources, their accounts, and the unit of these.
pub(super) fn desired<A: AsRef<str>>(resources: &[(A, Value)]) -> Desired {
    let place = Place { file: "domains.yaml".into(), line: 1 };
    let member = Member { email: "aws@acme.example".into(), team: "payments".parse().unwrap(), place: place.clone() };
    let specs = specs(resources);
    let members = specs.keys().map(|at| at.account.clone()).filter(|account| *account != Account::Management);
    let pools = vec![POOL.parse().unwrap()];
    let reserved = BTreeMap::from([("office".to_owned(), RESERVED.parse().unwrap())]);
    let members = members.map(|account| (account, member.clone())).collect();
    let estate = Estate { pools, reserved, rollout: Rollout::default(), ..super::estates::estate(members) };
    let declared = |spec| Declared { spec, module: "network".parse().unwrap(), place: place.clone() };
    Desired { estate, resources: specs.into_iter().map(|(at, spec)| (at, declared(spec))).collect(), kinds: Default::default() }
}

/// Some resources that live, in their accounts, which are in their unit.
pub(super) fn live<A: AsRef<str>>(resources: &[(A, Value)]) -> Live {
    let found = |(at, spec): (Address, Spec)| (at.clone(), Found { id: format!("id-of-{at}").into(), spec });
    Live { found: specs(resources).into_iter().map(found).collect(), ..Live::default() }
}

/// Makes a kind of an account unreadable.
pub(super) fn unread(live: &mut Live, of: &str, kind: &str) {
    live.unreadable.entry(account(of)).or_default().insert(kind.parse().unwrap(), "AccessDenied".into());
}

fn step(text: &str, action: Action) -> Step {
    Step { address: at(text), action, after: Vec::new(), concerns: Vec::new(), asked: None }
}

pub(super) fn create(text: &str, fields: Value) -> Step {
    step(text, Action::Create { want: spec(text, fields), replacing: false })
}

pub(super) fn update(text: &str, before: Value, after: Value) -> Step {
    let (live, want) = (spec(text, before), spec(text, after));
    let changes: Vec<Change> = Spec::changes(&live, &want);
    step(text, Action::Update { live, want, changes })
}

pub(super) fn delete(text: &str, fields: Value) -> Step {
    step(text, Action::Delete { live: spec(text, fields), replacing: false, why: Vec::new() })
}

/// The two halves of a replacement, the second after the first: as the first steps of a plan.
pub(super) fn replace(text: &str, before: Value, after: Value) -> [Step; 2] {
    let removal = Action::Delete { live: spec(text, before), replacing: true, why: Vec::new() };
    let creation = Action::Create { want: spec(text, after), replacing: true };
    [step(text, removal), waiting(step(text, creation), &[0])]
}

/// A step that waits for those at some places.
pub(super) fn waiting(step: Step, after: &[usize]) -> Step {
    Step { after: after.to_vec(), ..step }
}

/// A plan of steps, in one wave.
pub(super) fn plan_of(desired: &Desired, steps: &[Step]) -> Plan {
    let mut accounts: BTreeMap<Account, Vec<Step>> = BTreeMap::new();
    steps.iter().for_each(|step| accounts.entry(step.address.account.clone()).or_default().push(step.clone()));
    let name = Environment::Prod.as_str().parse().unwrap();
    Plan { waves: vec![Wave { name, accounts }], ..Plan::empty(&desired.estate) }
}

/// The steps and the notes of what is planned.
pub(super) fn planned(desired: &Desired, live: &Live) -> (Vec<String>, Vec<String>) {
    let (plan, report) = super::plan(desired, live);
    (lines(&plan), notes(&report))
}

pub(super) fn words(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}

/// The steps of a plan: `+ vpc/main 10.0.16.0/20`.
pub(super) fn lines(plan: &Plan) -> Vec<String> {
    let line = |step: &Step| {
        let sign = match step.action {
            Action::Create { .. } => "+",
            Action::Update { .. } => "~",
            Action::Delete { .. } => "-",
        };
        let range = step.action.after().and_then(Spec::range).map(|range| format!(" {range}")).unwrap_or_default();
        shown(&format!("{sign} {}{range}", step.address))
    };
    plan.steps().map(line).collect()
}

/// The notes of a report: `vpc/main: The pool has no room`.
pub(super) fn notes(report: &Report) -> Vec<String> {
    report.notes.iter().map(|note| shown(&format!("{}: {}", note.subject, note.summary))).collect()
}
