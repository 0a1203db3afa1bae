//! Amazon CloudWatch Logs: groups, and how much was written to them. What was written is counted, not kept.

use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, fault, json as ok};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Groups in a page, by default and at the most.
const PAGE: usize = 50;
/// Tags of a group (CloudWatch Logs quotas).
const TAGS: usize = 50;
/// The days for which entries can be kept.
const DAYS: [u64; 22] = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Logs {
    groups: BTreeMap<String, Group>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Group {
    made: Moment,
    days: Option<u64>,
    bytes: u64,
    streams: BTreeSet<String>,
    tags: BTreeMap<String, String>,
}

impl Logs {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "DescribeLogGroups" => self.list(at, asked),
            "CreateLogGroup" => self.create(at, asked),
            "DeleteLogGroup" => match self.groups.remove(&asked.text("logGroupName")) {
                Some(_) => ok(json!({})),
                None => missing(),
            },
            "PutRetentionPolicy" => {
                let days = asked.json["retentionInDays"].as_u64().filter(|days| DAYS.contains(days));
                let Some(days) = days else { return fault("InvalidParameterException", "entries can't be kept for so many days") };
                self.group(asked)?.days = Some(days);
                ok(json!({}))
            }
            "DeleteRetentionPolicy" => {
                self.group(asked)?.days = None;
                ok(json!({}))
            }
            "ListTagsForResource" => ok(json!({ "tags": self.by_arn(at, asked)?.tags })),
            "TagResource" => {
                let group = self.by_arn(at, asked)?;
                group.tags = tagged(group.tags.clone().into_iter().chain(tags(asked)).collect())?;
                ok(json!({}))
            }
            "CreateLogStream" => {
                let name = asked.text("logStreamName");
                match self.group(asked)?.streams.insert(name) {
                    true => ok(json!({})),
                    false => fault("ResourceAlreadyExistsException", "The specified log stream already exists"),
                }
            }
            "PutLogEvents" => self.write(asked),
            other => fault("UnknownOperationException", format!("the simulated CloudWatch Logs has no {other}")),
        }
    }

    fn group(&mut self, asked: &Asked) -> Result<&mut Group, Fault> {
        self.groups.get_mut(&asked.text("logGroupName")).map_or_else(missing, Ok)
    }

    fn by_arn(&mut self, at: &At<'_>, asked: &Asked) -> Result<&mut Group, Fault> {
        let arn = asked.text("resourceArn");
        let name = arn.strip_prefix(&at.arn("logs", "log-group:")).unwrap_or_default();
        self.groups.get_mut(name).map_or_else(missing, Ok)
    }

    fn list(&self, at: &At<'_>, asked: &Asked) -> Answer {
        let (prefix, pattern) = (asked.text("logGroupNamePrefix"), asked.text("logGroupNamePattern").to_lowercase());
        if !prefix.is_empty() && !pattern.is_empty() {
            return fault("InvalidParameterException", "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.");
        }
        let wanted = |name: &str| name.starts_with(&prefix) && name.to_lowercase().contains(&pattern);
        let found = self.groups.iter().filter(|(name, _)| wanted(name));
        let (found, next) = page(found, &asked.text("nextToken"), size(asked, "limit", PAGE, PAGE));
        let found: Vec<Value> = found.into_iter().map(|(name, group)| group.shown(at, name)).collect();
        ok(json!({ "logGroups": found, "nextToken": next }))
    }

    fn create(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("logGroupName");
        let is_sign = |sign: char| sign.is_ascii_alphanumeric() || "._-/#".contains(sign);
        if name.is_empty() || name.len() > 512 || !name.chars().all(is_sign) {
            return fault("InvalidParameterException", "Value at 'logGroupName' failed to satisfy constraint");
        }
        if self.groups.contains_key(&name) {
            return fault("ResourceAlreadyExistsException", "The specified log group already exists");
        }
        let tags = tagged(tags(asked).collect())?;
        self.groups.insert(name, Group { made: at.now, tags, ..Group::default() });
        ok(json!({}))
    }

    fn write(&mut self, asked: &Asked) -> Answer {
        let group = self.group(asked)?;
        if !group.streams.contains(&asked.text("logStreamName")) {
            return fault("ResourceNotFoundException", "The specified log stream does not exist.");
        }
        let texts = asked.json["logEvents"].as_array().into_iter().flatten().filter_map(|event| event["message"].as_str());
        group.bytes += texts.map(|text| text.len() as u64).sum::<u64>();
        ok(json!({}))
    }
}

impl Group {
    fn shown(&self, at: &At<'_>, name: &str) -> Value {
        let arn = at.arn("logs", &format!("log-group:{name}"));
        let made = u64::try_from(self.made.as_millis()).unwrap_or_default();
        json!({
            "logGroupName": name, "logGroupArn": arn, "arn": format!("{arn}:*"), "creationTime": made, "retentionInDays": self.days,
            "storedBytes": self.bytes, "metricFilterCount": 0,
        })
    }
}

fn missing<T>() -> Result<T, Fault> {
    fault("ResourceNotFoundException", "The specified log group does not exist.")
}

/// The tags of a request, which are a map here.
fn tags(asked: &Asked) -> impl Iterator<Item = (String, String)> {
    let tags = asked.json["tags"].as_object().into_iter().flatten();
    tags.map(|(key, value)| (key.clone(), value.as_str().unwrap_or_default().to_owned()))
}

fn tagged(tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    match tags.len() > TAGS {
        true => fault("TooManyTagsException", format!("a log group has {TAGS} tags at the most")),
        false => Ok(tags),
    }
}
