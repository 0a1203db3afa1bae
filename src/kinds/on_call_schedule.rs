//! `on-call-schedule`: whoever is on call now, under one alias: the rotations that decide it.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ssmcontacts::types::{ContactType, Plan};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whoever is on call now. The resource's name is the schedule's alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnCallSchedule {
    /// What AWS shows as its name. Anything but letters, digits, spaces and `_.-` becomes a hyphen.
    pub display_name: String,
    /// The rotations whose people on shift are called.
    #[schemars(length(min = 1, max = 25))]
    pub rotations: Vec<Reference>,
}

impl Kind for OnCallSchedule {
    const NAME: KindName = KindName::new("on-call-schedule");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "Whoever is on call now, by an alias: the rotations that decide it.";
    const REFERS: &'static [KindName] = &[KindName::new("rotation")];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] =
        &["ssm-contacts:ListContacts", "ssm-contacts:ListTagsForResource", "ssm-contacts:GetContact"];
    const WRITES: &'static [&'static str] = &[
        "ssm-contacts:CreateContact",
        "ssm-contacts:AssociateContact",
        "ssm-contacts:UpdateContact",
        "ssm-contacts:DeleteContact",
    ];

    fn changes(live: &OnCallSchedule, want: &OnCallSchedule) -> Vec<Change> {
        let OnCallSchedule { display_name, rotations } = live;
        let OnCallSchedule { display_name: want_name, rotations: want_rotations } = want;
        let name = Change::of("display_name", &contacts::shown(display_name), &contacts::shown(want_name));
        let rotations =
            (rotations != want_rotations).then(|| Change::between("rotations", Some(show(rotations)), Some(show(want_rotations))));
        let rotations = rotations.map(|change| change.concerning(Risk::Notable, "changes who is on call"));
        name.into_iter().chain(rotations).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.rotations.iter().cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for OnCallSchedule {
    async fn read(at: &Session) -> Result<Vec<Seen<OnCallSchedule>>, CallError> {
        let all = contacts::whole(at, &OnCallSchedule::NAME, ContactType::OncallSchedule).await?;
        let kind = [KindName::new("rotation")];
        let rotations = |plan: &Plan| plan.rotation_ids().iter().map(|id| contacts::named(at, &kind, id)).collect();
        let seen = all.into_iter().map(|(one, ours)| Seen {
            id: one.id,
            spec: OnCallSchedule {
                display_name: one.display_name,
                rotations: ours.as_ref().map(|(_, plan)| rotations(plan)).unwrap_or_default(),
            },
            name: ours.map(|(name, _)| name),
        });
        Ok(seen.collect())
    }

    async fn create(at: &Session, address: &Address, want: &OnCallSchedule) -> Result<RemoteId, CallError> {
        contacts::create(at, address, (ContactType::OncallSchedule, &want.display_name), written(at, want)?).await
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &OnCallSchedule, _: &[Change]) -> Result<(), CallError> {
        contacts::update(at, id, Some(&want.display_name), Some(written(at, want)?)).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &OnCallSchedule) -> Result<(), CallError> {
        contacts::delete(at, id).await
    }
}

fn written(at: &Session, want: &OnCallSchedule) -> Result<Plan, CallError> {
    Ok(Plan::builder().set_rotation_ids(Some(contacts::ids(at, &want.rotations)?)).build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_schedule_needs_its_rotations() {
        let schedule = |rotation: &str| OnCallSchedule { display_name: "payments".into(), rotations: vec![rotation.parse().unwrap()] };
        let live = schedule("rotation/payments-primary");
        assert_eq!(live.needs(), BTreeSet::from(["rotation/payments-primary".parse().unwrap()]));
        assert_eq!(OnCallSchedule::changes(&live, &live), []);
        let changes = OnCallSchedule::changes(&live, &schedule("rotation/other"));
        assert_eq!((changes[0].field.as_str(), changes[0].effect), ("rotations", Effect::InPlace));
    }
}
