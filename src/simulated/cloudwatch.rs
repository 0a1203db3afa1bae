//! Amazon CloudWatch: alarms on one metric each. They never go off: nothing is measured here.

use super::paging::{page, size};
use super::wire::{Answer, Asked, Fault, element, fault, iso, set, xml};
use super::{At, Moment};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Alarms in a page, by default and at the most.
const PAGE: usize = 50;
const MOST: usize = 100;
/// Alarms of an account and Region (CloudWatch quotas).
const ALARMS: usize = 5000;
/// Actions of each state of an alarm (CloudWatch quotas).
const ACTIONS: usize = 5;
/// For how long back an alarm looks, in seconds: for a week if its periods are an hour or more, else for a day.
const WEEK: u64 = 7 * 24 * 60 * 60;
const DAY: u64 = 24 * 60 * 60;
const HOUR: u64 = 60 * 60;
/// What an alarm says in one word each, as it was put.
const FIELDS: [&str; 12] = [
    "AlarmDescription",
    "ActionsEnabled",
    "MetricName",
    "Namespace",
    "Statistic",
    "Period",
    "Unit",
    "EvaluationPeriods",
    "DatapointsToAlarm",
    "Threshold",
    "ComparisonOperator",
    "TreatMissingData",
];
const LISTS: [&str; 3] = ["AlarmActions", "OKActions", "InsufficientDataActions"];

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CloudWatch {
    alarms: BTreeMap<String, Alarm>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Alarm {
    fields: BTreeMap<String, String>,
    dimensions: BTreeMap<String, String>,
    actions: BTreeMap<String, Vec<String>>,
    changed: Moment,
}

impl CloudWatch {
    pub(super) fn answer(&mut self, at: &mut At<'_>, asked: &Asked) -> Answer {
        match asked.operation.as_str() {
            "DescribeAlarms" => {
                let (names, prefix) = (asked.list("AlarmNames.member"), asked.text("AlarmNamePrefix"));
                let wanted = |name: &String| name.starts_with(&prefix) && (names.is_empty() || names.contains(name));
                let found = self.alarms.iter().filter(|(name, _)| wanted(name));
                let (found, next) = page(found, &asked.text("NextToken"), size(asked, "MaxRecords", PAGE, MOST));
                let next = next.map(|next| element("NextToken", &next)).unwrap_or_default();
                xml(set("MetricAlarms", "member", found.into_iter().map(|(name, alarm)| alarm.xml(at, name))) + &next)
            }
            "PutMetricAlarm" => self.put(at, asked),
            "DeleteAlarms" => {
                // One that is not there is no error.
                let names = asked.list("AlarmNames.member");
                self.alarms.retain(|name, _| !names.contains(name));
                xml("")
            }
            other => fault("InvalidAction", format!("the simulated CloudWatch has no {other}")),
        }
    }

    /// Makes an alarm, or puts it in the place of the one of its name.
    fn put(&mut self, at: &At<'_>, asked: &Asked) -> Answer {
        let name = asked.text("AlarmName");
        let mut fields: BTreeMap<_, _> = FIELDS.iter().filter_map(|field| Some(((*field).to_owned(), asked.some(field)?))).collect();
        fields.entry("ActionsEnabled".to_owned()).or_insert_with(|| "true".to_owned());
        let actions = LISTS.iter().map(|list| ((*list).to_owned(), asked.list(&format!("{list}.member"))));
        let dimension = |at: usize| {
            let text = |part: &str| asked.text(&format!("Dimensions.member.{at}.{part}"));
            (text("Name"), text("Value"))
        };
        let dimensions = (1..=asked.count("Dimensions.member")).map(dimension).collect();
        let alarm = Alarm { fields, dimensions, actions: actions.collect(), changed: at.now };
        alarm.check(&name)?;
        if self.alarms.len() >= ALARMS && !self.alarms.contains_key(&name) {
            return fault("LimitExceeded", "The maximum number of alarms has been reached");
        }
        self.alarms.insert(name, alarm);
        xml("")
    }
}

impl Alarm {
    fn check(&self, name: &str) -> Result<(), Fault> {
        let has = |field: &str| self.fields.contains_key(field);
        let number = |field: &str| self.fields.get(field).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let (period, periods) = (number("Period"), number("EvaluationPeriods"));
        let why = if name.is_empty() || name.len() > 255 {
            "AlarmName must be 1 to 255 characters long"
        } else if !["MetricName", "Namespace", "Statistic", "Threshold", "ComparisonOperator"].into_iter().all(has) {
            "MetricName, Namespace, Statistic, Threshold and ComparisonOperator must be given"
        } else if periods == 0 || !(matches!(period, 10 | 20 | 30) || (period > 0 && period % 60 == 0)) {
            "Period must be 10, 20, 30 or a multiple of 60"
        } else if period.saturating_mul(periods) > if period < HOUR { DAY } else { WEEK } {
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400)"
        } else if self.actions.values().any(|actions| actions.len() > ACTIONS) {
            "an alarm has at most 5 actions for each of its states"
        } else {
            return Ok(());
        };
        fault("ValidationError", why)
    }

    fn xml(&self, at: &At<'_>, name: &str) -> String {
        let Alarm { fields, dimensions, actions, changed } = self;
        let arn = at.arn("cloudwatch", &format!("alarm:{name}"));
        let state = [("AlarmName", name), ("AlarmArn", &arn), ("AlarmConfigurationUpdatedTimestamp", &iso(*changed))];
        let mut text: String = state.iter().map(|(name, value)| element(name, value)).collect();
        text.extend(fields.iter().map(|(name, value)| element(name, value)));
        let dimensions = dimensions.iter().map(|(name, value)| element("Name", name) + &element("Value", value));
        text += &set("Dimensions", "member", dimensions);
        text.extend(actions.iter().map(|(list, arns)| {
            let arns: String = arns.iter().map(|arn| element("member", arn)).collect();
            format!("<{list}>{arns}</{list}>")
        }));
        text
    }
}
