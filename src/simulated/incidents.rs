//! Incident Manager: the replication set, of which an account has one at most, and the response plans that need it. Regions take their time to
//! join and to leave. Knows of contacts only whether they are there.

use super::paging::Pages;
use super::wire::{Answer, Asked, Fault, fault, json as ok};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// On a page of any listing, at most.
const PAGES: Pages = Pages { token: "nextToken", size: "maxResults", most: 100 };
/// How long a Region takes to join or to leave. AWS says minutes, and promises nothing.
const COPYING: Moment = Moment::from_secs(60);
/// Regions of a set, and engagements of a response plan.
const MOST: (usize, usize) = (3, 5);
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
struct ReplicationSet {
    arn: String,
    protected: bool,
    /// As they were asked for, by their names.
    regions: BTreeMap<String, Value>,
    /// When each of them came to be as it is.
    since: BTreeMap<String, Moment>,
    made: Moment,
    changed: Moment,
    change: Option<Change>,
    /// Of the calls that made it and changed it last.
    tokens: [String; 2],
    tags: BTreeMap<String, String>,
}

/// What is being done to a set.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Change {
    status: String,
    /// What the Regions are meanwhile that it is about.
    regions: BTreeMap<String, String>,
    ready: Moment,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Plan {
    /// As it is shown.
    shown: Map<String, Value>,
    token: String,
    tags: BTreeMap<String, String>,
}

fn missing<T>(what: &str) -> Result<T, Fault> {
    fault("ResourceNotFoundException", format!("no such {what}"))
}

fn invalid<T>(why: impl Into<String>) -> Result<T, Fault> {
    fault("ValidationException", why)
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
        let is_new = |change: &Change| change.status == "CREATING" && now < change.ready;
        self.set.as_ref().is_some_and(|set| set.regions.contains_key(region) && !set.change.as_ref().is_some_and(is_new))
    }

    fn set(&mut self, asked: &Asked) -> Result<&mut ReplicationSet, Fault> {
        let arn = given(asked, "arn");
        self.set.as_mut().filter(|set| set.arn == arn).map_or_else(|| missing("replication set"), Ok)
    }

    fn plan(&mut self, arn: &str) -> Result<&mut Plan, Fault> {
        self.plans.get_mut(arn).map_or_else(|| missing("response plan"), Ok)
    }

    fn create_set(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        let token = asked.text("clientToken");
        if let Some(set) = &self.set {
            let is_repeated = !token.is_empty() && set.tokens[0] == token;
            return if is_repeated {
                ok(json!({ "arn": set.arn }))
            } else {
                fault("ConflictException", "the account has a replication set")
            };
        }
        let regions: BTreeMap<String, Value> = asked.json["regions"].as_object().cloned().unwrap_or_default().into_iter().collect();
        if !regions.contains_key(at.region) {
            return invalid("the Region that is asked has to be among the set's");
        }
        if regions.len() > MOST.0 {
            return invalid(format!("a set has {} Regions at most", MOST.0));
        }
        let id = at.uuid();
        let arn = format!("arn:aws:ssm-incidents::{}:replication-set/{id}", at.account);
        let ready = at.now + at.takes(COPYING);
        let change = Change {
            status: "CREATING".to_owned(),
            regions: regions.keys().map(|name| (name.clone(), "CREATING".to_owned())).collect(),
            ready,
        };
        let since = regions.keys().map(|name| (name.clone(), at.now)).collect();
        let tokens = [token, String::new()];
        let set = ReplicationSet {
            arn: arn.clone(),
            protected: false,
            regions,
            since,
            made: at.now,
            changed: at.now,
            change: Some(change),
            tokens,
            tags: tags(asked),
        };
        self.set = Some(set);
        ok(json!({ "arn": arn }))
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
    if engaged.len() > MOST.1 {
        return invalid(format!("a plan engages {} at most", MOST.1));
    }
    match engaged.iter().find(|arn| !is_there(arn)) {
        Some(nobody) => invalid(format!("the plan engages who is not there: {nobody}")),
        None => Ok(()),
    }
}

impl ReplicationSet {
    fn settle(&mut self, now: Moment) {
        let Some(change) = self.change.take_if(|change| change.ready <= now) else { return };
        for (region, status) in change.regions {
            if status == "DELETING" {
                self.regions.remove(&region);
                self.since.remove(&region);
            } else {
                self.since.insert(region, change.ready);
            }
        }
    }

    fn update(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let token = asked.text("clientToken");
        if !token.is_empty() && self.tokens[1] == token {
            return ok(json!({}));
        }
        if self.change.is_some() {
            return fault("ConflictException", "the set is being changed");
        }
        let [action] = asked.json["actions"].as_array().map(Vec::as_slice).unwrap_or_default() else {
            return invalid("one Region at a time");
        };
        let (add, delete) = (&action["addRegionAction"], &action["deleteRegionAction"]);
        let (region, status) = match (add["regionName"].as_str(), delete["regionName"].as_str()) {
            (Some(new), None) if !self.regions.contains_key(new) && self.regions.len() < MOST.0 => (new, "CREATING"),
            (None, Some(old)) if self.regions.contains_key(old) && self.regions.len() > 1 => (old, "DELETING"),
            (region, other) => return invalid(format!("{} can't be added or taken out", region.or(other).unwrap_or_default())),
        };
        self.regions.entry(region.to_owned()).or_insert_with(|| json!({ "sseKmsKeyId": add["sseKmsKeyId"] }));
        self.since.insert(region.to_owned(), at.now);
        self.changed = at.now;
        let regions = BTreeMap::from([(region.to_owned(), status.to_owned())]);
        self.change = Some(Change { status: "UPDATING".to_owned(), regions, ready: at.now + at.takes(COPYING) });
        self.tokens[1] = token;
        ok(json!({}))
    }

    fn shown(&self, account: &str) -> Value {
        let by = format!("arn:aws:ssm-incidents::{account}:user/somebody");
        let status = |region: &str| self.change.as_ref().and_then(|change| change.regions.get(region)).map_or("ACTIVE", String::as_str);
        let region = |name: &String, asked: &Value| {
            let since = self.since.get(name).unwrap_or(&self.made);
            json!({ "status": status(name), "statusUpdateDateTime": since.as_secs(), "sseKmsKeyId": asked["sseKmsKeyId"] })
        };
        let regions: Map<String, Value> = self.regions.iter().map(|(name, asked)| (name.clone(), region(name, asked))).collect();
        json!({
            "arn": self.arn, "createdBy": by, "createdTime": self.made.as_secs(), "lastModifiedBy": by, "lastModifiedTime": self.changed.as_secs(),
            "deletionProtected": self.protected, "status": self.change.as_ref().map_or("ACTIVE", |change| &change.status), "regionMap": regions,
        })
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

    fn status(aws: &mut Asking, arn: &Value) -> (Value, Vec<String>) {
        let set = aws.told("ssm-incidents", "getReplicationSet", &json!({ "arn": arn }))["replicationSet"].clone();
        let region = |(name, region): (&String, &Value)| format!("{name} {}", region["status"].as_str().unwrap());
        (set["status"].clone(), set["regionMap"].as_object().unwrap().iter().map(region).collect())
    }

    #[test]
    fn a_set_is_made_once_and_changed_once_at_a_time() {
        let mut aws = Asking::new();
        let create = |aws: &mut Asking, token: &str| {
            aws.ask(
                "ssm-incidents",
                "createReplicationSet",
                &json!({ "regions": { "us-west-2": {}, "us-east-1": {} }, "clientToken": token }),
            )
        };
        let arn = create(&mut aws, "one").unwrap()["arn"].clone();
        assert_eq!(create(&mut aws, "one").unwrap()["arn"], arn, "a lost answer does no harm");
        assert_eq!(create(&mut aws, "two").unwrap_err(), "ConflictException");
        assert_eq!(status(&mut aws, &arn), (json!("CREATING"), vec!["us-east-1 CREATING".into(), "us-west-2 CREATING".into()]));
        aws.pass(60);
        let leave = |aws: &mut Asking, token: &str| {
            let actions = json!([{ "deleteRegionAction": { "regionName": "us-east-1" } }]);
            aws.ask("ssm-incidents", "updateReplicationSet", &json!({ "arn": arn, "actions": actions, "clientToken": token })).err()
        };
        assert_eq!(leave(&mut aws, "three"), None);
        assert_eq!(leave(&mut aws, "three"), None, "nor does this one");
        assert_eq!(leave(&mut aws, "four").as_deref(), Some("ConflictException"));
        assert_eq!(status(&mut aws, &arn), (json!("UPDATING"), vec!["us-east-1 DELETING".into(), "us-west-2 ACTIVE".into()]));
        aws.pass(60);
        assert_eq!(status(&mut aws, &arn), (json!("ACTIVE"), vec!["us-west-2 ACTIVE".into()]));
    }

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
