//! Incident Manager: the replication set, of which an account has one at most, and the response plans that need it. Regions take their time to
//! join and to leave. Knows of contacts only whether they are there.

mod replication;

use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, invalid, json as ok, missing};
use super::{At, Moment};
use replication::ReplicationSet;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// On a page of any listing, at most.
const PAGES: Pages = Pages { token: "nextToken", size: "maxResults", most: 100 };
/// Whom a response plan engages.
const MOST: usize = 5;
/// How bad an incident can be: from critical to no impact.
const IMPACTS: std::ops::RangeInclusive<u64> = 1..=5;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Incidents {
    set: Option<ReplicationSet>,
    /// By their ARNs.
    plans: BTreeMap<String, Plan>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Plan {
    /// As it is shown.
    shown: Map<String, Value>,
    token: String,
    tags: BTreeMap<String, String>,
}

/// A parameter, wherever REST has it.
fn given(asked: &Asked, name: &str) -> String {
    asked.query.get(name).cloned().unwrap_or_else(|| asked.text(name))
}

fn tags(asked: &Asked) -> BTreeMap<String, String> {
    let tags = asked.json["tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned())).collect()
}

impl Incidents {
    /// `is_there` says of an ARN whether it is a contact.
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked, is_there: &dyn Fn(&str) -> bool) -> Answer {
        if let Some(set) = &mut self.set {
            set.settle(at.now);
        }
        match asked.operation.as_str() {
            "CreateReplicationSet" => self.create_set(at, asked),
            "ListReplicationSets" => PAGES.of(asked, "replicationSetArns", self.set.iter().map(|set| set.arn.as_str().into())),
            "GetReplicationSet" => ok(json!({ "replicationSet": self.set(asked)?.shown(at.account) })),
            "UpdateReplicationSet" => self.set(asked)?.update(at, asked),
            "UpdateDeletionProtection" => {
                self.set(asked)?.protected = asked.json["deletionProtected"].as_bool().unwrap_or_default();
                ok(json!({}))
            }
            "CreateResponsePlan" => self.create_plan(at, asked, is_there),
            "ListResponsePlans" => PAGES.of(asked, "responsePlanSummaries", self.plans.values().map(Plan::summary)),
            "GetResponsePlan" => ok(self.plan(&given(asked, "arn"))?.shown.clone().into()),
            "UpdateResponsePlan" => {
                check(asked, is_there)?;
                self.plan(&asked.text("arn"))?.update(asked)
            }
            "DeleteResponsePlan" => {
                self.plans.remove(&asked.text("arn"));
                ok(json!({}))
            }
            "ListTagsForResource" => {
                let arn = asked.path.get(1).map_or("", String::as_str);
                ok(json!({ "tags": self.plan(arn)?.tags }))
            }
            other => fault("UnknownOperationException", format!("the simulated Incident Manager has no {other}")),
        }
    }

    /// Whether contacts can be kept in a Region: the account has a set that is whole, and the Region is in it.
    pub(super) fn works(&self, region: &str, now: Moment) -> bool {
        self.set.as_ref().is_some_and(|set| set.works(region, now))
    }

    fn set(&mut self, asked: &Asked) -> Result<&mut ReplicationSet, Fault> {
        let arn = given(asked, "arn");
        self.set.as_mut().filter(|set| set.arn == arn).map_or_else(|| missing("replication set"), Ok)
    }

    fn plan(&mut self, arn: &str) -> Result<&mut Plan, Fault> {
        self.plans.get_mut(arn).map_or_else(|| missing("response plan"), Ok)
    }

    fn create_plan(&mut self, at: &At<'_>, asked: &Asked, is_there: &dyn Fn(&str) -> bool) -> Answer {
        if self.set.is_none() {
            return invalid("the account has no replication set");
        }
        let (name, token) = (asked.text("name"), asked.text("clientToken"));
        let arn = format!("arn:aws:ssm-incidents::{}:response-plan/{name}", at.account);
        if let Some(plan) = self.plans.get(&arn) {
            let is_repeated = !token.is_empty() && plan.token == token;
            return if is_repeated { ok(json!({ "arn": arn })) } else { fault("ConflictException", format!("the name {name} is taken")) };
        }
        check(asked, is_there)?;
        let template = &asked.json["incidentTemplate"];
        let is_named = !name.is_empty() && name.chars().all(|sign| sign.is_ascii_alphanumeric() || "-_".contains(sign));
        if !is_named
            || template["title"].as_str().is_none_or(str::is_empty)
            || !template["impact"].as_u64().is_some_and(|impact| IMPACTS.contains(&impact))
        {
            return invalid("a response plan has a name, and a template with a title and an impact");
        }
        let kept = ["name", "displayName", "engagements", "incidentTemplate", "chatChannel", "actions", "integrations"].into_iter();
        let kept = kept.filter_map(|name| Some((name.to_owned(), asked.json.get(name)?.clone())));
        let shown = kept.chain([("arn".to_owned(), arn.as_str().into())]).collect();
        self.plans.insert(arn.clone(), Plan { shown, token, tags: tags(asked) });
        ok(json!({ "arn": arn }))
    }
}

/// Refuses what no plan can engage.
fn check(asked: &Asked, is_there: &dyn Fn(&str) -> bool) -> Result<(), Fault> {
    let engaged = asked.list("engagements");
    if engaged.len() > MOST {
        return invalid(format!("a plan engages {MOST} at most"));
    }
    match engaged.iter().find(|arn| !is_there(arn)) {
        Some(nobody) => invalid(format!("the plan engages who is not there: {nobody}")),
        None => Ok(()),
    }
}

impl Plan {
    fn summary(&self) -> Value {
        let parts = ["arn", "name", "displayName"].into_iter();
        parts.filter_map(|part| Some((part.to_owned(), self.shown.get(part)?.clone()))).collect::<Map<_, _>>().into()
    }

    fn update(&mut self, asked: &Asked) -> Answer {
        let template = [("title", "Title"), ("impact", "Impact"), ("summary", "Summary"), ("dedupeString", "DedupeString")];
        let given = |name: &str| asked.json.get(name).filter(|value| !value.is_null()).cloned();
        if given("incidentTemplateImpact").is_some_and(|impact| !impact.as_u64().is_some_and(|impact| IMPACTS.contains(&impact))) {
            return invalid("that is no impact");
        }
        for name in ["displayName", "engagements", "chatChannel", "actions", "integrations"] {
            self.shown.extend(given(name).map(|value| (name.to_owned(), value)));
        }
        if let Some(shown) = self.shown.get_mut("incidentTemplate").and_then(Value::as_object_mut) {
            shown.extend(
                template.iter().filter_map(|(ours, theirs)| Some(((*ours).to_owned(), given(&format!("incidentTemplate{theirs}"))?))),
            );
        }
        ok(json!({}))
    }
}

#[cfg(test)]
mod tests {
    use crate::simulated::asking::Asking;
    use serde_json::{Value, json};

    #[test]
    fn contacts_wait_until_the_set_is_whole() {
        let mut aws = Asking::new();
        let ada = json!({ "Alias": "ada", "Type": "PERSONAL", "Plan": { "Stages": [] }, "IdempotencyToken": "ada" });
        aws.told("ssm-incidents", "createReplicationSet", &json!({ "regions": { "us-west-2": {} } }));
        assert_eq!(aws.ask("ssm-contacts", "CreateContact", &ada).unwrap_err(), "ValidationException");
        aws.pass(60);
        let made = aws.told("ssm-contacts", "CreateContact", &ada);
        assert_eq!(aws.told("ssm-contacts", "CreateContact", &ada), made, "a lost answer does no harm");
        let other = json!({ "Alias": "ada", "Type": "PERSONAL", "Plan": { "Stages": [] }, "IdempotencyToken": "other" });
        assert_eq!(aws.ask("ssm-contacts", "CreateContact", &other).unwrap_err(), "ConflictException");

        let sms = json!({ "ContactId": made["ContactArn"], "Name": "ada-sms", "Type": "SMS", "DeliveryAddress": { "SimpleAddress": "+15550100" } });
        let arn = |answer: &Value| answer["ContactChannelArn"].as_str().unwrap().to_owned();
        let channel = arn(&aws.told("ssm-contacts", "CreateContactChannel", &sms));
        let code = &channel[channel.len() - 6..];
        assert!(code.chars().all(|digit| digit.is_ascii_digit()), "what a human types is digits: {code}");
        let entered = json!({ "ContactChannelId": channel, "ActivationCode": code });
        aws.told("ssm-contacts", "ActivateContactChannel", &entered);
    }
}
