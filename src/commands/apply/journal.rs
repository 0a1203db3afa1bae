//! The journal of a run, from its first step to its last: what its change record is made of.

use super::super::Failure;
use super::super::calls::Calls;
use super::super::github::variable;
use super::approved::Approved;
use super::turn::Held;
use crate::apply;
use crate::apply::{Event, Reading as Asked, StepResult};
use crate::aws::CallError;
use crate::cloud::{deed, records};
use crate::model::{
    Address, Began, ChangeRecord, Closing, Entry, Part, Reading, Rollback, RunOutcome, StepOutcome, StepRecord, When, Why, show,
};
use crate::plan::{Plan, PlanFile};
use crate::render::escape::line as escape;
use crate::render::record;
use jiff::Timestamp;
use std::cell::RefCell;
use std::collections::BTreeMap;

#[derive(Debug, clap::Args)]
pub struct WhyArgs {
    /// Why this is applied, for the change record: where there is no pull request, or besides it
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The pull request that it was reviewed on, for the change record
    #[arg(long, value_name = "NUMBER")]
    pull_request: Option<u64>,
}

/// What was seen so far.
pub(super) struct Journal {
    began: ChangeRecord,
    seen: RefCell<Seen>,
}

#[derive(Default)]
struct Seen {
    /// When each step began, and ended.
    times: BTreeMap<Address, (Timestamp, Option<Timestamp>)>,
    readings: Vec<Reading>,
}

impl Journal {
    /// Records that the run begins. Nothing is written to an account that nobody could find out about.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn begin(
        why: (&super::Args, Option<&str>),
        approved: &Approved,
        way_back: &PlanFile,
        held: &Held,
    ) -> Result<Journal, Failure> {
        let rollback = records::keep_rollback(&held.store, &held.scribe, &way_back.to_json()).await.map_err(unwritten)?;
        let by_hand = way_back.report.notes.iter().map(|note| format!("{}: {}", note.subject, note.detail)).collect();
        let rollback = Rollback { by_hand, steps: way_back.plan.steps().count(), ..rollback };
        let entry = Entry::Began(Box::new(Began { rollback: Some(rollback), ..began(why, approved, held.fence()) }));
        let began = append(held, entry).await?;
        Ok(Journal { began, seen: RefCell::default() })
    }

    pub fn hear(&self, event: &Event<'_>, at: Timestamp) {
        let mut seen = self.seen.borrow_mut();
        match event {
            Event::StepStarted { step } => {
                seen.times.entry(step.address.clone()).or_insert((at, None));
            }
            Event::StepEnded { step, .. } => {
                seen.times.entry(step.address.clone()).or_insert((at, None)).1 = Some(at);
            }
            Event::HealthRead { account, reading, health } => {
                let complaints = health.complaints().join("; ");
                let said = if complaints.is_empty() { health.colour.to_string() } else { format!("{}: {complaints}", health.colour) };
                let when = match reading {
                    Asked::Before => When::Before,
                    Asked::During => When::During,
                    Asked::After => When::After,
                };
                seen.readings.push(Reading { at, when, account: (*account).clone(), said });
            }
            _ => {}
        }
    }

    /// How the run ended.
    pub fn closing(&self, approved: &Approved, outcome: &apply::Outcome, calls: &Calls) -> Closing {
        let seen = self.seen.take();
        let steps = approved.plan.plan().steps().zip(&outcome.steps);
        let steps = steps.map(|(step, (address, result))| {
            let (outcome, why) = became(result);
            let (action, fields) = deed(&step.action);
            let times = seen.times.get(address);
            StepRecord {
                address: address.clone(),
                action,
                fields,
                outcome,
                why,
                began: times.map(|(began, _)| *began),
                ended: times.and_then(|(_, ended)| *ended),
                requests: calls.requests(address),
            }
        });
        let (how, halted) = (ended(outcome, approved), halted(outcome));
        Closing { outcome: how, halted, steps: steps.collect(), readings: seen.readings }
    }

    /// Both halves of the record as Markdown, whether or not the second is in the store yet.
    pub fn markdown(&self, closing: &Closing, at: Timestamp) -> String {
        let ids = (self.began.run.as_str(), self.began.who.as_str());
        let end = ChangeRecord::next(None, at, ids, Entry::Ended(Box::new(closing.clone())));
        record(&self.began, Some(&end))
    }

    /// Records how it ended.
    ///
    /// # Errors
    /// Those of the store: what was done is done, but stands nowhere.
    pub async fn end(&self, closing: Closing, held: &Held) -> Result<(), Failure> {
        append(held, Entry::Ended(Box::new(closing))).await.map(drop)
    }
}

async fn append(held: &Held, entry: Entry) -> Result<ChangeRecord, Failure> {
    records::append(&held.store, &held.scribe, super::clock::now(None), entry).await.map_err(unwritten)
}

fn unwritten(error: CallError) -> Failure {
    Failure::new("the change record can't be written", escape(&error.to_string())).hint("what was applied so far stays as it is")
}

fn began((args, glass): (&super::Args, Option<&str>), approved: &Approved, fence: u64) -> Began {
    let plan: &Plan = approved.plan.plan();
    let accounts = plan.waves.iter().flat_map(|wave| wave.accounts.iter()).filter(|(_, steps)| !steps.is_empty()).count();
    let part = (args.wave.is_some() || !args.account.is_empty()).then(|| Part { wave: args.wave.clone(), accounts: args.account.clone() });
    Began {
        estate: plan.estate.clone(),
        landfall: env!("CARGO_PKG_VERSION").to_owned(),
        why: why(args, glass),
        plan: approved.digest.clone(),
        reviewed: approved.reviewed.clone(),
        approvals_needed: plan.approvals_needed(),
        risk: plan.risk(),
        steps: plan.steps().count(),
        accounts,
        part,
        fence,
        rollback: None,
    }
}

/// What the arguments and the workflow's environment say, and why the glass was broken, if it was.
fn why(args: &super::Args, glass: Option<&str>) -> Why {
    let reason = glass.into_iter().chain(args.why.reason.as_deref()).collect::<Vec<_>>().join("; ");
    let repository = variable("GITHUB_REPOSITORY");
    let server = variable("GITHUB_SERVER_URL").unwrap_or_else(|| "https://github.com".to_owned());
    let workflow = repository.as_ref().zip(variable("GITHUB_RUN_ID")).map(|(of, run)| format!("{server}/{of}/actions/runs/{run}"));
    Why {
        reason: Some(reason).filter(|reason| !reason.is_empty()),
        repository,
        pull_request: args.why.pull_request,
        commit: variable("GITHUB_SHA"),
        workflow,
        actor: variable("GITHUB_ACTOR"),
        emergent: args.reviewed.is_none() || args.break_glass.is_some(),
    }
}

fn became(result: &StepResult) -> (StepOutcome, Option<String>) {
    match result {
        StepResult::Done => (StepOutcome::Done, None),
        StepResult::AlreadyDone => (StepOutcome::AlreadySo, None),
        StepResult::Failed(error) => (StepOutcome::Failed, Some(error.message.clone())),
        StepResult::Withheld(error) => (StepOutcome::Withheld, Some(error.message.clone())),
        StepResult::Skipped { because } => (StepOutcome::Skipped, Some(format!("{because} did not succeed"))),
        StepResult::NotStarted => (StepOutcome::NotStarted, None),
    }
}

pub(super) fn ended(outcome: &apply::Outcome, approved: &Approved) -> RunOutcome {
    let failed = outcome.count(|result| matches!(result, StepResult::Failed(_))) > 0 || !outcome.sick.is_empty();
    match () {
        () if outcome.succeeded() && approved.withheld.is_empty() => RunOutcome::Succeeded,
        () if !outcome.gates.is_empty() => RunOutcome::Halted,
        () if failed => RunOutcome::Failed,
        () => RunOutcome::Withheld,
    }
}

/// What the gates said that held something back, and which accounts were not well after their steps.
pub(super) fn halted(outcome: &apply::Outcome) -> Option<String> {
    let gates = outcome.gates.iter().map(|gate| format!("gate {}: {}", gate.wave, show(&gate.reasons)));
    let sick = outcome.sick.iter().map(|(account, health)| format!("{account} is red after its steps: {}", health.complaints().join("; ")));
    let said: Vec<String> = gates.chain(sick).collect();
    (!said.is_empty()).then(|| said.join("; "))
}
