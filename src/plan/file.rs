//! The plan file: what `plan --out` writes and `apply` reads. Trusts nothing that it reads: a file that was cut, edited, made by another
//! format or never made by a planner is refused.

use super::{Action, ORGANIZATION, ORGANIZATION_LAST, Plan, Report, Step, Wave};
use crate::kinds::{Spec, row};
use crate::model::{Account, Digest};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

/// The version of the format. Raised when a reader of the old one would misread the new one.
const FORMAT: u32 = 3;

/// A plan with its report, as kept between review and apply.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanFile {
    pub format: u32,
    /// The version of landfall that planned.
    pub landfall: String,
    /// Of the plan, in canonical JSON; the report is not part of it. In a part of a plan file it is that of the whole.
    pub digest: Digest,
    /// In a part of a plan file: of the plan that is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Digest>,
    pub plan: Plan,
    pub report: Report,
}

/// Why a text is no plan file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BadFile {
    /// Not JSON, or cut short, or of another shape; with the parser's words.
    Unreadable(String),
    /// Of another version of the format.
    Format(u64),
    /// The plan is not the one that was digested.
    Digest { written: Digest, computed: Digest },
    /// No planner makes such a plan; with what is wrong in it.
    Contradiction(String),
}

impl PlanFile {
    pub fn of(plan: Plan, report: Report) -> PlanFile {
        PlanFile { format: FORMAT, landfall: env!("CARGO_PKG_VERSION").to_owned(), digest: Digest::of(&plan), part: None, plan, report }
    }

    /// The part with the steps of some accounts: all that a job has to know, under the digest of the whole, by which people and records
    /// call it.
    #[must_use]
    pub fn part(&self, accounts: &BTreeSet<Account>) -> PlanFile {
        let mut plan = self.plan.clone();
        plan.waves.iter_mut().for_each(|wave| wave.accounts.retain(|account, _| accounts.contains(account)));
        plan.waves.retain(|wave| !wave.accounts.is_empty());
        let report = Report { notes: Vec::new(), unchanged: 0, accounts: accounts.len() };
        PlanFile { part: Some(Digest::of(&plan)), plan, report, ..self.clone() }
    }

    /// The file's text: one line of JSON, and a newline.
    ///
    /// # Panics
    /// Never: plans are plain data.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("plain data has a JSON form") + "\n"
    }

    /// Reads and verifies a file's text.
    ///
    /// # Errors
    /// When it is anything but an unaltered plan file of this format.
    pub fn read(text: &str) -> Result<PlanFile, BadFile> {
        let unreadable = |error: serde_json::Error| BadFile::Unreadable(error.to_string());
        let fields: serde_json::Value = serde_json::from_str(text).map_err(unreadable)?;
        match fields.get("format").and_then(serde_json::Value::as_u64) {
            Some(format) if format == u64::from(FORMAT) => {}
            Some(format) => return Err(BadFile::Format(format)),
            None => return Err(BadFile::Unreadable("it has no `format`".to_owned())),
        }
        let file: PlanFile = serde_json::from_value(fields).map_err(unreadable)?;
        let computed = Digest::of(&file.plan);
        let written = file.part.as_ref().unwrap_or(&file.digest);
        if *written != computed {
            return Err(BadFile::Digest { written: written.clone(), computed });
        }
        match contradictions(&file.plan).into_iter().next() {
            Some(found) => Err(BadFile::Contradiction(found)),
            None => Ok(file),
        }
    }

    /// The digests of all steps: what somebody who saw the whole file has seen.
    pub fn reviewed(&self) -> BTreeSet<Digest> {
        self.plan.steps().map(Step::digest).collect()
    }
}

/// What no planner would write. A digest only proves that the file is whole, not who made it.
fn contradictions(plan: &Plan) -> Vec<String> {
    let mut found: Vec<String> = plan.rollout.contradiction().into_iter().collect();
    found.extend(plan.waves.iter().filter_map(|wave| misnamed(plan, wave)));
    for (account, steps) in plan.waves.iter().flat_map(|wave| &wave.accounts) {
        for (place, step) in steps.iter().enumerate() {
            let wrong = misplaced(plan, account, place, step).or_else(|| misshapen(step));
            found.extend(wrong.map(|wrong| format!("{}: {wrong}", step.address)));
        }
    }
    found
}

/// Waves that the rollout doesn't have would pass no gate of it.
fn misnamed(plan: &Plan, wave: &Wave) -> Option<String> {
    let known = [ORGANIZATION, ORGANIZATION_LAST].contains(&wave.name.as_str()) || plan.rollout.rules(&wave.name).is_some();
    (!known).then(|| format!("{} is no wave of its rollout", wave.name))
}

fn misplaced(plan: &Plan, account: &Account, place: usize, step: &Step) -> Option<String> {
    let ascends = step.after.is_sorted_by(|one, other| one < other);
    let Some(row) = row(&step.address.kind) else { return Some(format!("{} is no kind of this version", step.address.kind)) };
    if step.address.account != *account {
        Some(format!("it is listed under {account}"))
    } else if !ascends || step.after.last().is_some_and(|last| *last >= place) {
        Some("it waits for a step that does not come before it".to_owned())
    } else if step.address.region != row.scope.region(&plan.home_region) {
        Some(format!("{} is not a Region of its kind", step.address.region))
    } else {
        None
    }
}

fn misshapen(step: &Step) -> Option<String> {
    let (before, after) = (step.action.before(), step.action.after());
    let specs = || before.into_iter().chain(after);
    let open = |spec: &Spec| spec.cidr().is_some_and(|cidr| cidr.fixed().is_none());
    if let Some(spec) = specs().find(|spec| spec.kind() != step.address.kind) {
        Some(format!("it holds fields of the kind {}", spec.kind()))
    } else if specs().any(open) {
        Some("its address range is not chosen".to_owned())
    } else if matches!(&step.action, Action::Update { changes, .. } if changes.is_empty()) {
        Some("it is an update without a change".to_owned())
    } else {
        None
    }
}

impl fmt::Display for BadFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadFile::Unreadable(why) => write!(f, "this is no plan file, or only a part of one: {why}"),
            BadFile::Format(format) => {
                write!(f, "the plan file is of format {format}, and this landfall reads format {FORMAT}: plan again with this version")
            }
            BadFile::Digest { written, computed } => write!(
                f,
                "the plan file was altered after it was written: it says {}, and its plan has the digest {}",
                written.short(),
                computed.short()
            ),
            BadFile::Contradiction(found) => write!(f, "no planner wrote this plan: {found}"),
        }
    }
}

impl std::error::Error for BadFile {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Approvals;
    use crate::plan::Rollout;
    use std::collections::BTreeMap;

    fn file() -> PlanFile {
        let want: Spec = serde_json::from_value(serde_json::json!({ "iam-role": { "trust": {}, "policies": {}, "tags": {} } })).unwrap();
        let step = |account: &str| Step {
            address: format!("{account}/global/iam-role/ci-deploy").parse().unwrap(),
            action: Action::Create { want: want.clone(), replacing: false },
            after: vec![],
            concerns: vec![],
            asked: None,
        };
        let rules = |name: &str, environment: &str| {
            crate::plan::WaveRules::of(environment.parse().unwrap(), BTreeSet::new(), name.parse().unwrap())
        };
        let wave = |name: &str, accounts: &[&str]| Wave {
            name: name.parse().unwrap(),
            accounts: accounts.iter().map(|account| (account.parse().unwrap(), vec![step(account)])).collect(),
        };
        let rollout =
            Rollout { waves: vec![rules("dev", "dev"), rules("prod", "prod")], time_zone: "UTC".to_owned(), ..Rollout::default() };
        let waves = vec![wave("dev", &["a/dev"]), wave("prod", &["a/prod", "b/prod"])];
        let (estate, home_region, access_role) = ("acme".parse().unwrap(), "us-west-2".parse().unwrap(), "role".to_owned());
        let plan = Plan {
            estate,
            home_region,
            access_role,
            emails: BTreeMap::new(),
            approvals: Approvals::default(),
            rollout,
            notices: Default::default(),
            waves,
        };
        PlanFile::of(plan, Report { notes: vec![], unchanged: 3, accounts: 3 })
    }

    #[test]
    fn a_part_holds_its_own_steps_alone_and_is_called_by_the_digest_of_the_whole() {
        let whole = file();
        let part = whole.part(&["b/prod".parse().unwrap()].into());
        let read = PlanFile::read(&part.to_json()).unwrap();
        assert_eq!((&read, &read.digest), (&part, &whole.digest));
        let addresses: Vec<String> = read.plan.steps().map(|step| step.address.to_string()).collect();
        assert_eq!(addresses, ["b/prod/global/iam-role/ci-deploy"]);
        assert!(read.reviewed().is_subset(&whole.reviewed()));
        assert!(!whole.to_json().contains("\"part\""), "a whole file says nothing of parts");
    }

    #[test]
    fn a_part_that_was_altered_is_refused_like_a_whole() {
        let part = file().part(&["b/prod".parse().unwrap()].into());
        for (from, to) in [("b/prod", "c/prod"), ("us-west-2", "us-west-1"), ("\"part\":\"", "\"part\":\"0")] {
            let altered = part.to_json().replace(from, to);
            assert!(PlanFile::read(&altered).is_err(), "{from} → {to}");
        }
        let unparted = PlanFile { part: None, ..part };
        assert!(matches!(PlanFile::read(&unparted.to_json()), Err(BadFile::Digest { .. })), "a part is no whole");
    }
}
