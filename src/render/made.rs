//! Plans that the tests of this room put together by hand. Never part of the program.

use crate::kinds::Spec;
use crate::model::{Account, Approvals, Change, Name};
use crate::plan::{Action, Plan, Rollout, Step, Wave};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(super) fn name(text: &str) -> Name {
    text.parse().unwrap()
}

/// A plan of these waves, each with its steps, of whichever accounts they are.
pub(super) fn plan(waves: impl IntoIterator<Item = (&'static str, Vec<Step>)>) -> Plan {
    let wave = |(of, steps): (&str, Vec<Step>)| {
        let mut accounts: BTreeMap<Account, Vec<Step>> = BTreeMap::new();
        steps.into_iter().for_each(|step| accounts.entry(step.address.account.clone()).or_default().push(step));
        Wave { name: name(of), accounts }
    };
    Plan {
        estate: name("acme"),
        home_region: "us-west-2".parse().unwrap(),
        access_role: "role".to_owned(),
        emails: BTreeMap::new(),
        approvals: Approvals::default(),
        rollout: Rollout::default(),
        notices: Default::default(),
        waves: waves.into_iter().map(wave).collect(),
    }
}

/// A step at an address, as a plan file has it: its action is of the kind that the address names.
pub(super) fn step(address: &str, action: Action) -> Step {
    Step { address: address.parse().unwrap(), action, after: vec![], concerns: vec![], asked: None }
}

pub(super) fn spec(kind: &str, fields: Value) -> Spec {
    (crate::kinds::row(&kind.parse().unwrap()).unwrap().parse)(fields).unwrap()
}

/// A role, by what it is for.
pub(super) fn role(description: &str) -> Spec {
    spec("iam-role", json!({ "trust": {}, "policies": {}, "tags": { "for": description } }))
}

/// The creation of a role, anew or for the first time.
pub(super) fn create(address: &str, replacing: bool) -> Step {
    step(address, Action::Create { want: role("ci"), replacing })
}

pub(super) fn update(address: &str) -> Step {
    let changes = vec![Change::between("tags.for", Some("ci".to_owned()), Some("people".to_owned()))];
    step(address, Action::Update { live: role("ci"), want: role("people"), changes })
}

pub(super) fn delete(address: &str, replacing: bool) -> Step {
    step(address, Action::Delete { live: role("ci"), replacing, why: vec![] })
}
