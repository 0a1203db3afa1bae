//! The record of an account's network: which step of which plan touched each element last. Every apply writes it into the account, in one
//! SSM parameter. What is read back is untrusted. It is bounded, and holds no values: of what changed, the names alone.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The shape of records that this version writes.
const FORMAT: u32 = 1;
/// A standard parameter holds 4,096 bytes (quota of AWS Systems Manager). An advanced one holds more and is paid for each month.
const MOST_BYTES: usize = 4096;
/// So many changed fields of a step are named: a route table of a large network may have dozens.
const MOST_FIELDS: usize = 6;

/// The latest steps of an account's network, by the applies that took them, the latest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    format: u32,
    runs: Vec<Run>,
}

/// The elements that one apply touched and no later one has. Told once for all of them, because room is scarce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// The plan's digest, shortened.
    pub plan: String,
    /// When it was over, as RFC 3339 has it.
    pub at: String,
    /// By kind and name: `route-table/private-a`.
    pub steps: BTreeMap<String, Taken>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Taken {
    pub action: Deed,
    /// The fields that it changed, or that took a replacement.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    #[serde(default, skip_serializing_if = "Ended::is_done")]
    pub ended: Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    Create,
    Update,
    Delete,
    Replace,
}

/// How a step ended, the worst last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    #[default]
    Done,
    /// It was so already; by this run's own lost attempt, or by somebody else's doing.
    AlreadySo,
    Failed,
}

/// The last step that touched an element.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Touch {
    #[serde(flatten)]
    pub step: Taken,
    pub plan: String,
    pub at: String,
}

impl Record {
    /// Where in an account it is kept. Outside of `/landfall/`: all below that is of kind `ssm-parameter`, and deleted when undeclared.
    pub const PARAMETER: &'static str = "/landfall-apply/network";

    /// One that knows of nothing.
    pub fn empty() -> Record {
        Record { format: FORMAT, runs: Vec::new() }
    }

    /// A parameter's text. None when it is no record, or of another version.
    pub fn of(text: &str) -> Option<Record> {
        serde_json::from_str(text).ok().filter(|record: &Record| record.format == FORMAT)
    }

    /// The last step that touched an element.
    pub fn touch(&self, element: &str) -> Option<Touch> {
        let found = self.runs.iter().find_map(|run| Some((run, run.steps.get(element)?)));
        found.map(|(run, step)| Touch { step: step.clone(), plan: run.plan.clone(), at: run.at.clone() })
    }

    /// With one more run. What it touched, nothing earlier has touched last.
    pub fn with(mut self, run: Run) -> Record {
        for earlier in &mut self.runs {
            earlier.steps.retain(|element, _| !run.steps.contains_key(element));
        }
        self.runs.retain(|earlier| !earlier.steps.is_empty());
        self.runs.insert(0, run);
        self
    }

    /// The text that a parameter can hold. The oldest entries fall out where it would be too long.
    ///
    /// # Panics
    /// Never: a record is plain data.
    pub fn text(mut self) -> String {
        loop {
            let text = serde_json::to_string(&self).expect("plain data has a JSON form");
            let Some(oldest) = self.runs.last_mut().filter(|_| text.len() > MOST_BYTES) else { return text };
            if oldest.steps.pop_last().is_none() {
                self.runs.pop();
            }
        }
    }
}

impl Taken {
    pub fn new(action: Deed, fields: impl IntoIterator<Item = String>, ended: Ended) -> Taken {
        let mut fields: Vec<String> = fields.into_iter().take(MOST_FIELDS + 1).collect();
        if fields.len() > MOST_FIELDS {
            fields[MOST_FIELDS] = "…".to_owned();
        }
        Taken { action, fields, ended }
    }
}

impl Ended {
    fn is_done(&self) -> bool {
        *self == Ended::Done
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deed::Create => "create",
            Deed::Update => "update",
            Deed::Delete => "delete",
            Deed::Replace => "replace",
        })
    }
}

impl fmt::Display for Touch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Touch { step: Taken { action, fields, ended }, plan, at } = self;
        let fields = if fields.is_empty() { String::new() } else { format!(" {}", fields.join(", ")) };
        write!(f, "`{action}{fields}` of plan {plan} at {at}")?;
        f.write_str(match ended {
            Ended::Done => "",
            Ended::AlreadySo => ", which found it so already",
            Ended::Failed => ", which failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(plan: &str, steps: &[(&str, Deed)]) -> Run {
        let steps = steps.iter().map(|(element, action)| ((*element).to_owned(), Taken::new(*action, [], Ended::Done)));
        Run { plan: plan.to_owned(), at: format!("2026-11-21T10:00:0{}Z", plan.len()), steps: steps.collect() }
    }

    #[test]
    fn an_element_is_where_it_was_touched_last() {
        let first = run("a", &[("vpc/main", Deed::Create), ("route-table/private-a", Deed::Create)]);
        let record = Record::empty().with(first).with(run("bb", &[("route-table/private-a", Deed::Update)]));
        let text = record.text();
        assert_eq!(
            text,
            r#"{"format":1,"runs":[{"plan":"bb","at":"2026-11-21T10:00:02Z","steps":{"route-table/private-a":{"action":"update"}}},"#
                .to_owned()
                + r#"{"plan":"a","at":"2026-11-21T10:00:01Z","steps":{"vpc/main":{"action":"create"}}}]}"#
        );
        let record = Record::of(&text).unwrap();
        assert_eq!(record.touch("route-table/private-a").unwrap().to_string(), "`update` of plan bb at 2026-11-21T10:00:02Z");
        assert_eq!(record.touch("vpc/main").unwrap().plan, "a");
        assert_eq!(record.touch("vpc/other"), None);
        let all = record.with(run("ccc", &[("vpc/main", Deed::Delete), ("route-table/private-a", Deed::Delete)]));
        assert_eq!(all.runs.len(), 1, "a run that is last for nothing is forgotten");
    }

    #[test]
    fn the_oldest_fall_out_and_the_text_always_fits() {
        let names: Vec<String> = (0..60).map(|at| format!("security-group/of-a-service-{at:02}")).collect();
        let many: Vec<(&str, Deed)> = names.iter().map(|name| (name.as_str(), Deed::Replace)).collect();
        let record = Record::empty().with(run("a", &[("vpc/main", Deed::Create)])).with(run("bb", &many));
        let read = Record::of(&record.clone().text()).unwrap();
        assert_eq!((read.touch("vpc/main").is_some(), read.touch(&names[59]).is_some()), (true, true), "a large network fits");
        let full =
            record.with(run("ccc", &many.iter().map(|(name, _)| (name.trim_start_matches("security-"), Deed::Create)).collect::<Vec<_>>()));
        let text = full.text();
        assert!(text.len() <= MOST_BYTES, "{}", text.len());
        let read = Record::of(&text).unwrap();
        assert_eq!(read.touch("vpc/main"), None);
        assert!(read.touch("group/of-a-service-59").is_some());
    }

    #[test]
    fn what_is_no_record_is_none() {
        for odd in ["", "[]", "{}", r#"{"format":2,"runs":[]}"#, r#"{"format":1,"runs":[{"plan":1}]}"#, "\u{0}"] {
            assert_eq!(Record::of(odd), None, "{odd:?}");
        }
        assert_eq!(Record::of(r#"{"format":1,"runs":[],"more":1}"#), Some(Record::empty()));
    }

    #[test]
    fn of_many_fields_some_are_named() {
        let fields = |count: usize| (0..count).map(|at| format!("routes.{at}"));
        assert_eq!(Taken::new(Deed::Update, fields(6), Ended::Done).fields.len(), 6);
        let many = Taken::new(Deed::Update, fields(60), Ended::Failed);
        assert_eq!((many.fields.len(), many.fields[6].as_str()), (7, "…"));
        let touch = Touch { step: Taken { fields: vec!["routes".into()], ..many }, plan: "1a2b".into(), at: "T".into() };
        assert_eq!(touch.to_string(), "`update routes` of plan 1a2b at T, which failed");
    }
}
