//! `alarm`: who is told, and when, of what a metric counts. Ours by its name, see `own`.

use super::{Driver, Kind, Scope, Seen, Tags, own};
use crate::aws::{CallError, Session, or_missing};
use crate::model::{Address, Change, Effect, KindName, Reference, RemoteId, Risk, show};
use aws_sdk_cloudwatch::types::{ComparisonOperator, Dimension, MetricAlarm};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// An alarm on a metric. Its name is the resource's, and begins with `landfall-`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Alarm {
    /// What it means, for whoever is woken by it.
    pub description: String,
    /// Where the metric is, such as `AWS/Lambda`.
    pub namespace: String,
    /// The metric.
    pub metric: String,
    /// The metric's dimensions.
    #[serde(default)]
    pub dimensions: BTreeMap<String, String>,
    /// How the values of a period become one.
    pub statistic: Statistic,
    /// The length of a period in seconds: 10, 30, or a multiple of 60.
    pub period: i32,
    /// So many periods have to be bad, one after the other.
    #[serde(default = "once")]
    pub periods: i32,
    /// How a bad value compares with the threshold.
    pub comparison: Comparison,
    /// What values are compared with.
    pub threshold: f64,
    /// What a period means in which nothing was measured.
    #[serde(default)]
    pub missing: Missing,
    /// The SNS topics of the same account and Region that are told, by their names.
    #[serde(default)]
    pub topics: BTreeSet<String>,
}

fn once() -> i32 {
    1
}

/// Makes an enumeration whose values are written in YAML, and told to AWS, in words of their own; what AWS says else is kept as it is.
macro_rules! words {
    ($(#[$about:meta])* $type:ident { $($value:ident = $yaml:literal / $aws:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
        pub enum $type {
            $(#[serde(rename = $yaml)] $value,)+
            /// Found, never declared.
            #[schemars(skip)]
            #[serde(rename = "other")]
            Other(String),
        }

        impl $type {
            fn aws(&self) -> &str {
                match self { $($type::$value => $aws,)+ $type::Other(text) => text }
            }

            fn found(text: &str) -> $type {
                match text { $($aws => $type::$value,)+ other => $type::Other(other.to_owned()) }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self { $($type::$value => $yaml,)+ $type::Other(text) => text })
            }
        }
    };
}

words!(
    /// How the values of a period become one.
    Statistic {
        Sum = "sum" / "Sum",
        Average = "average" / "Average",
        Minimum = "minimum" / "Minimum",
        Maximum = "maximum" / "Maximum",
        Count = "count" / "SampleCount",
    }
);
words!(
    /// How a bad value compares with the threshold.
    Comparison {
        AtLeast = "at-least" / "GreaterThanOrEqualToThreshold",
        Above = "above" / "GreaterThanThreshold",
        AtMost = "at-most" / "LessThanOrEqualToThreshold",
        Below = "below" / "LessThanThreshold",
    }
);
words!(
    /// What a period means in which nothing was measured: `bad` alarms on silence.
    Missing {
        Unknown = "unknown" / "missing",
        Bad = "bad" / "breaching",
        Good = "good" / "notBreaching",
        Ignored = "ignored" / "ignore",
    }
);

#[expect(clippy::derivable_impls, reason = "the words of other enums of the macro have no default")]
impl Default for Missing {
    fn default() -> Missing {
        Missing::Unknown
    }
}

impl Kind for Alarm {
    const NAME: KindName = KindName::new("alarm");
    const SCOPE: Scope = Scope::Regional;
    const ABOUT: &'static str = "A CloudWatch alarm: tells SNS topics when a metric is bad, or silent.";
    const REFERS: &'static [KindName] = &[];
    const READS: &'static [&'static str] = &["cloudwatch:DescribeAlarms"];
    const WRITES: &'static [&'static str] = &["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"];

    fn changes(live: &Alarm, want: &Alarm) -> Vec<Change> {
        let Alarm { description, namespace, metric, dimensions, statistic, period, periods, comparison, threshold, missing, topics } = live;
        let pairs = |map: &BTreeMap<String, String>| show(map.iter().map(|(name, value)| format!("{name}={value}")));
        let who = Change::of("topics", &show(topics), &show(&want.topics));
        let who = who.map(|change| change.concerning(Risk::Notable, "changes who is told"));
        let changes = [
            Change::of("description", description, &want.description),
            Change::of("namespace", namespace, &want.namespace),
            Change::of("metric", metric, &want.metric),
            Change::of("dimensions", &pairs(dimensions), &pairs(&want.dimensions)),
            Change::of("statistic", statistic, &want.statistic),
            Change::of("period", period, &want.period),
            Change::of("periods", periods, &want.periods),
            Change::of("comparison", comparison, &want.comparison),
            Change::of("threshold", threshold, &want.threshold),
            Change::of("missing", missing, &want.missing),
            who,
        ];
        changes.into_iter().flatten().collect()
    }

    fn needs(&self) -> BTreeSet<Reference> {
        BTreeSet::new()
    }

    fn rebind(&self, _: &Reference) -> Effect {
        Effect::InPlace
    }

    // Reading them would cost a call an alarm.
    fn tags(&mut self) -> Option<&mut Tags> {
        None
    }
}

/// The most alarms that CloudWatch lists in one page.
const PAGE: i32 = 100;

impl Driver for Alarm {
    async fn read(at: &Session) -> Result<Vec<Seen<Alarm>>, CallError> {
        let call = at.cloudwatch().describe_alarms().alarm_name_prefix(own::PREFIX).max_records(PAGE);
        let mut pages = call.into_paginator().send();
        let mut seen = Vec::new();
        while let Some(page) = pages.next().await {
            seen.extend(page?.metric_alarms().iter().filter_map(|found| see(at, found)));
        }
        Ok(seen)
    }

    async fn create(at: &Session, address: &Address, want: &Alarm) -> Result<RemoteId, CallError> {
        let name = own::checked("cloudwatch:PutMetricAlarm", address)?;
        write(at, name, want).await?;
        Ok(arn(at, "cloudwatch", &format!("alarm:{name}")).into())
    }

    // Putting an alarm replaces all of it.
    async fn update(at: &Session, address: &Address, _: &RemoteId, want: &Alarm, _: &[Change]) -> Result<(), CallError> {
        write(at, address.name.as_str(), want).await
    }

    async fn delete(at: &Session, address: &Address, _: &RemoteId, _: &Alarm) -> Result<(), CallError> {
        or_missing(at.cloudwatch().delete_alarms().alarm_names(address.name.as_str()).send().await.map_err(CallError::from)).map(drop)
    }
}

async fn write(at: &Session, name: &str, want: &Alarm) -> Result<(), CallError> {
    let Alarm { description, namespace, metric, dimensions, statistic, period, periods, comparison, threshold, missing, topics } = want;
    let dimensions = dimensions.iter().map(|(name, value)| Dimension::builder().name(name).value(value).build());
    let call = at.cloudwatch().put_metric_alarm().alarm_name(name).alarm_description(description).namespace(namespace);
    let call = call.metric_name(metric).set_dimensions(Some(dimensions.collect())).statistic(statistic.aws().into()).period(*period);
    let call = call.evaluation_periods(*periods).comparison_operator(ComparisonOperator::from(comparison.aws())).threshold(*threshold);
    let actions = topics.iter().map(|topic| self::arn(at, "sns", topic)).collect();
    call.treat_missing_data(missing.aws()).set_alarm_actions(Some(actions)).actions_enabled(true).send().await?;
    Ok(())
}

fn arn(at: &Session, service: &str, what: &str) -> String {
    format!("arn:{}:{service}:{}:{}:{what}", at.partition(), at.region(), at.account_id())
}

fn see(at: &Session, found: &MetricAlarm) -> Option<Seen<Alarm>> {
    let dimension = |one: &Dimension| Some((one.name()?.to_owned(), one.value()?.to_owned()));
    // A topic of this account by its name; whatever else is told, by its ARN.
    let topics = arn(at, "sns", "");
    let topic = |action: &String| action.strip_prefix(&topics).unwrap_or(action).to_owned();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    // Switched off, it tells nobody.
    let actions = found.alarm_actions().iter().filter(|_| found.actions_enabled() != Some(false));
    let spec = Alarm {
        description: text(found.alarm_description()),
        namespace: text(found.namespace()),
        metric: text(found.metric_name()),
        dimensions: found.dimensions().iter().filter_map(dimension).collect(),
        statistic: Statistic::found(found.statistic().map(|one| one.as_str()).unwrap_or_default()),
        period: found.period().unwrap_or_default(),
        periods: found.evaluation_periods().unwrap_or_default(),
        comparison: Comparison::found(found.comparison_operator().map(ComparisonOperator::as_str).unwrap_or_default()),
        threshold: found.threshold().unwrap_or_default(),
        missing: Missing::found(found.treat_missing_data().unwrap_or("missing")),
        topics: actions.map(topic).collect(),
    };
    Some(Seen { id: found.alarm_arn()?.into(), name: own::name(found.alarm_name()?), spec })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn alarm(changed: Value) -> Alarm {
        let mut fields = json!({
            "description": "red", "namespace": "Landfall/Canary", "metric": "Red", "dimensions": { "Zone": "a" },
            "statistic": "maximum", "period": 300, "comparison": "at-least", "threshold": 1.0, "topics": ["page-catalog-primary"],
        });
        fields.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn every_field_changes_in_place() {
        let live = alarm(json!({}));
        assert_eq!(Alarm::changes(&live, &live), []);
        let other = json!({
            "description": "silent", "namespace": "x", "metric": "y", "dimensions": {}, "statistic": "count", "period": 60, "periods": 2,
            "comparison": "below", "threshold": 2, "missing": "bad", "topics": [],
        });
        let fields: BTreeSet<String> = other.as_object().unwrap().keys().cloned().collect();
        let changes = Alarm::changes(&live, &alarm(other));
        assert!(changes.iter().all(|change| change.effect == Effect::InPlace));
        assert_eq!(changes.into_iter().map(|change| change.field).collect::<BTreeSet<_>>(), fields);
    }

    #[test]
    fn words_that_nobody_declares_are_kept() {
        assert_eq!(Statistic::found("SampleCount"), Statistic::Count);
        assert_eq!(Missing::found("odd").to_string(), "odd");
        assert!(serde_json::from_value::<Statistic>(json!("odd")).is_err());
    }
}
