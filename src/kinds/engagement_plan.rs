//! `engagement-plan`: in which order a person's channels are tried. AWS keeps it within the contact; it is a kind of its own here, because
//! channels need the contact and the plan needs the channels.

use super::{Driver, Kind, Scope, Seen, Tags, contacts};
use crate::aws::{CallError, Session};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, Region, RemoteId, Risk, show};
use aws_sdk_ssmcontacts::types::{ChannelTargetInfo, ContactType, Plan, Stage as Written, Target};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// In which order a person's channels are tried. The resource's name is the person's alias.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EngagementPlan {
    /// Whose channels they are.
    pub contact: Reference,
    /// What is tried, one stage after the other, until the person has answered.
    #[schemars(length(min = 1))]
    pub stages: Vec<Attempt>,
}

/// Channels that are tried together, and how long to wait before the next stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Attempt {
    /// The channels of this stage.
    #[schemars(length(min = 1))]
    pub channels: Vec<Reference>,
    /// Minutes until the next stage begins.
    #[schemars(range(min = 0, max = 30))]
    pub minutes: u8,
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} for {} min", show(self.channels.iter().map(|channel| &channel.name)), self.minutes)
    }
}

impl Kind for EngagementPlan {
    const NAME: KindName = KindName::new("engagement-plan");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "In which order Incident Manager tries the channels of a contact.";
    const REFERS: &'static [KindName] = &[KindName::new("contact"), KindName::new("contact-channel")];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] = &["ssm-contacts:ListContacts", "ssm-contacts:GetContact"];
    const WRITES: &'static [&'static str] = &["ssm-contacts:UpdateContact"];

    fn changes(live: &EngagementPlan, want: &EngagementPlan) -> Vec<Change> {
        let EngagementPlan { contact, stages } = live;
        let EngagementPlan { contact: want_contact, stages: want_stages } = want;
        let contact = Change::of("contact", contact, want_contact).map(Change::replaces);
        let stages = (stages != want_stages).then(|| Change::between("stages", Some(show(stages)), Some(show(want_stages))));
        let stages = stages.map(|change| change.concerning(Risk::Notable, "changes how somebody on call is reached"));
        contact.into_iter().chain(stages).collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        let channels = self.stages.iter().flat_map(|stage| &stage.channels);
        channels.chain([&self.contact]).cloned().collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for EngagementPlan {
    // A contact of ours without stages has no plan yet.
    async fn read(at: &Session) -> Result<Vec<Seen<EngagementPlan>>, CallError> {
        let all = contacts::listed(at, ContactType::Personal).await?;
        let kind = KindName::new("contact");
        let ours: Vec<(Reference, RemoteId)> =
            all.into_iter().filter_map(|one| Some((at.reference(&kind, one.id.as_str())?, one.id))).collect();
        let plans = contacts::each(&ours, async |(_, id): &(Reference, RemoteId)| contacts::plan(at, id).await).await?;
        Ok(plans.into_iter().filter_map(|((contact, id), plan)| see(at, contact, id, &plan?)).collect())
    }

    async fn find(at: &Session, address: &Address) -> Result<Option<Seen<EngagementPlan>>, CallError> {
        let contact = Reference::here(KindName::new("contact"), address.name.clone());
        let Ok(id) = at.id_of(&contact, Region::GLOBAL) else { return Ok(None) };
        Ok(contacts::plan(at, &id).await?.and_then(|plan| see(at, &contact, &id, &plan)))
    }

    async fn create(at: &Session, _: &Address, want: &EngagementPlan) -> Result<RemoteId, CallError> {
        let id = at.id_of(&want.contact, Region::GLOBAL)?;
        contacts::update(at, &id, None, Some(written(at, want)?)).await?;
        Ok(own_id(&id))
    }

    async fn update(at: &Session, _: &Address, _: &RemoteId, want: &EngagementPlan, _: &[Change]) -> Result<(), CallError> {
        let id = at.id_of(&want.contact, Region::GLOBAL)?;
        contacts::update(at, &id, None, Some(written(at, want)?)).await
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &EngagementPlan) -> Result<(), CallError> {
        let contact = RemoteId::from(id.as_str().trim_end_matches(PLAN));
        let none = Plan::builder().set_stages(Some(Vec::new())).build();
        contacts::gone(contacts::update(at, &contact, None, Some(none)).await)
    }
}

/// What tells a plan's id from its contact's.
const PLAN: &str = "#plan";

fn own_id(contact: &RemoteId) -> RemoteId {
    format!("{contact}{PLAN}").into()
}

fn see(at: &Session, contact: &Reference, id: &RemoteId, plan: &Plan) -> Option<Seen<EngagementPlan>> {
    let channel = |target: &Target| target.channel_target_info().map(|info| info.contact_channel_id().to_owned()).unwrap_or_default();
    let kind = [KindName::new("contact-channel")];
    let attempt = |stage: &Written| Attempt {
        channels: stage.targets().iter().map(|target| contacts::named(at, &kind, &channel(target))).collect(),
        minutes: u8::try_from(stage.duration_in_minutes()).unwrap_or(u8::MAX),
    };
    let stages: Vec<Attempt> = plan.stages().iter().map(attempt).collect();
    let name: Name = contact.name.clone();
    let spec = EngagementPlan { contact: contact.clone(), stages };
    (!spec.stages.is_empty()).then(|| Seen { id: own_id(id), name: Some(name), spec })
}

fn written(at: &Session, want: &EngagementPlan) -> Result<Plan, CallError> {
    let mut plan = Plan::builder();
    for attempt in &want.stages {
        let mut stage = Written::builder().duration_in_minutes(attempt.minutes.into()).set_targets(Some(Vec::new()));
        for id in contacts::ids(at, &attempt.channels)? {
            let info = ChannelTargetInfo::builder().contact_channel_id(id).build().map_err(contacts::unbuilt)?;
            stage = stage.targets(Target::builder().channel_target_info(info).build());
        }
        plan = plan.stages(stage.build().map_err(contacts::unbuilt)?);
    }
    Ok(plan.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_needs_its_contact_and_channels() {
        let plan = |minutes| EngagementPlan {
            contact: "contact/ada".parse().unwrap(),
            stages: vec![Attempt { channels: vec!["contact-channel/ada-sms".parse().unwrap()], minutes }],
        };
        assert_eq!(plan(1).needs(), BTreeSet::from(["contact/ada".parse().unwrap(), "contact-channel/ada-sms".parse().unwrap()]));
        let changes = EngagementPlan::changes(&plan(1), &plan(2));
        assert_eq!((changes[0].before.as_deref(), changes[0].after.as_deref()), (Some("ada-sms for 1 min"), Some("ada-sms for 2 min")));
        assert_eq!(EngagementPlan::changes(&plan(1), &plan(1)), []);
    }
}
