//! `response-plan`: what an incident of a domain is called, how bad it is, and whom it engages.

use super::{ADDRESS_TAG, Driver, Kind, Scope, Seen, Tags, contacts, replication_set, tags};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Name, Reference, RemoteId, Risk, show};
use aws_sdk_ssmincidents::operation::get_response_plan::GetResponsePlanOutput;
use aws_sdk_ssmincidents::types::{IncidentTemplate, ResponsePlanSummary};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What an incident is called, how bad it is, and whom it engages. The resource's name is the response plan's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResponsePlan {
    /// What AWS shows as its name.
    pub display_name: String,
    /// The title of the incidents that are started with it.
    pub title: String,
    /// How bad they are, from 1, critical, to 5, no impact.
    #[schemars(range(min = 1, max = 5))]
    pub impact: u8,
    /// What whoever is called should know.
    #[serde(default)]
    pub summary: String,
    /// Who is engaged: escalation plans, on-call schedules or contacts.
    #[serde(default)]
    #[schemars(length(max = 5))]
    pub engage: BTreeSet<Reference>,
}

const ENGAGED: [KindName; 3] = [KindName::new("escalation-plan"), KindName::new("on-call-schedule"), KindName::new("contact")];

impl Kind for ResponsePlan {
    const NAME: KindName = KindName::new("response-plan");
    const SCOPE: Scope = Scope::Organization;
    const ABOUT: &'static str = "What an incident is called, how bad it is, and whom it engages.";
    const REFERS: &'static [KindName] = &[
        KindName::new("replication-set"),
        KindName::new("escalation-plan"),
        KindName::new("on-call-schedule"),
        KindName::new("contact"),
    ];
    const OPTIONAL: bool = true;
    const READS: &'static [&'static str] =
        &["ssm-incidents:ListResponsePlans", "ssm-incidents:ListTagsForResource", "ssm-incidents:GetResponsePlan"];
    const WRITES: &'static [&'static str] = &[
        "ssm-incidents:CreateResponsePlan",
        "ssm-incidents:TagResource",
        "ssm-incidents:UpdateResponsePlan",
        "ssm-incidents:DeleteResponsePlan",
    ];

    fn changes(live: &ResponsePlan, want: &ResponsePlan) -> Vec<Change> {
        let ResponsePlan { display_name, title, impact, summary, engage } = live;
        let ResponsePlan { display_name: want_name, title: want_title, impact: want_impact, summary: want_summary, engage: want_engage } =
            want;
        let engage = (engage != want_engage).then(|| Change::between("engage", Some(show(engage)), Some(show(want_engage))));
        let engage = engage.map(|change| change.concerning(Risk::Notable, "changes who is called when an incident starts"));
        let changes = [
            Change::of("display_name", display_name, want_name),
            Change::of("title", title, want_title),
            Change::of("impact", impact, want_impact),
            Change::of("summary", summary, want_summary),
            engage,
        ];
        changes.into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        self.engage.iter().cloned().chain([replication_set::main()]).collect()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

impl Driver for ResponsePlan {
    async fn read(at: &Session) -> Result<Vec<Seen<ResponsePlan>>, CallError> {
        let mut pages = at.ssmincidents().list_response_plans().into_paginator().send();
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            all.extend(page?.response_plan_summaries);
        }
        let found = contacts::each(&all, async |one: &ResponsePlanSummary| whole(at, one).await).await?;
        Ok(found.into_iter().map(|(one, ours)| see(at, one, ours)).collect())
    }

    async fn create(at: &Session, address: &Address, want: &ResponsePlan) -> Result<RemoteId, CallError> {
        let call = at.ssmincidents().create_response_plan().name(address.name.as_str()).display_name(&want.display_name);
        let template = IncidentTemplate::builder().title(&want.title).impact(want.impact.into()).summary(&want.summary);
        let call = call.incident_template(template.build().map_err(contacts::unbuilt)?).tags(ADDRESS_TAG, address.to_string());
        match call.set_engagements(Some(contacts::ids(at, &want.engage)?)).send().await.map_err(CallError::from) {
            Ok(answer) => Ok(answer.arn().into()),
            Err(error) if contacts::is_conflict(&error) => {
                let ours = Self::find(at, address).await?.map(|seen| seen.id);
                let why = format!("the response plan {} is there and is not Landfall's", address.name);
                ours.ok_or_else(|| CallError::refused("ssm-incidents:CreateResponsePlan", why))
            }
            Err(error) => Err(error),
        }
    }

    async fn update(at: &Session, _: &Address, id: &RemoteId, want: &ResponsePlan, _: &[Change]) -> Result<(), CallError> {
        let call = at.ssmincidents().update_response_plan().arn(id.as_str()).display_name(&want.display_name);
        let call = call.incident_template_title(&want.title).incident_template_impact(want.impact.into());
        let call = call.incident_template_summary(&want.summary);
        call.set_engagements(Some(contacts::ids(at, &want.engage)?)).send().await?;
        Ok(())
    }

    async fn delete(at: &Session, _: &Address, id: &RemoteId, _: &ResponsePlan) -> Result<(), CallError> {
        or_missing(at.ssmincidents().delete_response_plan().arn(id.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

/// The name and the fields of a plan of ours; nothing of a stranger's.
async fn whole(at: &Session, found: &ResponsePlanSummary) -> Result<Option<(Name, GetResponsePlanOutput)>, CallError> {
    let call = at.ssmincidents().list_tags_for_resource().resource_arn(found.arn()).send().await;
    let Some(answer) = or_missing(call.map_err(CallError::from))? else { return Ok(None) };
    let all: Tags = answer.tags().iter().map(|(key, value)| (key.clone(), value.clone())).collect();
    let Some(name) = tags::owner(at, &ResponsePlan::NAME, &all).filter(|name| name.as_str() == found.name()) else { return Ok(None) };
    let plan = or_missing(at.ssmincidents().get_response_plan().arn(found.arn()).send().await.map_err(CallError::from))?;
    Ok(plan.map(|plan| (name, plan)))
}

fn see(at: &Session, found: &ResponsePlanSummary, ours: Option<(Name, GetResponsePlanOutput)>) -> Seen<ResponsePlan> {
    let whole = ours.as_ref().map(|(_, plan)| plan);
    let template = whole.and_then(GetResponsePlanOutput::incident_template);
    let engaged = whole.map(GetResponsePlanOutput::engagements).unwrap_or_default();
    let spec = ResponsePlan {
        display_name: found.display_name().unwrap_or_default().to_owned(),
        title: template.map(|template| template.title().to_owned()).unwrap_or_default(),
        impact: template.and_then(|template| u8::try_from(template.impact()).ok()).unwrap_or_default(),
        summary: template.and_then(|template| template.summary()).unwrap_or_default().to_owned(),
        engage: engaged.iter().map(|id| contacts::named(at, &ENGAGED, id)).collect(),
    };
    Seen { id: found.arn().into(), name: ours.map(|(name, _)| name), spec }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(impact: u8, engage: &str) -> ResponsePlan {
        ResponsePlan {
            display_name: "payments".into(),
            title: "payments is in trouble".into(),
            impact,
            summary: String::new(),
            engage: BTreeSet::from([engage.parse().unwrap()]),
        }
    }

    #[test]
    fn everything_changes_in_place() {
        let live = plan(2, "escalation-plan/page-payments-primary");
        assert_eq!(ResponsePlan::changes(&live, &live), []);
        let changes = ResponsePlan::changes(&live, &plan(1, "contact/ada"));
        let seen: Vec<_> = changes.iter().map(|change| (change.field.as_str(), change.effect)).collect();
        assert_eq!(seen, [("impact", Effect::InPlace), ("engage", Effect::InPlace)]);
        assert_eq!(live.needs().len(), 2, "whom it engages, and the replication set");
    }
}
