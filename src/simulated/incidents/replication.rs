//! The replication set: in which Regions the records are, of which each takes its time to join and to leave. There is never more than one
//! change of it at a time.

use super::{Incidents, invalid, tags};
use crate::simulated::wire::{Answer, Asked, fault, json as ok};
use crate::simulated::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// How long a Region takes to join or to leave. AWS says minutes, and promises nothing.
const COPYING: Moment = Moment::from_secs(60);
/// Regions of a set.
const MOST: usize = 3;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct ReplicationSet {
    pub arn: String,
    pub protected: bool,
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

impl Incidents {
    pub(super) fn create_set(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
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
        if regions.len() > MOST {
            return invalid(format!("a set has {MOST} Regions at most"));
        }
        let id = at.uuid();
        let arn = format!("arn:aws:ssm-incidents::{}:replication-set/{id}", at.account);
        let joining = regions.keys().map(|name| (name.clone(), "CREATING".to_owned())).collect();
        let change = Change { status: "CREATING".to_owned(), regions: joining, ready: at.now + at.takes(COPYING) };
        let since = regions.keys().map(|name| (name.clone(), at.now)).collect();
        let (made, tokens, tags) = (at.now, [token, String::new()], tags(asked));
        let change = Some(change);
        let set = ReplicationSet { arn: arn.clone(), protected: false, regions, since, made, changed: made, change, tokens, tags };
        self.set = Some(set);
        ok(json!({ "arn": arn }))
    }
}

impl ReplicationSet {
    /// Whether it is whole, or has been before, and a Region is in it.
    pub fn works(&self, region: &str, now: Moment) -> bool {
        let is_new = |change: &Change| change.status == "CREATING" && now < change.ready;
        self.regions.contains_key(region) && !self.change.as_ref().is_some_and(is_new)
    }

    pub fn settle(&mut self, now: Moment) {
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

    pub fn update(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
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
            (Some(new), None) if !self.regions.contains_key(new) && self.regions.len() < MOST => (new, "CREATING"),
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

    pub fn shown(&self, account: &str) -> Value {
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
}
