//! Keeps the record of an account's network: what an apply's steps come to, and the one parameter that holds it. Touches no other.

use crate::apply::StepResult;
use crate::aws::{CallError, Session, or_missing};
use crate::kinds::{self, ElasticIp, InternetGateway, Kind, NatGateway, RouteTable, SecurityGroup, Subnet, Vpc, VpcEndpoint};
use crate::model::{Address, Change, Deed, Digest, Ended, KindName, Record, Run, Taken};
use crate::plan::{Action, Step};
use aws_sdk_ssm::types::{ParameterTier, ParameterType};
use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use std::collections::BTreeMap;
use std::time::SystemTime;

/// What a network is made of, and a canary's verdict hangs on.
const KINDS: [KindName; 8] = [
    Vpc::NAME,
    InternetGateway::NAME,
    Subnet::NAME,
    ElasticIp::NAME,
    NatGateway::NAME,
    RouteTable::NAME,
    SecurityGroup::NAME,
    VpcEndpoint::NAME,
];
/// The operation that reading the record takes. Plans need it not, and so it is among no kind's.
pub const READING: &str = kinds::policy::RECORD[0];
/// What people find in the console.
const ABOUT: &str = "Which step of which Landfall plan touched each element of the network last. Written by landfall apply.";

/// What an element is called in the record, if it is one that is recorded.
pub(super) fn element(at: &Address) -> Option<String> {
    KINDS.contains(&at.kind).then(|| format!("{}/{}", at.kind, at.name))
}

/// What steps of an account come to. Nothing is said of those that were not begun, or were withheld: they touched nothing.
pub(super) fn taken(steps: &[Step], results: &[StepResult]) -> BTreeMap<String, Taken> {
    let mut all: BTreeMap<String, Taken> = BTreeMap::new();
    for (step, result) in steps.iter().zip(results) {
        let Some(element) = element(&step.address) else { continue };
        let (action, fields, is_second) = parts(&step.action);
        let ended = match result {
            StepResult::Done => Ended::Done,
            StepResult::AlreadyDone => Ended::AlreadySo,
            StepResult::Failed(_) => Ended::Failed,
            // Deleted to be made anew, and not made.
            StepResult::Withheld(_) | StepResult::Skipped { .. } | StepResult::NotStarted if is_second && all.contains_key(&element) => {
                Ended::Failed
            }
            StepResult::Withheld(_) | StepResult::Skipped { .. } | StepResult::NotStarted => continue,
        };
        let fields = fields.iter().map(|change| change.field.clone());
        let first = all.remove(&element).filter(|_| is_second);
        let step = match first {
            Some(first) => Taken { ended: first.ended.max(ended), ..first },
            None => Taken::new(action, fields, ended),
        };
        all.insert(element, step);
    }
    all
}

/// What a step does, and the names of the fields that it is about.
pub fn deed(action: &Action) -> (Deed, Vec<String>) {
    let (deed, fields, _) = parts(action);
    (deed, fields.iter().map(|change| change.field.clone()).collect())
}

/// What a step does, the fields that it is about, and whether it is the second half of a replacement.
fn parts(action: &Action) -> (Deed, &[Change], bool) {
    match action {
        Action::Create { want: _, replacing: true } => (Deed::Replace, &[], true),
        Action::Create { want: _, replacing: false } => (Deed::Create, &[], false),
        Action::Update { live: _, want: _, changes } => (Deed::Update, changes, false),
        Action::Delete { live: _, replacing: true, why } => (Deed::Replace, why, false),
        Action::Delete { live: _, replacing: false, why: _ } => (Deed::Delete, &[], false),
    }
}

/// Adds what was done to an account's record. Of two applies that end at the same moment, one may overwrite the other's entries: whoever
/// reads the record has to take it for what it is, a hint where to look.
pub(super) async fn add(at: &Session, plan: &Digest, steps: BTreeMap<String, Taken>) -> Result<(), CallError> {
    // One that nobody can read, or of another version, is begun anew.
    let known = read(at).await?.and_then(|text| Record::of(&text)).unwrap_or_else(Record::empty);
    let record = known.with(Run { plan: plan.short().to_owned(), at: written(at.now()), steps });
    let call = at.ssm().put_parameter().name(Record::PARAMETER).description(ABOUT).value(record.text());
    call.r#type(ParameterType::String).tier(ParameterTier::Standard).overwrite(true).send().await?;
    Ok(())
}

/// The text of an account's record, if there is one.
pub(super) async fn read(at: &Session) -> Result<Option<String>, CallError> {
    let answer = or_missing(at.ssm().get_parameter().name(Record::PARAMETER).send().await.map_err(CallError::from))?;
    Ok(answer.and_then(|answer| answer.parameter).and_then(|parameter| parameter.value))
}

/// To the second: nobody takes two steps at one element in less.
fn written(now: SystemTime) -> String {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    DateTime::from_secs(i64::try_from(since.as_secs()).unwrap_or_default()).fmt(Format::DateTime).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::{StepError, Trouble};
    use crate::kinds::Spec;
    use std::time::Duration;

    fn spec() -> Spec {
        Spec::Vpc(serde_json::from_value(serde_json::json!({ "cidr": "10.0.0.0/20" })).unwrap())
    }

    fn step(element: &str, action: Action) -> Step {
        let address = format!("payments/prod/us-west-2/{element}").parse().unwrap();
        Step { address, action, after: Vec::new(), concerns: Vec::new(), asked: None }
    }

    fn replacement(element: &str) -> [Step; 2] {
        let why = vec![Change::between("cidr", None, None)];
        [
            step(element, Action::Delete { live: spec(), replacing: true, why }),
            step(element, Action::Create { want: spec(), replacing: true }),
        ]
    }

    fn update(element: &str) -> Step {
        let changes = vec![Change::between("routes.0.0.0.0/0", None, None)];
        step(element, Action::Update { live: spec(), want: spec(), changes })
    }

    fn failed() -> StepResult {
        StepResult::Failed(StepError::new(Trouble::Refused, "no"))
    }

    #[test]
    fn what_was_touched_is_told_and_nothing_else() {
        let create = |element: &str| step(element, Action::Create { want: spec(), replacing: false });
        let steps = [create("vpc/main"), create("iam-role/deploy"), create("subnet/a"), create("subnet/b"), update("route-table/main")];
        let skipped = StepResult::Skipped { because: steps[2].address.clone() };
        let results = [StepResult::AlreadyDone, StepResult::Done, failed(), skipped, StepResult::Done];
        let expected = [
            ("route-table/main", Taken::new(Deed::Update, ["routes.0.0.0.0/0".to_owned()], Ended::Done)),
            ("subnet/a", Taken::new(Deed::Create, [], Ended::Failed)),
            ("vpc/main", Taken::new(Deed::Create, [], Ended::AlreadySo)),
        ];
        assert_eq!(taken(&steps, &results), expected.map(|(element, step)| (element.to_owned(), step)).into());
        let withheld = StepResult::Withheld(StepError::new(Trouble::Drifted, "changed"));
        assert!(taken(&steps[..2], &[withheld, StepResult::Done]).is_empty(), "no step touched the network");
    }

    #[test]
    fn a_replacement_is_one_and_no_better_than_its_worse_half() {
        let of = |results: [StepResult; 2]| taken(&replacement("subnet/a"), &results).remove("subnet/a");
        let replaced = |ended| Some(Taken::new(Deed::Replace, ["cidr".to_owned()], ended));
        assert_eq!(of([StepResult::Done, StepResult::Done]), replaced(Ended::Done));
        assert_eq!(of([StepResult::Done, failed()]), replaced(Ended::Failed));
        assert_eq!(of([StepResult::Done, StepResult::NotStarted]), replaced(Ended::Failed));
        assert_eq!(of([StepResult::NotStarted, StepResult::NotStarted]), None);
    }

    #[test]
    fn times_are_to_the_second() {
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_795_255_200_999);
        assert_eq!(written(time), "2026-11-21T10:00:00Z");
    }
}
