//! `escalation-plan`: whom to call next when nobody answers, under one alias: `page-<domain>-primary`.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_ssmcontacts::types::{ContactTargetInfo, ContactType, Plan, Stage as Written, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// Whom to call, and whom when nobody answers. The resource's name is the plan's alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EscalationPlan {
    /// What AWS shows as its name. Anything but letters, digits, spaces and `_.-` becomes a hyphen.
    pub display_name: String,
    /// Who is called, one stage after the other, until somebody has answered.
    #[schemars(length(min = 1))]
    pub stages: Vec<Stage>,
}

/// Who is called together, and how long to wait for an answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Stage {
    /// The contacts or on-call schedules of this stage.
    #[schemars(length(min = 1))]
    pub engage: Vec<Reference>,
    /// Minutes until the next stage begins.
    #[schemars(range(min = 0, max = 30))]
    pub minutes: u8,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {} min", show(self.engage.iter().map(|target| &target.name)), self.minutes)
    }
}

/// Who can be engaged.
const ENGAGED: [KindName; 2] = [KindName::new("on-call-schedule"), KindName::new("contact")];

impl Kind for EscalationPlan {
    const NAME: KindName = KindName::new("escalation-plan");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "Whom Incident Manager calls next when nobody answers, by an alias.";
    const REFERS: &'static [KindName] = &ENGAGED;
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] =
        &["ssm-contacts:ListContacts", "ssm-contacts:ListTagsForResource", "ssm-contacts:GetContact"];
    const WRITES: &'static [&'static str] = &[
        "ssm-contacts:CreateContact",
        "ssm-contacts:AssociateContact",
        "ssm-contacts:UpdateContact",
        "ssm-contacts:DeleteContact",
    ];

    fn changes(live: &EscalationPlan, want: &EscalationPlan) -> Vec<Change> {
        let EscalationPlan { display_name, stages } = live;
        let EscalationPlan { display_name: want_name, stages: want_stages } = want;
        let name = Change::of("display_name", &contacts::shown(display_name), &contacts::shown(want_name));
        let stages = (stages != want_stages).then(|| Change::between("stages", Some(show(stages)), Some(show(want_stages))));
        let stages = stages.map(|change| change.concerning(Risk::Notable, "changes who is called when nobody answers"));
        name.into_iter().chain(stages).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.stages.iter().flat_map(|stage| &stage.engage).cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for EscalationPlan {
    async fn read(at: &Session) -> Result<Vec<Seen<EscalationPlan>>, CallError> {
        let all = contacts::whole(at, &EscalationPlan::NAME, ContactType::Escalation).await?;
        let seen = all.into_iter().map(|(one, ours)| Seen {
            id: one.id,
            spec: EscalationPlan {
                display_name: one.display_name,
                stages: ours.as_ref().map(|(_, plan)| plan.stages().iter().map(|found| stage(at, found)).collect()).unwrap_or_default(),
            },
            name: ours.map(|(name, _)| name),
        });
        Ok(seen.collect())
    }

    async fn create(at: &Session, address: &Address, want: &EscalationPlan) -> Result<RemoteId, CallError> {
        contacts::create(at, address, (ContactType::Escalation, &want.display_name), written(at, want)?).await
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &EscalationPlan, _: &[Change]) -> Result<(), CallError> {
        contacts::update(at, id, Some(&want.display_name), Some(written(at, want)?)).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &EscalationPlan) -> Result<(), CallError> {
        contacts::delete(at, id).await
    }
}

fn stage(at: &Session, found: &Written) -> Stage {
    let target = |target: &Target| target.contact_target_info().and_then(|info| info.contact_id()).unwrap_or_default().to_owned();
    Stage {
        engage: found.targets().iter().map(|one| contacts::named(at, &ENGAGED, &target(one))).collect(),
        minutes: u8::try_from(found.duration_in_minutes()).unwrap_or(u8::MAX),
    }
}

fn written(at: &Session, want: &EscalationPlan) -> Result<Plan, CallError> {
    let mut plan = Plan::builder();
    for wanted in &want.stages {
        let mut stage = Written::builder().duration_in_minutes(wanted.minutes.into()).set_targets(Some(Vec::new()));
        for id in contacts::ids(at, &wanted.engage)? {
            // One answer is enough: whoever is essential would be called on, though somebody else is at work already.
            let info = ContactTargetInfo::builder().contact_id(id).is_essential(false).build().map_err(contacts::unbuilt)?;
            stage = stage.targets(Target::builder().contact_target_info(info).build());
        }
        plan = plan.stages(stage.build().map_err(contacts::unbuilt)?);
    }
    Ok(plan.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_needs_whom_it_engages() {
        let stage = |target: &str, minutes| Stage { engage: vec![target.parse().unwrap()], minutes };
        let plan = |minutes| EscalationPlan {
            display_name: "payments".into(),
            stages: vec![stage("on-call-schedule/payments-primary", minutes), stage("contact/margaret", 0)],
        };
        let needs = ["contact/margaret", "on-call-schedule/payments-primary"].map(|text| text.parse().unwrap());
        assert_eq!(plan(15).needs(), BTreeSet::from(needs));
        assert_eq!(EscalationPlan::changes(&plan(15), &plan(15)), []);
        let changes = EscalationPlan::changes(&plan(15), &plan(5));
        assert_eq!(changes[0].after.as_deref(), Some("payments-primary for 5 min, margaret for 0 min"));
        assert_eq!(changes[0].effect, Effect::InPlace);
    }
}
