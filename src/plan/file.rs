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
    use crate::model::{Approvals, Change};
    use crate::plan::estates::{at, spec};
    use crate::plan::{ApprovedPlan, Parallel, Rollout};
    use serde_json::json;
    use std::collections::BTreeMap;

    const ROLE: &str = "a/prod/global/iam-role/ci-deploy";

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
        assert_eq!(read.report, Report { notes: vec![], unchanged: 0, accounts: 1 }, "what is said of the whole is no part of it");
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

    #[test]
    fn who_reviewed_a_file_has_seen_its_steps_and_no_others() {
        let whole = file();
        let approved = |reviewed: &PlanFile| {
            let (approved, withheld) = ApprovedPlan::of(whole.plan.clone(), &reviewed.reviewed());
            (approved.plan().steps().map(|step| step.address.account.to_string()).collect::<Vec<_>>(), withheld.len())
        };
        assert_eq!(approved(&whole), (["a/dev", "a/prod", "b/prod"].map(str::to_owned).into(), 0));
        assert_eq!(approved(&whole.part(&["b/prod".parse().unwrap()].into())), (vec!["b/prod".to_owned()], 2));
    }

    #[test]
    fn a_refusal_says_what_is_wrong_with_the_file() {
        let said = |text: &str| PlanFile::read(text).unwrap_err().to_string();
        let of = |format: u32| PlanFile { format, ..file() }.to_json();
        for other in [FORMAT - 1, FORMAT + 1] {
            let expected =
                format!("the plan file is of format {other}, and this landfall reads format {FORMAT}: plan again with this version");
            assert_eq!(said(&of(other)), expected);
        }
        assert_eq!(said("{}"), "this is no plan file, or only a part of one: it has no `format`");
        assert!(said(&of(FORMAT)[..100]).starts_with("this is no plan file, or only a part of one: EOF"), "cut short");
        let (written, altered) = (file().digest, of(FORMAT).replace("us-west-2", "us-west-1"));
        let altered = said(&altered);
        let expected = format!("the plan file was altered after it was written: it says {}, and its plan has the digest ", written.short());
        assert!(altered.starts_with(&expected), "{altered}");
    }

    /// What is said of a file whose plan somebody changed, and digested anew.
    fn forged(change: impl FnOnce(&mut Plan)) -> Option<String> {
        let PlanFile { mut plan, report, .. } = file();
        change(&mut plan);
        PlanFile::read(&PlanFile::of(plan, report).to_json()).err().map(|bad| bad.to_string())
    }

    /// The same, of the steps of one account. It has one, which creates a role.
    fn forged_steps(change: impl FnOnce(&mut Vec<Step>)) -> Option<String> {
        forged(|plan| change(plan.waves[1].accounts.get_mut(&"a/prod".parse().unwrap()).unwrap()))
    }

    fn refusal(found: &str) -> Option<String> {
        Some(format!("no planner wrote this plan: {found}"))
    }

    #[test]
    fn a_wave_that_the_rollout_does_not_have_is_refused() {
        for name in [ORGANIZATION, ORGANIZATION_LAST, "dev"] {
            assert_eq!(forged(|plan| plan.waves[0].name = name.parse().unwrap()), None);
        }
        let later = forged(|plan| plan.waves[0].name = "later".parse().unwrap());
        assert_eq!(later, refusal("later is no wave of its rollout"), "nothing would hold it back");
    }

    #[test]
    fn a_rollout_that_means_nothing_is_refused() {
        for name in ["dev", ORGANIZATION, ORGANIZATION_LAST] {
            let twice = forged(|plan| plan.rollout.waves[1].name = name.parse().unwrap());
            assert_eq!(twice, refusal("two of its waves have one name"));
        }
        let width = |start, grow, most| forged(|plan| plan.rollout.waves[1].parallel = Some(Parallel { start, grow, most }));
        assert_eq!([width(1, 1, 1), width(2, 3, 9)], [None, None]);
        for stuck in [width(0, 2, 4), width(1, 0, 4), width(4, 2, 3)] {
            assert_eq!(stuck, refusal("the wave prod never starts anything"));
        }
        assert_eq!(forged(|plan| plan.rollout.time_zone = "Nowhere".to_owned()), refusal("its block days are no days"));
    }

    #[test]
    fn a_step_waits_only_for_those_before_it_each_named_once_and_in_order() {
        let waiting = |all: &'static [&[usize]]| {
            forged_steps(|steps| {
                let step = steps.remove(0);
                steps.extend(all.iter().map(|after| Step { after: after.to_vec(), ..step.clone() }));
            })
        };
        assert_eq!(waiting(&[&[], &[0], &[0, 1]]), None);
        for wrong in [waiting(&[&[0]]), waiting(&[&[], &[5]]), waiting(&[&[], &[0, 0]]), waiting(&[&[], &[], &[1, 0]])] {
            assert_eq!(wrong, refusal(&format!("{ROLE}: it waits for a step that does not come before it")));
        }
    }

    #[test]
    fn a_step_at_an_address_where_nothing_of_its_kind_can_be_is_refused() {
        for (address, wrong) in [
            ("b/prod/global/iam-role/ci-deploy", "it is listed under a/prod"),
            ("a/prod/us-west-2/iam-role/ci-deploy", "us-west-2 is not a Region of its kind"),
            ("a/prod/eu-west-1/vpc/main", "eu-west-1 is not a Region of its kind"),
            ("a/prod/global/teapot/main", "teapot is no kind of this version"),
            ("a/prod/us-west-2/vpc/main", "it holds fields of the kind iam-role"),
        ] {
            assert_eq!(forged_steps(|steps| steps[0].address = at(address)), refusal(&format!("{address}: {wrong}")));
        }
    }

    #[test]
    fn a_step_that_leaves_open_what_it_does_is_refused() {
        let vpc = |cidr: serde_json::Value| spec(&at("a/prod/us-west-2/vpc/main"), json!({ "cidr": cidr }));
        let update = |live: &Spec, want: &Spec, changes| Action::Update { live: live.clone(), want: want.clone(), changes };
        let done = |action| {
            forged_steps(|steps| {
                steps[0].address = at("a/prod/us-west-2/vpc/main");
                steps[0].action = action;
            })
        };
        let (fixed, open, role) = (vpc(json!("10.0.0.0/20")), vpc(json!({ "prefix": 20 })), file().plan.steps().next().unwrap().clone());
        let role = role.action.after().unwrap();
        let change = || vec![Change::between("dns_support", Some("false".to_owned()), Some("true".to_owned()))];
        assert_eq!(done(update(&fixed, &fixed, change())), None);
        for (action, wrong) in [
            (update(&fixed, &open, change()), "its address range is not chosen"),
            (Action::Create { want: open.clone(), replacing: false }, "its address range is not chosen"),
            (update(&fixed, &fixed, vec![]), "it is an update without a change"),
            (update(role, &fixed, change()), "it holds fields of the kind iam-role"),
            (Action::Delete { live: role.clone(), replacing: false, why: vec![] }, "it holds fields of the kind iam-role"),
        ] {
            assert_eq!(done(action), refusal(&format!("a/prod/us-west-2/vpc/main: {wrong}")));
        }
    }
}
